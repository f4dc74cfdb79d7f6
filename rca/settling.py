"""What becomes of an answer after people stopped waiting for it: it replaces the rules' finding, everywhere."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from rca import questions, reuse
from rca.asking import Outcome, PatientCall, ask_models
from rca.call_budget import take_permit
from rca.case import TracedProvider
from rca.cases import basis_of
from rca.findings import Basis, keep_answer, keep_failures
from rca.models import Question
from rca.providers import models_in_order
from rca.similar import similar_cases
from tickets.models import Ticket

logger = logging.getLogger(__name__)

SHARED_AT_ONCE = 1_000


def start_attempt(question: Question, basis: Basis, models: Sequence[TracedProvider]) -> PatientCall:
    """Ask the models about this case, with what resolved similar tickets, in a thread of its own."""
    case = replace(basis.case, similar=similar_cases(basis.ticket, basis.rules, basis.fingerprint))
    return PatientCall(lambda: ask_models(models, case), lambda outcome: settle(question, outcome))


def settle(question: Question, outcome: Outcome) -> None:
    """Keep a late outcome: the answer goes to every ticket that waits; without one, another attempt is planned."""
    basis = basis_of(Ticket.objects.get(pk=question.ticket_id))
    with transaction.atomic():
        keep_failures(basis, outcome.attempts)
        if outcome.answer is None:
            close_without(question, outcome)
            return
        reuse.take_wait(question, basis.ticket.pk)
        analysis = keep_answer(basis, outcome.answer)
        questions.close_answered(question, analysis, timezone.now())
    share(question)


def close_without(question: Question, outcome: Outcome) -> None:
    questions.close_unanswered(
        question,
        timezone.now(),
        permanent=outcome.is_permanent,
        retry_after=outcome.retry_after,
        was_called=outcome.was_called,
    )


def share(question: Question) -> int:
    """Give the answer to all that wait for it; returns how many got it. What fails here is tried again later."""
    question = Question.objects.select_related("analysis__ticket").get(pk=question.pk)
    if question.state != Question.State.ANSWERED or question.analysis is None:
        return 0
    shared = 0
    for ticket_id in reuse.waiting_tickets(question, SHARED_AT_ONCE):
        try:
            shared += reuse.upgrade(basis_of(Ticket.objects.get(pk=ticket_id)), question)
        except Exception:
            logger.exception("The answer could not be given to ticket %s", ticket_id)
    return shared


def settle_wait(basis: Basis, question: Question) -> None:
    """For a ticket that has just begun to wait: the question may have been settled a moment before."""
    question = Question.objects.select_related("analysis__ticket").get(pk=question.pk)
    if question.state == Question.State.ANSWERED and question.analysis is not None:
        reuse.upgrade(basis, question)
    elif question.state == Question.State.FAILED:
        questions.stop_waiting(basis.ticket.pk)


def ask_due(now: datetime) -> int:
    """Take up the questions whose time has come or whose asker died; returns how many. Does not wait for them."""
    models = models_in_order()
    if not models:
        return 0
    claimed = questions.claim_due(now, questions.lease(len(models)))
    for question in claimed:
        wait = take_permit(now)
        if wait:
            questions.close_unanswered(question, now, permanent=False, retry_after=wait, was_called=False)
            continue
        call = start_attempt(question, basis_of(question.ticket), models)
        outcome = call.leave()
        if outcome is not None:
            settle(question, outcome)
    return len(claimed)


def share_forgotten() -> int:
    """Give answers to tickets that were waiting when their worker died."""
    answered = Question.objects.filter(state=Question.State.ANSWERED, waits__isnull=False).distinct()
    return sum(share(question) for question in answered[:50])
