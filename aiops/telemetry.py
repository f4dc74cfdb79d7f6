"""Traces to an OpenTelemetry collector: the one place that knows of it, and nothing where it is not asked for.

On when `OTEL_EXPORTER_OTLP_ENDPOINT` is set; the packages stand in requirements/telemetry.txt. OpenTelemetry reads
its other `OTEL_…` variables itself. Spans carry addresses without their query, because a key may be in it; those of
outgoing calls end with the host, and what an exception said stays here.
"""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from celery.signals import worker_process_init
from django.conf import settings

logger = logging.getLogger(__name__)

ADDRESSES = frozenset({"http.url", "http.target", "url.full"})
NOT_INSTALLED = (
    "OTEL_EXPORTER_OTLP_ENDPOINT is set, but requirements/telemetry.txt is not installed: no traces."
)


def connect() -> None:
    """At the start of each process. A forking worker starts its exporter in the children: threads do not fork."""
    if not settings.OTEL_ENDPOINT:
        return
    if not _is_installed():
        logger.warning(NOT_INSTALLED)
        return
    worker_process_init.connect(_start, dispatch_uid="aiops.telemetry")
    _start()


def _is_installed() -> bool:
    try:
        return importlib.util.find_spec("opentelemetry.sdk") is not None
    except ModuleNotFoundError:  # not even the package above it
        return False


def _start(**_: Any) -> None:
    from opentelemetry import trace
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.instrumentation.celery import CeleryInstrumentor
    from opentelemetry.instrumentation.django import DjangoInstrumentor
    from opentelemetry.instrumentation.requests import RequestsInstrumentor
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "aiops-desk"}))
    provider.add_span_processor(WithoutQueries())
    provider.add_span_processor(BatchSpanProcessor(Discreet(OTLPSpanExporter())))
    trace.set_tracer_provider(provider)
    DjangoInstrumentor().instrument()
    CeleryInstrumentor().instrument()
    RequestsInstrumentor().instrument()


class WithoutQueries:
    """A span processor that cuts every address before its query; the instrumentations set them at a span's start."""

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        for name, value in dict(span.attributes or {}).items():
            if name == "url.query":
                span.set_attribute(name, "")
            elif name in ADDRESSES:
                span.set_attribute(name, str(value).partition("?")[0])

    def _on_ending(self, span: Any) -> None:
        self.on_start(span)

    def on_end(self, span: Any) -> None:
        pass

    def shutdown(self) -> None:
        pass

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


class Discreet:
    """An exporter before another one: no exception's text leaves, and of an outgoing address only scheme and host."""

    def __init__(self, exporter: Any) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[Any]) -> Any:
        return self._exporter.export([ToldSpan(span) for span in spans])

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return bool(self._exporter.force_flush(timeout_millis))


class ToldSpan:
    """A finished span as the collector may see it; what is not named here is the span's own."""

    def __init__(self, span: Any) -> None:
        self._span = span
        self.events = tuple(event for event in span.events if event.name != "exception")
        self.status = type(span.status)(span.status.status_code)
        self.attributes = dict(span.attributes or {})
        if span.kind.name == "CLIENT":
            for name in {*ADDRESSES, "url.path"} & self.attributes.keys():
                self.attributes[name] = _host_of(str(self.attributes[name]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._span, name)


def _host_of(address: str) -> str:
    """`https://host:8443`; "" for a path or what is no address."""
    try:
        parts = urlsplit(address)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else ""
