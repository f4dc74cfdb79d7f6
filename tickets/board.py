"""The figures above the live list and the charts below it: `GET /api/board`.

    {
      "at": ISO time of the server when this was read,
      "seq": number of the newest live event, read before everything else, so that a client that listens from
             there and reads its lists after this answer misses nothing,
      "open": {"count", "last_hour": opened in the last hour and still open},
      "in_progress": {"count"},
      "closed": {"count"},
      "breached": {"count": open and past due, "in_progress": the same in progress, "oldest_due_at": ISO | null},
      "at_risk": {"count": open and due within 15 minutes, "in_progress", "next_due_at": ISO | null},
      "median_ack_seconds": {"value": seconds | null, "sample": tickets counted, "hours": 24},
      "last_event_at": ISO | null,
      "per_hour": 24 × {"hour": ISO, "Critical", "High", "Medium", "Low"}, oldest first,
      "sla_by_day": 14 × {"day": "yyyy-mm-dd", "met", "breached"} by day of acknowledgement (UTC), oldest first,
      "error_types": at most 5 × {"error_type", "count"} of the last seven days,
      "teams": names for the filter, at most 200
    }

Every wall display asks for this every few seconds: the figures are shared for two seconds, and the parts that
walk many rows (the charts) for longer, up to a minute, the slower they are to read.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db.models import Count, Min, Q
from django.db.models.functions import TruncDate
from django.utils import timezone

from audit.times import iso
from tickets import counter_store, counters
from tickets.choices import Severity, SlaStatus, Status
from tickets.live_reads import newest_number
from tickets.models import NOT_ACKNOWLEDGED, LiveEvent, Ticket

FIGURES_SECONDS = 2
CHARTS_SECONDS = (2.0, 60.0)
CHARTS_SHARE = 100  # charts are kept a hundred times as long as they took: at most 1 % of the time goes there
CLOSED = counters.Key(counters.STATUS, Status.ACKNOWLEDGED)
RISK = timedelta(minutes=15)
MEDIAN_HOURS = 24
MEDIAN_SAMPLE = 2_000
HOURS = 24
DAYS = 14
ERROR_TYPE_DAYS = 7
ERROR_TYPES = 5
MOST_IN_HOURS = 50_000
TEAMS = 200
TEAM_SAMPLE = 2_000


def board() -> dict[str, Any]:
    """The whole answer; its two halves are kept in the cache for different times."""
    return {**_kept("board:figures", figures), **_kept("board:charts", charts)}


def _kept(name: str, read: Callable[[datetime], dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] | None = cache.get(name)
    if found is None:
        started = time.perf_counter()
        found = read(timezone.now())
        took = time.perf_counter() - started
        cache.set(name, found, seconds_to_keep(took) if read is charts else FIGURES_SECONDS)
    return found


def seconds_to_keep(took: float) -> float:
    """How long charts that took so many seconds to read stay good."""
    least, most = CHARTS_SECONDS
    return min(most, max(least, CHARTS_SHARE * took))


def figures(now: datetime) -> dict[str, Any]:
    """What changes by the second: index ranges over open and running tickets, and a bounded sample."""
    seq = newest_number()
    is_open, is_running = Q(status=Status.OPEN), Q(status=Status.IN_PROGRESS)
    late = _due(Q(sla_due_at__lt=now))
    risky = _due(Q(sla_due_at__gte=now, sla_due_at__lt=now + RISK))
    event_at = LiveEvent.objects.order_by("-id").values_list("created_at", flat=True).first()
    return {
        "at": iso(now),
        "seq": seq,
        "open": {
            "count": _count(is_open),
            "last_hour": _count(is_open, Q(opened_at__gte=now - timedelta(hours=1))),
        },
        "in_progress": {"count": _count(is_running)},
        "breached": {
            "count": late[Status.OPEN].number,
            "in_progress": late[Status.IN_PROGRESS].number,
            "oldest_due_at": iso(late[Status.OPEN].first_at),
        },
        "at_risk": {
            "count": risky[Status.OPEN].number,
            "in_progress": risky[Status.IN_PROGRESS].number,
            "next_due_at": iso(risky[Status.OPEN].first_at),
        },
        "median_ack_seconds": _median_ack(now),
        "last_event_at": iso(event_at),
    }


def charts(now: datetime) -> dict[str, Any]:
    """What changes slowly, or walks many rows."""
    return {
        "closed": {"count": max(0, counter_store.current()[CLOSED])},
        "per_hour": _per_hour(now),
        "sla_by_day": _sla_by_day(now),
        "error_types": _error_types(now),
        "teams": _teams(),
    }


def _count(*conditions: Q) -> int:
    return Ticket.objects.filter(*conditions).count()


class _Due(NamedTuple):
    number: int = 0
    first_at: datetime | None = None


def _due(condition: Q) -> defaultdict[str, _Due]:
    """How many are due so, and the first of them, by status: one walk along the index of what is not acknowledged."""
    found = Ticket.objects.filter(NOT_ACKNOWLEDGED, condition).order_by().values_list("status")
    rows = found.annotate(number=Count("id"), first_at=Min("sla_due_at"))
    return defaultdict(_Due, {status: _Due(number, first_at) for status, number, first_at in rows})


def _median_ack(now: datetime) -> dict[str, Any]:
    recent = Ticket.objects.filter(
        status=Status.ACKNOWLEDGED, acknowledged_at__gte=now - timedelta(hours=MEDIAN_HOURS)
    ).order_by("-acknowledged_at", "-id")
    seconds = [
        value for value in recent.values_list("ack_seconds", flat=True)[:MEDIAN_SAMPLE] if value is not None
    ]
    return {
        "value": round(statistics.median(seconds)) if seconds else None,
        "sample": len(seconds),
        "hours": MEDIAN_HOURS,
    }


def _per_hour(now: datetime) -> list[dict[str, Any]]:
    """Tickets by hour and severity; counted here, as SQLite's own truncation calls back into Python per row."""
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - timedelta(hours=back) for back in range(HOURS - 1, -1, -1)]
    counts = {hour: dict.fromkeys(Severity.values, 0) for hour in hours}
    opened = Ticket.objects.filter(opened_at__gte=hours[0]).order_by("-opened_at", "-id")
    for at, severity in opened.values_list("opened_at", "severity")[:MOST_IN_HOURS]:
        hour = at.replace(minute=0, second=0, microsecond=0)
        if hour in counts:  # a sender's clock may run ahead of ours
            counts[hour][severity] += 1
    return [{"hour": iso(hour), **counts[hour]} for hour in hours]


def _sla_by_day(now: datetime) -> list[dict[str, Any]]:
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    days = [(today - timedelta(days=back)).date() for back in range(DAYS - 1, -1, -1)]
    closed = Ticket.objects.filter(
        status=Status.ACKNOWLEDGED, acknowledged_at__gte=today - timedelta(days=DAYS - 1)
    )
    found = (
        closed.order_by()
        .annotate(day=TruncDate("acknowledged_at"))
        .values("day", "sla_status")
        .annotate(number=Count("id"))
    )
    counts = {(row["day"], row["sla_status"]): row["number"] for row in found}
    return [
        {
            "day": day.isoformat(),
            "met": counts.get((day, SlaStatus.MET), 0),
            "breached": counts.get((day, SlaStatus.BREACHED), 0),
        }
        for day in days
    ]


def _error_types(now: datetime) -> list[dict[str, Any]]:
    recent = Ticket.objects.filter(opened_at__gte=now - timedelta(days=ERROR_TYPE_DAYS)).exclude(
        error_type=""
    )
    found = recent.order_by().values("error_type").annotate(number=Count("id"))
    return [
        {"error_type": row["error_type"], "count": row["number"]}
        for row in found.order_by("-number", "error_type")[:ERROR_TYPES]
    ]


def _teams() -> list[str]:
    """Teams of what is not closed and of the newest tickets: a name seen a year ago helps nobody filter."""
    active = Ticket.objects.filter(NOT_ACKNOWLEDGED).order_by()
    names = set(active.values_list("finops_team", flat=True).distinct()[:TEAMS])
    newest = Ticket.objects.order_by("-opened_at", "-id").values_list("finops_team", flat=True)
    names.update(newest[:TEAM_SAMPLE])
    return sorted(names)[:TEAMS]
