"""Where the payload to archive comes from: the layer that stores what arrived registers a provider at start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from tickets.models import Ticket


@dataclass(frozen=True, slots=True)
class Payload:
    """The bytes as received, and when (aware)."""

    body: bytes = field(repr=False)
    received_at: datetime


Provider = Callable[[Ticket], Payload | None]

_providers: list[Provider] = []


def register(provider: Provider) -> None:
    """Name the one provider; a later one takes its place."""
    _providers[:] = [provider]


def payload_of(ticket: Ticket) -> Payload | None:
    """What the ticket's first event brought; None when nothing is kept."""
    return _providers[0](ticket) if _providers else None
