"""Whether the model is there: its own description is asked for, which costs no tokens."""

from __future__ import annotations

from integrations import http, reading
from integrations.checks import register
from integrations.errors import IntegrationError
from rca.providers.gemini import failures
from rca.providers.gemini.config import API_VERSION, VENDOR, GeminiConfig

_TIMEOUT = (5.0, 10.0)
_METHOD = "generateContent"


def check() -> str:
    """One line on the model that answers. Raises IntegrationError with advice, NotConfiguredError."""
    config = GeminiConfig.from_settings()
    try:
        answer = http.request(
            VENDOR,
            "GET",
            f"{config.endpoint}/{API_VERSION}/{config.model}",
            headers={"x-goog-api-key": config.api_key},
            timeout=_TIMEOUT,
            retries=0,
            deadline=15.0,
        ).json_object()
    except IntegrationError as error:
        raise failures.advised(error) from None
    methods = answer.get("supportedGenerationMethods")
    if isinstance(methods, list) and methods and _METHOD not in methods:
        raise IntegrationError(
            f"{VENDOR}: {config.model} does not answer questions ({_METHOD})",
            vendor=VENDOR,
            permanent=True,
            advice="Set MODEL_ID to a model that supports generateContent.",
        )
    name = reading.first_text(answer, "displayName", "name") or config.model
    return f"{config.host} offers {name}; the key is accepted."


register(VENDOR, check)
