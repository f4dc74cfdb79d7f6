"""Long lists of values for `IN`, in parts that every database takes in one statement."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

MOST_VALUES = 400
"""SQL Server takes 2,100 parameters in a statement, SQLite 999 where it is old."""

T = TypeVar("T")


def chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    """The values in their order, at most MOST_VALUES at a time; nothing where there are none."""
    return (values[i : i + MOST_VALUES] for i in range(0, len(values), MOST_VALUES))
