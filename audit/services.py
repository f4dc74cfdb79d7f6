"""Writing to the record: one verb, called inside the transaction of what it records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.utils import timezone

from audit import canonical, context
from audit.appending import append
from audit.chance import random_hex
from audit.inserting import insert_all
from audit.models import ActorKind, AuditEntry
from audit.new_rows import new_row
from audit.redaction import mask_mapping, redact

LONGEST_IN_RECORD = 2_000
"""Characters of a person's text that an entry's details keep; its summary is one line."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acted: a person by e-mail, a service key or a vendor's user by name, or the system itself."""

    kind: str = ActorKind.SYSTEM
    name: str = ""
    employee_id: str = ""


SYSTEM = Actor()


@dataclass(frozen=True, slots=True)
class Subject:
    """What the act was about; empty for acts that concern no ticket."""

    ticket_key: str = ""
    pipeline: str = ""
    run_id: str = ""


NOTHING = Subject()


def record(
    action: str,
    *,
    subject: Subject = NOTHING,
    actor: Actor = SYSTEM,
    summary: str = "",
    details: Mapping[str, Any] | None = None,
) -> AuditEntry:
    """Append one entry inside the caller's transaction and return it.

    `summary` is one line for people (cut at 500 characters), `details` a small JSON object for machines;
    secrets in either are masked before they are written.
    """
    entry = build_entry(action, subject=subject, actor=actor, summary=summary, details=details)
    append(entry)
    return entry


def build_entry(
    action: str,
    *,
    subject: Subject = NOTHING,
    actor: Actor = SYSTEM,
    summary: str = "",
    details: Mapping[str, Any] | None = None,
    created_at: datetime | None = None,
) -> AuditEntry:
    """An entry ready to be inserted, its digest computed, for callers that insert many at once.

    Nothing in it may be changed afterwards: verification would find the digest wrong.
    """
    entry = new_row(
        AuditEntry,
        created_at=created_at or timezone.now(),
        action=canonical.text(action)[:80],
        ticket_key=canonical.text(subject.ticket_key)[:64],
        pipeline=_name(subject.pipeline),
        run_id=canonical.text(redact(subject.run_id))[:300],
        actor_kind=str(actor.kind),
        actor=canonical.text(actor.name)[:254],
        actor_employee_id=canonical.text(actor.employee_id)[:64],
        summary=canonical.text(redact(" ".join(summary.split())))[:500],
        details=canonical.plain(mask_mapping(details)) if details else {},
        request_id=context.request_id.get(),
        remote_address=context.remote_address.get(),
        salt=random_hex(16),
    )
    entry.personal_digest = entry.compute_personal_digest()
    return entry


@lru_cache(maxsize=1024)
def _name(text: str) -> str:
    """A pipeline's name as it is kept. Senders choose it, so it is masked too; the same few come again and again."""
    return canonical.text(redact(text))[:300]


def record_many(entries: Iterable[AuditEntry]) -> list[AuditEntry]:
    """Insert entries made by `build_entry`, in their order, in as few statements as the database allows."""
    rows = list(entries)
    insert_all(rows)
    return rows
