"""A vendor on loopback, no outage remembered from the test before, and no real waiting."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integrations import breaker, http
from tests.support.vendor_server import VendorServer, serving


@pytest.fixture(autouse=True)
def _no_outage_remembered() -> None:
    breaker.reset_all()


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> Iterator[VendorServer]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    with serving() as server:
        yield server


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that retries would have slept, in order; nothing is really slept."""
    pauses: list[float] = []
    monkeypatch.setattr(http, "_sleep", pauses.append)
    monkeypatch.setattr(http, "_chance", lambda: 1.0)
    return pauses
