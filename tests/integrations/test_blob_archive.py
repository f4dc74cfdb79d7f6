"""The archive writes once. The contract suite runs against the fake, and against Azurite where
`AZURITE_CONNECTION_STRING` names one, so that the fake cannot drift."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest

from integrations.blob.client import BlobArchive, archive_name
from integrations.blob.config import BlobConfig
from integrations.errors import IntegrationError
from tests.support.blob_server import ACCOUNT, FakeBlobs, error
from tests.support.vendor_server import Answer, VendorServer

NAME = "2025-11-29/ADF-20251129T143022-a3f2c1-payload.json"
AZURITE = os.environ.get("AZURITE_CONNECTION_STRING", "")


@pytest.fixture
def fake(vendor: VendorServer) -> FakeBlobs:
    blobs = FakeBlobs(vendor)
    blobs.serve("audit-logs", NAME)
    return blobs


@pytest.fixture
def archive(fake: FakeBlobs) -> BlobArchive:
    return BlobArchive(BlobConfig(fake.connection_string, timeout=(1.0, 1.0)))


@pytest.fixture(
    params=[
        "fake",
        pytest.param("azurite", marks=pytest.mark.skipif(not AZURITE, reason="no AZURITE_CONNECTION_STRING")),
    ]
)
def either(request: pytest.FixtureRequest, fake: FakeBlobs) -> BlobArchive:
    """An archive on a container that does not exist yet."""
    container = f"t{uuid.uuid4().hex}"
    fake.serve(container, NAME)
    return BlobArchive(BlobConfig(fake.connection_string if request.param == "fake" else AZURITE, container))


@pytest.mark.parametrize("data", [b'{"a": 1}', b"", "ü\x00".encode() * 1000])
def test_contract_put_creates_container_and_repeats_harmlessly(either: BlobArchive, data: bytes) -> None:
    first = either.put(NAME, data)
    assert either.put(NAME, data) == first
    assert first.endswith(f"{either.config.container}/{NAME}")


@pytest.mark.parametrize("other", [b"{}", b"", b'{"a": 2}', b'{"a": 1} '])
def test_contract_other_content_is_refused_and_changes_nothing(either: BlobArchive, other: bytes) -> None:
    either.put(NAME, b'{"a": 1}')
    with pytest.raises(IntegrationError, match="exists with other content") as caught:
        either.put(NAME, other)
    assert caught.value.permanent
    either.put(NAME, b'{"a": 1}')


def test_contract_check_tells_whether_the_container_exists(either: BlobArchive) -> None:
    assert "is created with the first payload" in either.check()
    either.put(NAME, b"{}")
    assert either.check().endswith("exists")


def test_put_is_conditional_and_typed(vendor: VendorServer, fake: FakeBlobs, archive: BlobArchive) -> None:
    assert archive.put(NAME, b"{}") == f"{vendor.url}/{ACCOUNT}/audit-logs/{NAME}"
    sent = vendor.to(f"/{ACCOUNT}/audit-logs/{NAME}")[-1]
    assert sent.headers["if-none-match"] == "*"
    assert sent.headers["x-ms-blob-type"] == "BlockBlob"
    assert sent.headers["x-ms-blob-content-type"] == "application/json"
    assert fake.blobs[sent.path] == b"{}"


def test_address_of_a_blob_carries_no_signature(vendor: VendorServer, fake: FakeBlobs) -> None:
    connection = f"BlobEndpoint={vendor.url}/{ACCOUNT};SharedAccessSignature=sv=2024-11-04&sig=c2VjcmV0"
    url = BlobArchive(BlobConfig(connection)).put(NAME, b"{}")
    assert url == f"{vendor.url}/{ACCOUNT}/audit-logs/{NAME}"
    assert vendor.requests[-1].query["sig"] == "c2VjcmV0"


@pytest.mark.parametrize(
    ("answer", "permanent", "said"),
    [
        (error(403, "AuthenticationFailed"), True, "clock"),
        (error(403, "AuthorizationFailure"), True, "firewall"),
        (error(409, "ContainerBeingDeleted"), False, "half a minute"),
        (error(503, "ServerBusy"), False, ""),
        (error(500, "InternalError"), False, ""),
        (Answer(cut="before"), False, "AZURE_STORAGE_CONN"),
        (Answer(201, delay=3.0), False, "AZURE_STORAGE_CONN"),
    ],
)
def test_failure_is_told_once_with_advice(
    vendor: VendorServer, archive: BlobArchive, answer: Answer, permanent: bool, said: str
) -> None:
    vendor.on("PUT", f"/{ACCOUNT}/audit-logs/{NAME}", answer)
    with pytest.raises(IntegrationError) as caught:
        archive.put(NAME, b"{}")
    assert caught.value.permanent is permanent
    assert said in caught.value.advice
    assert "a2V5" not in str(caught.value)
    assert len(vendor.requests) == 1


def test_throttling_carries_the_wait(vendor: VendorServer, archive: BlobArchive) -> None:
    vendor.on("PUT", f"/{ACCOUNT}/audit-logs/{NAME}", error(503, "ServerBusy", Retry_After="12"))
    with pytest.raises(IntegrationError) as caught:
        archive.put(NAME, b"{}")
    assert (caught.value.retry_after, caught.value.code) == (12.0, "ServerBusy")


def test_answer_lost_after_the_effect_is_healed_by_repeating(
    vendor: VendorServer, archive: BlobArchive
) -> None:
    blobs = FakeBlobs(vendor)
    blobs.serve("audit-logs", NAME)
    archive.put(NAME, b"{}")
    vendor.on("PUT", f"/{ACCOUNT}/audit-logs/{NAME}", Answer(cut="before"), blobs._put)
    with pytest.raises(IntegrationError):
        archive.put(NAME, b"{}")
    assert archive.put(NAME, b"{}").endswith(NAME)


@pytest.mark.parametrize("connection", ["", "nonsense", "AccountKey=c2VjcmV0", "AccountKey=c2VjcmV0;=;"])
def test_connection_string_that_cannot_be_used_is_named_and_not_quoted(connection: str) -> None:
    with pytest.raises(IntegrationError) as caught:
        BlobArchive(BlobConfig(connection, timeout=(0.2, 0.2))).put(NAME, b"{}")
    assert "c2VjcmV0" not in f"{caught.value!s}{caught.value.advice}"


def test_name_begins_with_the_day_of_receipt_in_utc() -> None:
    late = datetime(2025, 11, 30, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert (
        archive_name("ADF-1", late)
        == archive_name("ADF-1", late.astimezone(UTC))
        == "2025-11-29/ADF-1-payload.json"
    )
    with pytest.raises(ValueError, match="time zone"):
        archive_name("ADF-1", late.replace(tzinfo=None))
