"""Exported ranges of the audit trail in Blob Storage, each under a name that is written once."""

from __future__ import annotations

from audit.publishing import PublishConflictError, PublishError
from integrations.blob.client import BlobArchive
from integrations.errors import IntegrationError


class BlobExports:
    """A place for `audit.export_places`."""

    name = "blob"

    def __init__(self, archive: BlobArchive) -> None:
        self._archive = archive

    def put(self, name: str, data: bytes) -> None:
        content_type = "text/csv" if name.endswith(".csv") else "application/json"
        try:
            self._archive.put(name, data, content_type)
        except IntegrationError as error:
            kind = PublishConflictError if error.code == "BlobAlreadyExists" else PublishError
            raise kind(str(error)) from error

    def get(self, name: str) -> bytes | None:
        try:
            return self._archive.get(name)
        except IntegrationError as error:
            raise PublishError(str(error)) from error
