"""The archive of raw payloads in Azure Blob Storage: written once, never over.

The SDK's own retries are off (the delivery decides), its errors are mapped here, and an address that leaves
this module carries no signature.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from azure.core.exceptions import AzureError, HttpResponseError
from azure.storage.blob import BlobClient, ContainerClient, ContentSettings

from integrations import vendor_metrics
from integrations.blob.config import VENDOR, BlobConfig
from integrations.blob.failures import from_azure
from integrations.errors import IntegrationError

_MAX_COMPARED = 32 * 1024 * 1024
_T = TypeVar("_T")


def archive_name(ticket_id: str, received_at: datetime) -> str:
    """`yyyy-mm-dd/<ticket id>-payload.json`, the day of receipt in UTC. `received_at` must be aware."""
    if received_at.tzinfo is None:
        raise ValueError("received_at must carry its time zone: the day depends on it")
    return f"{received_at.astimezone(UTC):%Y-%m-%d}/{ticket_id}-payload.json"


@dataclass(frozen=True, slots=True)
class BlobArchive:
    """One container. Every method raises IntegrationError and nothing else."""

    config: BlobConfig

    def put(self, name: str, data: bytes, content_type: str = "application/json") -> str:
        """Write a blob once and return its address, without any signature.

        Safe to repeat: a blob that exists with the same content is success. With other content it is a
        permanent error, and nothing is changed. The container is created when it is missing.
        """
        with self._container() as container:
            blob = container.get_blob_client(name)
            try:
                self._upload(container, blob, data, content_type)
            except IntegrationError as error:
                if error.code != "BlobAlreadyExists":
                    raise
                self._compare(blob, name, data)
            return str(blob.url).partition("?")[0]

    def get(self, name: str) -> bytes | None:
        """The blob's content; None when there is none of that name, or no container."""

        def download() -> bytes:
            return bytes(blob.download_blob(max_concurrency=1).readall())

        with self._container() as container:
            blob = container.get_blob_client(name)
            try:
                return _guarded("Get Blob", download)
            except IntegrationError as error:
                if error.code not in {"BlobNotFound", "ContainerNotFound"}:
                    raise
                return None

    def names(self, prefix: str) -> list[str]:
        """Names of all blobs that begin with `prefix`, asked for in pages; empty without a container."""
        with self._container() as container:
            try:
                return _guarded(
                    "List Blobs", lambda: list(container.list_blob_names(name_starts_with=prefix))
                )
            except IntegrationError as error:
                if error.code != "ContainerNotFound":
                    raise
                return []

    def check(self) -> str:
        """One sentence on the container, which need not exist yet; raises when it cannot be reached."""
        with self._container() as container:
            exists = _guarded("Get Container", lambda: bool(container.exists()))
        state = "exists" if exists else "is created with the first payload"
        return f"reached; container {self.config.container} {state}"

    def _container(self) -> ContainerClient:
        connect, read = self.config.timeout
        try:
            return ContainerClient.from_connection_string(
                self.config.connection_string,
                self.config.container,
                retry_total=0,
                connection_timeout=connect,
                read_timeout=read,
                max_single_get_size=_MAX_COMPARED,
            )
        except (ValueError, KeyError):
            pass  # raised below: the SDK's message may quote the string, which holds the key
        raise IntegrationError(
            f"{VENDOR}: the connection string cannot be read",
            vendor=VENDOR,
            permanent=True,
            code="bad_connection_string",
            advice="Copy AZURE_STORAGE_CONN again: DefaultEndpointsProtocol=…;AccountName=…;AccountKey=…;…",
        )

    def _upload(self, container: ContainerClient, blob: BlobClient, data: bytes, content_type: str) -> None:
        def upload() -> None:
            # overwrite=False is `If-None-Match: *`.
            blob.upload_blob(
                data, overwrite=False, content_settings=ContentSettings(content_type=content_type)
            )

        try:
            _guarded("Put Blob", upload)
        except IntegrationError as error:
            if error.code != "ContainerNotFound":
                raise
            self._create(container)
            _guarded("Put Blob", upload)

    def _create(self, container: ContainerClient) -> None:
        try:
            _guarded("Create Container", container.create_container)
        except IntegrationError as error:
            if error.code != "ContainerAlreadyExists":  # another worker was first
                raise

    def _compare(self, blob: BlobClient, name: str, data: bytes) -> None:
        """Raise unless the blob that exists holds `data`."""

        def is_equal() -> bool:
            stored = blob.download_blob(max_concurrency=1)
            return stored.size == len(data) and stored.readall() == data

        if _guarded("Get Blob", is_equal):
            return
        raise IntegrationError(
            f"{VENDOR}: {name} exists with other content and was left as it is",
            vendor=VENDOR,
            permanent=True,
            status=409,
            code="BlobAlreadyExists",
            advice="Two deployments may share one container: give each its own AZURE_BLOB_CONTAINER_NAME.",
        )


def _guarded(operation: str, call: Callable[[], _T]) -> _T:
    """Run one call of the SDK, with its errors mapped and its time recorded."""
    started = time.monotonic()
    outcome = "network"
    try:
        result = call()
    except AzureError as error:
        if isinstance(error, HttpResponseError) and error.status_code:
            outcome = vendor_metrics.status_outcome(error.status_code)
        raise from_azure(operation, error, datetime.now(UTC)) from None
    else:
        outcome = "2xx"
        return result
    finally:
        vendor_metrics.observe_call(VENDOR, outcome, time.monotonic() - started)
