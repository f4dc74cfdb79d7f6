"""A clock for parts that count seconds and are given theirs."""

from __future__ import annotations


class Clock:
    """Stands at `now`, in seconds, until a test moves it."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now
