"""How a ticket gets its finding: the models in their order, never waited for long, and the rules in any case.

Within RCA_FIRST_ANSWER_SECONDS a model's answer is the first that people see. Later than that, or without one, the
rules' finding is written, people are told, and a model's answer that comes replaces it (`settle`). Equal failures
share one question (`questions`): one ticket asks, the others wait the same short time, then get the rules'
finding too, and the shared answer when it is there.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit import actions
from audit.models import ActorKind, AuditEntry
from rca import questions, reuse, settling
from rca.asking import Outcome
from rca.call_budget import take_permit
from rca.case import TracedProvider
from rca.cases import basis_of
from rca.evidence.store import keep_alert_text
from rca.findings import Basis, keep_answer, keep_failures, keep_rules
from rca.models import Analysis, Question
from rca.providers import models_in_order
from rca.questions import Joined, Role
from tickets.models import Ticket

POLL_SECONDS = 0.05
# A new ticket that took longer to get here has queued behind others: it waits for nothing more.
LONGEST_WAY_HERE = timedelta(seconds=15)


def analyse_ticket(ticket_id: int) -> Analysis:
    """Explain a ticket's failure and write the finding on the ticket; returns the current analysis.

    Takes milliseconds without a model, and at most RCA_FIRST_ANSWER_SECONDS more with one.
    """
    ticket = Ticket.objects.get(pk=ticket_id)
    keep_alert_text(ticket)
    questions.stop_waiting(ticket_id)
    basis = basis_of(ticket)
    models = models_in_order()
    if not models:
        return keep_rules(basis)
    joined = questions.join(
        questions.key_of(basis.fingerprint, [model.name for model in models]),
        ticket_id,
        timezone.now(),
        lease=questions.lease(len(models)),
        afresh=was_asked_by_a_person(ticket),
    )
    if joined.role is Role.ASK:
        return _ask(basis, joined.question, models)
    return _take_part(basis, joined)


def was_asked_by_a_person(ticket: Ticket) -> bool:
    """Whether a person wants a new answer, which an earlier one must not stand in for."""
    if not ticket.rca_provider:
        return False
    last = Analysis.objects.filter(ticket=ticket).order_by("-id").values_list("created_at", flat=True).first()
    asked = AuditEntry.objects.filter(ticket_key=ticket.key, action=actions.RCA_REQUESTED)
    if last is None:
        return False
    return asked.filter(created_at__gt=last).exclude(actor_kind=ActorKind.SYSTEM).exists()


def _ask(basis: Basis, question: Question, models: Sequence[TracedProvider]) -> Analysis:
    wait = take_permit(timezone.now())
    if wait:
        questions.close_unanswered(
            question, timezone.now(), permanent=False, retry_after=wait, was_called=False
        )
        return _rules_for_now(basis, question, "this minute's calls are used up.")
    call = settling.start_attempt(question, basis, models)
    outcome = call.wait(patience_for(basis.ticket, timezone.now()))
    if outcome is not None:
        return _keep_outcome(basis, question, outcome)
    questions.mark_late(question)
    analysis = _rules_for_now(basis, question, "no answer yet; it replaces this finding when it comes.")
    outcome = call.leave()
    if outcome is not None:  # it came while the rules' finding was written
        settling.settle(question, outcome)
    return analysis


def _keep_outcome(basis: Basis, question: Question, outcome: Outcome) -> Analysis:
    """What came in time: the answer as the first finding, else the rules'."""
    with transaction.atomic():
        keep_failures(basis, outcome.attempts)
        if outcome.answer is None:
            settling.close_without(question, outcome)
        else:
            analysis = keep_answer(basis, outcome.answer)
            questions.close_answered(question, analysis, timezone.now())
    if outcome.answer is None:
        return _rules_for_now(basis, question, str(outcome.attempts[-1].error))
    settling.share(question)
    return Analysis.objects.get(ticket=basis.ticket, is_current=True)


def _take_part(basis: Basis, joined: Joined) -> Analysis:
    """An equal case asked before: use its answer, or wait for it as long as people waited for it anyway."""
    question = joined.question
    if joined.role is Role.FOLLOW:
        question = _followed(question, patience_for(basis.ticket, timezone.now()))
    if question.state == Question.State.ANSWERED and question.analysis is not None:
        if question.analysis.ticket_id == basis.ticket.pk and question.analysis.is_current:
            return question.analysis
        reused = reuse.reuse(basis, question.analysis)
        return reused if reused.is_current else Analysis.objects.get(ticket=basis.ticket, is_current=True)
    return _rules_for_now(basis, question, "an equal failure is being asked about, or got no answer.")


def patience_for(ticket: Ticket, now: datetime) -> float:
    """Seconds that the first notification may wait for a model; none for a ticket that queued in a storm."""
    has_queued = not ticket.rca_provider and now - ticket.opened_at > LONGEST_WAY_HERE
    return 0.0 if has_queued else settings.RCA_FIRST_ANSWER_SECONDS


def _followed(question: Question, patience: float) -> Question:
    """The question as it stands when it is settled, or when the first who asked no longer waits."""
    until = question.asked_at + timedelta(seconds=patience)
    while question.state == Question.State.ASKING and not question.is_late and timezone.now() < until:
        time.sleep(POLL_SECONDS)
        question = Question.objects.select_related("analysis__ticket").get(pk=question.pk)
    return question


def _rules_for_now(basis: Basis, question: Question, reason: str) -> Analysis:
    """The rules' finding at once; where an answer may still come, the ticket is put down for it first."""
    questions.wait_for(question, basis.ticket.pk)
    analysis = keep_rules(basis, fallback_reason=reason)
    settling.settle_wait(basis, question)  # it may have been settled in between
    return analysis
