"""`PLAYBOOK_*`: the signed body, the answers, and what the desk does with a playbook that does not answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pytest_django.fixtures import Settings

from integrations.signatures import sign
from remediation.models import Attempt
from remediation.states import State
from tests.remediation.conftest import Desk
from tests.support.estate import Estate
from tests.support.vendor_server import Answer, ok

pytestmark = pytest.mark.django_db

SECRET = "playbook-secret"


@pytest.fixture(autouse=True)
def _playbook(estate: Estate, settings: Settings) -> None:
    urls = dict.fromkeys(settings.PLAYBOOK_URLS, "")
    urls["RETRY_PIPELINE"] = f"{estate.vendor.url}/playbook/retry?sig=secret"
    settings.PLAYBOOK_URLS = urls
    settings.PLAYBOOK_SIGNING_SECRET = SECRET


@pytest.mark.parametrize("name", ["new_run_id", "run_id"])
def test_signed_body_goes_out_and_the_told_run_is_watched(desk: Desk, estate: Estate, name: str) -> None:
    estate.pipeline_fails()
    estate.playbook_answer = ok({name: "logic-1"}, 202)
    ticket = desk.pipeline_ticket()
    desk.take(ticket)
    desk.step()
    (call,) = estate.vendor.to("/playbook/retry")
    assert call.headers["x-signature"] == sign(SECRET, call.body)
    body = json.loads(call.body)
    assert set(body) == {"ticket_id", "error_type", "metadata", "retry_attempt", "max_retries"}
    assert (body["ticket_id"], body["error_type"]) == (ticket.key, "GatewayTimeout")
    assert (body["retry_attempt"], body["max_retries"]) == (1, 3)
    assert body["metadata"]["run_id"] == "run-0"
    estate.pipeline_run("logic-1", "load", "InProgress", started=estate.now)
    assert desk.step() == [State.VERIFYING]
    estate.end_pipeline_run("logic-1")
    assert desk.step() == [State.SUCCEEDED]
    assert estate.effects == [("playbook", "retry")]


def test_run_that_is_not_told_is_looked_for(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    assert desk.step(2) == [State.VERIFYING]
    estate.pipeline_run("logic-2", "load", "Succeeded", started=datetime.now(UTC))
    desk.step(2)
    assert (Attempt.objects.get().state, Attempt.objects.get().new_run_id) == (State.SUCCEEDED, "logic-2")


def test_run_of_another_pipeline_is_no_success(desk: Desk, estate: Estate) -> None:
    estate.pipeline_fails()
    estate.playbook_answer = ok({"run_id": "foreign"})
    estate.pipeline_run("foreign", "payroll", "Succeeded")
    desk.take(desk.pipeline_ticket())
    assert desk.step(2) == [State.FAILED]
    assert "another pipeline" in Attempt.objects.get().detail


def test_lost_answer_of_a_playbook_is_never_called_again(desk: Desk, estate: Estate) -> None:
    estate.faults.plan("playbook", "cut after")
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    desk.step(4)
    assert estate.effects == [("playbook", "retry")]
    attempt = Attempt.objects.get()
    assert attempt.state == State.FAILED
    assert "Nobody can tell" in attempt.detail


@pytest.mark.parametrize(
    "answer", [Answer(200, b"<html>fine</html>"), Answer(204), ok(["x"]), ok({"run_id": "../.."})]
)
def test_any_2xx_is_taken(desk: Desk, estate: Estate, answer: Answer) -> None:
    estate.playbook_answer = answer
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    assert desk.step() == [State.VERIFYING]
    assert Attempt.objects.get().new_run_id == ""


def test_without_a_signing_secret_nothing_goes_out(desk: Desk, estate: Estate, settings: Settings) -> None:
    settings.PLAYBOOK_SIGNING_SECRET = ""
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    assert desk.step() == [State.FAILED]
    assert estate.vendor.to("/playbook/retry") == []
    assert "PLAYBOOK_SIGNING_SECRET" in Attempt.objects.get().detail


def test_secret_address_stands_nowhere(desk: Desk, estate: Estate) -> None:
    estate.playbook_answer = Answer(403, b"no")
    estate.pipeline_fails()
    desk.take(desk.pipeline_ticket())
    desk.step()
    assert "sig=secret" not in Attempt.objects.get().detail
    assert Attempt.objects.get().state == State.FAILED
