"""Many calls in a short time become few: the first runs at once, the rest together when the window ends.

The action runs in a thread of its own. A caller that has just committed an alert must not wait for a broker.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)


class Coalescer:
    """Calls `action` at most once per `window` seconds, and always once after the last request."""

    def __init__(self, action: Callable[[], None], window: float) -> None:
        self._action = action
        self._window = window
        self._lock = threading.Lock()
        self._asked = threading.Event()
        self._thread: threading.Thread | None = None

    def request(self) -> None:
        self._asked.set()
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def _start(self) -> None:
        """Also after a fork, which takes the lock and the object along but not the thread."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._work, name="aiops-announcer", daemon=True)
                self._thread.start()

    def _work(self) -> None:
        while True:
            self._asked.wait()
            self._asked.clear()
            try:
                self._action()
            except Exception:  # what is announced here is found by a sweep when it is lost
                logger.warning("An announcement was lost; the sweep will make it good", exc_info=True)
            time.sleep(self._window)
