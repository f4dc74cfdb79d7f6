"""What both SDKs share around one call: the question's form, the circuit breaker, the metrics."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from integrations.breaker import breaker_for
from integrations.errors import IntegrationError
from integrations.vendor_metrics import REFUSED_BY_BREAKER, observe_call, status_outcome
from rca.providers.gemini.config import VENDOR, GeminiConfig
from rca.providers.gemini.failures import not_an_answer
from rca.providers.gemini.replies import ModelReply, read_reply

MAX_OUTPUT_TOKENS = 8192


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question: `system` is ours alone, `prompt` holds the fenced and redacted case."""

    system: str
    prompt: str
    schema: Mapping[str, Any]
    max_output_tokens: int = MAX_OUTPUT_TOKENS


Ask = Callable[[GeminiConfig, ModelRequest], ModelReply]


def asked(config: GeminiConfig, call: Callable[[], ModelReply]) -> ModelReply:
    """Make one call through the breaker of this host. Raises IntegrationError."""
    breaker = breaker_for(VENDOR, config.host)
    wait = breaker.seconds_until_allowed()
    if wait:
        REFUSED_BY_BREAKER.labels(VENDOR).inc()
        raise IntegrationError(
            f"{VENDOR}: {config.host} was not called: it is down and left alone for {wait:.0f} s",
            vendor=VENDOR,
            permanent=False,
            retry_after=wait,
            code="circuit_open",
        )
    started = time.perf_counter()
    try:
        reply = call()
    except IntegrationError as error:
        observe_call(VENDOR, _outcome(error), time.perf_counter() - started)
        if error.code in {"timeout", "network"} or (error.status or 0) >= 500:
            breaker.record_failure(is_timeout=error.code == "timeout")
        else:
            breaker.record_success()
        raise
    except BaseException:
        breaker.record_neutral()
        raise
    observe_call(VENDOR, "2xx", time.perf_counter() - started)
    breaker.record_success()
    return reply


def read_body(config: GeminiConfig, body: bytes) -> ModelReply:
    """The reply in the body of a 200. Raises IntegrationError for a page, a cut body, and for no reply at all."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise not_an_answer(config, body)
    return read_reply(document)


def _outcome(error: IntegrationError) -> str:
    if error.status is not None:
        return status_outcome(error.status)
    return error.code if error.code in {"timeout", "network"} else "2xx"
