"""Senders behind a tiny balancer: each alert goes to the next web process, and to another when that one fails.

So does Azure: an action group tries again when it is refused or not answered.
"""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.production.processes import API_KEY
from tests.support.alerts import data_factory_forms

PATIENCE_SECONDS = 60.0


@dataclass
class Load:
    """`stop()` ends it. `accepted` holds every 202's body, by run; `given_up` the runs that nobody took."""

    ports: Sequence[int]
    senders: int = 2
    pause: float = 0.6
    accepted: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    given_up: list[str] = field(default_factory=list)
    refusals: int = 0
    strange: list[tuple[int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._turns = itertools.cycle(self.ports)
        self._lock = threading.Lock()
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(self.senders)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS + 5)
            assert not thread.is_alive()

    def _send(self) -> None:
        while not self._is_over.is_set():
            run_id = str(uuid.uuid4())
            for path, body in data_factory_forms(run_id)[:2]:  # the same failure, told of in two ways
                self._deliver(run_id, path, json.dumps(body))
            self._is_over.wait(self.pause)

    def _deliver(self, run_id: str, path: str, body: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with self._lock:
                port = next(self._turns)
            status, text = post(port, path, body)
            if status == 202:
                with self._lock:
                    self.accepted.setdefault(run_id, []).append(json.loads(text))
                return
            with self._lock:
                self.refusals += 1
                if status not in {0, 503}:
                    self.strange.append((status, text[:300]))
            time.sleep(0.05)
        with self._lock:
            self.given_up.append(run_id)


def post(port: int, path: str, body: str) -> tuple[int, str]:
    """One request on a connection of its own; status 0 when there was no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=35)
    try:
        connection.request("POST", path, body, {"X-Api-Key": API_KEY, "Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except (OSError, http.client.HTTPException):
        return 0, ""
    finally:
        connection.close()
