"""An alert event as a file: the bytes as they came and what they came with, to be replayed elsewhere."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from audit import actions
from audit.services import Actor, Subject, record
from ingestion.models import AlertEvent
from ingestion.sources import registry

LARGEST_FILE_FACTOR = 4  # a body as base64 inside JSON is a third longer, escapes may double it


class UnusableFileError(ValueError):
    """The file cannot be replayed; the message says why."""


@dataclass(frozen=True, slots=True)
class RecordedAlert:
    """A body with the source it belongs to."""

    source: str
    body: bytes
    content_type: str = "application/json"


def export_event(event: AlertEvent) -> str:
    """The event as JSON text. `body` is its text, or `body_base64` its bytes where they are no UTF-8.

    Neither the key nor the sender's address is part of it.
    """
    body = bytes(event.body)
    try:
        told = {"body": body.decode("utf-8")}
    except UnicodeDecodeError:
        told = {"body_base64": base64.b64encode(body).decode()}
    document = {
        "source": event.source,
        "event_id": event.pk,
        "received_at": event.received_at.isoformat(),
        "content_type": event.content_type,
        **told,
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def record_taken(event: AlertEvent, actor: Actor) -> None:
    """That somebody took an alert as it came, secrets and all."""
    record(
        actions.DATA_EXPORTED,
        subject=Subject(event.ticket_key),
        actor=actor,
        summary=f"Alert event {event.pk} as received",
        details={"event": event.pk, "source": event.source, "bytes": event.body_size},
    )


def read_file(path: Path, source: str = "") -> RecordedAlert:
    """A file that holds an exported event, or, where `source` is given, the body of an alert of that source.

    Raises UnusableFileError.
    """
    raw = _read(path)
    exported = _exported(path, raw)
    if exported is not None:
        return exported
    if not source:
        raise UnusableFileError(f"{path}: is no exported event, so --source is needed")
    return RecordedAlert(source, raw)


def _read(path: Path) -> bytes:
    limit = settings.INGESTION_MAX_BODY_BYTES * LARGEST_FILE_FACTOR
    try:
        if path.stat().st_size > limit:
            raise UnusableFileError(f"{path}: is larger than {limit} bytes")
        return path.read_bytes()
    except OSError as error:
        raise UnusableFileError(f"{path}: cannot be read ({error.strerror})") from error


def _exported(path: Path, raw: bytes) -> RecordedAlert | None:
    """The event in an exported file; None where the file is anything else."""
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("source") not in registry():
        return None
    if "body_base64" in document:
        try:
            body = base64.b64decode(str(document["body_base64"]), validate=True)
        except (binascii.Error, ValueError) as error:
            raise UnusableFileError(f"{path}: body_base64 is no Base64") from error
    elif isinstance(document.get("body"), str):
        body = document["body"].encode("utf-8", "surrogatepass")
    elif isinstance(document.get("body"), dict):
        body = json.dumps(document["body"]).encode()
    else:
        return None
    return RecordedAlert(document["source"], body, str(document.get("content_type", ""))[:100])
