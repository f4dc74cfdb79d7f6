"""Prometheus: analyses, their time and the models' tokens, counted in the process that made them."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_save
from prometheus_client import Counter, Histogram

from rca.models import Analysis

ANALYSES = Counter(
    "aiops_analyses_total", "Analyses by provider and how they ended.", ["provider", "outcome"]
)
ANALYSIS_SECONDS = Histogram(
    "aiops_analysis_seconds",
    "How long a provider took for an analysis.",
    ["provider"],
    buckets=(0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 20, 40, 80),
)
TOKENS = Counter(
    "aiops_model_tokens_total", "Tokens sent to and received from models.", ["provider", "direction"]
)


def connect() -> None:
    post_save.connect(_saved, sender=Analysis, dispatch_uid="rca.metrics")


def _saved(instance: Analysis, *, created: bool, **_: Any) -> None:
    if created:
        transaction.on_commit(partial(_count, instance))


def _count(analysis: Analysis) -> None:
    if analysis.reused_from_id is not None:
        ANALYSES.labels(analysis.provider, "reused").inc()
        return
    ANALYSES.labels(analysis.provider, analysis.state).inc()
    ANALYSIS_SECONDS.labels(analysis.provider).observe(analysis.duration_ms / 1000)
    for direction, tokens in (("input", analysis.input_tokens), ("output", analysis.output_tokens)):
        if tokens:
            TOKENS.labels(analysis.provider, direction).inc(tokens)
