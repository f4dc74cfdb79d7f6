"""The catalogue's files are whole, and a look-up finds a code in every spelling of the world."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from rca.catalogue import CatalogueError, load_catalogue
from rca.catalogue.loader import DATA, read_file
from tickets.choices import CauseClass

GOOD = {
    "code": "X1",
    "source": "adf",
    "cause_class": "timeout",
    "transient": True,
    "meaning": "It took too long.",
    "remedy": ["Wait"],
    "reference": "A page",
}


def test_catalogue_loaded_holds_every_entry_once() -> None:
    catalogue = load_catalogue()

    assert len(catalogue) == 922
    keys = Counter((entry.source, entry.key) for entry in catalogue)
    assert [key for key, count in keys.items() if count > 1] == []


def test_catalogue_loaded_covers_every_cause_class() -> None:
    assert {entry.cause_class for entry in load_catalogue()} == set(CauseClass.values)


def test_catalogue_entries_of_unknown_class_never_decide() -> None:
    deciding = [
        entry.key for entry in load_catalogue() if entry.cause_class == "unknown" and entry.role == "specific"
    ]

    assert deciding == []


def test_catalogue_phrases_are_lower_case_and_never_a_bare_number() -> None:
    phrases = [phrase for entry in load_catalogue() for phrase in entry.phrases]

    assert phrases
    assert [phrase for phrase in phrases if phrase != phrase.lower() or phrase.isdigit()] == []


@pytest.mark.parametrize(
    ("spelling", "code"),
    [
        ("UserErrorSourceBlobNotExist", "UserErrorSourceBlobNotExist"),
        ("UserErrorSourceBlobNotExists", "UserErrorSourceBlobNotExist"),
        ("usererrorsourceblobnotexists", "UserErrorSourceBlobNotExist"),
        ("UserErrorSqlOperationFailed", "SqlOperationFailed"),
        ("UNRESOLVED_COLUMN", "UNRESOLVED_COLUMN.WITH_SUGGESTION"),
        ("MALFORMED_RECORD_IN_PARSING.WITHOUT_SUGGESTION", "MALFORMED_RECORD_IN_PARSING"),
        ("io.delta.exceptions.ConcurrentAppendException", "ConcurrentAppendException"),
        ("ARM:AuthorizationFailed", "AuthorizationFailed"),
    ],
)
def test_code_in_another_spelling_is_found(spelling: str, code: str) -> None:
    assert code in {entry.code for entry in load_catalogue().find(spelling)}


def test_unknown_code_finds_nothing() -> None:
    assert load_catalogue().find("NoVendorEverWroteThis") == ()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"cause_class": "bad_luck"}, "'bad_luck' is not one of the cause classes"),
        ({"transient": "yes"}, "field transient must be true or false"),
        ({"remedy": []}, "field remedy must be a list"),
        ({"meaning": ""}, "field meaning must be a text"),
        ({"role": "odd"}, "role 'odd'"),
        ({"severity": "Huge"}, "severity 'Huge'"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_entry_is_refused_with_file_entry_and_field(
    tmp_path: Path, change: dict[str, object], complaint: str
) -> None:
    path = tmp_path / "vendor.json"
    path.write_text(json.dumps([GOOD, GOOD | change]))

    with pytest.raises(CatalogueError) as caught:
        read_file(path)

    assert complaint in str(caught.value)
    assert "vendor.json, entry 2" in str(caught.value)


@pytest.mark.parametrize("text", ["{", '{"code": "X"}', '["X"]'])
def test_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "vendor.json"
    path.write_text(text)

    with pytest.raises(CatalogueError, match=r"vendor\.json"):
        read_file(path)


def test_importing_the_catalogue_reads_no_file() -> None:
    program = (
        "import time, tickets.choices\n"
        "started = time.perf_counter()\n"
        "import rca.catalogue\n"
        "print(time.perf_counter() - started, rca.catalogue.load_catalogue.cache_info().currsize)"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=DATA.parents[2]
    ).stdout.split()

    assert float(output[0]) < 0.05
    assert output[1] == "0"
