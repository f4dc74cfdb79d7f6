"""The whole production shape on this machine: PostgreSQL, Redis, two web processes, worker, beat, local vendors."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from tests.production.processes import API_KEY, Postgres, Process, Redis, Role
from tests.support.live_server import ROOT
from tests.support.world import World, living


@dataclass(frozen=True)
class Desk:
    postgres: Postgres
    redis: Redis
    webs: tuple[Role, Role]
    worker: Role
    beat: Role
    world: World

    @property
    def processes(self) -> tuple[Process, ...]:
        return (self.beat, self.worker, *self.webs, self.redis, self.postgres)

    @property
    def ports(self) -> list[int]:
        return [web.port for web in self.webs]

    def readiness(self) -> tuple[int, dict[str, Any]]:
        """What the first web process says of itself and the services."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[0]}/readyz", timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def manage(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            cwd=ROOT, env=self.webs[0].environment(), capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def unfinished(self) -> dict[str, int]:
        """What still waits or stands still, by kind."""
        rows = self.postgres.ask(
            "SELECT 'tickets', count(*) FROM tickets_ticket WHERE needs_work UNION ALL"
            " SELECT 'failed tickets', count(*) FROM tickets_ticket WHERE processing_state <> 'notified' UNION ALL"
            " SELECT 'deliveries', count(*) FROM integrations_delivery"
            " WHERE state NOT IN ('sent', 'skipped')"
        )
        return {str(name): int(str(number)) for name, number in rows if number}

    def supervise(self) -> None:
        """What `restart` in docker/compose.yml does: Celery itself ends a worker whose broker dies at a bad moment."""
        if not self.worker.is_running():
            self.worker.start()

    def logs(self) -> str:
        return "\n".join(process.tail() for process in self.processes)


@contextmanager
def running(folder: Path) -> Iterator[Desk]:
    with living() as world:
        postgres, redis = Postgres("postgres", folder / "postgres"), Redis("redis", folder)
        postgres.prepare()
        postgres.start()
        redis.start()
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE aiops")
        variables = {
            "AIOPS_DATA_DIR": str(folder / "data"),
            "DATABASE_URL": postgres.url("aiops"),
            "REDIS_URL": redis.url,
            "RCA_API_KEY": API_KEY,
            "RCA_PROVIDERS": "rules",
            "WORKER_CONCURRENCY": "4",
            "DELIVERY_CONCURRENCY": "4",
            "RECONCILE_MINUTES": "0",
            "LOG_FORMAT": "json",
            "TMPDIR": str(folder),
            **world.environment,
        }
        webs = (
            Role("web-1", folder, role="web", variables=variables),
            Role("web-2", folder, role="web", variables=variables),
        )
        worker = Role("worker", folder, role="worker", variables=variables)
        beat = Role("beat", folder, role="beat", variables=variables)
        desk = Desk(postgres, redis, webs, worker, beat, world)
        try:
            for role in (*webs, worker, beat):
                role.start(wait=False)
            for web in webs:
                web.wait_until_ready()
            yield desk
        finally:
            for process in desk.processes:
                process.end()
