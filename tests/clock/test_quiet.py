"""Quiet times: tickets are born and recorded, people are left in peace, and told afterwards what they missed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest

from audit.models import AuditEntry
from integrations.models import Broadcast, Delivery
from integrations.services import plan_deliveries, propose_in_thread, reply_in_thread
from tests.clock.conftest import ANN, Desk, policy, window
from tickets import counter_store, services
from tickets.models import Escalation, LiveEvent, Mute, QuietSummary, Ticket
from tickets.quiet import is_quiet, quiet_for
from tickets.quiet import services as quiet
from tickets.rows import ticket_row

pytestmark = pytest.mark.django_db


def summaries(desk: Desk) -> list[str]:
    return [str(post["blocks"]) for post in desk.world.slack.posts if post["text"].endswith("is over")]


def test_ticket_in_a_window_is_born_recorded_marked_and_told_to_nobody(desk: Desk) -> None:
    window()
    ticket = desk.open(1)
    assert (ticket.is_suppressed, ticket.quiet_name) == (True, "Maintenance: Patching")
    row = ticket_row(ticket)
    assert (row["suppressed"], row["suppressed_by"]) == (True, "Maintenance: Patching")
    assert desk.world.slack.messages == []
    assert desk.world.jira.issues == []
    assert len(desk.world.blobs.blobs) == 1  # the archive is a record
    actions = set(AuditEntry.objects.filter(ticket_key=ticket.key).values_list("action", flat=True))
    assert {"Ticket Created", "Ticket Suppressed"} <= actions
    told = Delivery.objects.get(ticket=ticket, channel="slack")
    assert (told.state, told.advice) == ("skipped", "Maintenance: Patching: not told.")


def test_summary_comes_once_when_the_window_ends_and_names_what_is_open(desk: Desk) -> None:
    window()
    first, second = desk.open(1), desk.open(2, "Sales_Other")
    services.acknowledge(second.pk, actor=ANN)
    desk.tick(minutes=119)
    assert summaries(desk) == []
    for _ in range(3):
        desk.tick(minutes=1)
    (told,) = summaries(desk)
    assert "2 tickets born in it" in told
    assert "1 ticket still open, 1 past due" in told
    assert first.key in told
    assert second.key not in told
    assert QuietSummary.objects.get().born == 2
    assert AuditEntry.objects.filter(action="Quiet Time Ended").count() == 1


@pytest.mark.parametrize(
    ("other", "channel"), [("Sales_Other", "team-sales"), ("Finance_Load", "aiops-rca-alerts")]
)
def test_summary_goes_to_a_team_only_where_all_of_it_is_that_teams(
    desk: Desk, other: str, channel: str
) -> None:
    policy("Sales", slack_channel="team-sales")
    window()
    desk.open(1)
    closed = desk.open(2, other)
    services.acknowledge(closed.pk, actor=ANN)
    desk.tick(hours=2)
    (told,) = [post for post in desk.world.slack.posts if post["text"].endswith("is over")]
    assert told["channel"] == channel


def test_quiet_time_that_kept_nothing_quiet_is_not_summed_up(desk: Desk) -> None:
    window()
    desk.tick(hours=3)
    assert not Broadcast.objects.exists()


@pytest.mark.parametrize(
    ("scope", "is_meant"),
    [
        ({"resource_pattern": "sales_*"}, True),
        ({"resource_pattern": "Sales_L?ad"}, False),  # only the star is special
        ({"resource_pattern": "Finance_*"}, False),
        ({"source": "adf", "team": "Sales"}, True),
        ({"source": "databricks"}, False),
        ({"team": "Finance"}, False),
        ({"team": "Sales", "resource_pattern": "*Nothing"}, False),
        ({"is_active": False}, False),
    ],
)
def test_window_holds_for_what_fits_all_that_is_filled_in(
    desk: Desk, scope: dict[str, Any], is_meant: bool
) -> None:
    window(**scope)
    assert desk.open(1).is_suppressed is is_meant
    assert (desk.world.slack.posts == []) is is_meant


def test_worker_that_comes_after_the_window_still_tells_nobody(desk: Desk) -> None:
    window()
    ticket = desk.open(1)
    Delivery.objects.all().delete()
    desk.clock.on(hours=5)
    plan_deliveries(ticket.pk)
    desk.work()
    assert desk.world.slack.posts == []


def test_breach_in_quiet_is_recorded_and_called_out_to_nobody(desk: Desk) -> None:
    policy("", (0, "slack", "U0ONCALL"), mention="here")
    told = desk.open(1)
    window(start_time=time(12, 5))
    desk.clock.on(minutes=6)
    born = desk.open(2)
    desk.tick(minutes=20)
    assert {desk.read(ticket).sla_status for ticket in (told, born)} == {"Breached"}
    assert AuditEntry.objects.filter(action="SLA Breached").count() == 2
    assert desk.world.slack.replies == []
    assert AuditEntry.objects.filter(action="Escalation Step Taken").count() == 0


def test_escalation_of_what_is_still_open_counts_from_the_end_of_quiet(desk: Desk) -> None:
    policy("", (10, "slack", "U0ONCALL"))
    window()
    still_open, taken = desk.open(1), desk.open(2)
    services.acknowledge(taken.pk, actor=ANN)
    for _ in range(12):
        desk.tick(minutes=10)
    assert desk.read(still_open).escalation_due_at == desk.clock.at + timedelta(minutes=10)
    desk.tick(minutes=9)
    assert [post["channel"] for post in desk.world.slack.posts] == ["aiops-rca-alerts"]  # the summary
    desk.tick(minutes=1)
    assert [post["channel"] for post in desk.world.slack.posts[1:]] == ["U0ONCALL"]


def test_window_that_opens_between_two_steps_puts_the_second_off(desk: Desk) -> None:
    policy("", (0, "slack", "U0ONCALL"), (20, "slack", "U0ONCALL"))
    desk.open(1)
    desk.tick(minutes=16)
    window(start_time=time(12, 20), end_time=time(13))
    for _ in range(6):
        desk.tick(minutes=10)  # 13:16
        assert Escalation.objects.count() == 1
    desk.tick(minutes=4)
    assert Escalation.objects.count() == 2


def test_ticket_born_in_quiet_that_breaches_after_it_is_told_in_full(desk: Desk) -> None:
    window(end_time=time(12, 10))
    ticket = desk.open(1)
    desk.tick(minutes=11)
    assert len(summaries(desk)) == 1
    desk.tick(minutes=5)
    posts = [post for post in desk.world.slack.posts if "SLA BREACHED" in post["text"]]
    assert len(posts) == 1
    assert len(desk.world.slack.replies) == 1
    assert desk.world.jira.issues[0].comments
    assert desk.read(ticket).slack_ts == posts[0]["ts"]


def test_reopened_after_the_window_it_is_told_like_any_other(desk: Desk) -> None:
    window()
    ticket = desk.open(1)
    services.acknowledge(ticket.pk, actor=ANN)
    desk.tick(hours=3)
    services.reopen(ticket.pk, actor=ANN)
    desk.work()
    assert not desk.read(ticket).is_suppressed
    assert [post["text"].startswith("🚨 ALERT") for post in desk.world.slack.posts] == [False, True]


def test_mute_of_one_ticket_holds_replies_back_until_it_expires(desk: Desk) -> None:
    ticket, other = desk.open(1), desk.open(2)
    quiet.mute_ticket(ticket, until=desk.clock.at + timedelta(minutes=30), reason="Known", actor=ANN)
    assert is_quiet(ticket, desk.clock.at)
    assert not is_quiet(other, desk.clock.at)
    desk.tick(minutes=16)
    assert [reply["thread_ts"] for reply in desk.world.slack.replies] == [desk.read(other).slack_ts]
    desk.tick(minutes=15)
    assert not is_quiet(ticket, desk.clock.at)
    assert "1 other ticket" in summaries(desk)[0]
    entry = AuditEntry.objects.get(action="Quiet Time Set")
    assert (entry.ticket_key, entry.actor) == (ticket.key, ANN.name)


def test_quiet_lifted_early_is_summed_up_at_once_and_stays_on_record(desk: Desk) -> None:
    made = window()
    desk.open(1)
    desk.clock.on(minutes=10)
    quiet.lift_quiet(made, actor=ANN, now=desk.clock.at)
    desk.tick(seconds=5)
    assert len(summaries(desk)) == 1
    assert desk.open(2).is_suppressed is False
    made.refresh_from_db()
    assert not made.is_active


def test_window_made_longer_moves_the_summary(desk: Desk) -> None:
    made = window()
    desk.open(1)
    made.end_time = time(16)
    quiet.change_quiet(made, actor=ANN, now=desk.clock.at)
    desk.tick(hours=3)
    assert summaries(desk) == []
    desk.tick(hours=1, minutes=1)
    assert len(summaries(desk)) == 1


@pytest.mark.parametrize("born_in_it", [True, False])
def test_escalation_does_not_wait_for_the_end_of_a_window_that_was_lifted_or_made_longer(
    desk: Desk, born_in_it: bool
) -> None:
    policy("", (10, "slack", "U0ONCALL"))
    made = window() if born_in_it else None
    desk.open(1)
    made = made or window()
    desk.tick(minutes=20)  # breached in quiet
    made.end_time = time(16)
    quiet.change_quiet(made, actor=ANN, now=desk.clock.at)
    desk.tick(hours=2)
    quiet.lift_quiet(made, actor=ANN, now=desk.clock.at)  # 14:20, of 16:00
    desk.tick(minutes=9)
    assert Escalation.objects.count() == 0
    desk.tick(minutes=1)
    assert Escalation.objects.count() == 1


def test_dashboards_hear_of_a_quiet_time_that_is_noted_moved_or_lifted(desk: Desk) -> None:
    ticket = desk.open(1)
    quiet.mute_ticket(ticket, until=desk.clock.at + timedelta(minutes=30), reason="Known", actor=ANN)
    mute = Mute.objects.get()
    told = LiveEvent.objects.filter(event="ticket_updated", ticket_key=ticket.key)

    def tells(change: Callable[[], object]) -> bool:
        seen, version = told.count(), desk.read(ticket).version
        change()
        return told.count() == seen + 1 and desk.read(ticket).version == version + 1

    assert tells(lambda: quiet.hold_back(desk.read(ticket), desk.clock.at))
    mute.expires_at += timedelta(minutes=30)
    assert tells(lambda: quiet.change_quiet(mute, actor=ANN, now=desk.clock.at))
    assert desk.read(ticket).quiet_until == mute.expires_at
    assert tells(lambda: quiet.lift_quiet(mute, actor=ANN, now=desk.clock.at))


def test_of_two_quiet_times_the_later_end_counts(desk: Desk) -> None:
    window("Short")
    window("Long", end_time=time(20))
    ticket = desk.open(1)
    found = quiet_for(ticket, desk.clock.at)
    assert found is not None
    assert (found.name, found.until.hour) == ("Maintenance: Long", 20)


def thread(ticket: Ticket) -> list[str]:
    told = Delivery.objects.filter(ticket=ticket, channel="slack").exclude(state="skipped").order_by("id")
    return [delivery.operation for delivery in told]


def test_proposal_after_a_window_is_told_with_the_ticket_that_was_born_in_it(desk: Desk) -> None:
    window()
    ticket = desk.open(1)
    assert thread(ticket) == []
    desk.clock.on(hours=3)
    propose_in_thread(ticket.pk, "17", "Retry the pipeline", "The source is there now.")
    assert thread(ticket) == ["post", "reply"]


def test_proposal_in_a_quiet_time_is_told_to_nobody(desk: Desk) -> None:
    ticket = desk.open(1)
    window()
    propose_in_thread(ticket.pk, "17", "Retry the pipeline", "The source is there now.")
    reply_in_thread(ticket.pk, "remediation-17", "It runs.")
    assert thread(ticket) == ["post"]
    ticket.refresh_from_db()
    assert ticket.quiet_name == "Maintenance: Patching", "the summary at its end counts it"


def test_mute_of_a_resource_ends_by_itself(desk: Desk) -> None:
    mute = Mute(
        resource_pattern="Sales_*", reason="Noise", starts_at=desk.clock.at,
        expires_at=desk.clock.at + timedelta(hours=1),
    )  # fmt: skip
    quiet.set_quiet(mute, actor=ANN)
    assert desk.open(1).is_suppressed
    desk.clock.on(hours=1)
    assert not desk.open(2).is_suppressed


def test_team_that_only_the_vendor_knows_is_found_before_anybody_is_told(desk: Desk) -> None:
    window(team="Payments", end_date=date(2020, 11, 20))
    ticket = desk.open(1, "Sales_Load")
    assert not ticket.is_suppressed
    Delivery.objects.all().delete()
    services.set_fields(ticket.pk, finops_team="Payments")
    plan_deliveries(ticket.pk)
    assert desk.read(ticket).is_suppressed
    assert counter_store.current() == counter_store.counted()
