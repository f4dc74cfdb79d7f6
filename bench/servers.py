"""Servers under measurement: child processes on loopback, each with its own database and its own CPU account."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

ROOT = Path(__file__).resolve().parents[1]
KEY = "bench-key-0123456789abcdef"
READY_SECONDS = 120.0
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class Program(ABC):
    """A server of any kind: started on a free port, ready when its health address answers, stopped by SIGTERM."""

    name: str
    folder: Path
    health: str = "/healthz"
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """What is run; the port is known by then, and the folder is there."""

    @abstractmethod
    def variables(self) -> dict[str, str]:
        """Its whole environment."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Return when it answers."""
        self.launch()
        self._wait_until_ready()

    def launch(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=ROOT, env=self.variables(), stdout=log, stderr=log
            )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}{self.health}", timeout=1).close()
            except OSError:
                time.sleep(0.01)
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
        """Processor time of all its threads and child processes so far, as the kernel accounts it."""
        assert self.process is not None
        return sum(map(cpu_seconds, family(self.process.pid)))

    def memory(self) -> dict[str, float]:
        """MB of all its processes: their share (a page that several use counts in part), and whole."""
        assert self.process is not None
        sums = {"Pss": 0, "Rss": 0}
        for pid in family(self.process.pid):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                name, _, told = line.partition(":")
                if name in sums:
                    sums[name] += int(told.split()[0])
        return {f"{name.upper()} MB": kilobytes / 1024 for name, kilobytes in sums.items()}


@dataclass
class Server(Program):
    """An ASGI application behind Daphne or another server (`behind`), started by `bench.serve`."""

    name: str
    application: str
    folder: Path
    database_url: str = ""
    with_worker: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    behind: str = "daphne"
    wakes_workers: bool = True

    def command(self) -> list[str]:
        command = [sys.executable, "-m", "bench.serve", self.application, str(self.port)]
        command += ["--behind", self.behind]
        command += ["--with-worker"] if self.with_worker else []
        return command if self.wakes_workers else [*command, "--without-wake-ups"]

    def variables(self) -> dict[str, str]:
        given = {"RCA_API_KEY": KEY, "PUBLIC_BASE_URL": self.url}
        return given | own_environment(self.folder, self.database_url) | self.environment


@dataclass
class Started(Program):
    """The product as people start it: `arguments`, with PORT set."""

    name: str
    arguments: Sequence[str]
    folder: Path
    database_url: str = ""
    environment: dict[str, str] = field(default_factory=dict)

    def command(self) -> list[str]:
        return list(self.arguments)

    def variables(self) -> dict[str, str]:
        given = {"RCA_API_KEY": KEY, "PUBLIC_BASE_URL": self.url, "PORT": str(self.port)}
        return given | own_environment(self.folder, self.database_url) | self.environment


def inherited_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def own_environment(folder: Path, database_url: str) -> dict[str, str]:
    """Little of ours, and a database of its own."""
    environment = inherited_environment() | {"AIOPS_DATA_DIR": str(folder)}
    return environment | ({"DATABASE_URL": database_url} if database_url else {})


def family(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            children.setdefault(int(_stat(folder)[1]), []).append(int(folder.name))
    found = [pid]
    for each in found:
        found += children.get(each, ())
    return found


def cpu_seconds(pid: int) -> float:
    stat = _stat(Path(f"/proc/{pid}"))
    return (int(stat[11]) + int(stat[12])) / TICKS_PER_SECOND


def _stat(folder: Path) -> list[str]:
    """The fields of a process behind its name, which may hold anything: state, parent, ... (proc(5))."""
    return (folder / "stat").read_text().rpartition(")")[2].split()


@contextmanager
def running(servers: Sequence[Program]) -> Iterator[None]:
    try:
        for server in servers:
            server.start()
        yield
    finally:
        for server in servers:
            server.stop()


def refuse_used_redis(url: str) -> None:
    """Raise RuntimeError unless the database is empty: what the bench leaves there is taken out again at the end."""
    import redis

    with redis.Redis.from_url(url) as broker:
        if broker.dbsize():
            raise RuntimeError("BENCH_REDIS_URL: expected a database of Redis that nobody uses; it has keys")


@contextmanager
def redis_database(url: str) -> Iterator[str]:
    """The empty database of Redis behind `url`, emptied again afterwards."""
    import redis

    refuse_used_redis(url)
    try:
        yield url
    finally:
        with redis.Redis.from_url(url) as broker:
            broker.flushdb()


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
