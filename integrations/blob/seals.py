"""Seals of the audit trail in Blob Storage, each under a name that is written once.

With an immutability policy on the container not even the storage account's owner can replace one.
"""

from __future__ import annotations

from collections.abc import Iterator

from audit.publishing import PREFIX, PublishConflictError, PublishError, object_name
from integrations.blob.client import BlobArchive
from integrations.errors import IntegrationError


class BlobSeals:
    """A publisher for `audit.publishing`."""

    name = "blob"

    def __init__(self, archive: BlobArchive) -> None:
        self._archive = archive

    def put(self, number: int, document: bytes) -> None:
        try:
            self._archive.put(object_name(number), document)
        except IntegrationError as error:
            kind = PublishConflictError if error.code == "BlobAlreadyExists" else PublishError
            raise kind(str(error)) from error

    def get(self, number: int) -> bytes | None:
        try:
            return self._archive.get(object_name(number))
        except IntegrationError as error:
            raise PublishError(str(error)) from error

    def numbers(self) -> Iterator[int]:
        try:
            names = self._archive.names(PREFIX)
        except IntegrationError as error:
            raise PublishError(str(error)) from error
        stems = (name.removeprefix(PREFIX).removesuffix(".json") for name in names)
        return (int(stem) for stem in stems if stem.isdigit())
