"""The real server as a child process: `manage.py serve` on a free port, with a data folder of its own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.migrated import SQLITE_FILE, migrated_file
from tests.support.own_services import own_services

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 180.0  # two where nothing else runs; a busy machine has taken more than sixty
END_SECONDS = 60.0
# How long the work of a killed process may stay its own. Embedded, the next start takes it over at once; with a
# broker other workers may live, so a claim is left alone until its lease ends (60 s at most, and a busy machine).
TAKEOVER_SECONDS = 90.0 if os.environ.get("REDIS_URL") else 20.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class LiveServer:
    """Start, kill and restart; `password` is the first administrator's, printed once at the first start.

    Its database has its tables before the first start, unless it `begins_empty`.
    """

    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    password: str = ""
    api_key: str = "live-server-key-0123456789"
    process: subprocess.Popen[bytes] | None = None
    begins_empty: bool = False
    services: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.services = own_services(is_migrated=not self.begins_empty)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.data_dir / "server.log"

    def command(self) -> list[str]:
        return [sys.executable, str(ROOT / "manage.py"), "serve", "--port", str(self.port)]

    def variables(self) -> dict[str, str]:
        """The environment of the server, and of a command of manage.py beside it."""
        inherited = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG"}}
        return {
            **inherited,
            **self.services,
            "AIOPS_DATA_DIR": str(self.data_dir),
            "PUBLIC_BASE_URL": self.url,
            "RCA_API_KEY": self.api_key,
            "PYTHONUNBUFFERED": "1",
            **self.environment,
        }

    def start(self) -> LiveServer:
        self._lay_out_tables()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=ROOT, env=self.variables(), stdout=log, stderr=subprocess.STDOUT
            )
        try:
            self._wait_until_ready()
        except AssertionError:  # nobody has it yet who would end it
            self.kill()
            raise
        found = re.search(r"password: (\S+)", self.log.read_text())
        self.password = found.group(1) if found else self.password
        return self

    def _lay_out_tables(self) -> None:
        file = self.data_dir / SQLITE_FILE
        if not self.begins_empty and "DATABASE_URL" not in self.variables() and not file.exists():
            shutil.copyfile(migrated_file(), file)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            assert self.process is not None
            if self.process.poll() is not None:
                raise AssertionError(f"The server ended:\n{self.log.read_text()[-3000:]}")
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"The server was not ready in time:\n{self.log.read_text()[-3000:]}")

    def kill(self) -> None:
        """SIGKILL: nothing of it may run on."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        """SIGTERM, and its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(END_SECONDS)

    def call(
        self, path: str, body: object | None = None, *, token: str = "", key: str = "", method: str = ""
    ) -> tuple[int, Any]:
        """An HTTP call; the answer's status and its JSON (or text)."""
        headers = {"Content-Type": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if key:
            headers["X-Api-Key"] = key
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method or None)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, text = response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            status, text = error.code, error.read().decode()
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text

    def token(self) -> str:
        status, answer = self.call("/api/login", {"email": "admin@example.com", "password": self.password})
        assert status == 200, answer
        return str(answer["token"])
