"""Sections of a ticket's detail that belong to the layers above: they register a reader here, at start.

`tickets` knows nothing of evidence, analyses or deliveries, yet one address shows them all. The sections of the
contract are always there: empty where no reader is registered.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tickets.models import Ticket

Reader = Callable[[Ticket], Any]

ALWAYS = ("evidence", "analyses", "similar", "deliveries", "remediation")

_readers: dict[str, Reader] = {}


def register(name: str, reader: Reader) -> None:
    """Add a section; a name is given once."""
    _readers[name] = reader


def read_all(ticket: Ticket) -> dict[str, Any]:
    empty: dict[str, Any] = {name: [] for name in ALWAYS}
    return empty | {name: reader(ticket) for name, reader in _readers.items()}
