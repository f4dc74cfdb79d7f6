"""Whether the storage account can be reached with the connection string of the settings."""

from __future__ import annotations

from integrations.blob.client import BlobArchive
from integrations.blob.config import VENDOR, BlobConfig
from integrations.checks import register


def check() -> str:
    return BlobArchive(BlobConfig.from_settings()).check()


register(VENDOR, check)
