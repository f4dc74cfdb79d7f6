"""Announcements: the first goes at once, many become few, none of the last is lost, and nobody waits for them."""

from __future__ import annotations

import threading
import time

from tickets.coalesce import Coalescer


def wait_for(count: int, calls: list[float], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while len(calls) < count and time.monotonic() < deadline:
        time.sleep(0.005)


def test_many_requests_become_few_and_the_last_one_counts() -> None:
    calls: list[float] = []
    coalescer = Coalescer(lambda: calls.append(time.monotonic()), 0.1, "Calls")
    for _ in range(100):
        coalescer.request()
    wait_for(1, calls)
    time.sleep(0.3)
    assert 1 <= len(calls) <= 2
    before = len(calls)
    coalescer.request()
    wait_for(before + 1, calls)
    assert len(calls) == before + 1


def test_slow_or_failing_announcement_does_not_hold_its_caller_nor_the_next() -> None:
    is_held, calls = threading.Event(), list[float]()

    def fail_slowly() -> None:
        calls.append(time.monotonic())
        is_held.wait(5)
        raise ConnectionError("the broker is away")

    coalescer = Coalescer(fail_slowly, 0.01, "Calls")
    started = time.monotonic()
    coalescer.request()
    assert time.monotonic() - started < 1
    wait_for(1, calls)
    is_held.set()
    coalescer.request()
    wait_for(2, calls)
    assert len(calls) == 2
