"""The OpenAPI document and its page."""

from __future__ import annotations

import re
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client

pytestmark = pytest.mark.django_db


def test_schema_has_no_warning_and_is_valid() -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=StringIO())


def test_docs_page_names_no_foreign_host(client: Client) -> None:
    page = client.get("/api/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js" in text
    assert not re.search(r"""["'(](https?:)?//""", text)
    assert "'unsafe-inline'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "json"),
        ("text/html", "json"),
        ("application/json", "json"),
        ("application/yaml", "yaml"),
        ("application/vnd.oai.openapi", "yaml"),
    ],
)
def test_schema_is_given_whatever_is_accepted(client: Client, accept: str, kind: str) -> None:
    answer = client.get("/api/schema/", headers={"accept": accept})
    assert answer.status_code == 200
    assert answer.content.startswith(b"{" if kind == "json" else b"openapi:")
