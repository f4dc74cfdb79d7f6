"""The rows behind shared answers: attempts, budget, chains of models, and what is not loaded without need."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from rca import questions
from rca.call_budget import take_permit
from rca.models import Analysis, CallMinute, Question, QuestionWait
from rca.questions import Role
from rca.services import analyse_ticket
from tests.rca.models.speech import PATH, answered, refused
from tests.support.factories import make_ticket
from tests.support.live_server import ROOT
from tests.support.vendor_server import VendorServer

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=60)


def asked(now: datetime) -> Question:
    joined = questions.join("k", make_ticket().pk, now, lease=LEASE)
    assert joined.role is Role.ASK
    questions.wait_for(joined.question, joined.question.ticket_id)
    return joined.question


def test_transient_failures_are_tried_again_later_each_time_and_then_no_more() -> None:
    now = timezone.now()
    question = asked(now)
    pauses = []
    for _ in range(questions.MOST_ATTEMPTS):
        questions.close_unanswered(question, now, permanent=False, retry_after=None)
        question.refresh_from_db()
        if question.state == Question.State.FAILED:
            break
        assert questions.claim_due(question.due_at - timedelta(seconds=1), LEASE) == []
        pauses.append((question.due_at - now).total_seconds())
        now = question.due_at
        (question,) = questions.claim_due(now, LEASE)
    assert pauses == [15, 60, 180]
    assert question.state == Question.State.FAILED
    assert not QuestionWait.objects.exists()


def test_call_that_was_not_made_is_no_attempt() -> None:
    now = timezone.now()
    question = asked(now)
    questions.close_unanswered(question, now, permanent=False, retry_after=7.0, was_called=False)
    question.refresh_from_db()
    assert (question.state, question.attempts) == (Question.State.WAITING, 0)
    assert question.due_at == now + timedelta(seconds=7)


@pytest.mark.parametrize(
    ("state", "after", "role"),
    [
        (Question.State.ASKING, timedelta(seconds=59), Role.FOLLOW),
        (Question.State.ASKING, timedelta(seconds=61), Role.ASK),
        (Question.State.WAITING, timedelta(seconds=59), Role.PASS),
        (Question.State.WAITING, timedelta(seconds=61), Role.ASK),
        (Question.State.FAILED, timedelta(seconds=59), Role.PASS),
        (Question.State.FAILED, timedelta(seconds=61), Role.ASK),
    ],
)
def test_part_of_an_equal_case_follows_from_the_state(state: str, after: timedelta, role: Role) -> None:
    now = timezone.now()
    asked(now)
    Question.objects.update(state=state, expires_at=now + LEASE)
    assert questions.join("k", make_ticket().pk, now + after, lease=LEASE).role is role


def test_question_is_taken_over_by_one_only() -> None:
    now = timezone.now()
    first = asked(now)
    later = now + LEASE + timedelta(seconds=1)
    assert questions.join("k", make_ticket().pk, later, lease=LEASE).role is Role.ASK
    assert questions.join("k", make_ticket().pk, later, lease=LEASE).role is Role.FOLLOW
    answer = Analysis.objects.create(ticket=first.ticket, provider="gemini")
    assert not questions.close_answered(first, answer, now)


def test_permits_of_a_minute_end_at_the_limit_and_come_back(settings: Settings) -> None:
    settings.RCA_CALLS_PER_MINUTE = 3
    now = timezone.now().replace(second=20, microsecond=0)
    assert [take_permit(now) for _ in range(4)] == [0.0, 0.0, 0.0, 40.0]
    assert take_permit(now + timedelta(seconds=40)) == 0.0
    assert take_permit(now + timedelta(hours=2)) == 0.0
    assert CallMinute.objects.count() == 1  # old minutes are forgotten


def test_second_model_answers_where_the_first_fails(endpoint: VendorServer, settings: Settings) -> None:
    settings.RCA_PROVIDERS = ("gemini", "google-genai", "rules")
    endpoint.on("POST", PATH, refused(404, "NOT_FOUND", "Retired."), answered())
    ticket = make_ticket(error_message="UserErrorSourceBlobNotExist: the blob is missing")
    assert analyse_ticket(ticket.pk).provider == "google-genai"
    failed = Analysis.objects.get(ticket=ticket, state=Analysis.State.FAILED)
    assert failed.provider == "gemini"


def test_rules_before_a_model_are_all_that_is_asked(endpoint: VendorServer, settings: Settings) -> None:
    settings.RCA_PROVIDERS = ("rules", "gemini")
    assert analyse_ticket(make_ticket().pk).provider == "rules"
    assert endpoint.requests == []


def test_sdks_are_not_loaded_without_a_key(tmp_path: Path) -> None:
    program = (
        "import django, sys; django.setup(); from rca.providers import models_in_order; import rca.tasks;"
        "assert models_in_order() == [];"
        "print([m for m in ('google.generativeai', 'google.genai', 'grpc') if m in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={
            "DJANGO_SETTINGS_MODULE": "aiops.settings",
            "AIOPS_DATA_DIR": "/nonexistent-not-written",
            "PATH": "",
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.stdout.strip() == "[]", ended.stderr[-2000:]


def test_each_sdk_is_imported_by_one_module_only() -> None:
    importers = sorted(
        str(path.relative_to(ROOT))
        for app in (
            "aiops",
            "accounts",
            "audit",
            "tickets",
            "integrations",
            "rca",
            "remediation",
            "ingestion",
        )
        for path in (ROOT / app).rglob("*.py")
        if any(line.startswith(("from google", "import google")) for line in path.read_text().splitlines())
    )
    assert importers == ["rca/providers/gemini/genai_sdk.py", "rca/providers/gemini/legacy_sdk.py"]
