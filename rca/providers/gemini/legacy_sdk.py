"""The only module that imports `google-generativeai`, whose maker has ended its support.

It is spoken over REST. The SDK's own message classes know neither thoughts nor newer finish reasons and drop
them, so the answer is read from the body that came, by the reader that serves both SDKs.
"""

from __future__ import annotations

import threading
import warnings
from functools import lru_cache
from typing import Any

import requests
from google.ai import generativelanguage as messages
from google.ai.generativelanguage_v1beta.services.generative_service.transports import (
    GenerativeServiceRestTransport,
)
from google.api_core.exceptions import GoogleAPICallError
from google.auth.api_key import Credentials
from google.auth.exceptions import GoogleAuthError
from google.protobuf.json_format import ParseError

from integrations.errors import IntegrationError
from rca.providers.gemini import failures
from rca.providers.gemini.asking import ModelRequest, asked, read_body
from rca.providers.gemini.config import GeminiConfig
from rca.providers.gemini.provider import ModelProvider
from rca.providers.gemini.replies import ModelReply

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # it says at each start that its support has ended
    from google.generativeai.generative_models import GenerativeModel
    from google.generativeai.types import RequestOptions

NAME = "gemini"
_heard = threading.local()


class _Transport(GenerativeServiceRestTransport):
    """REST without redirects (requests would carry the key along) that keeps the body of the last answer."""

    def __init__(self, config: GeminiConfig) -> None:
        super().__init__(host=config.endpoint, credentials=Credentials(config.api_key))  # type: ignore[no-untyped-call]
        # A refused key cannot be refreshed; by default the session would ask twice more.
        self._session._refresh_status_codes = ()
        self._session.max_redirects = 0
        self._session.hooks["response"].append(_keep_body)


def _keep_body(response: requests.Response, *_: Any, **__: Any) -> None:
    _heard.status, _heard.body = response.status_code, response.content


@lru_cache(maxsize=4)
def _client(config: GeminiConfig) -> messages.GenerativeServiceClient:
    return messages.GenerativeServiceClient(transport=_Transport(config))


def ask(config: GeminiConfig, request: ModelRequest) -> ModelReply:
    """One attempt, without the SDK's retries. Raises IntegrationError."""
    return asked(config, lambda: _call(config, request))


def _call(config: GeminiConfig, request: ModelRequest) -> ModelReply:
    _heard.status, _heard.body = None, b""
    model = GenerativeModel(config.model, system_instruction=request.system)
    model._client = _client(config)  # type: ignore[assignment]  # else the SDK's process-wide one
    try:
        model.generate_content(
            request.prompt,
            generation_config={
                "temperature": 0,
                "max_output_tokens": request.max_output_tokens,
                "response_mime_type": "application/json",
                "response_schema": request.schema,
            },
            request_options=RequestOptions(timeout=config.timeout, retry=None),
        )
    except (requests.RequestException, GoogleAPICallError, GoogleAuthError, ParseError) as error:
        raise _told(config, error) from None  # the chain would show the request, and with it the key's header
    except (AttributeError, TypeError, ValueError) as error:  # the SDK trips over odd error bodies
        if not _heard.status:
            raise
        raise _told(config, error) from None
    return read_body(config, _heard.body)


def _told(config: GeminiConfig, error: Exception) -> IntegrationError:
    if isinstance(error, requests.TooManyRedirects):
        return failures.redirected(config, _heard.status)
    if isinstance(error, requests.Timeout):
        return failures.timed_out(config)
    if _heard.status and _heard.status >= 400:
        return failures.refused(config, _heard.status, _heard.body)
    if _heard.status and not isinstance(error, requests.RequestException):
        return failures.not_an_answer(config, _heard.body)
    return failures.unreachable(config, error)


def make_provider() -> ModelProvider:
    return ModelProvider(NAME, ask)
