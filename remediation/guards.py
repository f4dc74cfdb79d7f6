"""What stands between a verdict and a call. Each guard answers with a sentence, or is content.

`stop` ends it, `wait` asks again later, `ask` leaves it to a person's yes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db.models import QuerySet

from audit.times import utc_second
from remediation import switches
from remediation.models import Attempt
from remediation.sighting import observed_only
from remediation.states import ACTIVE, TRIED, PlaybookName, State
from tickets.choices import Status
from tickets.models import Ticket
from tickets.quiet import window_for

BLAST_WINDOW = timedelta(minutes=15)
RELAPSE_WINDOW = timedelta(days=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Refusal:
    """`until`: when a wait is known to be over, where that is known."""

    guard: str
    text: str
    effect: Literal["stop", "wait", "ask"]
    until: datetime | None = None


def refusals(
    ticket: Ticket, resource_key: str, playbook: str, now: datetime, *, attempt: Attempt | None = None
) -> list[Refusal]:
    """Everything that speaks against acting now, for a new attempt or, just before its call, for `attempt`."""
    found = [
        _kill_switch(),
        _playbook(playbook),
        _ticket(ticket),
        maintenance(ticket, now),
        _one_at_a_time(resource_key, attempt),
        _rate_of_resource(resource_key, now),
        _rate_of_all(now),
        _blast_radius(now),
    ]
    if attempt is not None:
        found.append(_named(attempt))
    else:
        found += [
            _cool_down(ticket, resource_key, now),
            _relapse(ticket, resource_key, now),
        ]
    return [refusal for refusal in found if refusal is not None]


def _kill_switch() -> Refusal | None:
    return Refusal("kill switch", "The kill switch is on.", "stop") if switches.is_stopped() else None


def _playbook(playbook: str) -> Refusal | None:
    if reason := switches.disabled_reason(playbook):
        label = PlaybookName(playbook).label
        return Refusal("playbook", f"The playbook “{label}” is switched off: {reason}.", "stop")
    return None


def _named(attempt: Attempt) -> Refusal | None:
    """The settings may have changed since it was decided on."""
    reason = observed_only(attempt.target["kind"])
    return Refusal("configured", reason, "stop") if reason else None


def _ticket(ticket: Ticket) -> Refusal | None:
    if ticket.is_closed:
        return Refusal("ticket", "The ticket is closed.", "stop")
    if ticket.status == Status.IN_PROGRESS:
        return Refusal("ticket", "Somebody is at work on the ticket.", "ask")
    return None


def maintenance(ticket: Ticket, now: datetime) -> Refusal | None:
    """A window holds; a mute does not: it silences people, and a repair is not one."""
    window = window_for(ticket, now)
    if window is None:
        return None
    text = f"{window.name}, until {utc_second(window.until)}."
    return Refusal("maintenance", text, "wait", window.until)


def _one_at_a_time(resource_key: str, attempt: Attempt | None) -> Refusal | None:
    others = Attempt.objects.filter(resource_key=resource_key, state__in=ACTIVE)
    if attempt is not None:
        others = others.exclude(pk=attempt.pk)
    if other := others.select_related("ticket").first():
        return Refusal(
            "one at a time", f"Attempt {other.pk} of {other.ticket.key} is under way on it.", "wait"
        )
    return None


def _rate_of_resource(resource_key: str, now: datetime) -> Refusal | None:
    made = Attempt.objects.filter(resource_key=resource_key, called_at__gt=now - HOUR).count()
    if made >= settings.REMEDIATION_PER_RESOURCE_HOUR:
        return Refusal("rate", f"{made} attempts were made on it within the hour.", "wait")
    return None


def _rate_of_all(now: datetime) -> Refusal | None:
    made = Attempt.objects.filter(called_at__gt=now - HOUR).count()
    if made >= settings.REMEDIATION_PER_HOUR:
        return Refusal("rate", f"{made} attempts were made in all within the hour.", "wait")
    return None


def _blast_radius(now: datetime) -> Refusal | None:
    failing = Ticket.objects.filter(opened_at__gt=now - BLAST_WINDOW).exclude(status=Status.ACKNOWLEDGED)
    limit = settings.REMEDIATION_BLAST_RADIUS
    rows = failing.order_by().values("source", "run_scope", "pipeline").distinct()[: limit + 1]
    if len(rows) > limit:
        text = f"More than {limit} resources failed within 15 minutes: something larger is wrong."
        return Refusal("blast radius", text, "ask")
    return None


def _cool_down(ticket: Ticket, resource_key: str, now: datetime) -> Refusal | None:
    pause = timedelta(minutes=settings.REMEDIATION_COOLDOWN_MINUTES)
    other = _others(ticket, resource_key).filter(state__in=TRIED, ended_at__gt=now - pause).first()
    if other is not None:
        minutes = settings.REMEDIATION_COOLDOWN_MINUTES
        return Refusal("cool-down", f"Attempt {other.pk} on it ended less than {minutes} minutes ago.", "ask")
    return None


def _relapse(ticket: Ticket, resource_key: str, now: datetime) -> Refusal | None:
    if (earlier := relapsed_fix(ticket, resource_key, now)) is not None:
        return Refusal("relapse", f"The fix of attempt {earlier.pk} did not last a day.", "ask")
    return None


def relapsed_fix(ticket: Ticket, resource_key: str, now: datetime) -> Attempt | None:
    """The latest attempt of an earlier failure of this resource that succeeded within the last day."""
    good = _others(ticket, resource_key).filter(state=State.SUCCEEDED, ended_at__gt=now - RELAPSE_WINDOW)
    return good.order_by("-ended_at").first()


def _others(ticket: Ticket, resource_key: str) -> QuerySet[Attempt]:
    """Attempts on the resource that do not belong to this failure."""
    known = Attempt.objects.filter(resource_key=resource_key)
    return known.exclude(ticket=ticket, episode=ticket.reopened_count)
