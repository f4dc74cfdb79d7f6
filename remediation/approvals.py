"""A person's yes or no, from the API, the console or Slack: once per person, by role, before it expires."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.actors import person
from accounts.models import User
from accounts.roles import Role
from audit import actions
from audit.services import Actor, record
from integrations.errors import IntegrationError
from remediation import policy, sighting, switches
from remediation.closing import close_quietly
from remediation.deciding import create_attempt
from remediation.facts import BY_HAND, attempts_of, facts_of
from remediation.models import Approval, Attempt, Decision
from remediation.policy import Ruling
from remediation.sighting import CannotAskError, Sighting
from remediation.states import ACTIVE, OPEN, WAITING_FOR_PEOPLE, Kind, PlaybookName, State, Verdict
from remediation.telling import ask_people, tell, title_of
from tickets import live
from tickets import services as ticket_services
from tickets.models import Ticket

logger = logging.getLogger(__name__)


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
        _keep_answer(attempt, user, Approval.Answer.YES, way, note)
        _settle(attempt, person(user), now)
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
        _keep_answer(attempt, user, Approval.Answer.NO, way, note)
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


def ask_for_playbook(ticket_id: int, playbook: str, user: User) -> Decision:
    """A person asks for a playbook on a ticket: "" for the policy's own choice. Anybody who acts on tickets may ask.

    Only the wish is written down; a worker asks the vendor first. Raises NotPossibleError where it is certain now.
    """
    now = timezone.now()
    ticket = Ticket.objects.get(pk=ticket_id)
    kind = _check_may_ask(ticket)
    facts = facts_of(ticket, kind)
    early = policy.for_person(facts, PlaybookName(playbook)) if playbook else policy.decide(facts)
    if early.verdict == Verdict.NEVER or (playbook and not early.may_heal):
        raise NotPossibleError(" ".join(early.reasons))
    with transaction.atomic():
        ticket = ticket_services.lock(ticket_id)
        _check_none_open(ticket)
        decision, _ = Decision.objects.update_or_create(
            ticket=ticket,
            defaults={
                "is_waiting": True, "due_at": now, "asked_since": now, "claim_token": "",
                "requested_by": user, "playbook": playbook,
            },
        )  # fmt: skip
        wanted = PlaybookName(playbook).label if playbook else "the policy's choice"
        record(
            actions.REMEDIATION_REQUESTED,
            subject=ticket.subject,
            actor=person(user),
            summary=f"Asked for: {wanted}",
        )
        live.publish(live.TICKET_UPDATED, ticket)
    return decision


def _check_may_ask(ticket: Ticket) -> Kind:
    if not settings.AUTO_REMEDIATION_ENABLED:
        raise NotPossibleError("AUTO_REMEDIATION_ENABLED is off.")
    if switches.is_stopped():
        raise NotPossibleError("The kill switch is on.")
    if ticket.is_closed:
        raise NotPossibleError("The ticket is closed.")
    _check_none_open(ticket)
    kind = sighting.kind_of(ticket)
    if kind is None:
        raise NotPossibleError(f"There is no playbook for {ticket.get_source_display()}.")
    if reason := sighting.observed_only(kind):
        raise NotPossibleError(reason)
    return kind


def decide_request(ticket_id: int, token: str) -> Attempt | None:
    """Carry out a wish that a worker has claimed; a refusal is kept with the decision and in the audit trail."""
    claimed = Decision.objects.filter(pk=ticket_id, claim_token=token, is_waiting=True)
    row = claimed.select_related("ticket", "requested_by").first()
    if row is None or row.requested_by is None:
        return None
    attempt, refusal = None, ""
    try:
        attempt = request_playbook(ticket_id, row.playbook, row.requested_by)
    except (NotPossibleError, CannotAskError) as reason:
        refusal = str(reason)
    except IntegrationError as error:
        refusal = f"The vendor could not be asked: {error} {error.advice}".strip()
    except Exception:
        logger.exception("The playbook asked for on %s could not be proposed", row.ticket.key)
        refusal = "The desk itself failed at it; see the log."
    reasons = [refusal] if attempt is None else attempt.reasons
    with transaction.atomic():
        verdict = Verdict.ASK if attempt else Verdict.NO
        claimed.update(
            is_waiting=False, requested_by=None, playbook="", verdict=verdict, reasons=reasons,
            decided_at=timezone.now(),
        )  # fmt: skip
        if refusal:
            ticket_services.note(
                ticket_id, actions.REMEDIATION_SKIPPED, summary=f"Not done as asked: {refusal}"
            )
    return attempt


def request_playbook(ticket_id: int, playbook: str, user: User) -> Attempt:
    """Write down the attempt that a person asks for, after asking the vendor: for a worker, outside a transaction.

    It waits for an approver's yes; an approver's own request is that yes, unless two persons are needed.
    Raises NotPossibleError, CannotAskError, IntegrationError.
    """
    now = timezone.now()
    ticket = Ticket.objects.get(pk=ticket_id)
    kind = _check_may_ask(ticket)
    seen = sighting.look_at_ticket(ticket)
    if seen.condition != "failed":
        raise NotPossibleError(seen.note)
    ruling = _ruling_by_hand(ticket, kind, playbook, seen)
    if reason := switches.disabled_reason(str(ruling.playbook)):
        raise NotPossibleError(f"The playbook is switched off: {reason}.")
    with transaction.atomic():
        ticket = ticket_services.lock(ticket_id)
        _check_none_open(ticket)
        reasons = [f"{user.email} asks for it.", *ruling.reasons]
        attempt = create_attempt(ticket, ruling, seen, reasons=reasons, asks=True, now=now, requested_by=user)
        tell(attempt, actions.REMEDIATION_PROPOSED, title_of(attempt), actor=person(user))
        if user.has_role(Role.APPROVER) and attempt.people_needed == 1:
            _keep_answer(attempt, user, Approval.Answer.YES, "request", "")
            _settle(attempt, person(user), now)
        else:
            ask_people(attempt)
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


def _ruling_by_hand(ticket: Ticket, kind: str, playbook: str, seen: Sighting) -> Ruling:
    facts = facts_of(ticket, kind, seen)
    ruling = policy.for_person(facts, PlaybookName(playbook)) if playbook else policy.decide(facts)
    if not ruling.may_heal or ruling.playbook is None:
        raise NotPossibleError(" ".join(ruling.reasons))
    if ruling.verdict == Verdict.ACT or not playbook:
        # What a person asks for is by hand: it neither uses up the policy's tries nor counts as one of them.
        return Ruling(
            Verdict.ASK, ruling.reasons, BY_HAND, ruling.step, playbook=ruling.playbook, risk=ruling.risk
        )
    return ruling


def _check_none_open(ticket: Ticket) -> None:
    if (known := attempts_of(ticket).filter(state__in=OPEN).first()) is not None:
        raise NotPossibleError(f"Attempt {known.pk} is {known.get_state_display().lower()} already.")


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


def _keep_answer(attempt: Attempt, user: User, answer: str, way: str, note: str) -> None:
    Approval.objects.update_or_create(
        attempt=attempt,
        person=user,
        defaults={
            "email": user.email, "answer": answer, "way": way, "note": note[:500], "created_at": timezone.now(),
        },
    )  # fmt: skip


def _settle(attempt: Attempt, actor: Actor, now: datetime) -> None:
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
