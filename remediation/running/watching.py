"""The run that a call started, watched until it has ended well or the time for it is over."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from integrations.errors import IntegrationError
from remediation import playbooks
from remediation.claims import update_held
from remediation.closing import close_failed, close_succeeded
from remediation.models import Attempt
from remediation.sighting import CannotAskError


def watch(attempt: Attempt) -> None:
    """Look once at the run that was started: close the attempt, or look again later."""
    now = timezone.now()
    is_over_time = attempt.watch_until is not None and now >= attempt.watch_until
    try:
        progress = playbooks.watch(attempt, now)
    except (CannotAskError, IntegrationError) as error:
        if is_over_time or isinstance(error, CannotAskError):
            close_failed(attempt, f"{run_words(attempt)} could not be watched: {error}", is_final=True)
        else:
            update_held(attempt, due_at=now + poll_pause(attempt.polls), polls=attempt.polls + 1)
        return
    if progress.run_id:
        attempt.new_run_id = progress.run_id[:300]
        attempt.detail = f"Watching {run_words(attempt)}"
        update_held(attempt, new_run_id=attempt.new_run_id, detail=attempt.detail)
    if progress.state == "good":
        close_succeeded(attempt, run_words(attempt))
    elif progress.state == "failed":
        close_failed(attempt, progress.note)
    elif is_over_time:
        minutes = settings.REMEDIATION_VERIFY_MINUTES
        close_failed(attempt, f"{run_words(attempt)} did not end within {minutes} minutes.", is_final=True)
    else:
        update_held(attempt, due_at=now + poll_pause(attempt.polls), polls=attempt.polls + 1)


def poll_pause(polls: int) -> timedelta:
    """Ten seconds at first, a minute at most."""
    return timedelta(seconds=min(10 * 1.3**polls, 60))


def run_words(attempt: Attempt) -> str:
    """How people are told which run is meant."""
    if attempt.before.get("is_repair"):
        return f"repair {attempt.new_run_id} of run {attempt.run_id}"
    return f"run {attempt.new_run_id}" if attempt.new_run_id else "what was started"
