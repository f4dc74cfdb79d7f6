"""What waits for the planned end of a maintenance window that was ended, shortened or no longer means the ticket.

Looked for in every sweep and not announced by who changes the window: so it needs no call that may be lost, and it
holds for changes of the ticket (its team, its pipeline's name) as well.
"""

from __future__ import annotations

from datetime import datetime

from django.db.models import F

from remediation import guards
from remediation.claims import LEASE
from remediation.models import Attempt, Decision
from remediation.states import State, Verdict
from tickets.models import Ticket


def resume_after_windows(now: datetime) -> int:
    """Make due what waits longer than its window lasts; returns how many rows. Those of a window that stands stay."""
    return _resume_attempts(now) + _resume_decisions(now)


def _resume_attempts(now: datetime) -> int:
    waiting = Attempt.objects.filter(state=State.SCHEDULED, due_at__gt=now, paused_until=F("due_at"))
    resumed = 0
    for attempt in waiting.select_related("ticket"):
        end = _end_for(attempt.ticket, now)
        if end < attempt.due_at:
            same = Attempt.objects.filter(pk=attempt.pk, state=State.SCHEDULED, due_at=attempt.due_at)
            resumed += same.update(due_at=end, paused_until=end, updated_at=now)
    return resumed


def _resume_decisions(now: datetime) -> int:
    """Nothing but a window makes a decision wait longer than a lease."""
    waiting = Decision.objects.filter(is_waiting=True, verdict=Verdict.WAIT, due_at__gt=now + LEASE)
    resumed = 0
    for decision in waiting.select_related("ticket"):
        end = _end_for(decision.ticket, now)
        if end < decision.due_at:
            # The whole wait was left out of the time that a decision may take; what is left of it now counts.
            asked_since = decision.asked_since - (decision.due_at - end)
            same = Decision.objects.filter(pk=decision.pk, is_waiting=True, due_at=decision.due_at)
            resumed += same.update(due_at=end, asked_since=asked_since)
    return resumed


def _end_for(ticket: Ticket, now: datetime) -> datetime:
    window = guards.maintenance(ticket, now)
    return now if window is None or window.until is None else window.until
