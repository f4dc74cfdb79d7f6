"""The rows behind shared answers: who asks, who waits, when it is tried again. No call is made here.

Every change of hands is a conditional UPDATE on the state that was read, so of many workers on many machines one
asks. A worker that dies keeps its lease until it runs out; then the clock's task takes the question over.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from rca.models import Analysis, Question, QuestionWait
from tickets.due import is_due

MOST_ATTEMPTS = 4
FAILURE_HOLDS = timedelta(seconds=60)
BACKOFF = tuple(timedelta(seconds=seconds) for seconds in (15, 60, 180))
LONGEST_BACKOFF = timedelta(hours=1)
FARTHEST = LONGEST_BACKOFF * 2
CLAIMED_AT_ONCE = 4
KEPT = timedelta(days=2)


class Role(Enum):
    """What a ticket does about its question: ask it, follow the one who asks, use the answer, or do without."""

    ASK = auto()
    FOLLOW = auto()
    REUSE = auto()
    PASS = auto()


@dataclass(frozen=True, slots=True)
class Joined:
    role: Role
    question: Question


def key_of(fingerprint: str, providers: Iterable[str]) -> str:
    """Equal cases share a question only as long as the same models are asked."""
    text = "\n".join([fingerprint, settings.MODEL_ID, *providers])
    return hashlib.sha256(text.encode()).hexdigest()


def lease(models: int) -> timedelta:
    """The longest that asking may take: each model twice (a repair), and some seconds for the rest."""
    return timedelta(seconds=2 * models * settings.GEMINI_TIMEOUT_SECONDS + 15)


def join(key: str, ticket_id: int, now: datetime, *, lease: timedelta, afresh: bool = False) -> Joined:
    """Take part in the question of this key. `afresh` does not take an earlier answer (a person asked again)."""
    for _ in range(3):  # each turn without a result means that somebody else moved first
        question = Question.objects.select_related("analysis__ticket").filter(key=key).first()
        if question is None:
            question = _created(key, ticket_id, now, lease)
            if question is not None:
                return Joined(Role.ASK, question)
            continue
        role = _role(question, now, afresh=afresh)
        if role is not Role.ASK:
            return Joined(role, question)
        if taken := _taken_over(question, ticket_id, now, lease):
            return Joined(Role.ASK, taken)
    return Joined(Role.PASS, Question.objects.get(key=key))


def _role(question: Question, now: datetime, *, afresh: bool) -> Role:
    if question.state == Question.State.ASKING:
        return Role.FOLLOW if question.due_at > now else Role.ASK
    if question.state == Question.State.WAITING:
        return Role.ASK if afresh or question.due_at <= now else Role.PASS
    if afresh or question.expires_at is None or question.expires_at <= now:
        return Role.ASK
    return Role.REUSE if question.state == Question.State.ANSWERED and question.analysis_id else Role.PASS


def _created(key: str, ticket_id: int, now: datetime, lease: timedelta) -> Question | None:
    try:
        with transaction.atomic():
            return Question.objects.create(
                key=key,
                ticket_id=ticket_id,
                claim_token=secrets.token_hex(16),
                asked_at=now,
                due_at=now + lease,
                attempts=1,
            )
    except IntegrityError:
        return None


def _taken_over(question: Question, ticket_id: int, now: datetime, lease: timedelta) -> Question | None:
    """The question asked anew by this ticket: a new round of attempts."""
    token = secrets.token_hex(16)
    same = Question.objects.filter(pk=question.pk, state=question.state, claim_token=question.claim_token)
    changed = same.update(
        state=Question.State.ASKING,
        ticket_id=ticket_id,
        claim_token=token,
        asked_at=now,
        due_at=now + lease,
        expires_at=None,
        attempts=1,
        is_late=False,
        analysis=None,
    )
    return Question.objects.get(pk=question.pk) if changed else None


def claim_due(now: datetime, lease: timedelta) -> list[Question]:
    """Questions that nobody holds and some ticket still waits for, claimed for another attempt."""
    unanswered = [Question.State.ASKING, Question.State.WAITING]
    due = Question.objects.filter(is_due(now, FARTHEST), state__in=unanswered, waits__isnull=False)
    claimed = []
    for question in due.distinct().order_by("due_at")[:CLAIMED_AT_ONCE]:
        token = secrets.token_hex(16)
        same = Question.objects.filter(
            pk=question.pk, state=question.state, claim_token=question.claim_token, due_at=question.due_at
        )
        if same.update(
            state=Question.State.ASKING,
            claim_token=token,
            due_at=now + lease,
            attempts=question.attempts + 1,
            is_late=True,
        ):
            claimed.append(Question.objects.get(pk=question.pk))
    return claimed


def wait_for(question: Question, ticket_id: int) -> None:
    """Let the ticket have the answer when it comes."""
    QuestionWait.objects.update_or_create(ticket_id=ticket_id, defaults={"question": question})


def stop_waiting(ticket_id: int) -> None:
    QuestionWait.objects.filter(ticket_id=ticket_id).delete()


def mark_late(question: Question) -> None:
    """Nobody waits for this attempt any more: equal cases that come now get the rules' finding at once."""
    Question.objects.filter(pk=question.pk, claim_token=question.claim_token).update(is_late=True)


def close_answered(question: Question, analysis: Analysis, now: datetime) -> bool:
    """The answer is there; False when the question has passed to somebody else in the meantime."""
    return (
        _held(question).update(
            state=Question.State.ANSWERED,
            analysis=analysis,
            expires_at=now + timedelta(minutes=settings.RCA_REUSE_MINUTES),
        )
        == 1
    )


def close_unanswered(
    question: Question, now: datetime, *, permanent: bool, retry_after: float | None, was_called: bool = True
) -> None:
    """No answer: try again later, or give up. `was_called` is False where budget or breaker let no call out."""
    attempts = question.attempts if was_called else max(question.attempts - 1, 0)
    too_old = now - question.asked_at > timedelta(minutes=max(settings.RCA_REUSE_MINUTES, 10))
    if permanent or too_old or attempts >= MOST_ATTEMPTS:
        _held(question).update(state=Question.State.FAILED, expires_at=now + FAILURE_HOLDS, is_late=True)
        QuestionWait.objects.filter(question=question, question__state=Question.State.FAILED).delete()
        return
    backoff = BACKOFF[min(max(attempts - 1, 0), len(BACKOFF) - 1)].total_seconds()
    seconds = backoff if retry_after is None else max(retry_after, 1.0)
    delay = min(timedelta(seconds=seconds), LONGEST_BACKOFF)
    _held(question).update(state=Question.State.WAITING, due_at=now + delay, attempts=attempts, is_late=True)


def release_all(now: datetime) -> int:
    """End every lease; only for a start that knows itself to be the only worker."""
    return Question.objects.filter(state=Question.State.ASKING, due_at__gt=now).update(due_at=now)


def forget(analysis: Analysis, now: datetime) -> None:
    """A person found this answer wrong: it is reused no more."""
    source = analysis.reused_from_id or analysis.pk
    Question.objects.filter(analysis_id=source).update(expires_at=now)


def trim(now: datetime) -> int:
    """Delete questions that are long past use; returns how many rows went."""
    deleted, _ = Question.objects.filter(asked_at__lt=now - KEPT).delete()
    return deleted


def _held(question: Question) -> QuerySet[Question]:
    return Question.objects.filter(
        pk=question.pk, state=Question.State.ASKING, claim_token=question.claim_token
    )
