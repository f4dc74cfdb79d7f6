"""The step that an attempt's state asks for, and what becomes of one that breaks."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from remediation import claims
from remediation.claims import LostClaimError, update_held
from remediation.closing import close_failed
from remediation.models import Attempt
from remediation.running.beginning import begin
from remediation.running.finding_out import find_out
from remediation.running.watching import watch
from remediation.states import State

logger = logging.getLogger(__name__)

MOST_FAULTS = 5


def step(attempt_id: int, token: str) -> None:
    """Do one step of a claimed attempt. A missing row or a lost claim means done."""
    claimed = Attempt.objects.select_related("ticket").filter(pk=attempt_id, claim_token=token)
    attempt = claimed.first()
    if attempt is None:
        return
    try:
        claims.hold(attempt.pk, token, timezone.now())
        if not settings.AUTO_REMEDIATION_ENABLED:
            update_held(attempt, due_at=timezone.now() + timedelta(minutes=5))
        elif attempt.state == State.SCHEDULED:
            begin(attempt)
        elif attempt.state == State.RUNNING:
            find_out(attempt)
        else:
            watch(attempt)
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
