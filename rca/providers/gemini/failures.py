"""How a call that brought no answer becomes an `IntegrationError`. Pure; the one mapping for both SDKs."""

from __future__ import annotations

import json
import re
from typing import Any

from audit.redaction import redact
from integrations import error_bodies, reading, retry
from integrations.errors import IntegrationError
from rca.providers.gemini.config import VENDOR, GeminiConfig

MAX_RETRY_DELAY_SECONDS = 3600.0
_DELAY = re.compile(r"^(\d{1,9}(?:\.\d{1,9})?)s$")
_KEY_ADVICE = "GEMINI_API_KEY is not valid: make a new one and set it."
_ADVICE = {
    400: "Gemini did not take the request; check MODEL_ID (does the model know JSON schemas?).",
    401: _KEY_ADVICE,
    403: "The key's project may not use this API or model: check the key's restrictions and the project.",
    404: "MODEL_ID names a model that does not exist or was retired; set one that is offered today.",
    429: "The project's quota is used up; it is asked again later. RCA_CALLS_PER_MINUTE asks less often.",
    500: "Gemini has a fault of its own; it is asked again later.",
    503: "Gemini is overloaded; it is asked again later.",
    504: "Gemini took too long; it is asked again later.",
}


def refused(config: GeminiConfig, status: int, body: bytes) -> IntegrationError:
    """An answer outside 2xx, by its status and its body (Google's error object, a page, nothing)."""
    code, said = error_bodies.read_error_body(_without_list(body), [config.api_key])
    details = _details(body)
    reason = next((reading.text(item, "reason") for item in details if reading.text(item, "reason")), "")
    is_key = reason in {"API_KEY_INVALID", "API_KEY_EXPIRED"} or "api key not valid" in said.lower()
    words = redact(": ".join(filter(None, [code, said])))
    return IntegrationError(
        f"{VENDOR}: {config.host} answered {status}" + (f": {words}" if words else ""),
        vendor=VENDOR,
        permanent=retry.is_permanent(status),
        retry_after=_retry_delay(details),
        status=status,
        code=reason or code,
        advice=_KEY_ADVICE if is_key else _ADVICE.get(status, ""),
    )


def advised(error: IntegrationError) -> IntegrationError:
    """The same error, raised by a plain HTTP call to this vendor, with this vendor's advice."""
    is_key = error.status in {400, 401} and "api key" in str(error).lower()
    advice = _KEY_ADVICE if is_key else _ADVICE.get(error.status or 0, error.advice)
    return IntegrationError(
        redact(str(error)),
        vendor=VENDOR,
        permanent=error.permanent,
        retry_after=error.retry_after,
        status=error.status,
        code=error.code,
        advice=advice,
    )


def redirected(config: GeminiConfig, status: int | None = None) -> IntegrationError:
    return IntegrationError(
        f"{VENDOR}: {config.host} answered with a redirect, which is not followed",
        vendor=VENDOR,
        permanent=True,
        status=status,
        code="redirect",
        advice="GEMINI_API_ENDPOINT must be the API's own address, not one that leads to it.",
    )


def timed_out(config: GeminiConfig) -> IntegrationError:
    return IntegrationError(
        f"{VENDOR}: {config.host} gave no answer within {config.timeout:g} s",
        vendor=VENDOR,
        permanent=False,
        code="timeout",
        advice="GEMINI_TIMEOUT_SECONDS is how long each attempt may take.",
    )


def unreachable(config: GeminiConfig, error: Exception) -> IntegrationError:
    """No connection, or one that broke; only the error's kind is told, for its text may hold the request."""
    return IntegrationError(
        f"{VENDOR}: {config.host} could not be reached ({type(error).__name__})",
        vendor=VENDOR,
        permanent=False,
        code="network",
        advice="Check GEMINI_API_ENDPOINT, the proxy's settings and that a firewall lets this machine out.",
    )


def not_an_answer(config: GeminiConfig, body: bytes) -> IntegrationError:
    """A 200 that is a page, or cut, or no JSON object."""
    what = "a page for people" if error_bodies.looks_like_html(body) else "something that is not its answer"
    return IntegrationError(
        f"{VENDOR}: {config.host} answered 200 with {what}",
        vendor=VENDOR,
        permanent=False,
        status=200,
        code="not_json",
        advice="Check GEMINI_API_ENDPOINT: a sign-in page, a proxy or a maintenance page answers there.",
    )


def _without_list(body: bytes) -> bytes:
    """Google's gateways sometimes wrap the error object in a list of one."""
    document = _parsed(body)
    if isinstance(document, list) and len(document) == 1:
        return json.dumps(document[0]).encode()
    return body


def _details(body: bytes) -> list[dict[str, Any]]:
    document = _parsed(_without_list(body))
    return reading.objects(document, "error", "details")


def _retry_delay(details: list[dict[str, Any]]) -> float | None:
    """`RetryInfo.retryDelay`, in seconds. It is in the body; no header is promised."""
    for item in details:
        found = _DELAY.match(reading.text(item, "retryDelay"))
        if found:
            return min(float(found[1]), MAX_RETRY_DELAY_SECONDS)
    return None


def _parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
