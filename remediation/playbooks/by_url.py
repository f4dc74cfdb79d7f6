"""A playbook of the team's own: a `PLAYBOOK_*` address that is called instead of the vendor."""

from __future__ import annotations

import json
import re
from typing import Any

from django.conf import settings

from integrations import http
from integrations.errors import IntegrationError, NotConfiguredError
from integrations.reading import first_text
from integrations.signatures import sign
from remediation.models import Attempt
from remediation.sighting import Sighting
from remediation.states import PlaybookName

CALL_SECONDS = 25.0
_RUN_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")
URL_OF: dict[str, str] = {
    PlaybookName.RERUN_UPSTREAM: "RERUN_UPSTREAM",
    PlaybookName.RETRY_PIPELINE: "RETRY_PIPELINE",
    PlaybookName.RESTART_CLUSTER: "RESTART_CLUSTER",
    PlaybookName.RETRY_JOB: "RETRY_JOB",
    PlaybookName.REINSTALL_LIBRARIES: "REINSTALL_LIBRARIES",
    PlaybookName.CHECK_PERMISSIONS: "CHECK_PERMISSIONS",
}


def url_of(playbook: str) -> str:
    """The address that is called instead of the vendor; "" for a native playbook."""
    name = URL_OF.get(playbook, "")
    return str(settings.PLAYBOOK_URLS.get(name, "")) if name else ""


def may_repeat(attempt: Attempt) -> bool:
    """Whether a call that left no trace at the vendor may be made again: what an HTTP playbook does is not known."""
    return not url_of(attempt.playbook)


def call_url(url: str, attempt: Attempt, seen: Sighting) -> str:
    """`POST` to a Logic App or Function (contract, section 12): signed, never repeated, its address kept secret.

    Returns the id of the run that it says it began, "" where it names none. Raises NotConfiguredError without a
    secret to sign with, IntegrationError where it was not taken.
    """
    if not settings.PLAYBOOK_SIGNING_SECRET:
        raise NotConfiguredError(
            "playbook", "Set PLAYBOOK_SIGNING_SECRET: playbooks are called signed or not at all."
        )
    content = json.dumps(_body(attempt, seen)).encode()
    answer = http.request(
        "playbook",
        "POST",
        url,
        data=content,
        headers={
            "Content-Type": "application/json",
            "X-Signature": sign(settings.PLAYBOOK_SIGNING_SECRET, content),
            "Idempotency-Key": attempt.token,
        },
        idempotent=False,
        retries=0,
        deadline=CALL_SECONDS,
        max_bytes=64 * 1024,
        shown_as=f"PLAYBOOK_{URL_OF[attempt.playbook]}",
    )
    try:
        run_id = first_text(answer.json(), "new_run_id", "run_id")
    except IntegrationError:
        return ""
    return run_id if _RUN_ID.fullmatch(run_id) else ""


def _body(attempt: Attempt, seen: Sighting) -> dict[str, Any]:
    return {
        "ticket_id": attempt.ticket.key,
        "error_type": attempt.error_type,
        "metadata": {
            **seen.target.as_json(),
            "playbook": attempt.playbook,
            "attempt_id": attempt.pk,
            "idempotency_token": attempt.token,
        },
        "retry_attempt": attempt.try_number,
        "max_retries": attempt.most_tries,
    }
