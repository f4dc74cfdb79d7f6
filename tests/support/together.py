"""Several at once: what must hold whoever comes first."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

from django.db import connections

T = TypeVar("T")


def at_once(*works: Callable[[], T], seconds: float = 30) -> list[T]:
    """Each work in a thread and with a connection of its own, all from the same moment; their results in order.

    The first error is raised, and TimeoutError where one takes longer than `seconds`.
    """
    together = Barrier(len(works))

    def do(work: Callable[[], T]) -> T:
        together.wait(seconds)
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        begun = [pool.submit(do, work) for work in works]
        return [each.result(seconds) for each in begun]
