"""What the vendors' own records say about a failure reaches the ticket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from audit import actions
from audit.services import SYSTEM, Actor
from tickets.finops import UNKNOWN, FinOpsTags, tags_from_name
from tickets.models import Ticket
from tickets.services._rows import lock, record_change, save


@dataclass(frozen=True, slots=True)
class VendorFacts:
    """What a vendor says of a failed run; "" where it says nothing and the alert's own word stays.

    `name` is the pipeline's or job's real name, `tags` are real tags (they win over name patterns), `metadata`
    is merged into the ticket's.
    """

    error_message: str = ""
    error_code: str = ""
    name: str = ""
    tags: FinOpsTags = field(default_factory=FinOpsTags)
    metadata: Mapping[str, Any] = field(default_factory=dict)


def apply_evidence(
    ticket_id: int,
    facts: VendorFacts,
    *,
    added: int,
    summary: str,
    now: datetime,
    actor: Actor = SYSTEM,
    details: Mapping[str, Any] | None = None,
) -> Ticket:
    """Put the vendor's error, name, tags and links on the ticket. Nothing is recorded where nothing is new.

    `added` is the number of new pieces of evidence behind it.
    """
    with transaction.atomic():
        ticket = lock(ticket_id)
        before = {name: getattr(ticket, name) for name in _FIELDS}
        _put_error(ticket, facts)
        _put_name_and_tags(ticket, facts)
        ticket.metadata = {**ticket.metadata, **facts.metadata}
        changed = [name for name in _FIELDS if getattr(ticket, name) != before[name]]
        if not changed and not added:
            return ticket
        save(ticket, changed, now=now)
        told = {"added": added, "changed": [name for name in changed if name != "metadata"]}
        record_change(
            actions.EVIDENCE_COLLECTED,
            ticket,
            actor=actor,
            summary=summary,
            details={**told, **(details or {})},
        )
    return ticket


_FIELDS = (
    "error_message", "error_code", "error_type", "pipeline", "metadata",
    "finops_team", "finops_owner", "finops_cost_center",
)  # fmt: skip


def _put_error(ticket: Ticket, facts: VendorFacts) -> None:
    ticket.error_message = facts.error_message or ticket.error_message
    code = facts.error_code[:200]
    if code and code != ticket.error_code:
        # Nothing better than the alert's own code stood there.
        if ticket.error_type in {"", ticket.error_code}:
            ticket.error_type = code
        ticket.error_code = code


def _put_name_and_tags(ticket: Ticket, facts: VendorFacts) -> None:
    name = facts.name[:300]
    from_name = FinOpsTags()
    if name and name != ticket.pipeline:
        ticket.pipeline = name
        from_name = tags_from_name(
            name,
            team=settings.FINOPS_TEAM_PATTERNS,
            owner=settings.FINOPS_OWNER_PATTERNS,
            cost_center=settings.FINOPS_COST_CENTER_PATTERNS,
        )
    real = facts.tags
    ticket.finops_team = _first(real.team, from_name.team, ticket.finops_team)[:100]
    ticket.finops_owner = _first(real.owner, from_name.owner, ticket.finops_owner)[:254]
    ticket.finops_cost_center = _first(real.cost_center, from_name.cost_center, ticket.finops_cost_center)[
        :100
    ]


def _first(*values: str) -> str:
    return next((value for value in values if value and value != UNKNOWN), UNKNOWN)
