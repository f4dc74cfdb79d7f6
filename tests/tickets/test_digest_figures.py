"""A digest's figures are those of all tickets, though only what the period can concern is read."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.factories import make_ticket
from tickets.digest import DAILY, DigestPeriod, figures
from tickets.models import Ticket
from tickets.services.recovery import LOOKED_BACK

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
START = datetime(2026, 11, 18, tzinfo=UTC)
PERIOD = DigestPeriod(DAILY, START.date(), START, START + DAY)


def some_ticket(chance: random.Random) -> Ticket:
    """Opened within weeks around the period; breached while it was not acknowledged, recovered within a month."""

    def after(moment: datetime, most: timedelta) -> datetime | None:
        return moment + chance.random() * most if chance.random() < 0.7 else None

    opened = START + chance.uniform(-35, 3) * DAY
    acknowledged = after(opened, 20 * DAY)
    breached = after(opened, ((acknowledged or opened + 20 * DAY) - opened))
    recovered = after(opened, LOOKED_BACK)
    return make_ticket(
        status="acknowledged" if acknowledged else "open",
        opened_at=opened,
        acknowledged_at=acknowledged,
        ack_seconds=(acknowledged - opened).total_seconds() // 1 if acknowledged else None,
        sla_breached_at=breached,
        recovered_at=recovered,
        recovery_seconds=(recovered - opened).total_seconds() // 1 if recovered else None,
        finops_team=chance.choice(["Sales", "Finance"]),
    )


@pytest.mark.parametrize("team", [None, "Sales"])
def test_figures_are_those_of_all_tickets(team: str | None) -> None:
    chance = random.Random(20261118)
    made = [some_ticket(chance) for _ in range(600)]
    tickets = [ticket for ticket in made if team in {None, ticket.finops_team}]

    def within(moment: datetime | None) -> bool:
        return moment is not None and START <= moment < PERIOD.end

    def mean(seconds: list[int | None]) -> float:
        return sum(value or 0 for value in seconds) / len(seconds)

    found = figures(PERIOD, team)
    closed = [ticket for ticket in tickets if within(ticket.acknowledged_at)]
    recovered = [ticket for ticket in tickets if within(ticket.recovered_at)]
    still_open = [
        ticket
        for ticket in tickets
        if ticket.opened_at < PERIOD.end
        and (ticket.acknowledged_at is None or ticket.acknowledged_at >= PERIOD.end)
    ]
    assert found.new == sum(within(ticket.opened_at) for ticket in tickets) > 0
    assert found.acknowledged == len(closed) > 0
    assert found.breached == sum(within(ticket.sla_breached_at) for ticket in tickets) > 0
    assert found.still_open == len(still_open) > 0
    assert found.mtta_seconds == pytest.approx(mean([ticket.ack_seconds for ticket in closed]))
    assert found.mttr_seconds == pytest.approx(mean([ticket.recovery_seconds for ticket in recovered]))
