"""People who look on while a desk is loaded and killed: lists, details, files, the summary, a live dashboard."""

from __future__ import annotations

import itertools
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any

from websockets.exceptions import WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.faults.desk import MortalDesk

PAGES = (
    "/api/summary",
    "/api/open-tickets?limit=50",
    "/api/open-tickets?severity=High&search=blob",
    "/api/audit-trail",
    "/api/audit-summary",
    "/api/deliveries",
    "/api/export/open-tickets",
    "/api/export/audit-trail",
    "/readyz",
)
BETWEEN_PAGES = 0.3


@dataclass
class Readers:
    """One who turns pages and one whose dashboard stays open; both come back after every death of the desk."""

    desk: MortalDesk
    token: str = ""
    read: int = 0
    frames: int = 0
    strange: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._is_over = threading.Event()
        self._threads = [
            threading.Thread(target=each, daemon=True) for each in (self._turn_pages, self._watch)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(60)

    def _turn_pages(self) -> None:
        latest = PAGES[0]
        for page in itertools.cycle((*PAGES, "")):
            if self._is_over.wait(BETWEEN_PAGES):
                return
            with suppress(OSError, HTTPException):  # it died, in the middle of a file maybe
                answer = self._get(page or latest)
                if page == PAGES[1] and answer and answer["tickets"]:
                    latest = f"/api/tickets/{answer['tickets'][0]['id']}"

    def _get(self, path: str) -> Any:
        """Its answer; nothing for `503`, and what is neither is kept as strange."""
        status, answer = self.desk.call(path, token=self.token)
        if status == 401:  # at first, and when the token has had its time
            self.token = self.desk.token()
            return None
        if status == 200:
            self.read += 1
            return answer
        if status != 503:
            self.strange.append(f"{status} for {path}")
        return None

    def _watch(self) -> None:
        while not self._is_over.is_set():
            with suppress(OSError, WebSocketException), self._dashboard() as socket:
                while not self._is_over.is_set():
                    with suppress(TimeoutError):
                        socket.recv(timeout=1)
                        self.frames += 1
            self._is_over.wait(0.5)

    def _dashboard(self) -> ClientConnection:
        address = self.desk.url.replace("http", "ws") + "/ws"
        return connect(address, subprotocols=[Subprotocol("bearer"), Subprotocol(self.token or "none")])
