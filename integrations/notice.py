"""What is told to the outside about one ticket: plain data that every message is built from.

The layer that knows tickets and analyses fills it in; the builders for Jira and Slack only read it. So a
message can be built, and tested, without a database.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from audit.redaction import redact

# People are named on purpose; everywhere else an address got into the text by accident.
_NAMES_PEOPLE = frozenset({"finops_owner", "acknowledged_by"})


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One numbered piece of evidence; the number is the one that the analysis cites."""

    number: int
    text: str
    source_url: str = ""


@dataclass(frozen=True, slots=True)
class TicketNotice:
    """One ticket as told to people. Texts are "" where nothing is known; times are aware (UTC).

    `pipeline` names what failed (pipeline, job, cluster, function), `source` the platform as people call it.
    `related` is one line on the tickets beside this one. `mttr_seconds` runs from opening to acknowledgement.
    """

    ticket_id: str
    pipeline: str
    opened_at: datetime
    source: str = ""
    run_id: str = ""
    error_type: str = ""
    error_message: str = ""
    severity: str = ""
    priority: str = ""
    status: str = ""
    root_cause: str = ""
    confidence: str = ""
    provider: str = ""
    recommendations: tuple[str, ...] = ()
    evidence: tuple[EvidenceLine, ...] = ()
    affected_entity: str = ""
    finops_team: str = ""
    finops_owner: str = ""
    finops_cost_center: str = ""
    itsm_ticket_id: str = ""
    itsm_url: str = ""
    dashboard_url: str = ""
    run_url: str = ""
    sla_due_at: datetime | None = None
    sla_status: str = ""
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    mttr_seconds: int | None = None
    occurrences: int = 1
    related: str = ""

    def redacted(self, *, emails: bool = True) -> TicketNotice:
        """A copy fit to leave the project: no secret in any text, and no e-mail address in free text unless
        `emails` is False. The owner and the person who acknowledged stay named.
        """
        changes: dict[str, Any] = {}
        for entry in fields(self):
            value = getattr(self, entry.name)
            changes[entry.name] = _redacted(value, emails=emails and entry.name not in _NAMES_PEOPLE)
        return replace(self, **changes)


def _redacted(value: object, *, emails: bool) -> object:
    if isinstance(value, str):
        return redact(value, emails=emails)
    if isinstance(value, EvidenceLine):
        return replace(
            value,
            text=redact(value.text, emails=emails),
            source_url=redact(value.source_url, emails=emails),
        )
    if isinstance(value, tuple):
        return tuple(_redacted(item, emails=emails) for item in value)
    return value
