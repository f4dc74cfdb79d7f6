"""Addresses of the references: the same paths as the product's."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.urls import path

from bench.references.views import StockWebhook, SynchronousWebhook


def healthz(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


urlpatterns = [
    path("healthz", healthz),
    path("azure-monitor", StockWebhook.as_view()),
    path("synchronous", SynchronousWebhook.as_view()),
]
