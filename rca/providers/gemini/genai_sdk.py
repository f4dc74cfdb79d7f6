"""The only module that imports `google-genai`, the supported successor of `google-generativeai`.

The answer is read from the body that came, by the reader that serves both SDKs: this one makes an empty answer of
a body that is none.
"""

from __future__ import annotations

import json
import threading
from functools import lru_cache
from typing import Any

from google import genai
from google.genai import errors, types

from integrations.errors import IntegrationError
from rca.providers.gemini import failures
from rca.providers.gemini.asking import ModelRequest, asked, read_body
from rca.providers.gemini.config import API_VERSION, GeminiConfig
from rca.providers.gemini.provider import ModelProvider
from rca.providers.gemini.replies import ModelReply

NAME = "google-genai"
_heard = threading.local()


def _keep_body(response: Any) -> None:
    _heard.body = response.read()


@lru_cache(maxsize=4)
def _client(config: GeminiConfig) -> genai.Client:
    return genai.Client(
        vertexai=False,
        api_key=config.api_key,
        http_options=types.HttpOptions(
            base_url=config.endpoint,
            api_version=API_VERSION,
            timeout=round(config.timeout * 1000),
            retry_options=types.HttpRetryOptions(attempts=1),
            # A redirect would carry the key along.
            client_args={"follow_redirects": False, "event_hooks": {"response": [_keep_body]}},
        ),
    )


def ask(config: GeminiConfig, request: ModelRequest) -> ModelReply:
    """One attempt, without the SDK's retries. Raises IntegrationError."""
    return asked(config, lambda: _call(config, request))


def _call(config: GeminiConfig, request: ModelRequest) -> ModelReply:
    _heard.body = b""
    try:
        _client(config).models.generate_content(
            model=config.model,
            contents=request.prompt,
            config=types.GenerateContentConfig(
                system_instruction=request.system,
                temperature=0,
                max_output_tokens=request.max_output_tokens,
                response_mime_type="application/json",
                response_schema=request.schema,
                automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
                http_options=types.HttpOptions(timeout=round(config.timeout * 1000)),
            ),
        )
    except errors.APIError as error:
        raise _refused(config, error) from None  # the chain would show the request
    except Exception as error:  # noqa: BLE001 - which HTTP library lies beneath is the SDK's affair
        raise _told(config, error) from None
    return read_body(config, _heard.body)


def _refused(config: GeminiConfig, error: errors.APIError) -> IntegrationError:
    if 300 <= error.code < 400:
        return failures.redirected(config, error.code)
    body = error.details if isinstance(error.details, dict | list) else {"message": str(error.details)}
    return failures.refused(config, error.code, json.dumps(body, default=str).encode())


def _told(config: GeminiConfig, error: Exception) -> IntegrationError:
    """Errors of the HTTP library beneath, known by name: the SDK runs on any of three."""
    names = {kind.__name__ for kind in type(error).__mro__}
    if names & {"TimeoutException", "Timeout"}:
        return failures.timed_out(config)
    if names & {"HTTPError", "TransportError", "RequestError", "RequestException", "OSError"}:
        return failures.unreachable(config, error)
    if names & {"ValidationError", "ValueError", "UnicodeDecodeError", "AttributeError", "TypeError"}:
        return failures.not_an_answer(config, _heard.body)
    raise error


def make_provider() -> ModelProvider:
    return ModelProvider(NAME, ask)
