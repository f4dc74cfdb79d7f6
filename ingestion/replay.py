"""Alerts taken through the door again, from stored events or from files, by the service that took them first.

A replay is idempotent: an event ends in the tickets it ended in when it came, and counts nothing twice.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from audit.services import SYSTEM, Actor
from ingestion import services
from ingestion.answers import Answer
from ingestion.exported import UnusableFileError, read_file
from ingestion.models import PAYLOAD_REMOVED, AlertEvent
from ingestion.reading import Inbound, read
from ingestion.sources import registry

CREATED, DUPLICATE, IGNORED, UNSUPPORTED, FAILED = "created", "duplicate", "ignored", "unsupported", "failed"
_RESULT_OF_STATUS = {
    "accepted": CREATED,
    "duplicate_ignored": DUPLICATE,
    "ignored": IGNORED,
    "unsupported": UNSUPPORTED,
}
FILE_SENDER = "replay_alerts"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one alert: one of the five results, and a sentence."""

    result: str
    message: str
    ticket_id: str = ""


@dataclass(slots=True)
class Tally:
    """What became of many."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, replayed: Replayed) -> None:
        self.counts[replayed.result] += 1

    @property
    def has_failed(self) -> bool:
        return self.counts[FAILED] > 0

    def __str__(self) -> str:
        always = (CREATED, DUPLICATE, IGNORED, FAILED)
        shown = [*always, UNSUPPORTED] if self.counts[UNSUPPORTED] else always
        return ", ".join(f"{self.counts[name]} {name}" for name in shown)


def replay_event(event_id: int, *, actor: Actor = SYSTEM, is_dry: bool = False) -> Replayed:
    """Replay a stored event; it takes the new outcome. A dry run finds out what would become of it.

    Raises AlertEvent.DoesNotExist.
    """
    event = AlertEvent.objects.get(pk=event_id)
    if event.is_payload_removed:
        return Replayed(IGNORED, PAYLOAD_REMOVED, event.ticket_key)
    spec = registry().get(event.source)
    if spec is None:
        return Replayed(FAILED, f"The source {event.source!r} is not installed.")
    inbound = Inbound(bytes(event.body), event.content_type, event.headers, event.key_name)
    try:
        with transaction.atomic():
            answer = services.replay(event, read(spec, inbound), actor=actor)
            transaction.set_rollback(is_dry)
    except (OperationalError, InterfaceError) as error:
        return _replayed(services.database_away(error))
    return _replayed(answer)


def replay_file(path: Path, *, source: str = "", is_dry: bool = False) -> Replayed:
    """Take the alert in a file through the door as if it came now: it is stored as an event of its own."""
    try:
        recorded = read_file(path, source)
    except UnusableFileError as error:
        return Replayed(FAILED, str(error))
    if len(recorded.body) > settings.INGESTION_MAX_BODY_BYTES:
        limit = settings.INGESTION_MAX_BODY_BYTES
        return Replayed(FAILED, f"{path}: its body is larger than {limit} bytes")
    inbound = Inbound(recorded.body, recorded.content_type, key_name=FILE_SENDER)
    with transaction.atomic():
        answer = services.receive(registry()[recorded.source], inbound)
        transaction.set_rollback(is_dry)
    return _replayed(answer)


def _replayed(answer: Answer) -> Replayed:
    """`unsupported` with a trace behind it is a failure of ours, which the message tells."""
    told = str(answer.body.get("message") or answer.body.get("detail", ""))
    result = _RESULT_OF_STATUS.get(str(answer.body.get("status", "")), FAILED)
    if result == UNSUPPORTED and answer.is_our_fault:
        result = FAILED
    return Replayed(result, told, str(answer.body.get("ticket_id") or ""))
