"""What every face of the door decides alike about a request that was admitted: what is too large, what is kept."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from ingestion import answers
from ingestion.answers import Answer

KEPT_HEADERS = (
    "User-Agent",
    "X-Request-Id",
    "X-Ms-Request-Id",
    "X-Ms-Workflow-Run-Id",
    "Content-Encoding",
    "Date",
)
LONGEST_KEPT_HEADER = 300


def too_large() -> Answer:
    return answers.refused(413, f"The body is larger than {settings.INGESTION_MAX_BODY_BYTES} bytes.")


def declared_length(value: str) -> int:
    """`Content-Length` in bytes; 0 where there is none or it is no number."""
    return int(value) if value.isascii() and value.isdigit() else 0


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers worth keeping with an event, never a credential; `headers` finds names in any case."""
    return {name: headers[name][:LONGEST_KEPT_HEADER] for name in KEPT_HEADERS if name in headers}
