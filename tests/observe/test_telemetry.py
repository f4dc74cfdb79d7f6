"""Traces leave the house without what a query may carry, and only where they were asked for."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest
from celery.signals import worker_process_init
from pytest_django.fixtures import Settings

from aiops import telemetry


class Span:
    def __init__(self, **attributes: str) -> None:
        self.attributes = {name.replace("__", "."): value for name, value in attributes.items()}

    def set_attribute(self, name: str, value: str) -> None:
        self.attributes[name] = value


def test_address_of_a_span_ends_before_its_query() -> None:
    span = Span(
        http__url="https://desk.example.com/webhook/jira?secret=hush",
        http__target="/azure-monitor?api_key=hush",
        url__full="https://vendor.example.com/a?sig=hush#x",
        url__query="api_key=hush",
        http__method="POST",
    )
    telemetry.WithoutQueries().on_start(span)
    assert "hush" not in str(span.attributes)
    assert span.attributes["http.url"] == "https://desk.example.com/webhook/jira"
    assert span.attributes["http.method"] == "POST"


@dataclass
class Status:
    status_code: int
    description: str | None = None


class Exporter:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def export(self, spans: Sequence[Any]) -> str:
        self.told += spans
        return "done"


def finished(kind: str) -> Any:
    address = "https://name:hush@vendor.example.com:8443/services/hush?sig=hush"
    return SimpleNamespace(
        name="POST",
        kind=SimpleNamespace(name=kind),
        events=[SimpleNamespace(name="exception", text="hush"), SimpleNamespace(name="retry")],
        status=Status(2, "ConnectionError: /services/hush"),
        attributes={"http.url": address, "url.path": "/services/hush", "http.method": "POST"},
    )


def test_span_of_a_failed_call_tells_the_host_and_nothing_of_the_failure() -> None:
    exporter = Exporter()
    assert telemetry.Discreet(exporter).export([finished("CLIENT"), finished("SERVER")]) == "done"
    outgoing, incoming = exporter.told
    assert outgoing.attributes == {
        "http.url": "https://vendor.example.com:8443",
        "url.path": "",
        "http.method": "POST",
    }
    assert incoming.attributes["url.path"] == "/services/hush"
    for span in (outgoing, incoming):
        assert [event.name for event in span.events] == ["retry"]
        assert (span.name, span.status) == ("POST", Status(2))


def test_nothing_starts_where_no_collector_is_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OTEL_ENDPOINT = ""
    monkeypatch.setattr(telemetry, "_start", lambda: pytest.fail("started"))
    telemetry.connect()


def test_missing_packages_are_told_and_the_desk_goes_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings.OTEL_ENDPOINT = "http://127.0.0.1:4318"
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    before = len(worker_process_init.receivers)
    with caplog.at_level(logging.WARNING):
        telemetry.connect()
    assert caplog.records[-1].getMessage() == telemetry.NOT_INSTALLED
    assert len(worker_process_init.receivers) == before
