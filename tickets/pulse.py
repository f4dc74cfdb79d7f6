"""Whether somebody looks at the clock: the time of the last look, and what to say after a long absence."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from audit import actions
from audit.services import record
from audit.times import utc_second
from tickets.choices import SlaStatus
from tickets.models import NOT_ACKNOWLEDGED, ClockPulse, Ticket

logger = logging.getLogger(__name__)

NAME = "sla"
AWAY_AFTER = timedelta(seconds=60)
TOLD_FOR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Absence:
    """Nobody looked from `since` for so many seconds."""

    since: datetime
    seconds: int


def look(now: datetime) -> Absence | None:
    """Note that somebody looks; where nobody had for a minute, put that on record, once, and return it.

    Two workers that come back together both read the old time, but only one update finds it.
    """
    with transaction.atomic():
        pulse, is_first = ClockPulse.objects.get_or_create(name=NAME, defaults={"seen_at": now})
        if is_first or pulse.seen_at >= now:
            return None
        absence = Absence(pulse.seen_at, round((now - pulse.seen_at).total_seconds()))
        is_long = now - pulse.seen_at > AWAY_AFTER
        noted = {"back_at": now, "away_seconds": absence.seconds} if is_long else {}
        is_ours = ClockPulse.objects.filter(name=NAME, seen_at=pulse.seen_at).update(seen_at=now, **noted)
        if not (is_long and is_ours):
            return None
        late = Ticket.objects.filter(
            NOT_ACKNOWLEDGED, sla_status=SlaStatus.PENDING, sla_due_at__lt=now
        ).count()
        steps = Ticket.objects.filter(escalation_due_at__lte=now).count()
        said = (
            f"Nobody looked at the clock for {absence.seconds} s since {utc_second(absence.since)};"
            f" {late} breaches and {steps} escalations became due meanwhile and are told now"
        )
        record(
            actions.CLOCK_CAUGHT_UP,
            summary=said,
            details={"away_seconds": absence.seconds, "breaches": late, "escalations": steps},
        )
    logger.warning(said)
    return absence
