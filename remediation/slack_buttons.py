"""Approve and Reject in Slack: the same verbs, for people of the desk only."""

from __future__ import annotations

from collections.abc import Callable

from accounts.models import User
from integrations.webhooks.presses import Presser, RefusedError
from remediation.approvals import NotAllowedError, NotPossibleError, approve, reject
from remediation.models import Attempt


def press_approve(value: str, presser: Presser) -> None:
    _answer(value, presser, approve)


def press_reject(value: str, presser: Presser) -> None:
    _answer(value, presser, reject)


def _answer(value: str, presser: Presser, verb: Callable[..., Attempt]) -> None:
    """Raises RefusedError, whose text the presser reads."""
    user: User | None = presser.user
    if user is None:
        raise RefusedError("Only an approver with an account at the desk may answer a proposal.")
    attempt_id = int(value) if value.isascii() and value.isdigit() and len(value) < 19 else 0
    try:
        verb(attempt_id, user, way="slack")
    except Attempt.DoesNotExist:
        raise RefusedError("There is no such proposal any more.") from None
    except (NotAllowedError, NotPossibleError) as refusal:
        raise RefusedError(str(refusal)) from refusal
