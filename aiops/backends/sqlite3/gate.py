"""A queue in front of SQLite's single writer.

SQLite lets one connection write and makes the others poll with growing pauses until their time-out, so under
load the unlucky wait for seconds and then fail with "database is locked". Here the threads of one process wait
for each other in the order they came; SQLite's own lock only has to keep other processes apart.
"""

from __future__ import annotations

import threading
from collections import deque


class Gate:
    """A lock that is handed over in the order of asking."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_taken = False
        self._waiting: deque[threading.Event] = deque()

    def enter(self, seconds: float) -> bool:
        """Wait for the turn; False when it did not come in time."""
        with self._lock:
            if not self._is_taken:
                self._is_taken = True
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        if turn.wait(seconds):
            return True
        with self._lock:
            if turn.is_set():  # it came between the time-out and this line
                return True
            self._waiting.remove(turn)
        return False

    def leave(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()  # taken stays true: the turn is handed over
            else:
                self._is_taken = False


_gates: dict[str, Gate] = {}
_gates_lock = threading.Lock()


def gate_of(database: str) -> Gate:
    """The one gate of a database file in this process."""
    with _gates_lock:
        return _gates.setdefault(database, Gate())
