"""What a day or a week was like: the figures of a digest, and when its period begins and ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Avg, Count, Q, QuerySet, Sum

from tickets.choices import Status
from tickets.models import NOT_ACKNOWLEDGED, Ticket
from tickets.services.recovery import LOOKED_BACK

DAILY, WEEKLY = "daily", "weekly"
MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class DigestPeriod:
    """From one local midnight to another; `start` and `end` are UTC, `first_day` names the period."""

    kind: str
    first_day: date
    start: datetime
    end: datetime


def last_period(kind: str, now: datetime, zone: str, hour: int) -> DigestPeriod:
    """The newest day (Monday to Sunday for a week) whose digest is due: it is told at `hour` of the day after."""
    local = now.astimezone(ZoneInfo(zone))
    told_on = local.date() if local.hour >= hour else local.date() - timedelta(days=1)
    if kind == WEEKLY:
        last = told_on - timedelta(days=told_on.weekday())
        first = last - timedelta(days=7)
    else:
        last, first = told_on, told_on - timedelta(days=1)
    return DigestPeriod(kind, first, _midnight(first, zone), _midnight(last, zone))


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class DigestFigures:
    """Times in seconds, None where nothing was measured; `noise` is how often a ticket was reported on average."""

    new: int
    acknowledged: int
    breached: int
    suppressed: int
    still_open: int
    mtta_seconds: float | None
    mttr_seconds: float | None
    noise: float | None
    error_types: tuple[tuple[str, int], ...]
    pipelines: tuple[tuple[str, int], ...]

    @property
    def is_empty(self) -> bool:
        return not (self.new or self.acknowledged or self.breached or self.still_open)


def figures(period: DigestPeriod, team: str | None = None) -> DigestFigures:
    """Of one team, or of the whole desk. MTTR is to the run that succeeded again, where one was seen.

    Nothing is read that was over before the period: however many tickets there are, it costs what the period, the
    tickets that are open and, for the recoveries, a month cost.
    """
    tickets = (
        Ticket.objects.order_by() if team is None else Ticket.objects.filter(finops_team=team).order_by()
    )
    born, unfinished = tickets.filter(_within("opened_at", period)), tickets.filter(NOT_ACKNOWLEDGED)
    # Both conditions say the same; the partial indexes of closed tickets ask for them.
    closed = tickets.filter(status=Status.ACKNOWLEDGED, acknowledged_at__isnull=False)
    taken = closed.filter(_within("acknowledged_at", period)).aggregate(
        number=Count("pk"), mtta=Avg("ack_seconds")
    )
    fresh = born.aggregate(
        number=Count("pk"), reports=Sum("occurrences"), quiet=Count("pk", filter=Q(is_suppressed=True))
    )
    # What is marked as breached was not acknowledged then, so it is not acknowledged now, or was so later.
    breached = _within("sla_breached_at", period)
    since = closed.filter(acknowledged_at__gte=period.start)
    # Two counts along an index each; asked for both at once, SQLite walks all that were opened before the end.
    closed_later = closed.filter(acknowledged_at__gte=period.end).count()
    born_later = closed.filter(opened_at__gte=period.end).count()
    return DigestFigures(
        new=fresh["number"],
        acknowledged=taken["number"],
        breached=unfinished.filter(breached).count() + since.filter(breached).count(),
        suppressed=fresh["quiet"],
        still_open=unfinished.filter(opened_at__lt=period.end).count() + closed_later - born_later,
        mtta_seconds=taken["mtta"],
        mttr_seconds=_mean_recovery(tickets, period),
        noise=fresh["reports"] / fresh["number"] if fresh["number"] else None,
        error_types=_most(born.exclude(error_type=""), "error_type"),
        pipelines=_most(born, "pipeline"),
    )


def _mean_recovery(tickets: QuerySet[Ticket], period: DigestPeriod) -> float | None:
    """A recovery is noted on tickets of the days before it only, which bounds the walk (`services.recovery`)."""
    near = tickets.filter(opened_at__gt=period.start - LOOKED_BACK, opened_at__lt=period.end)
    mean: float | None = near.filter(_within("recovered_at", period)).aggregate(mean=Avg("recovery_seconds"))[
        "mean"
    ]
    return mean


def _within(column: str, period: DigestPeriod) -> Q:
    return Q(**{f"{column}__gte": period.start, f"{column}__lt": period.end})


def _most(tickets: QuerySet[Ticket], column: str) -> tuple[tuple[str, int], ...]:
    found = tickets.values(column).annotate(number=Count("pk")).order_by("-number", column)
    return tuple((row[column], row["number"]) for row in found[:MOST_NAMED])
