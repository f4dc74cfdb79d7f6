"""After a commit that leaves work behind, tell the workers. The message is a wake-up only; the row is the work."""

from __future__ import annotations

from typing import Any

from ingestion.signals import lookup_requested
from ingestion.tasks import look_up_waiting, process_waiting
from tickets.coalesce import Coalescer
from tickets.signals import ticket_opened

WINDOW_SECONDS = 0.05

_wake_up = Coalescer(lambda: process_waiting.apply_async(expires=30), WINDOW_SECONDS, "Wake-ups for tickets")
_wake_lookups = Coalescer(
    lambda: look_up_waiting.apply_async(expires=30), WINDOW_SECONDS, "Wake-ups for look-ups"
)


def wake_lookups(**_: Any) -> None:
    _wake_lookups.request()


def wake_workers(**_: Any) -> None:
    _wake_up.request()


def connect() -> None:
    ticket_opened.connect(wake_workers, dispatch_uid="ingestion.wake_workers")
    lookup_requested.connect(wake_lookups, dispatch_uid="ingestion.wake_lookups")
