"""What a part of the benchmark hands back, and the aims that are checked: plain data."""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Context:
    """What every part is given: how often to repeat, a folder for data, PostgreSQL and Redis where there are some."""

    rounds: int
    folder: Path
    postgres_url: str = ""
    redis_url: str = ""

    @property
    def databases(self) -> tuple[str, ...]:
        return ("sqlite", "postgresql") if self.postgres_url else ("sqlite",)


@dataclass(frozen=True)
class Aim:
    """A ratio or a figure and the bound that it is to keep."""

    what: str
    measured: float
    at_least: float | None = None
    at_most: float | None = None

    @property
    def is_met(self) -> bool:
        if self.at_least is not None and self.measured < self.at_least:
            return False
        return self.at_most is None or self.measured <= self.at_most

    @property
    def bound(self) -> str:
        return f"≥ {self.at_least:g}" if self.at_least is not None else f"≤ {self.at_most:g}"


@dataclass
class Result:
    """Measured figures by row and column, medians over the rounds, and the aims drawn from them."""

    title: str
    rows: dict[str, dict[str, float]] = field(default_factory=dict)
    aims: list[Aim] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        aims = [{**dataclasses.asdict(aim), "is_met": aim.is_met} for aim in self.aims]
        return {**dataclasses.asdict(self), "aims": aims}


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each figure over the rounds."""
    names = dict.fromkeys(name for one in rounds for name in one)
    return {name: statistics.median(one[name] for one in rounds if name in one) for name in names}
