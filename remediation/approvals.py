"""A person's yes or no, from the API, the console or Slack: once per person, by role, before it expires."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actors import person
from accounts.models import User
from accounts.roles import Role
from audit import actions
from audit.services import Actor
from remediation import switches
from remediation.closing import close_quietly
from remediation.models import Approval, Attempt
from remediation.states import ACTIVE, WAITING_FOR_PEOPLE, State
from remediation.telling import tell, title_of
from tickets import services as ticket_services


class NotAllowedError(Exception):
    """This person may not, whatever the attempt's state."""


class NotPossibleError(Exception):
    """It cannot be done in the attempt's present state; the message says why."""


def approve(attempt_id: int, user: User, *, way: str, note: str = "") -> Attempt:
    """One person's yes; the last one needed schedules the attempt.

    Repeating it changes nothing. Raises Attempt.DoesNotExist, NotAllowedError, NotPossibleError.
    """
    now = timezone.now()
    _check_role(user)
    with transaction.atomic():
        attempt = _locked(attempt_id)
        if _has_answered(attempt, user, Approval.Answer.YES):
            return attempt
        _check_waiting(attempt, now)
        if not settings.AUTO_REMEDIATION_ENABLED:
            raise NotPossibleError("AUTO_REMEDIATION_ENABLED is off.")
        if attempt.people_needed > 1 and attempt.requested_by_id == user.pk:
            raise NotAllowedError("You asked for it yourself: this step needs the yes of somebody else.")
        if switches.is_stopped():
            raise NotPossibleError("The kill switch is on.")
        if reason := switches.disabled_reason(attempt.playbook):
            raise NotPossibleError(f"The playbook is switched off: {reason}.")
        keep_answer(attempt, user, Approval.Answer.YES, way=way, note=note, now=now)
        settle(attempt, person(user), now)
    return attempt


def reject(attempt_id: int, user: User, *, way: str, note: str = "") -> Attempt:
    """One person's no ends it, also while it is scheduled; a person's own yes becomes a no, and the record keeps both.

    Raises Attempt.DoesNotExist, NotAllowedError, NotPossibleError.
    """
    now = timezone.now()
    _check_role(user)
    with transaction.atomic():
        attempt = _locked(attempt_id)
        if attempt.state == State.REJECTED:
            return attempt
        if attempt.state != State.SCHEDULED:
            _check_waiting(attempt, now)
        keep_answer(attempt, user, Approval.Answer.NO, way=way, note=note, now=now)
        attempt.state, attempt.ended_at, attempt.claim_token = State.REJECTED, now, ""
        attempt.detail = f"Rejected by {user.email}" + (f": {note}" if note else "")[:400]
        attempt.save(update_fields=["state", "ended_at", "claim_token", "detail", "updated_at"])
        tell(
            attempt,
            actions.REMEDIATION_REJECTED,
            attempt.detail,
            actor=person(user),
            thread=f"{attempt.detail}.",
        )
    return attempt


def expire(now: datetime) -> int:
    """End the proposals that nobody answered in time, and those whose ticket was closed; returns how many."""
    waiting = Attempt.objects.filter(state__in=WAITING_FOR_PEOPLE)
    late = list(waiting.filter(expires_at__lte=now).values_list("pk", flat=True)[:100])
    closed = list(waiting.filter(ticket__status="acknowledged").values_list("pk", flat=True)[:100])
    ended = [
        _close_unanswered(pk, State.EXPIRED, "Nobody answered in time.", actions.REMEDIATION_EXPIRED)
        for pk in late
    ]
    ended += [
        _close_unanswered(pk, State.SKIPPED, "The ticket was closed.", actions.REMEDIATION_SKIPPED)
        for pk in closed
    ]
    return sum(ended)


def _close_unanswered(attempt_id: int, state: State, why: str, action: str) -> bool:
    with transaction.atomic():
        attempt = _locked(attempt_id)
        if not attempt.is_waiting_for_people:
            return False
        close_quietly(attempt, state, why, action)
    return True


def _check_role(user: User) -> None:
    if not user.has_role(Role.APPROVER):
        raise NotAllowedError("Only an approver may answer a proposal.")


def _locked(attempt_id: int) -> Attempt:
    """The attempt, its ticket's row and its own locked, in this order everywhere."""
    ticket_id = Attempt.objects.values_list("ticket_id", flat=True).get(pk=attempt_id)
    ticket = ticket_services.lock(ticket_id)
    attempt = Attempt.objects.select_for_update().get(pk=attempt_id)
    attempt.ticket = ticket
    return attempt


def _has_answered(attempt: Attempt, user: User, answer: str) -> bool:
    return Approval.objects.filter(attempt=attempt, person=user, answer=answer).exists()


def _agreeing(attempt: Attempt) -> dict[int, str]:
    """Who stands behind an attempt, e-mails by person: approvers with their yes, and who asked for it.

    Persons are counted and not e-mails, which people may change; who has left the desk or its role counts no more.
    """
    given = Approval.objects.filter(attempt=attempt, answer=Approval.Answer.YES).select_related("person")
    people = [each.person for each in given if each.person and each.person.has_role(Role.APPROVER)]
    if attempt.requested_by is not None and attempt.requested_by.is_active:
        people.append(attempt.requested_by)
    return {each.pk: each.email for each in people}


def _check_waiting(attempt: Attempt, now: datetime) -> None:
    if not attempt.is_waiting_for_people:
        raise NotPossibleError(f"The attempt is {attempt.get_state_display().lower()}; it waits for nobody.")
    if attempt.expires_at is not None and attempt.expires_at <= now:
        raise NotPossibleError("The proposal has expired.")
    if attempt.ticket.is_closed:
        raise NotPossibleError("The ticket is closed.")


def keep_answer(attempt: Attempt, user: User, answer: str, *, way: str, note: str, now: datetime) -> None:
    """One answer a person: a later one takes its place. `way` is where it was given (api, console, slack, request)."""
    Approval.objects.update_or_create(
        attempt=attempt,
        person=user,
        defaults={
            "email": user.email, "answer": answer, "way": way, "note": note[:500], "created_at": now,
        },
    )  # fmt: skip


def settle(attempt: Attempt, actor: Actor, now: datetime) -> None:
    """After a yes: schedule it when enough people have said so. Raises NotPossibleError."""
    said_yes = _agreeing(attempt)
    is_enough = len(said_yes) >= attempt.people_needed
    if is_enough and Attempt.objects.filter(resource_key=attempt.resource_key, state__in=ACTIVE).exists():
        raise NotPossibleError(
            "Another attempt is under way on the same resource; answer again when it has ended."
        )
    if is_enough:
        attempt.state = State.SCHEDULED
        attempt.due_at = max(now, attempt.created_at + timedelta(seconds=attempt.wait_seconds))
    else:
        attempt.state = State.AWAITING_APPROVAL
    try:
        with transaction.atomic():
            attempt.save(update_fields=["state", "due_at", "updated_at"])
    except IntegrityError as error:
        raise NotPossibleError("Another attempt has just begun on the same resource.") from error
    who = ", ".join(sorted(said_yes.values()))
    more = "" if is_enough else "; one more person must agree"
    text = f"{title_of(attempt)}: approved by {who}{more}"
    tell(attempt, actions.REMEDIATION_APPROVED, text, actor=actor)
    if is_enough:
        tell_thread = f"{text}."
        tell(attempt, actions.REMEDIATION_SCHEDULED, text, actor=actor, thread=tell_thread)
