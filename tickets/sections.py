"""Sections of a ticket's detail that belong to the layers above: they register a reader here, at start.

`tickets` knows nothing of evidence, analyses or deliveries, yet one address shows them all. The sections of the
contract are always there: empty where no reader is registered. A section names the rows that hang on the ticket, and
its reader gets them: those of all sections are read in one statement (`tickets.together`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet

from tickets.models import Ticket
from tickets.together import Rows

Queries = Mapping[str, QuerySet[Any]]
Reader = Callable[[Ticket, Rows], Any]

ALWAYS = ("evidence", "analyses", "similar", "deliveries", "remediation")

_readers: dict[str, Reader] = {}
_hanging: dict[str, Callable[[Ticket], Queries]] = {}


def register(name: str, reader: Reader, hanging: Callable[[Ticket], Queries] | None = None) -> None:
    """Add a section; a name is given once. `hanging` names the rows that it wants, no name of which is another's."""
    _readers[name] = reader
    if hanging is not None:
        _hanging[name] = hanging


def queries(ticket: Ticket) -> dict[str, QuerySet[Any]]:
    """What all sections want to be read of a ticket."""
    return {name: rows for hanging in _hanging.values() for name, rows in hanging(ticket).items()}


def read_all(ticket: Ticket, rows: Rows) -> dict[str, Any]:
    """Every section, out of the rows that `queries` asked for."""
    empty: dict[str, Any] = {name: [] for name in ALWAYS}
    return empty | {name: reader(ticket, rows) for name, reader in _readers.items()}
