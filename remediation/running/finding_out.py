"""What became of a call whose outcome is not on record: the vendor is asked, and only then anything is repeated."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from integrations.errors import IntegrationError
from remediation import playbooks
from remediation.claims import update_held
from remediation.closing import close_failed
from remediation.models import Attempt
from remediation.running.beginning import WAIT_AGAIN
from remediation.running.calling import MOST_CALLS, record_started
from remediation.sighting import CannotAskError
from remediation.states import State

LOOK_FOR = timedelta(minutes=30)
"""How long the vendor is asked what became of a call, before people are."""


def find_out(attempt: Attempt) -> None:
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
            update_held(attempt, due_at=now + max(WAIT_AGAIN, timedelta(seconds=error.retry_after or 0)))
        return
    if trace.outcome == "made":
        record_started(attempt, trace.run_id)
    elif trace.outcome == "open" and now - called_at <= LOOK_FOR:
        update_held(attempt, due_at=now + timedelta(seconds=10))
    elif trace.outcome == "none" and playbooks.may_repeat(attempt) and attempt.calls < MOST_CALLS:
        update_held(
            attempt, state=State.SCHEDULED, due_at=now, detail="The call left no trace; it is made again."
        )
    else:
        close_failed(attempt, "Nobody can tell whether the call took effect.", is_final=True)
