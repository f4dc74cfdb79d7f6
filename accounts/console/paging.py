"""A paginator that never counts a big table: it looks whether there are more rows than it will page through."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

MOST_PAGED = 5_000


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Pages through the first MOST_PAGED rows; beyond them a filter is the better way, and a cheap one."""

    @cached_property
    def _found(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: MOST_PAGED + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._found, MOST_PAGED)

    @property
    def is_cut(self) -> bool:
        """Whether there are rows that no page shows."""
        return self._found > MOST_PAGED
