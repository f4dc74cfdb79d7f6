"""Planted secrets of every kind, in every place a prompt draws on, never leave; the analysis still names them."""

from __future__ import annotations

import pytest

from rca.case import Case, EvidenceItem, SimilarTicket, Transcript
from rca.providers.gemini.provider import ModelProvider
from tests.rca.models.speech import PATH, answered, said
from tests.support.vendor_server import VendorServer

BASE64_KEY = "Zm9vYmFyYmF6cXV4" * 5 + "Zm9vYm" + "=="
SECRETS = {
    "storage key": f"AccountKey={BASE64_KEY}",
    "sas": "https://acct.blob.core.windows.net/c?sv=2024-01-01&sig=aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789%2B%3D",
    "bearer": "Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJlc2lnbmF0dXJl",
    "databricks": "dapi0123456789abcdef0123456789abcdef",
    "url password": "jdbc connect to postgres://loader:Tr0ub4dor-and-3@db.internal:5432/sales",
    "sql": "Server=tcp:s.database.windows.net;User ID=loader;Password=Corr3ct-Horse!;Encrypt=True",
    "google": "AIzaSyA0123456789abcdefghijklmnopqrstuv",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAv5b7\nq9zYk1fJ0wq8\n-----END RSA PRIVATE KEY-----",
    "person": "contact jane.doe@contoso.example for access",
}
PARTS = (
    BASE64_KEY[:40], "aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789", "eyJzdWIiOiIxMjM0NTY3ODkwIn0", "0123456789abcdef0123",
    "Tr0ub4dor-and-3", "Corr3ct-Horse", "AIzaSyA0123456789", "MIIEowIBAAKCAQEAv5b7", "q9zYk1fJ0wq8", "jane.doe",
)  # fmt: skip


def planted(filler: str = "") -> Case:
    every = "\n".join([*SECRETS.values(), filler, *reversed(SECRETS.values())])
    return Case(
        "adf",
        f"ErrorCode=UserErrorSourceBlobNotExist {every}",
        "UserErrorSourceBlobNotExist",
        f"owner-jane.doe@contoso.example_{SECRETS['databricks']}",
        evidence=(
            EvidenceItem(1, "alert", f"{every}", f"https://x.example/?{SECRETS['sas']}"),
            EvidenceItem(2, "trace", f"at Some.Frame\n{every}"),
        ),
        similar=(SimilarTicket("ADF-1", "X", "unknown", every, f"Rotated {SECRETS['storage key']}"),),
    )


@pytest.mark.parametrize("filler", ["", "frame at line\n" * 20_000], ids=["short", "cut"])
def test_planted_secrets_are_in_no_request(
    provider: ModelProvider, endpoint: VendorServer, filler: str
) -> None:
    endpoint.on("POST", PATH, said({"text": "not an answer"}), answered())
    transcript = Transcript()
    provider.explain(planted(filler), transcript)
    assert len(endpoint.requests) == 2  # the repair too
    for request in endpoint.requests:
        headers = {name: value for name, value in request.headers.items() if name != "x-goog-api-key"}
        left = f"{request.path} {request.query} {headers} {request.body.decode()}".replace("\\n", "\n")
        assert [part for part in PARTS if part in left] == []
        assert "[[REDACTED_" in left
    assert [part for part in PARTS if part in transcript.prompt_sent] == []


def test_placeholder_in_the_answer_is_put_back(provider: ModelProvider, endpoint: VendorServer) -> None:
    case = Case("adf", "User jane.doe@contoso.example may not read table t.", evidence=())
    endpoint.on(
        "POST",
        PATH,
        answered(
            error_type="AuthenticationError",
            root_cause="[[REDACTED_EMAIL_1]] lacks the right; [[REDACTED_EMAIL_7]] is unknown.",
        ),
    )
    cause = provider.analyse(case).root_cause
    assert cause == "jane.doe@contoso.example lacks the right; [[REDACTED_EMAIL_7]] is unknown."
