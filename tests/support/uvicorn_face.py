"""The door and Django behind a real uvicorn in a thread of this process: its HTTP parser, its sockets, its messages.

A test module that imports this is left out where uvicorn, which only the tests and the benchmarks need, is not there.
"""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.handlers.asgi import ASGIHandler

from ingestion.fast_door.application import FastDoor
from ingestion.fast_door.writer import Writer
from tests.support.faces import Told
from tests.support.live_server import free_port

uvicorn: Any = pytest.importorskip("uvicorn")

READY_SECONDS = 10.0


@dataclass(frozen=True)
class UvicornFace:
    port: int

    def send(
        self, path: str, body: bytes, headers: dict[str, str] | None = None, method: str = "POST"
    ) -> Told:
        return self.ask(path, body, headers, method)

    def ask(
        self,
        path: str,
        body: bytes | list[bytes],
        headers: dict[str, str] | None = None,
        method: str = "POST",
    ) -> Told:
        """A list of pieces is sent chunk by chunk, so that no length is declared."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            told = {"Host": "localhost", "Content-Type": "application/json", **(headers or {})}
            connection.request(method, path, body, told)
            answer = connection.getresponse()
            return Told(
                answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
            )
        finally:
            connection.close()


@contextmanager
def on_uvicorn() -> Iterator[UvicornFace]:
    writer, port = Writer(), free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            FastDoor(ASGIHandler(), writer),
            host="127.0.0.1",
            port=port,
            lifespan="off",
            access_log=False,
            log_config=None,
        )
    )
    thread = threading.Thread(target=server.run, name="uvicorn", daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not server.started:
            assert thread.is_alive() and time.monotonic() < deadline, "uvicorn did not start"  # noqa: PT018
            time.sleep(0.01)
        yield UvicornFace(port)
    finally:
        server.should_exit = True
        thread.join(READY_SECONDS)
        assert writer.stop(5)
