"""Figures that every page or every wall display would ask for again: read once, kept for some seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.core.cache import cache
from django.db.models import Model, QuerySet

T = TypeVar("T")
MOST_COUNTED = 10_000


def kept(name: str, seconds: float, read: Callable[[], T]) -> T:
    found: T | None = cache.get(f"console:{name}")
    if found is None:
        found = read()
        cache.set(f"console:{name}", found, seconds)
    return found


def bounded_count(rows: QuerySet[Model]) -> int:
    """How many, at most MOST_COUNTED + 1: the cost of counting has an end."""
    return rows.order_by().values("pk")[: MOST_COUNTED + 1].count()


def as_count(number: int) -> str:
    return f"{MOST_COUNTED:,}+" if number > MOST_COUNTED else f"{number:,}"
