"""Just before the call: whether it is still to be made, with everything asked anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from audit import actions
from integrations.errors import IntegrationError
from remediation import guards, playbooks, sighting, switches
from remediation.asking import ask_instead
from remediation.attempts import is_approved, is_step_approved
from remediation.claims import update_held
from remediation.closing import close_failed, close_quietly
from remediation.models import Attempt
from remediation.running.calling import begin_call
from remediation.sighting import CannotAskError, Sighting, target_from
from remediation.states import Mode, PlaybookName, State
from remediation.telling import tell
from tickets import services as ticket_services
from tickets.models import Ticket

WAIT_AGAIN = timedelta(seconds=30)
WAIT_FOR = timedelta(hours=2)
"""How long an attempt waits for a rate, a busy resource, its upstream or a desk that was off, after it was due."""


def begin(attempt: Attempt) -> None:
    """Make the call of a scheduled attempt, unless something speaks against it by now: then it waits, asks or ends."""
    now = timezone.now()
    ticket = Ticket.objects.get(pk=attempt.ticket_id)
    if now - attempt.due_since > WAIT_FOR:
        close_quietly(
            attempt, State.SKIPPED, f"Waited too long. {attempt.detail}".strip(), actions.REMEDIATION_SKIPPED
        )
        return
    found = guards.refusals(ticket, attempt.resource_key, attempt.playbook, now, attempt=attempt)
    has_yes = is_approved(attempt)
    if not has_yes and (why := _left_automatic(attempt, ticket)):
        close_quietly(attempt, State.SKIPPED, why, actions.REMEDIATION_SKIPPED)
        return
    if stop := next((item for item in found if item.effect == "stop"), None):
        close_quietly(attempt, State.SKIPPED, stop.text, actions.REMEDIATION_SKIPPED)
        return
    if window := next((item for item in found if item.until), None):
        update_held(attempt, due_at=window.until, paused_until=window.until, detail=window.text[:500])
        return
    if wait := next((item for item in found if item.effect == "wait"), None):
        _wait(attempt, wait.text, now)
        return
    doubts = [item.text for item in found if item.effect == "ask"]
    if doubts and not has_yes:
        ask_instead(attempt, doubts, now)
        return
    seen = _see(attempt, now)
    if seen is not None:
        begin_call(attempt, seen)


def _left_automatic(attempt: Attempt, ticket: Ticket) -> str:
    """Why what was to run without a yes may do so no longer; "" while its team's mode allows it."""
    mode = switches.mode_of(ticket.finops_team)
    is_covered = mode == Mode.APPROVE and is_step_approved(attempt)
    if mode == Mode.AUTOMATIC or is_covered:
        return ""
    return f"Nobody has approved it, and the team's mode is {mode} now."


def _see(attempt: Attempt, now: datetime) -> Sighting | None:
    """What the vendor says just before the call; None when it is not to be made now."""
    try:
        seen = sighting.look(target_from(attempt.target))
        if seen.condition == "active":
            _wait(attempt, seen.note, now)
            return None
        if seen.condition != "failed":
            close_quietly(attempt, State.SKIPPED, seen.note, actions.REMEDIATION_SKIPPED)
            return None
        if _must_wait_for_upstream(attempt, seen, now):
            return None
    except CannotAskError as reason:
        close_failed(attempt, str(reason), is_final=True)
        return None
    except IntegrationError as error:
        _after_trouble(attempt, error, now)
        return None
    return seen


def _must_wait_for_upstream(attempt: Attempt, seen: Sighting, now: datetime) -> bool:
    is_native = attempt.playbook == PlaybookName.RERUN_UPSTREAM and not playbooks.url_of(attempt.playbook)
    if not is_native or not playbooks.upstream_of(seen.target):
        return False
    note = playbooks.upstream_note(seen.target, seen)
    if not note:
        return False
    if not attempt.before.get("has_waited"):
        with transaction.atomic():
            attempt.ticket = ticket_services.lock(attempt.ticket_id)
            attempt.before = {**attempt.before, "has_waited": True}
            update_held(attempt, before=attempt.before)
            tell(attempt, actions.WAITING_FOR_UPSTREAM, note, thread=f"Waiting for upstream: {note}")
    _wait(attempt, note, now)
    return True


def _after_trouble(attempt: Attempt, error: IntegrationError, now: datetime) -> None:
    """The vendor could not be read before the call; nothing was begun."""
    if error.permanent:
        close_failed(attempt, f"The vendor could not be asked: {error} {error.advice}".strip(), is_final=True)
        return
    _wait(attempt, f"The vendor could not be asked: {error}", now, error.retry_after)


def _wait(attempt: Attempt, why: str, now: datetime, retry_after: float | None = None) -> None:
    """Later, until it has waited too long."""
    pause = max(WAIT_AGAIN, timedelta(seconds=retry_after or 0))
    update_held(attempt, due_at=now + pause, detail=why[:500])
