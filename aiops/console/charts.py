"""The charts of the front page: one bounded read of the newest tickets, counted here, drawn as plain bars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from tickets.choices import Priority, Severity, SlaStatus, Status
from tickets.models import Ticket

DAYS = 14
MOST_READ = 20_000
MOST_BARS = 6
COLUMNS = (
    "opened_at", "severity", "priority", "status", "sla_status", "sla_due_at", "error_type", "pipeline",
    "finops_cost_center",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a bar: `share` is in percent of the longest bar, `kind` its colour in `console.css`."""

    kind: str
    number: int
    share: float
    title: str


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    number: int
    address: str
    parts: list[Part] = field(default_factory=list)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Charts:
    by_day: list[Bar]
    sla: list[Bar]
    error_types: list[Bar]
    pipelines: list[Bar]
    cost_centres: list[Bar]
    is_cut: bool
    days: int = DAYS
    most: int = MOST_READ


def read_charts() -> Charts:
    """The charts of the last DAYS days up to now (UTC), over MOST_READ tickets at most."""
    now = timezone.now()
    first = now.date() - timedelta(days=DAYS - 1)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC)
    rows = list(
        Ticket.objects.filter(opened_at__gte=since)
        .order_by("-opened_at", "-id")
        .values(*COLUMNS)[: MOST_READ + 1]
    )
    is_cut, rows = len(rows) > MOST_READ, rows[:MOST_READ]
    return Charts(
        by_day=_by_day(rows, first),
        sla=_sla(rows, now),
        error_types=_top(rows, "error_type", "error_type", first),
        pipelines=_top(rows, "pipeline", "pipeline__exact", first),
        cost_centres=_top(rows, "finops_cost_center", "cost_centre", first),
        is_cut=is_cut,
    )


def _address(query: dict[str, str]) -> str:
    return f"{reverse('admin:tickets_ticket_changelist')}?{urlencode(query)}"


def _by_day(rows: Iterable[dict[str, Any]], first: date) -> list[Bar]:
    counts = Counter((row["opened_at"].date(), row["severity"]) for row in rows)
    days = [first + timedelta(days=number) for number in range(DAYS)]
    totals = {day: sum(counts[day, severity] for severity in Severity.values) for day in days}
    longest = max(totals.values()) or 1
    return [
        Bar(
            f"{day:%d %b}",
            totals[day],
            _address({"opened_at_from": day.isoformat(), "opened_at_to": day.isoformat()}),
            [
                _part(severity.lower(), counts[day, severity], longest, severity)
                for severity in Severity.values
                if counts[day, severity]
            ],
        )
        for day in days
    ]


def _part(kind: str, number: int, longest: int, title: str) -> Part:
    return Part(kind, number, round(100 * number / longest, 2), f"{title}: {number}")


def _is_late(row: dict[str, Any], now: datetime) -> bool:
    is_past_due = row["status"] != Status.ACKNOWLEDGED and row["sla_due_at"] < now
    return bool(is_past_due or row["sla_status"] == SlaStatus.BREACHED)


def _sla(rows: Iterable[dict[str, Any]], now: datetime) -> list[Bar]:
    """Met and breached per priority; what still runs in time has no verdict yet."""
    met: Counter[str] = Counter()
    late: Counter[str] = Counter()
    for row in rows:
        if _is_late(row, now):
            late[row["priority"]] += 1
        elif row["sla_status"] == SlaStatus.MET:
            met[row["priority"]] += 1
    bars = []
    for priority in Priority.values:
        judged = met[priority] + late[priority]
        parts = [
            _part(kind, number, judged, title)
            for kind, number, title in (
                ("met", met[priority], "Met"),
                ("critical", late[priority], "Breached"),
            )
            if number
        ]
        note = f"{round(100 * met[priority] / judged)} % of {judged}" if judged else "no verdict yet"
        bars.append(Bar(priority, judged, _address({"priority__exact": priority}), parts, note))
    return bars


def _top(rows: Iterable[dict[str, Any]], column: str, filter_name: str, first: date) -> list[Bar]:
    """The most frequent values, each with the list of just its tickets since the first day."""
    counted = Counter(row[column] for row in rows if row[column])
    found = counted.most_common(MOST_BARS)
    longest = found[0][1] if found else 1
    return [
        Bar(
            name,
            number,
            _address({filter_name: name, "opened_at_from": first.isoformat()}),
            [_part("plain", number, longest, name)],
        )
        for name, number in found
    ]
