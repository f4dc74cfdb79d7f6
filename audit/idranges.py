"""Closed ranges of ids: which were not there when a seal was made. Pure.

A database gives an id before the commit: a rolled-back transaction leaves a gap for ever, a slow one fills it
late. Neither is an error, so a seal says exactly which ids of its range it does not cover.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

IdRange = tuple[int, int]


def missing_from(ids: Sequence[int], first: int, last: int) -> list[IdRange]:
    """The ranges of `first`…`last` that ascending `ids`, all within it, leave out."""
    gaps: list[IdRange] = []
    expected = first
    for number in ids:
        if number > expected:
            gaps.append((expected, number - 1))
        expected = number + 1
    if expected <= last:
        gaps.append((expected, last))
    return gaps


def without(ranges: Iterable[IdRange], ids: Iterable[int]) -> list[IdRange]:
    """Ascending, disjoint `ranges` with `ids` taken out of them."""
    taken = sorted(ids)
    left: list[IdRange] = []
    position = 0
    for low, high in ranges:
        while position < len(taken) and taken[position] < low:
            position += 1
        end = position
        while end < len(taken) and taken[end] <= high:
            end += 1
        left += missing_from(taken[position:end], low, high)
        position = end
    return left


class RangeSet:
    """Fast membership in ascending, disjoint ranges."""

    def __init__(self, ranges: Iterable[Sequence[int]]) -> None:
        self._ranges = [(int(low), int(high)) for low, high in ranges]
        self._lows = [low for low, _ in self._ranges]

    def __contains__(self, number: int) -> bool:
        position = bisect_right(self._lows, number) - 1
        return position >= 0 and number <= self._ranges[position][1]

    def next_outside(self, number: int) -> int:
        """The smallest id that is at least `number` and in none of the ranges."""
        position = bisect_right(self._lows, number) - 1
        while 0 <= position < len(self._ranges) and self._ranges[position][0] <= number:
            if number > self._ranges[position][1]:
                break
            number = self._ranges[position][1] + 1
            position += 1
        return number

    @property
    def size(self) -> int:
        return sum(high - low + 1 for low, high in self._ranges)

    def count_below(self, number: int) -> int:
        """How many ids below `number` are in the ranges."""
        return sum(min(high, number - 1) - low + 1 for low, high in self._ranges if low < number)
