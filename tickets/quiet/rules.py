"""Who is to be left in peace now: windows and mutes as plain rules, kept in memory for a moment.

The door asks at every new ticket, so the rules are read once a second and not once an alert.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Protocol

from django.db.models import Q
from django.utils import timezone

from tickets.clock_models import MaintenanceWindow, Mute, QuietScope, Repeat
from tickets.quiet.schedule import Period, Schedule, period_at

KEPT_SECONDS = 1.0
EVERY_DAY = frozenset(range(7))


class Subject(Protocol):
    """What the rules look at; a ticket, saved or not."""

    pk: int
    pipeline: str
    source: str
    finops_team: str


@dataclass(frozen=True, slots=True)
class Quiet:
    """A quiet time that holds: which rule, how people call it, and when it ends (UTC)."""

    rule: str
    name: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """One window or mute. `period` is set for a mute, `schedule` for a window."""

    key: str
    name: str
    pattern: str
    source: str
    team: str
    ticket_id: int | None = None
    period: Period | None = None
    schedule: Schedule | None = None

    def fits(self, subject: Subject) -> bool:
        return (
            (self.ticket_id is None or self.ticket_id == subject.pk)
            and self.source in {"", subject.source}
            and self.team in {"", subject.finops_team}
            and (not self.pattern or _matches(subject.pipeline, self.pattern))
        )

    def period_at(self, at: datetime) -> Period | None:
        if self.schedule is not None:
            return period_at(self.schedule, at)
        return self.period if self.period is not None and self.period.holds(at) else None


def _matches(name: str, pattern: str) -> bool:
    """Only the star is special: names carry brackets and question marks of their own."""
    literal = pattern.lower().replace("[", "[[]").replace("?", "[?]")
    return fnmatchcase(name.lower(), literal)


def quiet_for(subject: Subject, at: datetime) -> Quiet | None:
    """The quiet time that holds for a ticket at a moment; of several the one that ends last."""
    return _last_of(rules_in_force(), subject, at)


def window_for(subject: Subject, at: datetime) -> Quiet | None:
    """The same among maintenance windows only: somebody is at work on the resource. A mute says nothing of that."""
    return _last_of([rule for rule in rules_in_force() if rule.schedule is not None], subject, at)


def _last_of(rules: list[Rule], subject: Subject, at: datetime) -> Quiet | None:
    found = [
        Quiet(rule.key, rule.name, period.end)
        for rule in rules
        if rule.fits(subject) and (period := rule.period_at(at))
    ]
    return max(found, key=lambda quiet: quiet.until, default=None)


@dataclass
class _Kept:
    """What was read last, until when it holds (monotonic seconds), and how often it was thrown away."""

    rules: list[Rule]
    until: float = float("-inf")
    forgotten: int = 0


_kept = _Kept([])


def rules_in_force() -> list[Rule]:
    """Kept in this process and not in the cache, which packs and unpacks its values for every ticket."""
    if time.monotonic() < _kept.until:
        return _kept.rules
    forgotten = _kept.forgotten
    rules = read_rules(timezone.now())
    _kept.rules = rules
    if forgotten == _kept.forgotten:  # else they may be older than the change
        _kept.until = time.monotonic() + KEPT_SECONDS
    return rules


def forget() -> None:
    """A rule changed: this process reads again at once, the others within KEPT_SECONDS."""
    _kept.forgotten += 1
    _kept.until = float("-inf")


def read_rules(now: datetime) -> list[Rule]:
    """What may hold now or did lately: a worker may come a day late to a ticket that was born in quiet."""
    since = now - timedelta(days=3)
    windows = MaintenanceWindow.objects.filter(is_active=True).filter(
        Q(end_date=None) | Q(end_date__gte=since.date())
    )
    mutes = Mute.objects.filter(expires_at__gt=since)
    return [*map(window_rule, windows), *map(mute_rule, mutes)]


def window_rule(window: MaintenanceWindow) -> Rule:
    return _rule(f"window:{window.pk}", f"Maintenance: {window.name}", window, schedule=schedule_of(window))


def mute_rule(mute: Mute) -> Rule:
    period = Period(mute.starts_at, mute.expires_at)
    name = f"Mute: {mute.reason}"
    return _rule(f"mute:{mute.pk}", name, mute, ticket_id=mute.ticket_id, period=period)


def schedule_of(window: MaintenanceWindow) -> Schedule:
    """When a maintenance window is in force, for `tickets.quiet.schedule` to read."""
    weekdays: frozenset[int] | None = None
    if window.repeat == Repeat.DAILY:
        weekdays = EVERY_DAY
    elif window.repeat == Repeat.WEEKLY:
        weekdays = frozenset(int(day) for day in window.weekdays.split(",") if day)
    return Schedule(
        zone=window.time_zone,
        first_day=window.start_date,
        starts=window.start_time,
        ends=window.end_time,
        last_day=window.end_date,
        weekdays=weekdays,
    )


def _rule(
    key: str,
    name: str,
    scope: QuietScope,
    *,
    ticket_id: int | None = None,
    period: Period | None = None,
    schedule: Schedule | None = None,
) -> Rule:
    return Rule(
        key, name[:120], scope.resource_pattern, scope.source, scope.team, ticket_id, period, schedule
    )
