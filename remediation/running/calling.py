"""The call itself: on record before it is made, and what came of it written down after."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit import actions
from integrations.errors import IntegrationError, NotConfiguredError
from remediation import claims, playbooks, switches
from remediation.claims import update_held
from remediation.closing import close_failed, close_quietly
from remediation.models import Attempt
from remediation.playbooks import CannotDoError
from remediation.running.watching import poll_pause, run_words
from remediation.sighting import CannotAskError, Sighting
from remediation.states import PlaybookName, State
from remediation.telling import tell, title_of
from tickets import services as ticket_services

MOST_CALLS = 5
_KEPT = frozenset({"has_waited", "faults", "retry_after"})


def begin_call(attempt: Attempt, seen: Sighting) -> None:
    """Call the playbook with what the vendor has just shown. A call whose outcome is open stays `running`."""
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
        record_started(attempt, run_id)


def _mark_running(attempt: Attempt, seen: Sighting, description: str) -> bool:
    """Write down, before the call, that it is being made; False when the kill switch was faster."""
    now = timezone.now()
    is_repair = (
        attempt.playbook == PlaybookName.RETRY_JOB
        and seen.has_tasks
        and not playbooks.url_of(attempt.playbook)
    )
    with transaction.atomic():
        # The ticket first, as everywhere: no two wait crosswise.
        attempt.ticket = ticket_services.lock(attempt.ticket_id)
        if switches.lock_switch().is_on:
            return False
        kept = {name: value for name, value in attempt.before.items() if name in _KEPT}
        attempt.before = {**seen.as_json(), **kept, "is_repair": is_repair}
        attempt.target = seen.target.as_json()
        attempt.state, attempt.called_at, attempt.calls = State.RUNNING, now, attempt.calls + 1
        update_held(
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


def record_started(attempt: Attempt, run_id: str) -> None:
    """The call took effect: from here on its run is watched."""
    now = timezone.now()
    if attempt.playbook == PlaybookName.CHECK_PERMISSIONS:
        detail = "The check was started; its result is where the playbook reports."
        close_quietly(attempt, State.SUCCEEDED, detail, actions.REMEDIATION_SUCCEEDED)
        return
    with transaction.atomic():
        attempt.state, attempt.new_run_id = State.VERIFYING, run_id[:300]
        attempt.detail = f"Watching {run_words(attempt)}"
        attempt.watch_until = now + timedelta(minutes=settings.REMEDIATION_VERIFY_MINUTES)
        update_held(
            attempt,
            state=attempt.state,
            new_run_id=attempt.new_run_id,
            detail=attempt.detail,
            watch_until=attempt.watch_until,
            polls=0,
            due_at=now + poll_pause(0),
        )


def _after_call_trouble(attempt: Attempt, error: IntegrationError, now: datetime) -> None:
    """A call that failed: certainly without effect, or nobody knows."""
    pause = timedelta(seconds=max(error.retry_after or 0, 10))
    if error.retry_after is not None:
        attempt.before = {**attempt.before, "retry_after": error.retry_after}
        update_held(attempt, before=attempt.before)
    # A call with a token is repeated by the client, so its error does not say that it may have taken effect.
    has_no_answer = not error.permanent and (error.status is None or error.status >= 500)
    if error.outcome_unknown or has_no_answer:
        update_held(
            attempt, due_at=now + pause, detail=f"The outcome of the call is not known: {error}"[:500]
        )
        return
    if error.permanent or isinstance(error, NotConfiguredError) or attempt.calls >= MOST_CALLS:
        close_failed(attempt, f"Refused: {error} {error.advice}".strip(), is_final=True)
        return
    pause = max(pause, timedelta(seconds=attempt.wait_seconds))
    update_held(
        attempt, state=State.SCHEDULED, due_at=now + pause, detail=f"Tried again later: {error}"[:500]
    )
