"""`/healthz`, `/readyz`, `/metrics`."""

from __future__ import annotations

import hmac
import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from aiops.health import standing
from aiops.health.probes import DOWN, probe_all
from audit.metrics import database_registry


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; says nothing about anything else."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> HttpResponse:
    """Whether alerts can be taken and are being worked on; 503 when they cannot be taken."""
    overall, checks = probe_all()
    body = {
        "status": overall,
        "checks": {name: {"state": probe.state, "detail": probe.detail} for name, probe in checks.items()},
    }
    return JsonResponse(body, status=503 if overall == DOWN else 200)


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text; needs `Authorization: Bearer <METRICS_TOKEN>`, or without one a caller of this machine."""
    if not _may_read_metrics(request):
        return HttpResponse(
            "A bearer token is needed (METRICS_TOKEN).\n", status=401, content_type="text/plain"
        )
    text = generate_latest() + generate_latest(database_registry) + generate_latest(standing.registry)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        expected = f"Bearer {settings.METRICS_TOKEN}"
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), expected.encode())
    if "X-Forwarded-For" in request.headers:  # a proxy on this machine speaks for somebody else
        return False
    try:
        return ipaddress.ip_address(str(request.META.get("REMOTE_ADDR") or "")).is_loopback
    except ValueError:
        return False
