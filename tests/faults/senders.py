"""How the vendors' senders behave when they are not taken, as far as it is documented.

Azure Monitor (Action groups, webhook): 408, 429, 503, 504 and client exceptions are tried again, at most five times,
after 5, 20, 5, 40 and 5 s; any other status is the end of it. When all fail, no alert is sent to the address for
15 minutes. The first try waits 10 s for its answer, the later ones 30 s.
Jira (Webhooks): 408, 409, 425, 429, 5xx and connection failures are tried again five times, 5 to 15 minutes apart, with
the same X-Atlassian-Webhook-Identifier and a growing X-Atlassian-Webhook-Retry.
Databricks documents no retry: one try, and it is over.
"""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

NO_ANSWER = 0
EXCEPTIONS = {NO_ANSWER}


@dataclass(frozen=True)
class Rules:
    """`waits` in seconds as documented; `timeouts` of the first and of the later tries."""

    name: str
    is_retried: Callable[[int], bool]
    waits: Sequence[float]
    timeouts: tuple[float, float]
    blackout: float = 0.0


AZURE = Rules(
    "Azure Monitor",
    lambda status: status in {408, 429, 503, 504} | EXCEPTIONS,
    (5, 20, 5, 40, 5),
    (10, 30),
    900,
)
JIRA = Rules(
    "Jira",
    lambda status: status in {408, 409, 425, 429} | EXCEPTIONS or status >= 500,
    (300, 300, 600, 900, 900),
    (30, 30),
)
DATABRICKS = Rules("Databricks", lambda status: False, (), (10, 10))


@dataclass
class Sender:
    """Sends each message in a thread of its own; `pace` is how much faster than the vendor it waits.

    `taken` holds what was answered 2xx, `given_up` what nobody took, `skipped` what fell into the blackout.
    """

    rules: Rules
    port: int
    headers: dict[str, str]
    pace: float = 1.0
    taken: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    given_up: list[tuple[str, int]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    tries: int = 0

    def __post_init__(self) -> None:
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._dark_until = 0.0

    def send(self, name: str, path: str, body: dict[str, Any]) -> None:
        if time.monotonic() < self._dark_until:
            self.skipped.append(name)
            return
        thread = threading.Thread(target=self._deliver, args=(name, path, json.dumps(body)), daemon=True)
        thread.start()
        self._threads.append(thread)

    def wait(self) -> None:
        for thread in self._threads:
            thread.join(180)
            assert not thread.is_alive()

    def _deliver(self, name: str, path: str, body: str) -> None:
        identifier = str(uuid.uuid4())
        status = NO_ANSWER
        for attempt in range(len(self.rules.waits) + 1):
            if attempt:
                time.sleep(self.rules.waits[attempt - 1] / self.pace)
            status, answer = self._try(path, body, identifier, attempt)
            if 200 <= status < 300:
                with self._lock:
                    self.taken.append((name, answer))
                return
            if not self.rules.is_retried(status):
                break
        with self._lock:
            self.given_up.append((name, status))
            self._dark_until = time.monotonic() + self.rules.blackout / self.pace

    def _try(self, path: str, body: str, identifier: str, attempt: int) -> tuple[int, dict[str, Any]]:
        headers = {"Content-Type": "application/json", **self.headers}
        if self.rules is JIRA:
            headers["X-Atlassian-Webhook-Identifier"] = identifier
            headers |= {"X-Atlassian-Webhook-Retry": str(attempt)} if attempt else {}
        with self._lock:
            self.tries += 1
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=self.rules.timeouts[bool(attempt)]
        )
        try:
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            return NO_ANSWER, {}
        finally:
            connection.close()
        return answer.status, json.loads(text) if answer.status < 300 else {}
