"""From the bytes of one request to what its source makes of them: pure, before any transaction."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from django.conf import settings

from ingestion.capping import NOTHING_LEFT_OUT, LeftOut, cap_failures
from ingestion.decoding import MalformedBodyError, decode_object
from ingestion.elsewhere import with_other_address
from ingestion.sources.base import Failure, Failures, ParseResult, SourceSpec, Unsupported

logger = logging.getLogger(__name__)

# A Logic App's HTTP action says in its headers which workflow and run it belongs to ("Workflow Run Action
# Request Histories - Get" of the Logic Apps REST reference prints such a request).
RELAY_RUN_HEADER = "X-Ms-Workflow-Run-Id"


@dataclass(frozen=True, slots=True)
class Inbound:
    """One request that passed the credentials: bytes, the headers worth keeping, and who sent it.

    `request_id` is "" where the thread that serves the request has set the audit context itself.
    """

    body: bytes
    content_type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    key_name: str = ""
    remote_address: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Malformed:
    """The body is not a JSON object; `reason` is for the sender."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Our own fault: the alert is kept and can be replayed after the fix. `trace` is for us."""

    reason: str
    trace: str


Result: TypeAlias = ParseResult | Malformed | Unreadable


@dataclass(frozen=True, slots=True)
class Reading:
    """One request with what was read out of it."""

    spec: SourceSpec
    inbound: Inbound
    result: Result
    left_out: LeftOut = NOTHING_LEFT_OUT

    @property
    def failures(self) -> tuple[Failure, ...]:
        return self.result.items if isinstance(self.result, Failures) else ()

    def given_up(self, error: Exception) -> Reading:
        """The same request, kept as one that our code could not place."""
        return replace(self, result=unreadable(self.spec, error))


def read(spec: SourceSpec, inbound: Inbound) -> Reading:
    """Decode and parse; never raises."""
    try:
        body = decode_object(inbound.body)
        result = spec.parse(body)
        if isinstance(result, Failures):
            result = _with_relay(result, inbound.headers.get(RELAY_RUN_HEADER, ""))
            kept, left_out = cap_failures(result, settings.INGESTION_MAX_FAILURES_PER_BODY)
            return Reading(spec, inbound, kept, left_out)
        if isinstance(result, Unsupported):
            result = with_other_address(spec, body, result)
        return Reading(spec, inbound, result)
    except MalformedBodyError as error:
        return Reading(spec, inbound, Malformed(str(error)))
    except Exception as error:  # noqa: BLE001 - a fault in a parser must not cost an alert
        return Reading(spec, inbound, unreadable(spec, error))


def _with_relay(result: Failures, run_id: str) -> Failures:
    """The failures with the run of the Logic App that passed the body on, where the body itself tells none."""
    if not run_id:
        return result
    items = (replace(item, logic_app_run_id=item.logic_app_run_id or run_id[:200]) for item in result.items)
    return replace(result, items=tuple(items))


def unreadable(spec: SourceSpec, error: Exception) -> Unreadable:
    logger.error("The %s parser or its placing failed", spec.slug, exc_info=error)
    reason = f"The alert was kept but could not be read ({type(error).__name__}); it can be replayed."
    trace = "".join(traceback.format_exception(error))
    # PostgreSQL takes neither NUL nor half a surrogate pair, and a trace may quote the body.
    return Unreadable(reason, trace.replace("\0", "\ufffd").encode("utf-8", "replace").decode())
