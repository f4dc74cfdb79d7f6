"""A model's endpoint on loopback, and both SDKs pointed at it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from integrations import breaker
from rca.providers import get_provider
from rca.providers.gemini.provider import ModelProvider
from tests.rca.models.speech import KEY
from tests.support.vendor_server import VendorServer, serving


@pytest.fixture
def endpoint(settings: Settings) -> Iterator[VendorServer]:
    with serving() as vendor:
        settings.GEMINI_API_ENDPOINT = vendor.url
        settings.GEMINI_API_KEY = KEY
        settings.MODEL_ID = "models/gemini-2.5-flash"
        settings.GEMINI_TIMEOUT_SECONDS = 5.0
        breaker.reset_all()
        yield vendor
        breaker.reset_all()


@pytest.fixture(params=["gemini", "google-genai"])
def provider(request: pytest.FixtureRequest, endpoint: VendorServer) -> ModelProvider:
    found = get_provider(request.param)
    assert isinstance(found, ModelProvider)
    return found
