"""The figures: what the summary, the showback table and the digests say, and that the counters stay true."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail
from django.db.models import F
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from audit.models import AuditEntry
from integrations import digests
from integrations.models import Broadcast
from tests.clock.conftest import ANN, Desk, policy, window
from tests.support.factories import make_ticket
from tests.support.people import client_of
from tickets import counter_store, services
from tickets.digest import last_period
from tickets.models import CounterDelta, CounterTotal, Ticket
from tickets.showback import showback
from tickets.summary import summary
from tickets.tasks import fold_counters

pytestmark = pytest.mark.django_db


def live_a_day(desk: Desk) -> list[Ticket]:
    """Four tickets: met, breached and recovered, suppressed, still open and reported three times."""
    met, late, noisy = desk.open(1), desk.open(2, "Finance_Load"), desk.open(3, severity="Low")
    desk.tick(minutes=10)
    services.acknowledge(met.pk, actor=ANN)
    for _ in range(2):
        services.count_occurrence(noisy.pk, now=desk.clock.at)
    desk.tick(minutes=20)
    services.acknowledge(late.pk, actor=ANN)
    desk.tick(minutes=30)
    services.mark_recovered(
        source="adf", pipeline="Finance_Load", scope="", run=services.GoodRun(desk.clock.at)
    )
    window(resource_pattern="Night_*")
    quiet = desk.open(4, "Night_Load")
    return [met, late, noisy, quiet]


def test_summary_tells_recovery_noise_and_sla_by_priority_team_and_week(desk: Desk) -> None:
    live_a_day(desk)
    figures = summary()
    assert (figures["suppressed_tickets"], figures["recovered_tickets"], figures["mttr_recovered_min"]) == (
        1,
        1,
        60.0,
    )
    assert figures["noise_ratio"] == 1.5
    assert figures["sla_by_priority"] == {"P1": {"met": 1, "breached": 1}}
    assert figures["sla_by_team"] == {
        "Finance": {"met": 0, "breached": 1},
        "Sales": {"met": 1, "breached": 0},
    }
    assert figures["sla_by_week"] == {"2020-W47": {"met": 1, "breached": 1}}
    assert counter_store.current() == counter_store.counted()


def test_counters_that_a_release_brought_are_filled_once(desk: Desk) -> None:
    live_a_day(desk)
    old = {"status", "severity", "error_type", "team", "sla", "acks", "ack_seconds"}
    fold_counters()
    CounterTotal.objects.exclude(dimension__in=old).delete()  # as an older release left it
    assert counter_store.current() != counter_store.counted()
    fold_counters()
    assert counter_store.current() == counter_store.counted()
    CounterTotal.objects.filter(dimension="reports").update(value=F("value") + 5)
    fold_counters()
    assert counter_store.current() != counter_store.counted()  # filled once; repairs are the command's
    assert not CounterDelta.objects.exists()


def test_showback_by_team_and_cost_centre(desk: Desk, settings: Settings) -> None:
    settings.SHOWBACK_COST_PER_FAILURE = 10.0
    settings.SHOWBACK_COST_PER_HOUR = 120.0
    live_a_day(desk)
    found = showback("2020-11")
    assert [(row.team, row.failures, row.downtime_seconds, row.cost) for row in found.rows] == [
        ("Finance", 1, 3600, 130.0), ("Sales", 2, 600, 40.0), ("Night", 1, 0, 10.0),
    ]  # fmt: skip
    assert showback("2020-10").rows == ()
    assert found.months == ("2020-11",)


@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous:Warning")
@pytest.mark.django_db(transaction=True)
def test_showback_in_api_page_and_csv_that_no_spreadsheet_runs(viewer: User, desk: Desk) -> None:
    hostile = desk.open(1)
    services.set_fields(
        hostile.pk, finops_team="=cmd|'/C calc'!A0", finops_cost_center="<script>alert(1)</script>"
    )
    api = client_of(viewer)
    rows = api.get("/api/showback").json()["rows"]
    assert [row["failures"] for row in rows] == [1]
    assert api.get("/api/showback?month=2020-13").status_code == 400
    answer = api.get("/api/export/showback?month=2020-11")
    text = b"".join(answer).decode()
    assert text.splitlines()[1].startswith("2020-11,'=cmd|")
    assert AuditEntry.objects.filter(action="Data Export Started").count() == 1
    console = Client()
    User.objects.filter(pk=viewer.pk).update(is_staff=True)
    console.force_login(viewer)
    page = console.get("/admin/showback/?month=2020-11").content.decode()
    assert "&lt;script&gt;" in page
    assert "<script>alert(1)" not in page


def test_sla_by_priority_team_and_week_is_on_the_page_of_figures(viewer: User, desk: Desk) -> None:
    live_a_day(desk)
    services.acknowledge(desk.open(9).pk, actor=ANN)
    User.objects.filter(pk=viewer.pk).update(is_staff=True)
    console = Client()
    console.force_login(viewer)
    page = console.get("/admin/showback/").content.decode()
    for name, met, breached, share in (
        ("P1", 2, 1, "66.7"),
        ("Sales", 2, 0, "100.0"),
        ("2020-W47", 2, 1, "66.7"),
    ):
        assert f"<td>{name}</td><td>{met}</td><td>{breached}</td><td>{share} %</td>" in page


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "now", "start", "end"),
    [
        ("daily", "2026-11-20 06:00", "2026-11-18 23:00", "2026-11-19 23:00"),
        ("daily", "2026-11-20 05:59", "2026-11-17 23:00", "2026-11-18 23:00"),
        ("daily", "2026-10-26 07:00", "2026-10-24 22:00", "2026-10-25 23:00"),  # 25 hours
        ("daily", "2027-03-29 07:00", "2027-03-27 23:00", "2027-03-28 22:00"),  # 23 hours
        ("weekly", "2026-10-26 07:00", "2026-10-18 22:00", "2026-10-25 23:00"),
        ("weekly", "2026-11-22 12:00", "2026-11-08 23:00", "2026-11-15 23:00"),
    ],
)
def test_digest_period_is_that_of_local_midnights(kind: str, now: str, start: str, end: str) -> None:
    period = last_period(kind, utc(now), "Europe/Berlin", 7)
    assert (period.start, period.end) == (utc(start), utc(end))


def test_digests_come_once_per_period_and_place_however_many_beats_ask(
    desk: Desk, settings: Settings
) -> None:
    settings.DIGESTS = ("daily", "weekly")
    settings.DIGEST_EMAILS = ("boss@example.com",)
    policy("Finance", wants_digest=True, slack_channel="team-sales", digest_emails="cfo@example.com")
    live_a_day(desk)
    before = len(desk.world.slack.posts)
    for _ in range(4 * 8):  # Friday noon to Tuesday noon, two beats
        desk.clock.on(hours=3)
        digests.plan_due(desk.clock.at)
        digests.plan_due(desk.clock.at)
        desk.work()
    told = [post for post in desk.world.slack.posts[before:] if "digest" in post["text"]]
    assert [post["text"] for post in told if post["channel"] == "team-sales"] == [
        "Daily digest, Friday 20 November 2020: Finance", "Weekly digest, 16 November to 22 November 2020: Finance",
    ]  # fmt: skip
    desk_wide = [post["text"].split(":")[0] for post in told if post["channel"] != "team-sales"]
    assert desk_wide == [
        "Daily digest, Friday 20 November 2020", "Daily digest, Saturday 21 November 2020",
        "Daily digest, Sunday 22 November 2020", "Weekly digest, 16 November to 22 November 2020",
        "Daily digest, Monday 23 November 2020",
    ]  # fmt: skip
    assert (
        sorted(letter.to[0] for letter in mail.outbox) == ["boss@example.com"] * 5 + ["cfo@example.com"] * 2
    )
    first = str(told[0]["blocks"])
    for line in ("New tickets: 4 (1 in quiet times)", "Acknowledged: 2", "SLA breached: 1", "Open at the end: 2",
                 "Mean time to acknowledge: 20 min", "Mean time to recover: 1 h", "1.5 reports per ticket",
                 "UserErrorSourceBlobNotExist: 4", "Sales_Load: 2"):  # fmt: skip
        assert line in first, line


def test_lost_answer_to_a_summary_is_looked_for_and_not_repeated(desk: Desk) -> None:
    window()
    desk.open(1)
    desk.tick(minutes=20)
    desk.world.faults.plan("slack post", "cut after")
    desk.tick(hours=3)
    for _ in range(3):
        desk.tick(minutes=1)
    assert len(desk.world.slack.posts) == 1
    assert Broadcast.objects.get().state == "sent"


def test_desk_where_nothing_happened_sends_no_digest(desk: Desk, settings: Settings) -> None:
    settings.DIGESTS = ("daily", "weekly")
    make_ticket(
        opened_at=desk.clock.at, status="acknowledged", acknowledged_at=desk.clock.at + timedelta(seconds=1)
    )
    assert digests.plan_due(desk.clock.at + timedelta(hours=1)) == 0
