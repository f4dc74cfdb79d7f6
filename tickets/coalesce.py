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
    """Calls `action` at most once per `window` seconds, and always once after the last request.

    `what` names in the log, in the plural, what is lost when the action fails.
    """

    def __init__(self, action: Callable[[], None], window: float, what: str) -> None:
        self._action = action
        self._what = what
        self._window = window
        self._lock = threading.Lock()
        self._asked = threading.Event()
        self._thread: threading.Thread | None = None
        self._is_failing = False

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
            except Exception as error:  # noqa: BLE001 - a sweep finds what was to be announced
                self._note_failure(error)
            else:
                self._note_success()
            time.sleep(self._window)

    def _note_failure(self, error: Exception) -> None:
        """Said once, not with every alert of a storm that comes while the broker is away."""
        if not self._is_failing:
            told = f"{type(error).__name__}: {error}"
            logger.warning("%s are lost, the sweep makes them good (%s)", self._what, told)
            logger.debug("The announcement that was lost first", exc_info=error)
        self._is_failing = True

    def _note_success(self) -> None:
        if self._is_failing:
            logger.warning("%s go out again", self._what)
        self._is_failing = False
