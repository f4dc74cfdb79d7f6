"""One step of one attempt: begin its call, find out about a call whose outcome is not known, or watch its run.

The order keeps a crash harmless. A call is made only after the row says that it is being made (`running`,
`called_at`); a row found in that state is never called again before the vendor was asked what became of it.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit import actions
from integrations.errors import IntegrationError, NotConfiguredError
from remediation import claims, guards, playbooks, sighting, switches
from remediation.asking import ask_instead
from remediation.claims import LostClaimError
from remediation.closing import close_failed, close_quietly, close_succeeded
from remediation.deciding import is_step_approved
from remediation.models import Approval, Attempt
from remediation.playbooks import CannotDoError
from remediation.sighting import CannotAskError, Sighting, target_from
from remediation.states import Mode, PlaybookName, State
from remediation.telling import tell, title_of
from tickets import services as ticket_services
from tickets.models import Ticket

logger = logging.getLogger(__name__)

MOST_CALLS = 5
_KEPT = frozenset({"has_waited", "faults", "retry_after"})
MOST_FAULTS = 5
WAIT_AGAIN = timedelta(seconds=30)
WAIT_FOR = timedelta(hours=2)
"""How long an attempt waits for a rate, a busy resource, its upstream or a desk that was off, after it was due."""
LOOK_FOR = timedelta(minutes=30)
"""How long the vendor is asked what became of a call, before people are."""


def step(attempt_id: int, token: str) -> None:
    """Do one step of a claimed attempt. A missing row or a lost claim means done."""
    claimed = Attempt.objects.select_related("ticket").filter(pk=attempt_id, claim_token=token)
    attempt = claimed.first()
    if attempt is None:
        return
    try:
        claims.hold(attempt.pk, token, timezone.now())
        if not settings.AUTO_REMEDIATION_ENABLED:
            _sleep(attempt, timezone.now() + timedelta(minutes=5))
        elif attempt.state == State.SCHEDULED:
            _begin(attempt)
        elif attempt.state == State.RUNNING:
            _find_out(attempt)
        else:
            _watch(attempt)
    except LostClaimError:
        logger.info("Attempt %s passed to another worker", attempt_id)
    except Exception:
        # The lease brings it back, and the vendor is asked before a call is made again; but not for ever.
        logger.exception("Attempt %s broke", attempt_id)
        _count_fault(attempt)


def _count_fault(attempt: Attempt) -> None:
    faults = int(attempt.before.get("faults", 0)) + 1
    held = Attempt.objects.filter(pk=attempt.pk, claim_token=attempt.claim_token)
    held.update(before={**attempt.before, "faults": faults})
    if faults >= MOST_FAULTS:
        close_failed(attempt, "The desk itself failed at it; see the log.", is_final=True)


# --- Beginning --------------------------------------------------------------------------------------------


def _begin(attempt: Attempt) -> None:
    now = timezone.now()
    ticket = Ticket.objects.get(pk=attempt.ticket_id)
    if now - attempt.due_since > WAIT_FOR:
        close_quietly(
            attempt, State.SKIPPED, f"Waited too long. {attempt.detail}".strip(), actions.REMEDIATION_SKIPPED
        )
        return
    found = guards.refusals(ticket, attempt.resource_key, attempt.playbook, now, attempt=attempt)
    is_approved = _is_approved(attempt)
    if not is_approved and (why := _left_automatic(attempt, ticket)):
        close_quietly(attempt, State.SKIPPED, why, actions.REMEDIATION_SKIPPED)
        return
    if stop := next((item for item in found if item.effect == "stop"), None):
        close_quietly(attempt, State.SKIPPED, stop.text, actions.REMEDIATION_SKIPPED)
        return
    if window := next((item for item in found if item.until), None):
        _update(attempt, due_at=window.until, paused_until=window.until, detail=window.text[:500])
        return
    if wait := next((item for item in found if item.effect == "wait"), None):
        _wait(attempt, wait.text, now)
        return
    doubts = [item.text for item in found if item.effect == "ask"]
    if doubts and not is_approved:
        ask_instead(attempt, doubts, now)
        return
    seen = _see(attempt, now)
    if seen is not None:
        _begin_call(attempt, seen)


def _is_approved(attempt: Attempt) -> bool:
    return Approval.objects.filter(attempt=attempt, answer=Approval.Answer.YES).exists()


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
            _update(attempt, before=attempt.before)
            tell(attempt, actions.WAITING_FOR_UPSTREAM, note, thread=f"Waiting for upstream: {note}")
    _wait(attempt, note, now)
    return True


def _begin_call(attempt: Attempt, seen: Sighting) -> None:
    description = playbooks.describe(attempt.playbook, seen.target)
    if settings.REMEDIATION_DRY_RUN:
        detail = f"Dry run; would have been: {description}"
        close_quietly(attempt, State.DRY_RUN, detail, actions.REMEDIATION_DRY_RUN)
        return
    if not _mark_running(attempt, seen, description):
        close_quietly(attempt, State.SKIPPED, "The kill switch is on.", actions.REMEDIATION_SKIPPED)
        return
    try:
        run_id = playbooks.start(attempt, seen)
    except (CannotDoError, CannotAskError) as reason:
        close_failed(attempt, str(reason), is_final=True)
    except IntegrationError as error:
        _after_call_trouble(attempt, error, timezone.now())
    else:
        _record_started(attempt, run_id)


def _mark_running(attempt: Attempt, seen: Sighting, description: str) -> bool:
    """Write down, before the call, that it is being made; False when the kill switch was faster."""
    now = timezone.now()
    is_repair = (
        attempt.playbook == PlaybookName.RETRY_JOB
        and seen.has_tasks
        and not playbooks.url_of(attempt.playbook)
    )
    with transaction.atomic():
        attempt.ticket = ticket_services.lock(
            attempt.ticket_id
        )  # first, as everywhere: no two wait crosswise
        if switches.lock_switch().is_on:
            return False
        kept = {name: value for name, value in attempt.before.items() if name in _KEPT}
        attempt.before = {**seen.as_json(), **kept, "is_repair": is_repair}
        attempt.target = seen.target.as_json()
        attempt.state, attempt.called_at, attempt.calls = State.RUNNING, now, attempt.calls + 1
        _update(
            attempt,
            state=attempt.state,
            called_at=now,
            calls=attempt.calls,
            before=attempt.before,
            target=attempt.target,
            due_at=now + claims.LEASE,
        )
        tell(
            attempt,
            actions.REMEDIATION_ATTEMPTED,
            description,
            thread=f"Auto-remediation: {title_of(attempt)}.",
            details={"call": attempt.calls, "token": attempt.token},
        )
    return True


def _record_started(attempt: Attempt, run_id: str) -> None:
    """The call took effect: from here on its run is watched."""
    now = timezone.now()
    if attempt.playbook == PlaybookName.CHECK_PERMISSIONS:
        detail = "The check was started; its result is where the playbook reports."
        close_quietly(attempt, State.SUCCEEDED, detail, actions.REMEDIATION_SUCCEEDED)
        return
    with transaction.atomic():
        attempt.state, attempt.new_run_id = State.VERIFYING, run_id[:300]
        attempt.detail = f"Watching {_run_words(attempt)}"
        attempt.watch_until = now + timedelta(minutes=settings.REMEDIATION_VERIFY_MINUTES)
        _update(
            attempt,
            state=attempt.state,
            new_run_id=attempt.new_run_id,
            detail=attempt.detail,
            watch_until=attempt.watch_until,
            polls=0,
            due_at=now + poll_pause(0),
        )


def _run_words(attempt: Attempt) -> str:
    if attempt.before.get("is_repair"):
        return f"repair {attempt.new_run_id} of run {attempt.run_id}"
    return f"run {attempt.new_run_id}" if attempt.new_run_id else "what was started"


def _after_call_trouble(attempt: Attempt, error: IntegrationError, now: datetime) -> None:
    """A call that failed: certainly without effect, or nobody knows."""
    pause = timedelta(seconds=max(error.retry_after or 0, 10))
    if error.retry_after is not None:
        attempt.before = {**attempt.before, "retry_after": error.retry_after}
        _update(attempt, before=attempt.before)
    # A call with a token is repeated by the client, so its error does not say that it may have taken effect.
    has_no_answer = not error.permanent and (error.status is None or error.status >= 500)
    if error.outcome_unknown or has_no_answer:
        _update(attempt, due_at=now + pause, detail=f"The outcome of the call is not known: {error}"[:500])
        return
    if error.permanent or isinstance(error, NotConfiguredError) or attempt.calls >= MOST_CALLS:
        close_failed(attempt, f"Refused: {error} {error.advice}".strip(), is_final=True)
        return
    pause = max(pause, timedelta(seconds=attempt.wait_seconds))
    _update(attempt, state=State.SCHEDULED, due_at=now + pause, detail=f"Tried again later: {error}"[:500])


def _after_trouble(attempt: Attempt, error: IntegrationError, now: datetime) -> None:
    """The vendor could not be read before the call; nothing was begun."""
    if error.permanent:
        close_failed(attempt, f"The vendor could not be asked: {error} {error.advice}".strip(), is_final=True)
        return
    _wait(attempt, f"The vendor could not be asked: {error}", now, error.retry_after)


def _wait(attempt: Attempt, why: str, now: datetime, retry_after: float | None = None) -> None:
    """Later, until it has waited too long."""
    pause = max(WAIT_AGAIN, timedelta(seconds=retry_after or 0))
    _update(attempt, due_at=now + pause, detail=why[:500])


# --- Finding out ------------------------------------------------------------------------------------------


def _find_out(attempt: Attempt) -> None:
    """A call was begun and its outcome not written down: the vendor is asked, and only then anything is repeated."""
    now = timezone.now()
    called_at = attempt.called_at or now
    try:
        trace = playbooks.find(attempt, now)
    except CannotAskError as reason:
        close_failed(attempt, str(reason), is_final=True)
        return
    except IntegrationError as error:
        if error.permanent or now - called_at > LOOK_FOR:
            close_failed(attempt, f"Nobody can tell whether the call took effect: {error}", is_final=True)
        else:
            _sleep(attempt, now + max(WAIT_AGAIN, timedelta(seconds=error.retry_after or 0)))
        return
    if trace.outcome == "made":
        _record_started(attempt, trace.run_id)
    elif trace.outcome == "open" and now - called_at <= LOOK_FOR:
        _sleep(attempt, now + timedelta(seconds=10))
    elif trace.outcome == "none" and playbooks.may_repeat(attempt) and attempt.calls < MOST_CALLS:
        _update(
            attempt, state=State.SCHEDULED, due_at=now, detail="The call left no trace; it is made again."
        )
    else:
        close_failed(attempt, "Nobody can tell whether the call took effect.", is_final=True)


# --- Watching ---------------------------------------------------------------------------------------------


def poll_pause(polls: int) -> timedelta:
    """Ten seconds at first, a minute at most."""
    return timedelta(seconds=min(10 * 1.3**polls, 60))


def _watch(attempt: Attempt) -> None:
    now = timezone.now()
    is_over_time = attempt.watch_until is not None and now >= attempt.watch_until
    try:
        progress = playbooks.watch(attempt, now)
    except (CannotAskError, IntegrationError) as error:
        if is_over_time or isinstance(error, CannotAskError):
            close_failed(attempt, f"{_run_words(attempt)} could not be watched: {error}", is_final=True)
        else:
            _sleep(attempt, now + poll_pause(attempt.polls), polls=attempt.polls + 1)
        return
    if progress.run_id:
        attempt.new_run_id = progress.run_id[:300]
        attempt.detail = f"Watching {_run_words(attempt)}"
        _update(attempt, new_run_id=attempt.new_run_id, detail=attempt.detail)
    if progress.state == "good":
        close_succeeded(attempt, _run_words(attempt))
    elif progress.state == "failed":
        close_failed(attempt, progress.note)
    elif is_over_time:
        minutes = settings.REMEDIATION_VERIFY_MINUTES
        close_failed(attempt, f"{_run_words(attempt)} did not end within {minutes} minutes.", is_final=True)
    else:
        _sleep(attempt, now + poll_pause(attempt.polls), polls=attempt.polls + 1)


def _sleep(attempt: Attempt, until: datetime, **more: Any) -> None:
    _update(attempt, due_at=until, **more)


def _update(attempt: Attempt, **fields: Any) -> None:
    """Write columns of a claimed attempt; raises LostClaimError when the claim passed to somebody else."""
    held = Attempt.objects.filter(pk=attempt.pk, claim_token=attempt.claim_token)
    if not held.update(**fields, updated_at=timezone.now()):
        raise LostClaimError
