"""A week of the clock, over both changes to and from summer time: every notice once, none too many, none too early.

What is to be expected is reckoned here from hand-written nights in UTC, not by the code under test.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.core.cache import cache

from audit.models import AuditEntry
from integrations.models import Broadcast, Delivery
from tests.clock.conftest import ANN, Desk, policy, window
from tickets import counter_store, pulse, services
from tickets.models import Escalation, QuietSummary, Ticket
from tickets.tasks import watch_sla

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
DUE = 15 * MINUTE  # P1
STEPS = (0, 20, 90)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(frozen=True)
class Week:
    """From a Thursday's midnight; `nights` are 22:00 to 06:00 in Berlin, as UTC tells them."""

    start: datetime
    nights: tuple[tuple[datetime, datetime], ...]

    def quiet_until(self, at: datetime) -> datetime | None:
        return next((end for start, end in self.nights if start <= at < end), None)


def nights(*bounds: str) -> tuple[tuple[datetime, datetime], ...]:
    return tuple((utc(bound.split("/")[0]), utc(bound.split("/")[1])) for bound in bounds)


AUTUMN = Week(
    utc("2026-10-22 00:00"),
    nights(
        "2026-10-21 20:00/2026-10-22 04:00", "2026-10-22 20:00/2026-10-23 04:00", "2026-10-23 20:00/2026-10-24 04:00",
        "2026-10-24 20:00/2026-10-25 05:00", "2026-10-25 21:00/2026-10-26 05:00", "2026-10-26 21:00/2026-10-27 05:00",
        "2026-10-27 21:00/2026-10-28 05:00", "2026-10-28 21:00/2026-10-29 05:00",
    ),
)  # fmt: skip
SPRING = Week(
    utc("2027-03-25 00:00"),
    nights(
        "2027-03-24 21:00/2027-03-25 05:00", "2027-03-25 21:00/2027-03-26 05:00", "2027-03-26 21:00/2027-03-27 05:00",
        "2027-03-27 21:00/2027-03-28 04:00", "2027-03-28 20:00/2027-03-29 04:00", "2027-03-29 20:00/2027-03-30 04:00",
        "2027-03-30 20:00/2027-03-31 04:00", "2027-03-31 20:00/2027-04-01 04:00",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Failure:
    """When it comes, and after how many minutes somebody takes it (None: nobody does in this week)."""

    at: datetime
    pipeline: str
    taken_after: int | None

    @property
    def is_nightly(self) -> bool:
        return self.pipeline.startswith("Night_")


def failures(week: Week) -> list[Failure]:
    """Nightly ones at both edges of every night and within, and daily ones, taken at different times."""
    patience = (5, 13, 40, 130, None)
    moments = [
        moment
        for start, end in week.nights[2:6]
        for moment in (start - MINUTE, start, start + 150 * MINUTE, end - MINUTE, end, end + 300 * MINUTE)
    ]
    return [
        Failure(moment, "Night_Load" if number % 3 else "Day_Load", patience[number % len(patience)])
        for number, moment in enumerate(sorted(moments))
    ]


def expected_steps(week: Week, failure: Failure, end: datetime) -> list[int]:
    """The delays of the steps that are taken: counted from the due moment, or from the end of quiet."""
    until = failure.at + failure.taken_after * MINUTE if failure.taken_after is not None else end
    counted_from = failure.at + DUE
    if counted_from >= until:
        return []
    taken = []
    for delay in STEPS:
        due = counted_from + delay * MINUTE
        if failure.is_nightly:
            for moment in (counted_from, due):
                if quiet_end := week.quiet_until(moment):
                    counted_from, due = quiet_end, quiet_end + delay * MINUTE
        if due < until and due <= end:
            taken.append(delay)
    return taken


@dataclass(frozen=True)
class Course:
    """What happens in a week: until when, while nobody looks at the clock, and what fails."""

    week: Week
    end: datetime
    away: tuple[datetime, datetime]
    expected: list[Failure]

    @classmethod
    def of(cls, week: Week) -> Course:
        away = (week.start + timedelta(days=5, hours=8), week.start + timedelta(days=5, hours=16))
        return cls(week, week.start + timedelta(days=7), away, failures(week))

    def is_quiet(self, failure: Failure, at: datetime) -> bool:
        return failure.is_nightly and self.week.quiet_until(at) is not None


@pytest.mark.parametrize("week", [AUTUMN, SPRING], ids=["autumn", "spring"])
def test_week_with_windows_escalations_restarts_and_an_absence(
    desk: Desk, week: Week, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "AWAY_AFTER", timedelta(hours=6))
    desk.clock.at = week.start
    steps = {
        step.pk: step.delay_minutes
        for step in policy("", *((delay, "slack", "U0ONCALL") for delay in STEPS), mention="here").steps.all()
    }
    window(
        "Nights", resource_pattern="Night_*", repeat="daily", start_date=date(2026, 1, 1), start_time=time(22),
        end_time=time(6), time_zone="Europe/Berlin",
    )  # fmt: skip
    course = Course.of(week)
    opened = live_through(course, desk)
    replies = Counter((reply["thread_ts"], kind_of(reply["text"])) for reply in desk.world.slack.replies)
    for failure, ticket in opened.items():
        check_ticket(course, failure, desk.read(ticket), steps, replies)
    check_summaries(course)
    escalated = [post for post in desk.world.slack.posts if post["channel"] == "U0ONCALL"]
    assert (
        len(escalated)
        == Escalation.objects.count()
        == Delivery.objects.filter(operation="escalate", state="sent").count()
    )
    assert AuditEntry.objects.filter(action="Clock Caught Up").count() == 1
    assert counter_store.current() == counter_store.counted()


def live_through(course: Course, desk: Desk) -> dict[Failure, Ticket]:
    """The week, moment by moment: tickets come and are taken, the beat looks twice, processes start anew."""
    opened: dict[Failure, Ticket] = {}
    for moment in moments_of(course.expected, course.week, course.end):
        desk.clock.to(moment)
        for failure in course.expected:
            if failure.at == moment:
                opened[failure] = desk.open(len(opened), failure.pipeline)
            elif failure.taken_after is not None and failure.at + failure.taken_after * MINUTE == moment:
                services.acknowledge(opened[failure].pk, actor=ANN)
        if not course.away[0] < moment < course.away[1]:
            desk.tick()
            watch_sla()  # a second beat at the same moment
        if moment.hour == 0:
            cache.clear()  # every process was started anew
    return opened


def kind_of(reply: str) -> str:
    (found,) = (kind for kind in ("SLA warning", "SLA breached") if kind in reply)
    return found


def check_ticket(
    course: Course, failure: Failure, seen: Ticket, steps: dict[int, int], replies: Counter[tuple[str, str]]
) -> None:
    """`steps` are the delays in minutes by the policy's step, `replies` the messages by thread and kind."""
    away, due = course.away, failure.at + DUE
    is_late = failure.taken_after is None or failure.taken_after > 15
    assert seen.is_suppressed is course.is_quiet(failure, failure.at), failure
    assert (seen.sla_status == "Breached") is (is_late and due < course.end), failure
    is_judged_late = is_late and not (away[0] < due < away[1] and seen.sla_breached_at is None)
    entries = Counter(AuditEntry.objects.filter(ticket_key=seen.key).values_list("action", flat=True))
    assert entries["SLA Breached"] == (1 if is_judged_late else 0), failure
    assert entries["SLA Warning"] <= 1
    if away[0] - timedelta(hours=3) < failure.at < away[1]:
        return
    assert entries["SLA Warning"] == (0 if failure.taken_after == 5 else 1), failure
    taken = [steps[row.step_number] for row in Escalation.objects.filter(ticket=seen)]
    assert taken == expected_steps(course.week, failure, course.end), failure
    is_called = is_late and not course.is_quiet(failure, due)
    assert replies[seen.slack_ts, "SLA breached"] == (1 if is_called else 0), failure
    is_warned = failure.taken_after != 5 and not course.is_quiet(failure, failure.at + 12 * MINUTE)
    assert replies[seen.slack_ts, "SLA warning"] == (1 if is_warned else 0), failure


def check_summaries(course: Course) -> None:
    """One for each night in which something was kept quiet, and each of them sent."""
    quiet_until = course.week.quiet_until
    in_a_night = [quiet_until(f.at) or quiet_until(f.at + DUE) for f in course.expected if f.is_nightly]
    nights_with_something = {until for until in in_a_night if until is not None and until <= course.end}
    assert {row.ended_at for row in QuietSummary.objects.all()} == nights_with_something
    assert Broadcast.objects.filter(state="sent").count() == len(nights_with_something)


def moments_of(expected: list[Failure], week: Week, end: datetime) -> list[datetime]:
    """When something may happen, and every sixth hour besides."""
    found = {week.start + timedelta(hours=number) for number in range(0, 7 * 24, 6)}
    bases = [failure.at for failure in expected]
    for failure in expected:
        found |= {
            failure.at,
            failure.at + 12 * MINUTE,
            failure.at + DUE,
            failure.at + DUE + timedelta(seconds=1),
        }
        if failure.taken_after is not None:
            found.add(failure.at + failure.taken_after * MINUTE)
    for base in [*(at + DUE for at in bases), *(until for _, until in week.nights)]:
        found |= {base, *(base + delay * MINUTE + timedelta(seconds=1) for delay in STEPS)}
    return sorted(moment for moment in found if week.start <= moment < end)
