"""Traces to an OpenTelemetry collector: the one place that knows of it, and nothing where it is not asked for.

On when `OTEL_EXPORTER_OTLP_ENDPOINT` is set; the packages stand in requirements/telemetry.txt. OpenTelemetry reads
its other `OTEL_…` variables itself. Spans carry addresses without their query, because a key may be in it.
"""

from __future__ import annotations

import importlib.util
import logging
from typing import Any

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
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
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
