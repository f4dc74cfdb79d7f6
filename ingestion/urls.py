"""The addresses of the door. Each answers with and without a trailing slash; none is ever redirected."""

from __future__ import annotations

from django.urls import URLPattern, re_path

from ingestion.sources import registry
from ingestion.views import AlertWebhook, CheckTicket


def _webhooks() -> list[URLPattern]:
    return [
        re_path(
            rf"^{spec.path.strip('/')}/?$",
            AlertWebhook.as_view(source=spec.slug),
            name=f"webhook-{spec.slug}",
        )
        for spec in registry().values()
    ]


urlpatterns = [
    *_webhooks(),
    re_path(r"^check-ticket/(?P<run_id>[^/]{1,300})/?$", CheckTicket.as_view(), name="check-ticket"),
]
