"""A paginator that never counts a big table: it looks only a little further than the page that is shown.

Pages are reached by OFFSET up to MOST_PAGED rows, where that is as cheap as the first page; beyond them
`accounts.console.desk` goes on from the last row by its key.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

MOST_PAGED = 5_000
PAGES_AHEAD = 2


class BoundedPaginator(Paginator):  # type: ignore[type-arg]
    """Knows of the rows up to PAGES_AHEAD pages behind `shown_page`, and of MOST_PAGED at the most."""

    shown_page = 1

    @property
    def _bound(self) -> int:
        return min(MOST_PAGED, (self.shown_page + PAGES_AHEAD) * self.per_page)

    @cached_property
    def _found(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: self._bound + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self._found, self._bound)

    @property
    def is_cut(self) -> bool:
        """Whether there are rows behind the last page that is linked."""
        return self._found > self._bound

    @property
    def is_at_its_end(self) -> bool:
        """Whether the shown page is the last one that can be reached by its number, and rows follow."""
        return self.is_cut and self._bound == MOST_PAGED and self.shown_page == self.num_pages
