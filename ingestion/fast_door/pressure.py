"""Workers in the same process give way while a storm of alerts comes in, for a bounded time.

They share one interpreter and, with SQLite, one writer; an alert that waits for its answer goes first, work
that is safe in the database can wait two seconds. In a process without a writer this never waits.
"""

from __future__ import annotations

import time

STORM_BATCH = 8
STORM_LASTS = 0.15
LONGEST_WAIT = 2.0


class Pressure:
    def __init__(self) -> None:
        self._storm_until = 0.0

    def note_batch(self, size: int) -> None:
        """The writer committed `size` alerts at once: many mean that more are coming in than one by one."""
        if size >= STORM_BATCH:
            self._storm_until = time.monotonic() + STORM_LASTS

    def is_on(self) -> bool:
        return time.monotonic() < self._storm_until

    def give_way(self) -> None:
        """Return when the storm is over, after LONGEST_WAIT seconds at the latest."""
        deadline = time.monotonic() + LONGEST_WAIT
        while (now := time.monotonic()) < min(deadline, self._storm_until):
            time.sleep(min(0.05, deadline - now))


pressure = Pressure()
