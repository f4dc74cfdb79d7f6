"""What failures cost whom: by month, team and cost centre, out of the counters and the kept figures."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from tickets import counter_store, counters, kept_figures

MOST_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class ShowbackRow:
    """`downtime_seconds` is from a failure to the run that succeeded again, else to the acknowledgement; what is
    still open counts none yet. `cost` is in SHOWBACK_CURRENCY. `kept_failures` of the failures have no ticket any
    more: retention removed it and kept its figures.
    """

    team: str
    cost_center: str
    failures: int
    downtime_seconds: int
    cost: float
    kept_failures: int = 0


@dataclass(frozen=True, slots=True)
class Showback:
    """`month` is the one shown ("" for all), `months` those there are, newest first."""

    month: str
    months: tuple[str, ...]
    rows: tuple[ShowbackRow, ...]
    currency: str
    is_priced: bool


def showback(month: str = "") -> Showback:
    """The dearest first, at most MOST_ROWS; months are those in which tickets were opened (UTC)."""
    months: set[str] = set()
    found: dict[tuple[str, str], list[int]] = {}
    for key, number in counter_store.current().items():
        if key.dimension not in {counters.FAILURES, counters.DOWNTIME_SECONDS}:
            continue
        when, team, cost_center = key.name.split(counters.PARTS)
        months.add(when)
        if month in {"", when}:
            place = 0 if key.dimension == counters.FAILURES else 1
            found.setdefault((team, cost_center), [0, 0, 0])[place] += number
    months.update(row.month for row in kept_figures.kept("month"))
    for row in kept_figures.kept("team", "cost_center", month=month):
        sums = found.setdefault((row.team, row.cost_center), [0, 0, 0])
        for place, number in enumerate((row.tickets, row.downtime_seconds, row.tickets)):
            sums[place] += number
    rows = [
        ShowbackRow(team, cost_center, failures, seconds, cost_of(failures, seconds), kept)
        for (team, cost_center), (failures, seconds, kept) in found.items()
        if failures > 0
    ]
    rows.sort(key=lambda row: (-row.cost, -row.downtime_seconds, -row.failures, row.team, row.cost_center))
    return Showback(
        month=month,
        months=tuple(sorted(months, reverse=True)),
        rows=tuple(rows[:MOST_ROWS]),
        currency=settings.SHOWBACK_CURRENCY,
        is_priced=bool(settings.SHOWBACK_COST_PER_FAILURE or settings.SHOWBACK_COST_PER_HOUR),
    )


def cost_of(failures: int, downtime_seconds: int) -> float:
    hours = downtime_seconds / 3600
    return round(failures * settings.SHOWBACK_COST_PER_FAILURE + hours * settings.SHOWBACK_COST_PER_HOUR, 2)
