"""What can go wrong with one call to a vendor, planned by the test and played in order.

A fault that comes "after" lets the effect happen first: the caller cannot tell it from one that came before.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Literal

from tests.support.vendor_server import Answer, ok

Fault = Literal[
    "500", "500 after", "429", "cut before", "cut after", "hang before", "hang after", "hold after"
]
HANG_SECONDS = 30.0


class Faults:
    """`effects` counts what really happened, by name; `reached` is set when a "hold after" has taken effect.

    `pause` (seconds) is what every 429 asks for, where it is set.
    """

    def __init__(self) -> None:
        self._planned: dict[str, list[Fault]] = defaultdict(list)
        self._lock = threading.Lock()
        self.always: dict[str, Fault] = {}
        self.effects: dict[str, int] = defaultdict(int)
        self.reached = threading.Event()
        self.pause = ""

    def plan(self, name: str, *faults: Fault) -> None:
        with self._lock:
            self._planned[name] += faults

    def play(self, name: str, effect: Callable[[], Answer], retry_after: str = "1") -> Answer:
        """Answer one call, with the next planned fault where there is one."""
        with self._lock:
            planned = self._planned[name]
            fault = planned.pop(0) if planned else self.always.get(name)
            if fault == "429":
                return ok({"ok": False, "error": "ratelimited"}, 429, Retry_After=self.pause or retry_after)
            if fault in {"500", "cut before", "hang before"}:
                return _broken(fault)
            answer = effect()
            if answer.status < 300:
                self.effects[name] += 1
            if fault == "hold after":
                self.reached.set()
            return _broken(fault) if fault else answer


def _broken(fault: str | None) -> Answer:
    if fault in {"500", "500 after"}:
        return Answer(500, b"<html><title>Oops</title></html>", {"Content-Type": "text/html"})
    if fault in {"hang before", "hang after", "hold after"}:
        return Answer(delay=HANG_SECONDS, cut="before")
    return Answer(cut="before")
