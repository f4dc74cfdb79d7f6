"""The families of code names: readable, consistent with the catalogue, and heard in a text."""

from __future__ import annotations

from pathlib import Path

import pytest

from rca.case import Case
from rca.catalogue import CatalogueError, load_catalogue
from rca.catalogue.names import NAMES, class_of_known_name, load_names, read_names
from rca.providers import get_provider

rules = get_provider("rules")


def test_every_family_is_read_and_holds_many_names() -> None:
    assert len(list(NAMES.glob("*.txt"))) >= 5
    assert len(load_names()) > 1_000


def test_no_name_stands_in_two_groups() -> None:
    seen: dict[str, str] = {}
    twice = []
    for path in sorted(NAMES.glob("*.txt")):
        for name in read_names(path):
            if name in seen and seen[name] != path.name:
                twice.append((name, seen[name], path.name))
            seen[name] = path.name

    assert [row for row in twice if load_names()[row[0]] != read_names(NAMES / row[1])[row[0]]] == []


def test_names_do_not_contradict_a_specific_entry_of_the_same_spelling() -> None:
    wrong = [
        (entry.code, entry.cause_class, known[0])
        for entry in load_catalogue()
        if entry.role == "specific" and (known := load_names().get(entry.code.lower()))
        if known[0] != entry.cause_class
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("UC_VOLUMES_NOT_ENABLED", "configuration_error"),
        ("MERGE_CARDINALITY_VIOLATION", "bad_data"),
        ("INSUFFICIENT_PERMISSIONS.SOME_SUB_CLASS", "permission_denied"),
        ("org.apache.kafka.common.errors.RecordTooLargeException", "capacity_or_quota"),
        ("skunotavailable", "capacity_or_quota"),
    ],
)
def test_name_answers_in_every_spelling(code: str, cause: str) -> None:
    known = class_of_known_name(code)

    assert known is not None
    assert known[0] == cause


def test_unknown_name_is_not_guessed() -> None:
    assert class_of_known_name("NOT_A_NAME_OF_ANYBODY") is None


def test_family_name_decides_in_a_text_that_says_nothing_else() -> None:
    finding = rules.analyse(Case("databricks", "[LOCATION_OVERLAP] see the details"))

    assert (finding.cause_class, finding.error_type) == ("concurrency_conflict", "LOCATION_OVERLAP")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [("NAME_ONE", "needs a group"), ("[luck retry]\nX", "is not"), ("[timeout perhaps]\nX", "is not")],
)
def test_file_that_is_wrong_is_named_with_its_line(content: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "family.txt"
    path.write_text(content, encoding="utf-8")

    with pytest.raises(CatalogueError, match=rf"family\.txt, line 1.*{complaint}"):
        read_names(path)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("rpc error: code = Unavailable desc = transport", "upstream_service_outage"),
        ("RPC that terminated with: status = StatusCode.UNAUTHENTICATED", "authentication_failure"),
        ("rpc error: code = DeadlineExceeded desc = context", "timeout"),
    ],
)
def test_grpc_status_is_heard(text: str, cause: str) -> None:
    assert rules.analyse(Case("databricks", text)).cause_class == cause
