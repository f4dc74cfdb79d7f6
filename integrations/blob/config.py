"""Which storage account and container the archive is in. Without the SDK, so that any process may ask."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.conf import settings

from integrations.errors import NotConfiguredError

VENDOR = "blob"


@dataclass(frozen=True, slots=True)
class BlobConfig:
    """`timeout` is (connect, read) in seconds, for one request."""

    connection_string: str = field(repr=False)
    container: str = "audit-logs"
    timeout: tuple[float, float] = (5.0, 20.0)

    @classmethod
    def from_settings(cls) -> BlobConfig:
        """Raises NotConfiguredError that names what is missing."""
        if not settings.AZURE_BLOB_ENABLED:
            raise NotConfiguredError(VENDOR, "Set AZURE_BLOB_ENABLED=true to archive payloads.")
        if not settings.AZURE_STORAGE_CONN:
            raise NotConfiguredError(VENDOR, "Set AZURE_STORAGE_CONN.")
        return cls(settings.AZURE_STORAGE_CONN, settings.AZURE_BLOB_CONTAINER_NAME)
