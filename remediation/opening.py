"""How an attempt begins: written down as scheduled, as a question to people, or as what is only observed."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.conf import settings

from accounts.models import User
from audit import actions
from remediation import playbooks, sighting, switches
from remediation.attempts import is_step_approved, last_attempt, last_tried
from remediation.facts import facts_of
from remediation.models import Attempt
from remediation.policy import Ruling
from remediation.sighting import Sighting
from remediation.states import Mode, Risk, State, Verdict
from remediation.telling import ask_people, tell, title_of
from tickets.models import Ticket


def create_attempt(
    ticket: Ticket,
    ruling: Ruling,
    seen: Sighting,
    *,
    reasons: list[str],
    asks: bool,
    now: datetime,
    requested_by: User | None = None,
) -> Attempt:
    """Write an attempt down in the state in which it begins; inside the caller's transaction, the ticket locked.

    `asks`: a guard wants a person's yes. Raises IntegrityError where another attempt is active on the resource.
    """
    mode = switches.mode_of(ticket.finops_team)
    attempt = _new_attempt(ticket, ruling, seen, mode, now)
    attempt.reasons, attempt.requested_by = reasons, requested_by
    may_go = not asks and requested_by is None and _may_go(ruling, mode, attempt.previous)
    unnamed = sighting.observed_only(seen.target.kind)
    if unnamed or (mode == Mode.OBSERVE and requested_by is None):
        described = playbooks.describe(attempt.playbook, seen.target)
        attempt.state, attempt.ended_at = State.DRY_RUN, now
        attempt.detail = f"{unnamed or 'Observed only.'} It would have been: {described}"[:500]
    elif may_go:
        attempt.state = State.SCHEDULED
    else:
        attempt.state = State.PROPOSED
    attempt.save(force_insert=True)
    _tell_birth(attempt)
    return attempt


def _new_attempt(ticket: Ticket, ruling: Ruling, seen: Sighting, mode: Mode, now: datetime) -> Attempt:
    """What the ruling and the vendor's answer say of it; not yet in the database."""
    assert ruling.playbook is not None
    last = last_attempt(ticket)
    target = seen.target
    return Attempt(
        ticket=ticket,
        previous=last_tried(ticket),
        episode=ticket.reopened_count,
        number=last.number + 1 if last else 1,
        rule=ruling.rule,
        step=ruling.step,
        try_number=ruling.try_number,
        most_tries=ruling.most_tries,
        playbook=ruling.playbook,
        error_type=facts_of(ticket, target.kind).error_type[:200],
        risk=ruling.risk,
        mode=mode,
        wait_seconds=ruling.wait_seconds,
        target=target.as_json(),
        resource=target.resource,
        resource_key=target.key,
        run_id=target.run_id[:300],
        before=seen.as_json(),
        token=secrets.token_hex(16),
        people_needed=2 if ruling.risk == Risk.HIGH else 1,
        due_at=now + timedelta(seconds=ruling.wait_seconds),
        expires_at=now + timedelta(minutes=settings.REMEDIATION_APPROVAL_MINUTES),
        created_at=now,
    )


def _may_go(ruling: Ruling, mode: Mode, previous: Attempt | None) -> bool:
    """Whether nobody need be asked: the policy and the team's mode allow it, or a yes to an earlier try covers it."""
    if mode == Mode.AUTOMATIC and ruling.verdict == Verdict.ACT:
        return True
    if mode not in {Mode.APPROVE, Mode.AUTOMATIC} or previous is None or ruling.try_number < 2:
        return False
    is_same_step = (previous.rule, previous.step) == (ruling.rule, ruling.step)
    return is_same_step and is_step_approved(previous)


def _tell_birth(attempt: Attempt) -> None:
    title = title_of(attempt)
    if attempt.state == State.DRY_RUN:
        tell(attempt, actions.REMEDIATION_DRY_RUN, attempt.detail)
    elif attempt.state == State.SCHEDULED:
        tell(attempt, actions.REMEDIATION_SCHEDULED, f"{title}, in {attempt.wait_seconds} s", thread=(
            f"Auto-remediation in {attempt.wait_seconds} s: {title}. {attempt.reasons[0]}"
        ))  # fmt: skip
    elif attempt.requested_by is None:
        tell(attempt, actions.REMEDIATION_PROPOSED, f"{title}. {' '.join(attempt.reasons)}")
        ask_people(attempt)
