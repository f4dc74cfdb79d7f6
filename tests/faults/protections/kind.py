"""One line of the table of protections."""

from __future__ import annotations

from typing import NamedTuple

POSTGRES = "PostgreSQL and Redis"


class Protection(NamedTuple):
    """`test` is named as in `promises.py`; `needs` what the test cannot do without; `old` gives way to `new`."""

    what: str
    test: str
    file: str
    old: str
    new: str = ""
    needs: str = ""


FIND_EXACT = ("exact = self._by_dedup_key.get(failure.dedup_key)", "exact = None")
