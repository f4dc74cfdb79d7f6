"""Processes of the production shape that a test may kill: PostgreSQL, Redis, and the roles of the desk.

Each has a folder, a port and a log of its own, and is killed with all its children.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import redis

from tests.support.live_server import ROOT, free_port

API_KEY = "production-test-key-0123456789"
READY_SECONDS = 120.0  # of a busy machine


def postgres_folder() -> Path | None:
    """Where PostgreSQL's server programs are; Debian keeps them off the PATH."""
    for found in (
        shutil.which("initdb"),
        *sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True),
    ):
        if found and (Path(found).resolve().parent / "postgres").exists():
            return Path(found).resolve().parent
    return None


def missing_services() -> str:
    """Why the production shape cannot be tested here; empty when it can."""
    missing = []
    if postgres_folder() is None:
        missing.append("PostgreSQL's initdb and postgres")
    if shutil.which("redis-server") is None:
        missing.append("redis-server")
    return f"{' and '.join(missing)} not found on this machine" if missing else ""


def until(what: Callable[[], bool], *, within: float, pause: float = 0.1) -> bool:
    """Whether it became true in time; what raises OSError or a driver's error is not true yet."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            if what():
                return True
        except (OSError, psycopg.Error, redis.RedisError):
            pass
        time.sleep(pause)
    return False


@dataclass
class Process:
    """One child with a process group of its own; `start`, `kill` (SIGKILL), `stop` (SIGTERM)."""

    name: str
    folder: Path
    child: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8"}

    def user(self) -> str | None:
        return None

    def is_ready(self) -> bool:
        return self.is_running()

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def tail(self) -> str:
        return f"--- {self.name}\n{self.log.read_text(errors='replace')[-3000:]}"

    def is_running(self) -> bool:
        return self.child is not None and self.child.poll() is None

    def start(self, *, wait: bool = True) -> None:
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                self.command(), cwd=ROOT, env=self.environment(), user=self.user(),
                stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        if wait:
            self.wait_until_ready()

    def wait_until_ready(self) -> None:
        assert until(self.is_ready, within=READY_SECONDS, pause=0.05), self.tail()

    def kill(self) -> None:
        assert self.child is not None
        os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait(10)

    def terminate(self) -> None:
        """Ask for the end and do not wait for it."""
        assert self.child is not None
        self.child.terminate()

    def stop(self, seconds: float = 30) -> int:
        self.terminate()
        assert self.child is not None
        return self.child.wait(seconds)

    def end(self) -> None:
        if self.is_running():
            self.kill()


@dataclass
class Postgres(Process):
    """A cluster of its own, made with initdb; its server refuses to run as root."""

    port: int = field(default_factory=free_port)

    def prepare(self) -> None:
        data = self.folder / "data"
        data.mkdir(parents=True)
        if user := self.user():
            shutil.chown(data, user)
            shutil.chown(self.folder, user)
        subprocess.run(
            [self._program("initdb"), "-D", data, "-U", "aiops", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True, capture_output=True, user=self.user(), cwd="/", env=self.environment(),
        )  # fmt: skip

    def command(self) -> list[str]:
        # A killed server loses nothing without fsync either: what it wrote is with the kernel.
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "fsync": "off",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self._program("postgres"), "-D", str(self.folder / "data"), *options]

    def user(self) -> str | None:
        if os.geteuid() != 0:
            return None
        return pwd.getpwnam("postgres").pw_name

    def _program(self, name: str) -> str:
        folder = postgres_folder()
        assert folder is not None
        return str(folder / name)

    def url(self, database: str = "postgres") -> str:
        return f"postgres://aiops@127.0.0.1:{self.port}/{database}"

    def is_ready(self) -> bool:
        if not self.is_running():  # the processes of the one that was killed are not all gone yet
            self.start(wait=False)
        with psycopg.connect(self.url(), connect_timeout=2) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url("aiops"), connect_timeout=5) as connection:
            return connection.execute(statement.encode()).fetchall()


@dataclass
class Redis(Process):
    """Without persistence: what it held is gone when it dies."""

    port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        return [
            "redis-server",
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self.folder),
        ]

    def is_ready(self) -> bool:
        with redis.Redis.from_url(self.url) as client:
            return bool(client.ping())


@dataclass
class Role(Process):
    """One role of the desk, started as the image and `make run-*` start it."""

    role: str = "web"
    variables: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    def command(self) -> list[str]:
        return [str(ROOT / "docker/entrypoint.sh"), self.role]

    def environment(self) -> dict[str, str]:
        inherited = super().environment()
        inherited["PATH"] = f"{Path(sys.executable).parent}:{inherited['PATH']}"
        return {**inherited, "PYTHONUNBUFFERED": "1", "PORT": str(self.port), **self.variables}

    def is_ready(self) -> bool:
        assert self.is_running(), self.tail()
        if self.role != "web":
            return True
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=1) as answer:
            return bool(answer.status == 200)

    def is_listening(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0
