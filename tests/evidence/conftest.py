"""The vendors on loopback, the settings that lead there, and no outage remembered from the test before."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from integrations import breaker, http
from tests.evidence.play import Play
from tests.support.vendor_server import serving


@pytest.fixture
def play(settings: Settings, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Play]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setattr(http, "_sleep", lambda seconds: None)
    breaker.reset_all()
    with serving() as vendor:
        settings.AZURE_MANAGEMENT_ENDPOINT = settings.AZURE_SYNAPSE_ENDPOINT = vendor.url
        settings.AZURE_MANAGEMENT_TOKEN = "arm-token"
        settings.DATABRICKS_HOST, settings.DATABRICKS_TOKEN = vendor.url, "dapi-token"
        settings.DATABRICKS_WORKSPACE_ID = "77"
        yield Play(vendor)
    breaker.reset_all()
