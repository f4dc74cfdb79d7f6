"""What a call needs, out of the settings."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.conf import settings

from integrations.errors import NotConfiguredError

VENDOR = "gemini"
API_VERSION = "v1beta"


@dataclass(frozen=True, slots=True)
class GeminiConfig:
    """`endpoint` is scheme and host without a version; `model` the name with its `models/` prefix; `timeout`
    is in seconds, for each attempt. The key never shows in a repr.
    """

    api_key: str = field(repr=False)
    model: str
    endpoint: str
    timeout: float

    @classmethod
    def from_settings(cls) -> GeminiConfig:
        """Raises NotConfiguredError when there is no key."""
        if not settings.GEMINI_API_KEY:
            raise NotConfiguredError(VENDOR, "Set GEMINI_API_KEY (or GEMINI_API_KEY_FILE).")
        name = settings.MODEL_ID.removeprefix("models/")
        return cls(
            api_key=settings.GEMINI_API_KEY,
            model=f"models/{name}",
            endpoint=settings.GEMINI_API_ENDPOINT.rstrip("/"),
            timeout=settings.GEMINI_TIMEOUT_SECONDS,
        )

    @property
    def host(self) -> str:
        return urlsplit(self.endpoint).netloc


def has_key() -> bool:
    return bool(settings.GEMINI_API_KEY)
