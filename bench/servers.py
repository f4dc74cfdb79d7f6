"""Servers under measurement: child processes on loopback, each with its own database and its own CPU account."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[1]
KEY = "bench-key-0123456789abcdef"
READY_SECONDS = 60.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass
class Server:
    """An ASGI application behind Daphne, started by `bench.serve`."""

    name: str
    application: str
    folder: Path
    database_url: str = ""
    with_worker: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.folder.mkdir(parents=True, exist_ok=True)
        environment = {"RCA_API_KEY": KEY, "PUBLIC_BASE_URL": self.url} | own_environment(
            self.folder, self.database_url
        )
        command = [sys.executable, "-m", "bench.serve", self.application, str(self.port)]
        command += ["--with-worker"] if self.with_worker else []
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, env=environment | self.environment, stdout=log, stderr=log
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        log = (self.folder / "server.log").read_text()[-2_000:]
        raise RuntimeError(f"{self.name} did not start:\n{log}")

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)

    def cpu_seconds(self) -> float:
        """Processor time of all its threads so far, user and system, as the kernel accounts it."""
        assert self.process is not None
        return cpu_seconds(self.process.pid)


def own_environment(folder: Path, database_url: str) -> dict[str, str]:
    """Little of ours, and a database of its own."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment["AIOPS_DATA_DIR"] = str(folder)
    return environment | ({"DATABASE_URL": database_url} if database_url else {})


def cpu_seconds(pid: int) -> float:
    stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / TICKS_PER_SECOND


@contextmanager
def running(servers: list[Server]) -> Iterator[None]:
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in servers:
            server.stop()


@contextmanager
def postgres_database(url: str, name: str) -> Iterator[str]:
    """An empty database on the server behind `url` for as long as it is needed; yields its address."""
    import psycopg
    from psycopg import sql

    def execute(statement: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    execute("DROP DATABASE IF EXISTS {} WITH (FORCE)")
    execute("CREATE DATABASE {}")
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        execute("DROP DATABASE IF EXISTS {} WITH (FORCE)")
