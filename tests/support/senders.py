"""Senders that keep posting to a real server from several connections, and remember what they were told."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.support.live_server import LiveServer

Make = Callable[[], tuple[str, dict[str, Any]]]


@dataclass
class Senders:
    """`stop()` ends them; `accepted` holds every 202's body, `others` every other status with its body."""

    server: LiveServer
    make: Make
    count: int = 8
    most: int = 100_000
    accepted: list[dict[str, Any]] = field(default_factory=list)
    others: list[tuple[int, str]] = field(default_factory=list)
    cut: int = 0

    def __post_init__(self) -> None:
        self._left = self.most
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(self.count)]
        for thread in self._threads:
            thread.start()

    def wait_for_an_answer(self, seconds: float = 30.0) -> None:
        """Until the first 202: from then on the server is under load."""
        deadline = time.monotonic() + seconds
        while not self.accepted and time.monotonic() < deadline:
            time.sleep(0.005)

    def wait(self, seconds: float = 60.0) -> None:
        """Until all `most` requests are answered."""
        for thread in self._threads:
            thread.join(seconds)

    def stop(self) -> None:
        self._is_over.set()
        self.wait(30)

    def _is_one_left(self) -> bool:
        with self._lock:
            self._left -= 1
            return self._left >= 0

    def _send(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        headers = {"X-Api-Key": self.server.api_key, "Content-Type": "application/json"}
        while not self._is_over.is_set() and self._is_one_left():
            path, body = self.make()
            try:
                connection.request("POST", path, json.dumps(body), headers)
                answer = connection.getresponse()
                text = answer.read().decode()
            except (OSError, http.client.HTTPException):
                connection.close()
                with self._lock:
                    self.cut += 1
                self._is_over.wait(0.01)
                continue
            with self._lock:
                if answer.status == 202:
                    self.accepted.append(json.loads(text))
                else:
                    self.others.append((answer.status, text))
        connection.close()
