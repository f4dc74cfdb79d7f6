"""A playbook that a person asks for: the wish is written down, a worker asks the vendor and proposes the attempt."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.actors import person
from accounts.models import User
from accounts.roles import Role
from audit import actions
from audit.services import record
from integrations.errors import IntegrationError
from remediation import policy, sighting, switches
from remediation.approvals import NotPossibleError, keep_answer, settle
from remediation.attempts import attempts_of
from remediation.deciding import queue_decision
from remediation.facts import facts_of
from remediation.models import Approval, Attempt, Decision
from remediation.opening import create_attempt
from remediation.policy import BY_HAND, Ruling
from remediation.sighting import CannotAskError, Sighting
from remediation.states import OPEN, Kind, PlaybookName, Verdict
from remediation.telling import ask_people, tell, title_of
from tickets import live
from tickets import services as ticket_services
from tickets.models import Ticket

logger = logging.getLogger(__name__)


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
        decision = queue_decision(ticket.pk, now, requested_by=user, playbook=playbook)
        wanted = PlaybookName(playbook).label if playbook else "the policy's choice"
        record(
            actions.REMEDIATION_REQUESTED,
            subject=ticket.subject,
            actor=person(user),
            summary=f"Asked for: {wanted}",
        )
        live.publish(live.TICKET_UPDATED, ticket)
    return decision


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
            keep_answer(attempt, user, Approval.Answer.YES, way="request", note="", now=now)
            settle(attempt, person(user), now)
        else:
            ask_people(attempt)
    return attempt


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


def _check_none_open(ticket: Ticket) -> None:
    if (known := attempts_of(ticket).filter(state__in=OPEN).first()) is not None:
        raise NotPossibleError(f"Attempt {known.pk} is {known.get_state_display().lower()} already.")


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
