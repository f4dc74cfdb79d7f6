"""Reads of the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from audit import actions, counts
from audit.entry_json import entry_rows
from audit.models import AuditEntry

LONGEST_TIMELINE = 500
RECENT = 20
TIMES_OVERLAP = timedelta(minutes=10)
HIGHEST_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """What to narrow the record to; `since` inclusive, `until` exclusive, both UTC."""

    action: str = ""
    ticket: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def apply(self) -> QuerySet[AuditEntry]:
        entries = AuditEntry.objects.all()
        if self.action:
            entries = entries.filter(action=self.action)
        if self.ticket:
            entries = entries.filter(ticket_key=self.ticket)
        return between(entries, self.since, self.until)


def between(
    entries: QuerySet[AuditEntry], since: datetime | None, until: datetime | None
) -> QuerySet[AuditEntry]:
    """Those from `since` on and before `until`, for a list by number."""
    if since:
        entries = entries.filter(created_at__gte=since, id__gt=_number_before(since))
    if until:
        entries = entries.filter(created_at__lt=until, id__lt=_number_after(until))
    return entries


# Entries are numbered in the order of their times, but for transactions that overlap. So a time bounds the
# numbers too, with TIMES_OVERLAP to spare, and the walk by number begins and ends where it must.


def _number_before(moment: datetime) -> int:
    """Every entry as young as `moment` has a higher number."""
    older = AuditEntry.objects.filter(created_at__lt=moment - TIMES_OVERLAP).order_by("-created_at", "-id")
    return older.values_list("id", flat=True).first() or 0


def _number_after(moment: datetime) -> int:
    """Every entry older than `moment` has a lower number."""
    younger = AuditEntry.objects.filter(created_at__gte=moment + TIMES_OVERLAP).order_by("created_at", "id")
    return younger.values_list("id", flat=True).first() or HIGHEST_NUMBER


def timeline(ticket_key: str) -> QuerySet[AuditEntry]:
    """What befell one ticket, newest first, the newest LONGEST_TIMELINE of it."""
    return AuditEntry.objects.filter(ticket_key=ticket_key).order_by("-id")[:LONGEST_TIMELINE]


def summary() -> dict[str, Any]:
    """What `/api/audit-summary` shows: counts from the totals, and the newest entries."""
    by_action = counts.by_action()
    recent = AuditEntry.objects.order_by("-id")[:RECENT]
    return {
        "total_entries": by_action.total(),
        "ticket_created": by_action[actions.TICKET_CREATED],
        "jira_created": by_action[actions.JIRA_CREATED],
        "slack_sent": by_action[actions.SLACK_SENT],
        "duplicates_prevented": by_action[actions.DUPLICATE_DETECTED],
        "by_action": dict(sorted(by_action.items(), key=lambda item: (-item[1], item[0]))),
        "recent": entry_rows(recent),
    }
