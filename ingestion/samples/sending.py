"""Sending a sample to a running desk, as its vendor would: over HTTP, with the configured key."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from ingestion import samples
from ingestion.sources import registry
from integrations import http

VENDOR = "AIOps Desk"


@dataclass(frozen=True, slots=True)
class Desk:
    """A running desk by its address, without a slash at the end."""

    url: str

    def send(
        self, source: str, event: str, now: datetime, known: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Post one sample and return the desk's answer; raises IntegrationError with the reason otherwise."""
        response = http.request(
            VENDOR,
            "POST",
            self.url + registry()[source].path,
            headers={"X-Api-Key": settings.RCA_API_KEY},
            json=samples.fresh(source, event, now, known),
            retries=0,
            idempotent=False,
        )
        return response.json_object()

    def link(self, ticket_id: str) -> str:
        """The ticket on the dashboard."""
        return f"{self.url}/dashboard?ticket={ticket_id}"


def desk_at(url: str | None) -> Desk:
    """The desk at `url`, else at PUBLIC_BASE_URL, else where `make run` with the same PORT serves."""
    if url:
        return Desk(url.rstrip("/"))
    port = os.environ.get("PORT", "").strip()
    if port and not os.environ.get("PUBLIC_BASE_URL"):
        return Desk(f"http://127.0.0.1:{port}")
    return Desk(settings.PUBLIC_BASE_URL)
