"""Too many bad credentials from one address, at the doors of other systems: counted in this process's memory.

The limits hold per process: with several web processes a sender gets as many times the limit. Sharing the
counts would put a network call in front of every alert. Memory is bounded: of too many names the ones not seen
for the longest time are forgotten. (People who sign in are counted in the database, `accounts.throttle`.)
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from django.conf import settings

MOST_NAMES = 10_000


class TokenBuckets:
    """A bucket of tokens for each name: `capacity` at once, refilled evenly over `window` seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, most_names: int = MOST_NAMES) -> None:
        self._clock = clock
        self._most_names = most_names
        self._lock = threading.Lock()
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, capacity: int, window: int) -> int:
        """Take one token: 0, or the seconds until there will be one."""
        now = self._clock()
        rate = capacity / window
        with self._lock:
            level, since = self._levels.pop(name, (float(capacity), now))
            level = min(float(capacity), level + (now - since) * rate)
            is_allowed = level >= 1
            self._levels[name] = (level - 1 if is_allowed else level, now)
            while len(self._levels) > self._most_names:
                self._levels.popitem(last=False)
        return 0 if is_allowed else max(1, math.ceil((1 - level) / rate))

    def forget(self) -> None:
        with self._lock:
            self._levels.clear()

    def __len__(self) -> int:
        return len(self._levels)


failed_attempts = TokenBuckets()


def note_failed_attempt(address: str) -> int:
    """Count a bad credential; 0 while the address may go on trying, else the seconds it is to wait."""
    return failed_attempts.take(address, *settings.WEBHOOK_FAILURE_LIMIT)
