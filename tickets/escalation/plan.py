"""Which steps of a policy are due: decisions over plain data, the moments passed in (aware)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a policy; `number` is its row's."""

    number: int
    delay: timedelta
    kind: str
    target: str


@dataclass(frozen=True, slots=True)
class Due:
    """Steps to take now with the moments they were due at, and when to look again (None: nothing is left)."""

    now: tuple[tuple[Step, datetime], ...]
    next_at: datetime | None


def due_steps(steps: Iterable[Step], taken: set[int], counted_from: datetime, now: datetime) -> Due:
    """In the order of their delays; steps already taken are left out."""
    left = sorted(
        ((counted_from + step.delay, step) for step in steps if step.number not in taken),
        key=lambda pair: (pair[0], pair[1].number),
    )
    return Due(
        tuple((step, at) for at, step in left if at <= now),
        next((at for at, _ in left if at > now), None),
    )
