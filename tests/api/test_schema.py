"""The OpenAPI document and its page."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from aiops.schema import OnceGenerator

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


def schema(client: Client) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/api/schema/").json()
    return document


def test_relation_of_a_ticket_has_every_value_that_is_given(client: Client) -> None:
    relation = schema(client)["components"]["schemas"]["TicketRelation"]["enum"]
    assert set(relation) == {"related", "caused_by", "cause_of", "repeats", "repeated_by"}


def test_operations_have_names_of_their_own(client: Client) -> None:
    """A generated client is made of them: none is the generator's default, which follows the address."""
    operations = [operation for path in schema(client)["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(names) == len(set(names))
    assert not [name for name in names if name.endswith(("_retrieve", "_create", "_list"))]
    assert all(operation["tags"] != ["api"] and operation["summary"] for operation in operations)


def test_closed_lists_are_named_for_what_they_are(client: Client) -> None:
    components = schema(client)["components"]["schemas"]
    assert components["TicketStatus"]["enum"] == ["open", "in_progress", "acknowledged"]
    assert components["DeliveryState"]["enum"][0] == "pending"
    assert components["RoleName"]["enum"] == ["viewer", "analyst", "approver", "admin"]
    assert not {"StatusEnum", "StateEnum", "CodeEnum"} & components.keys()


@pytest.mark.django_db(transaction=True)
def test_many_who_ask_at_once_for_the_first_document_wait_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    make = SchemaGenerator.get_schema

    def counted(generator: SchemaGenerator, *arguments: Any) -> Any:
        made.append(make(generator, *arguments))  # type: ignore[no-untyped-call]
        return made[-1]

    monkeypatch.setattr(SchemaGenerator, "get_schema", counted)
    monkeypatch.setattr(OnceGenerator, "_made", None)
    with ThreadPoolExecutor(6) as people:
        answers = list(people.map(lambda _: Client().get("/api/schema/"), range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(made) == 1
