"""Yes and no: by role, once, in time, never one's own where two are needed; from the API and from Slack."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.actors import person
from accounts.models import User
from audit import actions
from audit.models import AuditEntry
from audit.services import Actor
from integrations.models import Delivery
from integrations.services import plan_deliveries
from integrations.webhooks.presses import Presser, RefusedError
from remediation import asking, services
from remediation.models import Approval, Attempt
from remediation.slack_buttons import press_approve, press_reject
from remediation.states import State
from tests.remediation.conftest import Desk
from tests.support.estate import Estate
from tests.support.factories import make_ticket
from tests.support.people import client_of
from tickets.quiet.services import change_quiet, lift_quiet, mute_ticket

pytestmark = pytest.mark.django_db

SOMEBODY = Actor("person", "admin@example.com")


@pytest.fixture
def proposal(desk: Desk, estate: Estate, mode: Callable[[str], None]) -> Attempt:
    mode("propose")
    estate.pipeline_fails()
    (attempt,) = desk.take(desk.pipeline_ticket())
    assert attempt.state == State.PROPOSED
    return attempt


def post(user: User | None, attempt: Attempt | int, answer: str = "approve") -> Any:
    pk = attempt if isinstance(attempt, int) else attempt.pk
    return client_of(user).post(f"/api/remediation/{pk}/{answer}", {}, format="json")


def test_proposal_waits_is_listed_and_runs_after_a_yes(
    desk: Desk, estate: Estate, proposal: Attempt, approver: User, viewer: User
) -> None:
    desk.step(3)
    assert estate.writes() == []
    listed = client_of(viewer).get("/api/remediation?state=proposed").json()
    assert [row["id"] for row in listed["attempts"]] == [proposal.pk]
    detail = client_of(viewer).get(f"/api/tickets/{proposal.ticket.key}").json()["ticket"]
    assert [row["state"] for row in detail["remediation"]] == ["proposed"]
    assert detail["auto_heal_possible"] is True
    answer = post(approver, proposal)
    assert (answer.status_code, answer.json()["attempt"]["state"]) == (200, "scheduled")
    assert answer.json()["attempt"]["approvals"][0]["by"] == approver.email
    desk.step()
    assert estate.writes() == ["createRun"]


@pytest.mark.parametrize(
    ("who", "status"),
    [(None, 401), ("outsider", 403), ("viewer", 403), ("analyst", 403), ("admin_person", 200)],
)
@pytest.mark.parametrize("answer", ["approve", "reject"])
def test_only_an_approver_answers(
    request: pytest.FixtureRequest, proposal: Attempt, who: str | None, status: int, answer: str
) -> None:
    user = request.getfixturevalue(who) if who else None
    assert post(user, proposal, answer).status_code == status
    assert Approval.objects.count() == (status == 200)


def test_everybody_with_a_role_reads_the_list(proposal: Attempt, viewer: User, outsider: User) -> None:
    assert client_of(viewer).get("/api/remediation/").status_code == 200
    assert client_of(outsider).get("/api/remediation").status_code == 403
    assert client_of(None).get("/api/remediation").status_code == 401
    assert client_of(viewer).get("/api/remediation?state=nonsense").status_code == 400


def test_list_is_read_in_pages_of_several_states_and_refuses_what_it_does_not_know(
    proposal: Attempt, viewer: User
) -> None:
    for number in range(2, 5):
        state = State.FAILED if number == 4 else State.EXPIRED
        Attempt.objects.create(
            ticket=proposal.ticket, playbook="retry_pipeline", state=state, number=number, token=str(number)
        )
    client = client_of(viewer)
    seen: list[str] = []
    address = "/api/remediation?state=proposed,EXPIRED&limit=2"
    while address:
        page = client.get(address).json()
        seen += [row["state"] for row in page["attempts"]]
        address = page["next"]
    assert seen == ["expired", "expired", "proposed"]
    for wrong in ("before=3", "cursor=made-up", "state=proposed,odd", "limit=0"):
        refused = client.get(f"/api/remediation?{wrong}")
        assert (refused.status_code, list(refused.json()["fields"])) == (400, [wrong.partition("=")[0]])


def test_conflict_is_an_error_like_all_others(proposal: Attempt, approver: User) -> None:
    Attempt.objects.update(state=State.EXPIRED)
    answer = post(approver, proposal)
    assert answer.status_code == 409
    assert answer.json() == {
        "detail": "The attempt is expired; it waits for nobody.", "code": "not_possible", "fields": {},
    }  # fmt: skip


def test_yes_pressed_twice_is_one_yes(desk: Desk, estate: Estate, proposal: Attempt, approver: User) -> None:
    assert [post(approver, proposal).status_code for _ in range(2)] == [200, 200]
    assert Approval.objects.count() == 1
    desk.step(2)
    assert estate.writes() == ["createRun"]
    assert post(approver, proposal).status_code == 200


def test_expired_proposal_cannot_be_approved_and_ends(
    desk: Desk, estate: Estate, proposal: Attempt, approver: User
) -> None:
    Attempt.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert post(approver, proposal).status_code == 409
    assert services.expire(timezone.now()) == 1
    assert Attempt.objects.get().state == State.EXPIRED
    services.consider(proposal.ticket_id)
    assert len(desk.decide()) == 1, "it is not proposed again"


def questions(attempt: Attempt) -> int:
    """Deliveries that put this attempt's question into the ticket's thread."""
    return Delivery.objects.filter(ticket=attempt.ticket_id, part=f"proposal-{attempt.pk}").count()


def test_proposal_of_a_quiet_time_is_asked_when_it_ends_and_lives_from_then(
    desk: Desk, estate: Estate, settings: Settings, mode: Callable[[str], None]
) -> None:
    settings.SLACK_BOT_TOKEN = "xoxb-test"
    mode("propose")
    estate.pipeline_fails()
    ticket = desk.pipeline_ticket()
    plan_deliveries(ticket.pk)
    until = timezone.now() + timedelta(hours=9)
    mute = mute_ticket(ticket, until=until, reason="Known", actor=SOMEBODY)
    (attempt,) = desk.take(ticket)
    assert (attempt.state, questions(attempt)) == (State.PROPOSED, 0)
    later = timezone.now() + timedelta(hours=5)  # longer than an approval is waited for
    assert (services.ask_after_quiet(later), services.expire(later)) == (0, 0)
    mute.expires_at = until + timedelta(hours=9)
    change_quiet(mute, actor=SOMEBODY, now=timezone.now())
    services.ask_after_quiet(later)
    attempt.refresh_from_db()
    assert attempt.expires_at == mute.expires_at + timedelta(minutes=240)
    lift_quiet(mute, actor=SOMEBODY, now=timezone.now())
    assert services.ask_after_quiet(timezone.now()) == 1
    assert (services.ask_after_quiet(timezone.now()), questions(attempt)) == (0, 1)


def unasked(number: int) -> Attempt:
    """A question nobody was asked yet, on a ticket and a resource of its own; it expires in four hours."""
    ticket = make_ticket(pipeline=f"load-{number}")
    plan_deliveries(ticket.pk)
    return Attempt.objects.create(
        ticket=ticket,
        playbook="retry_pipeline",
        state=State.PROPOSED,
        resource_key=str(number),
        token=str(number),
        expires_at=timezone.now() + timedelta(hours=4),
    )


def test_question_whose_quiet_time_is_over_waits_for_no_older_one_that_is_quiet(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SLACK_BOT_TOKEN = "xoxb-test"
    monkeypatch.setattr(asking, "BATCH", 2)
    made = [unasked(number) for number in range(5)]
    until = timezone.now() + timedelta(hours=9)
    mutes = [mute_ticket(each.ticket, until=until, reason="Known", actor=SOMEBODY) for each in made]
    assert services.ask_after_quiet(timezone.now()) == 0
    assert Attempt.objects.filter(expires_at__gt=until).count() == 5, "none expires while nobody is asked"
    lift_quiet(mutes[4], actor=SOMEBODY, now=timezone.now())
    assert services.ask_after_quiet(timezone.now()) == 1
    assert [questions(attempt) for attempt in made] == [0, 0, 0, 0, 1]
    made[4].refresh_from_db()
    assert made[4].expires_at is not None
    assert made[4].expires_at < timezone.now() + timedelta(minutes=241), "counted from the end as it was"


def test_questions_after_a_long_quiet_time_are_put_by_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BATCH", 2)
    for number in range(5):
        unasked(number)
    assert [services.ask_after_quiet(timezone.now()) for _ in range(4)] == [2, 2, 1, 0]


def test_rejected_proposal_is_final(desk: Desk, estate: Estate, proposal: Attempt, approver: User) -> None:
    assert post(approver, proposal, "reject").json()["attempt"]["state"] == "rejected"
    assert post(approver, proposal).status_code == 409
    services.consider(proposal.ticket_id)
    desk.decide()
    desk.step(2)
    assert Attempt.objects.count() == 1
    assert estate.writes() == []


def test_scheduled_attempt_can_still_be_rejected(
    desk: Desk, estate: Estate, proposal: Attempt, approver: User, admin_person: User
) -> None:
    post(approver, proposal)
    assert post(admin_person, proposal, "reject").status_code == 200
    assert desk.step() == [State.REJECTED]
    assert estate.writes() == []


def test_own_yes_becomes_a_no_while_it_is_scheduled_and_the_record_keeps_both(
    desk: Desk, estate: Estate, proposal: Attempt, approver: User
) -> None:
    post(approver, proposal)
    assert post(approver, proposal, "reject").json()["attempt"]["state"] == "rejected"
    assert [given.answer for given in Approval.objects.all()] == ["no"]
    told = AuditEntry.objects.filter(ticket_key=proposal.ticket.key, actor=approver.email)
    assert list(told.order_by("id").values_list("action", flat=True)) == [
        actions.REMEDIATION_APPROVED, actions.REMEDIATION_SCHEDULED, actions.REMEDIATION_REJECTED,
    ]  # fmt: skip
    desk.step()
    assert estate.writes() == []


def test_attempt_that_waits_for_its_next_call_can_be_rejected_and_a_running_one_cannot(
    desk: Desk, estate: Estate, proposal: Attempt, approver: User
) -> None:
    post(approver, proposal)
    for state, status in ((State.RUNNING, 409), (State.VERIFYING, 409), (State.SCHEDULED, 200)):
        Attempt.objects.update(state=state, called_at=timezone.now(), calls=1)
        assert post(approver, proposal, "reject").status_code == status


def test_switched_off_no_yes_is_taken_and_a_no_is(
    desk: Desk, estate: Estate, proposal: Attempt, approver: User, settings: Settings
) -> None:
    settings.AUTO_REMEDIATION_ENABLED = False
    refused = post(approver, proposal)
    assert (refused.status_code, Approval.objects.count()) == (409, 0)
    assert "AUTO_REMEDIATION_ENABLED" in refused.json()["detail"]
    assert post(approver, proposal, "reject").status_code == 200


def test_unknown_attempt_is_404(approver: User) -> None:
    assert post(approver, 4711).status_code == 404


def test_own_request_needs_another_persons_yes_where_two_are_needed(
    desk: Desk, estate: Estate, approver: User, admin_person: User
) -> None:
    estate.cluster_ends("CLOUD_PROVIDER_LAUNCH_FAILURE")
    attempt = services.request_playbook(desk.cluster_ticket().pk, "fallback_node_type", approver)
    assert (attempt.state, attempt.people_needed) == (State.PROPOSED, 2)
    assert post(approver, attempt).status_code == 403
    assert post(admin_person, attempt).json()["attempt"]["state"] == "scheduled"


@pytest.fixture
def high_risk(desk: Desk, estate: Estate, analyst: User) -> Attempt:
    """Two must agree, and the analyst who asked for it counts as one of them no more."""
    estate.cluster_ends("CLOUD_PROVIDER_LAUNCH_FAILURE")
    attempt = services.request_playbook(desk.cluster_ticket().pk, "fallback_node_type", analyst)
    Attempt.objects.filter(pk=attempt.pk).update(requested_by=None)
    return attempt


def test_two_are_two_persons_whatever_their_e_mails_are(
    high_risk: Attempt, approver: User, admin_person: User
) -> None:
    assert services.approve(high_risk.pk, approver, way="api").state == State.AWAITING_APPROVAL
    old = approver.email
    User.objects.filter(pk=approver.pk).update(email="somebody.else@example.com")
    approver.refresh_from_db()
    assert services.approve(high_risk.pk, approver, way="api").state == State.AWAITING_APPROVAL
    assert Approval.objects.count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.create(attempt=high_risk, person=approver, email="third@example.com", answer="yes")
    User.objects.filter(pk=admin_person.pk).update(email=old)
    admin_person.refresh_from_db()
    assert services.approve(high_risk.pk, admin_person, way="api").state == State.SCHEDULED


@pytest.mark.parametrize("what", ["the desk", "the role"])
def test_yes_of_somebody_who_has_left_counts_no_more(
    high_risk: Attempt, approver: User, admin_person: User, what: str
) -> None:
    services.approve(high_risk.pk, approver, way="api")
    if what == "the desk":
        User.objects.filter(pk=approver.pk).update(is_active=False)
    else:
        approver.groups.clear()
    assert services.approve(high_risk.pk, admin_person, way="api").state == State.AWAITING_APPROVAL


def test_analysts_request_waits_and_an_approvers_own_does_not(
    desk: Desk, estate: Estate, analyst: User, approver: User
) -> None:
    estate.pipeline_fails()
    ticket = desk.pipeline_ticket()
    attempt = services.request_playbook(ticket.pk, "", analyst)
    assert attempt.state == State.PROPOSED
    with pytest.raises(services.NotPossibleError, match="already"):
        services.request_playbook(ticket.pk, "", approver)
    services.reject(attempt.pk, approver, way="api")
    assert services.request_playbook(ticket.pk, "retry_pipeline", approver).state == State.SCHEDULED
    desk.step()
    assert estate.writes() == ["createRun"]


def test_request_that_failed_is_not_gone_on_with_by_itself(
    desk: Desk, estate: Estate, approver: User
) -> None:
    estate.pipeline_fails()
    ticket = desk.pipeline_ticket()
    services.request_playbook(ticket.pk, "", approver)
    desk.step()
    estate.end_pipeline_run("new-1", "Failed")
    assert desk.step() == [State.FAILED]
    assert len(desk.decide()) == 1
    services.consider(ticket.pk)
    assert len(desk.decide()) == 1


def test_request_for_what_must_never_be_repaired_is_refused(
    desk: Desk, estate: Estate, approver: User
) -> None:
    estate.pipeline_fails("AuthorizationFailed", message="403 AuthorizationFailed")
    ticket = desk.pipeline_ticket(error_code="AuthorizationFailed", error_message="403 AuthorizationFailed")
    with pytest.raises(services.NotPossibleError, match="Never"):
        services.request_playbook(ticket.pk, "retry_pipeline", approver)
    assert estate.writes() == []


def test_slack_button_needs_an_account_and_the_role(
    desk: Desk, estate: Estate, proposal: Attempt, analyst: User, approver: User
) -> None:
    value = str(proposal.pk)
    for presser in (Presser(person(analyst), None), Presser(person(analyst), analyst)):
        with pytest.raises(RefusedError, match="approver"):
            press_approve(value, presser)
    with pytest.raises(RefusedError, match="no such"):
        press_approve("17; DROP TABLE", Presser(person(approver), approver))
    press_approve(value, Presser(person(approver), approver))
    press_approve(value, Presser(person(approver), approver))
    desk.step()
    assert estate.writes() == ["createRun"]
    with pytest.raises(RefusedError, match="waits for nobody"):
        press_reject(value, Presser(person(approver), approver))


def test_nothing_is_approved_with_the_kill_switch_on(proposal: Attempt, approver: User) -> None:
    services.set_kill_switch(True, reason="", actor=person(approver))
    assert post(approver, proposal).status_code == 409
