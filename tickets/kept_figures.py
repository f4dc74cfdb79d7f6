"""The figures of tickets that retention removed: added up as they go, so that past months do not shrink."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F, Sum

from tickets.choices import SlaStatus
from tickets.counters import PARTS, month_of
from tickets.models import KeptFigures, Ticket

SUMS = (
    "tickets", "sla_met", "sla_breached", "acknowledged", "ack_seconds", "recovered", "recovery_seconds",
    "downtime_seconds",
)  # fmt: skip
Group = tuple[str, str, str, str]
"""Month, team, cost centre, priority."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Sums over a group; a name that was not grouped by is ""."""

    tickets: int
    sla_met: int
    sla_breached: int
    acknowledged: int
    ack_seconds: int
    recovered: int
    recovery_seconds: int
    downtime_seconds: int
    month: str = ""
    team: str = ""
    cost_center: str = ""
    priority: str = ""

    @property
    def mtta_seconds(self) -> float | None:
        return round(self.ack_seconds / self.acknowledged, 1) if self.acknowledged else None

    @property
    def mttr_seconds(self) -> float | None:
        return round(self.recovery_seconds / self.recovered, 1) if self.recovered else None


def keep(removed: Iterable[Ticket]) -> None:
    """Add tickets that are about to be deleted; inside the transaction that deletes them."""
    found: dict[Group, Counter[str]] = {}
    for ticket in removed:
        month = month_of(ticket.opened_at.date())
        group = (month, ticket.finops_team, ticket.finops_cost_center, ticket.priority)
        found.setdefault(group, Counter()).update(_figures_of(ticket))
    # In the order of the digests, so that two runs cannot wait for each other.
    for digest, group in sorted((_digest(group), group) for group in found):
        _add(digest, group, found[group])


def _figures_of(ticket: Ticket) -> dict[str, int]:
    return {
        "tickets": 1,
        "sla_met": int(ticket.sla_status == SlaStatus.MET),
        "sla_breached": int(ticket.sla_status == SlaStatus.BREACHED),
        "acknowledged": int(ticket.ack_seconds is not None),
        "ack_seconds": ticket.ack_seconds or 0,
        "recovered": int(ticket.recovery_seconds is not None),
        "recovery_seconds": ticket.recovery_seconds or 0,
        "downtime_seconds": ticket.downtime_seconds or 0,
    }


def _digest(group: Group) -> str:
    return hashlib.blake2b(PARTS.join(group).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _add(digest: str, group: Group, figures: Counter[str]) -> None:
    row = KeptFigures.objects.filter(pk=digest)
    change = {name: F(name) + number for name, number in figures.items()}
    if row.update(**change):
        return
    names = dict(zip(("month", "team", "cost_center", "priority"), group, strict=True))
    try:
        with transaction.atomic():
            KeptFigures.objects.create(digest=digest, **names, **figures)
    except IntegrityError:  # another run was faster
        row.update(**change)


def kept(*by: str, month: str = "", most: int | None = None) -> list[Kept]:
    """Kept figures grouped by some of month, team, cost_center and priority, the newest first; at most `most` rows."""
    rows = KeptFigures.objects.filter(month=month) if month else KeptFigures.objects.all()
    sums = {f"sum_{name}": Sum(name) for name in SUMS}
    order = [f"-{name}" if name == "month" else name for name in by]
    grouped = rows.order_by(*order).values(*by).annotate(**sums)[:most]
    return [Kept(**{name.removeprefix("sum_"): value for name, value in row.items()}) for row in grouped]
