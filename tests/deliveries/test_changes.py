"""What befalls a ticket later reaches its message and its issue: the newest state, once, and never back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from audit.models import AuditEntry
from audit.services import Actor
from integrations.deliveries import claims
from integrations.models import Channel, Delivery, JiraIssue, Operation, State
from integrations.services import deliver, plan_deliveries, propose_in_thread, reply_in_thread, send_again
from integrations.slack.blocks import Block
from integrations.slack.client import SlackClient
from tests.deliveries.conftest import Worker, make_due
from tests.deliveries.test_exactly_once import ANALYSED, told_ticket
from tests.support.adf_validator import texts
from tests.support.factories import make_ticket
from tests.support.world import World
from tickets import services as ticket_services
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

ANN = Actor("person", "ann@example.com", "E-17")


def better_analysis(ticket: Ticket, cause: str) -> None:
    result = ticket_services.AnalysisResult(
        provider="gemini",
        root_cause=cause,
        error_type=ticket.error_type,
        cause_class="missing_source_data",
        confidence="Very High",
        recommendations=("Rerun the export",),
    )
    ticket_services.apply_analysis(ticket.pk, result, now=timezone.now())


def told(channel: str) -> int:
    """One round of one channel, with nothing cut short."""
    claimed = claims.claim_waiting(channel, timezone.now())
    for delivery_id, token in claimed:
        deliver(delivery_id, token)
    return len(claimed)


def test_message_waits_for_the_key_and_goes_with_it(world: World) -> None:
    plan_deliveries(make_ticket(**ANALYSED).pk)
    assert told(Channel.SLACK) == 0
    assert told(Channel.JIRA) == 1
    assert told(Channel.SLACK) == 1
    assert "OPS-1" in str(world.slack.posts[0]["blocks"])
    assert world.slack.edits == []


def test_message_goes_without_the_key_after_three_seconds_and_is_edited_when_it_comes(
    world: World, turn: Worker
) -> None:
    plan_deliveries(make_ticket(**ANALYSED).pk)
    post = Delivery.objects.get(channel=Channel.SLACK)
    assert post.due_at - post.created_at <= timedelta(seconds=3)
    Delivery.objects.filter(pk=post.pk).update(due_at=timezone.now())
    assert told(Channel.SLACK) == 1
    assert "OPS-1" not in str(world.slack.posts[0]["blocks"])
    turn()
    assert "OPS-1" in str(world.slack.posts[0]["blocks"])
    assert len(world.slack.edits) == 1


def test_failing_jira_lets_the_message_go_at_once(world: World) -> None:
    world.faults.plan("jira create", "500")
    plan_deliveries(make_ticket(**ANALYSED).pk)
    told(Channel.JIRA)
    assert told(Channel.SLACK) == 1


def test_acknowledged_here_edits_the_message_and_closes_the_issue_once(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    ticket_services.acknowledge(ticket.pk, actor=ANN)
    turn()
    message = world.slack.posts[0]
    assert message["text"].startswith("✅ DataEng_LoadOrders - CLOSED by ann@example.com at ")
    assert "MTTR" in message["text"]
    assert world.jira.issues[0].moves == ["Done"]
    assert AuditEntry.objects.filter(action="Jira: Done").count() == 1


def test_a_note_given_at_closing_stands_on_the_issue_once_and_without_its_secrets(
    world: World, turn: Worker
) -> None:
    ticket = told_ticket(turn)
    world.faults.plan("jira comment", "cut after")
    note = "Rotated the key.\nAccountKey=" + "c2VjcmV0" * 11 + "=="
    ticket_services.acknowledge(ticket.pk, actor=ANN, note=note)
    turn()
    ticket_services.acknowledge(ticket.pk, actor=ANN, note="again")
    turn()
    (comment,) = world.jira.issues[0].comments
    assert texts(comment["body"])[0] == "Acknowledged by ann@example.com: Rotated the key."
    assert "c2VjcmV0" not in str(comment)
    assert world.jira.issues[0].moves == ["Done"]


def test_a_ticket_without_an_issue_or_a_note_gets_no_closing_comment(world: World, turn: Worker) -> None:
    ticket_services.acknowledge(told_ticket(turn).pk, actor=ANN, note="  ")
    ticket_services.acknowledge(make_ticket().pk, actor=ANN, note="Fixed upstream")
    turn()
    assert world.jira.issues[0].comments == []
    assert not Delivery.objects.filter(operation=Operation.COMMENT).exists()


def test_start_and_reopen_follow_the_ticket_to_the_issue(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    ticket_services.start(ticket.pk, actor=ANN)
    turn()
    ticket_services.acknowledge(ticket.pk, actor=ANN)
    turn()
    ticket_services.reopen(ticket.pk, actor=ANN)
    turn()
    assert world.jira.issues[0].moves == ["In Progress", "Done", "To Do"]
    assert "CLOSED" not in world.slack.posts[0]["text"]
    assert [reply["text"] for reply in world.slack.replies] == ["Reopened: it needs somebody again."]


def test_several_changes_before_a_worker_comes_make_one_edit_of_the_newest_state(
    world: World, turn: Worker
) -> None:
    ticket = told_ticket(turn)
    ticket_services.start(ticket.pk, actor=ANN)
    better_analysis(ticket, "The export job was switched off.")
    ticket_services.acknowledge(ticket.pk, actor=ANN)
    turn()
    assert len(world.slack.edits) == 1
    assert world.jira.issues[0].moves == ["Done"]


def test_change_during_an_edit_asks_for_another_that_brings_the_newest(
    world: World, turn: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = told_ticket(turn)
    ticket_services.start(ticket.pk, actor=ANN)
    update = SlackClient.update

    def changed_on_the_way(
        client: SlackClient, channel: str, ts: str, text: str, blocks: list[Block]
    ) -> None:
        ticket_services.acknowledge(ticket.pk, actor=ANN)  # the second time it is closed already
        update(client, channel, ts, text, blocks)

    monkeypatch.setattr(SlackClient, "update", changed_on_the_way)
    assert told(Channel.SLACK) == 1
    assert "CLOSED" not in world.slack.posts[0]["text"]
    assert Delivery.objects.get(operation=Operation.EDIT).state == State.PENDING
    turn()
    assert "CLOSED" in world.slack.posts[0]["text"]
    assert len(world.slack.edits) == 2


def test_change_that_nobody_sees_makes_no_call(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    ticket_services.set_fields(ticket.pk, status=ticket.status)
    turn()
    assert world.slack.edits == []
    assert Delivery.objects.get(operation=Operation.EDIT).state == State.SENT


def test_breach_of_the_sla_is_shown(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    Ticket.objects.filter(pk=ticket.pk).update(sla_due_at=timezone.now() - timedelta(seconds=1))
    ticket_services.mark_breaches(timezone.now())
    turn()
    assert world.slack.posts[0]["text"].startswith("⏰ SLA BREACHED")


def test_better_analysis_becomes_one_comment_even_after_a_lost_answer(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    world.faults.plan("jira comment", "cut after")
    better_analysis(ticket, "The export job was switched off.")
    turn()
    better_analysis(ticket, "The export job was switched off.")
    turn()
    comments = world.jira.issues[0].comments
    assert len(comments) == 1
    assert "The export job was switched off." in texts(comments[0]["body"])
    assert "The export job was switched off." in str(world.slack.posts[0]["blocks"])


def test_ticket_closed_while_the_issue_was_made_closes_it_afterwards(world: World, turn: Worker) -> None:
    ticket = make_ticket(**ANALYSED)
    plan_deliveries(ticket.pk)
    ticket_services.acknowledge(ticket.pk, actor=ANN)
    turn()
    assert world.jira.issues[0].moves == ["Done"]
    assert "CLOSED" in world.slack.posts[0]["text"]


def test_storm_of_reports_gives_few_replies_and_no_edits(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    for _ in range(40):
        ticket_services.count_occurrence(ticket.pk, now=timezone.now())
        if ticket_services.lock(ticket.pk).occurrences in {2, 20}:
            turn()
    turn()
    assert [reply["text"].split(":")[1].split()[0] for reply in world.slack.replies] == ["2", "20", "41"]
    assert world.slack.edits == []
    assert {reply["thread_ts"] for reply in world.slack.replies} == {
        ticket.slack_ts or world.slack.posts[0]["ts"]
    }


def test_reports_counted_together_give_one_reply_at_the_last_doubling(world: World, turn: Worker) -> None:
    told, untold = told_ticket(turn), make_ticket(**ANALYSED)
    for more, replies in ((1, 1), (1, 1), (40, 2)):  # 2, 3 and 43 times in all
        with transaction.atomic():
            together = ticket_services.Occurrences()
            tickets = [ticket_services.lock(told.pk), ticket_services.lock(untold.pk)]
            for ticket in tickets * more:
                together.count(ticket, now=timezone.now())
            together.store()
        turn()
        assert len(world.slack.replies) == replies
    assert [reply["text"].split(":")[1].split()[0] for reply in world.slack.replies] == ["2", "43"]
    assert Delivery.objects.filter(ticket=untold).count() == 0


def test_reply_whose_answer_was_lost_is_found_again(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    world.faults.plan("slack post", "cut after")
    reply_in_thread(ticket.pk, "remediation-1", "The pipeline was started again.")
    reply_in_thread(ticket.pk, "remediation-1", "The pipeline was started again.")
    turn()
    assert [reply["text"] for reply in world.slack.replies] == ["The pipeline was started again."]


def test_reply_waits_for_the_message_it_belongs_under(world: World, turn: Worker) -> None:
    ticket = make_ticket(**ANALYSED)
    plan_deliveries(ticket.pk)
    propose_in_thread(ticket.pk, "17", "Retry the pipeline", "The source is there now.")
    assert told(Channel.SLACK) == 1
    assert world.slack.messages == []
    turn()
    assert world.slack.replies[0]["thread_ts"] == world.slack.posts[0]["ts"]
    assert "remediation.approve" in str(world.slack.replies[0]["blocks"])


def test_message_deleted_in_slack_parks_the_edit_with_advice(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    world.slack.messages.clear()
    ticket_services.acknowledge(ticket.pk, actor=ANN)
    turn()
    edit = Delivery.objects.get(operation=Operation.EDIT)
    assert edit.state == State.PARKED
    assert "deleted" in edit.advice
    assert world.jira.issues[0].moves == ["Done"], "Jira is no concern of Slack"
    send_again(edit.pk, actor=ANN)
    turn()
    assert ["CLOSED" in post["text"] for post in world.slack.posts] == [True]
    ticket.refresh_from_db()
    assert ticket.slack_ts == world.slack.posts[0]["ts"]
    assert not Delivery.objects.filter(state=State.PARKED).exists()


def test_transition_repeated_after_a_lost_answer_moves_the_issue_once(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    world.faults.plan("jira transition", "cut after")
    ticket_services.acknowledge(ticket.pk, actor=ANN)
    turn()
    assert world.jira.issues[0].moves == ["Done"]
    assert JiraIssue.objects.get().category == "done"


def test_change_survives_a_process_that_dies_right_after_its_commit(world: World, turn: Worker) -> None:
    ticket = told_ticket(turn)
    ticket_services.acknowledge(ticket.pk, actor=ANN)  # the test's transaction never runs on_commit
    assert make_due() == 2
