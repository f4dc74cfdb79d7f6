"""The pattern language, its files, and the complaints that no pattern names."""

from __future__ import annotations

from pathlib import Path

import pytest

from rca.catalogue import CatalogueError
from rca.providers.rules.grammar import complaint_signals
from rca.providers.rules.phrases import (
    FILES,
    MAX_BONUS,
    Rule,
    compile_phrase,
    load_rules,
    phrase_signals,
    read_rules,
)
from rca.providers.rules.signals import THRESHOLD
from tickets.choices import CauseClass


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("access denied", "error: access denied for x", True),
        ("access denied", "access was denied", False),
        ("table … not found", "the table 'x' was not found", True),
        ("table … not found", "the table is here. a file was not found", False),
        ("table … not found", "table " + "x" * 200 + " not found", False),
        ("table … not found", "table a is fine and so is table b but table c was not found", True),
        ("deadlock && sql", "sql says deadlock", True),
        ("deadlock && sql", "deadlock", False),
        ('" oom "', "killed: oom now", True),
        ('" oom "', "a room", False),
    ],
)
def test_pattern_matches_only_what_it_says(pattern: str, text: str, found: bool) -> None:
    assert (compile_phrase(pattern).find(text) >= 0) is found


@pytest.mark.parametrize("pattern", ["Access Denied", "a … ", " && b", "a && "])
def test_pattern_that_could_never_match_is_refused(pattern: str) -> None:
    with pytest.raises(CatalogueError, match="lower-case text without empty parts"):
        compile_phrase(pattern)


def test_rule_with_several_matches_names_the_longest() -> None:
    rule = Rule("timeout", 50, True, (compile_phrase("timeout"), compile_phrase("query timeout expired")))

    signal = rule.signal("query timeout expired after a timeout")

    assert signal is not None
    assert signal.label == "“query timeout expired”"
    assert signal.weight > 50


def test_longer_pattern_of_another_class_silences_the_one_inside_it() -> None:
    spoken_for = {
        signal.cause_class for signal in phrase_signals("unable to parse expression of the pipeline: error")
    }

    assert "syntax_or_code_error" in spoken_for
    assert "bad_data" not in spoken_for


def test_pattern_files_cover_every_class() -> None:
    assert {rule.cause_class for rule in load_rules()} == set(CauseClass.values)


def test_wrappers_alone_speak_for_unknown_and_stay_below_the_threshold() -> None:
    wrappers = [rule for rule in load_rules() if rule.cause_class == "unknown"]

    assert wrappers
    assert all(rule.weight + MAX_BONUS < THRESHOLD for rule in wrappers)
    assert all(rule.weight > THRESHOLD for rule in load_rules() if rule.cause_class != "unknown")


@pytest.mark.parametrize(
    ("text", "spoken_for"),
    [("the memory is 4 gib", set()), ("it failed, look at the memory", {"out_of_memory"})],
)
def test_subject_alone_counts_only_where_the_text_complains(text: str, spoken_for: set[str]) -> None:
    assert {signal.cause_class for signal in phrase_signals(text)} == spoken_for


def test_pattern_that_ends_with_a_word_matches_at_the_end_of_the_text() -> None:
    classes = {signal.cause_class for signal in phrase_signals("the step exited with code 1")}

    assert "syntax_or_code_error" in classes
    assert "syntax_or_code_error" not in {
        signal.cause_class for signal in phrase_signals("the step exited with code 137")
    }


def test_pattern_files_hold_no_pattern_twice_with_one_weight() -> None:
    seen = [(rule.weight, phrase.source) for rule in load_rules() for phrase in rule.phrases]

    assert sorted({pair for pair in seen if seen.count(pair) > 1}) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[bad_luck root retry]\nx", "line 1"),
        ("[timeout heavy retry]\nx", "line 1"),
        ("[timeout root perhaps]\nx", "line 1"),
        ("[timeout root]\nx", "line 1"),
        ("# a comment\n\n[timeout root retry]\nUpper", "line 4"),
        ("x\n", "needs a group"),
    ],
)
def test_pattern_file_with_a_fault_is_refused_with_its_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "patterns.txt"
    path.write_text(text)

    with pytest.raises(CatalogueError, match=complaint):
        list(read_rules(path))


def test_pattern_files_are_found() -> None:
    assert {path.stem for path in FILES.glob("*.txt")} >= {"access", "data", "network", "setup"}


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("the data type of column 'x' is not supported", "schema_or_type_mismatch"),
        ("the authentication type is not supported", "configuration_error"),
        ("a needed package is missing", "missing_dependency_or_library"),
        ("the source file is missing", "missing_source_data"),
        ("the notebook could not be found", "resource_not_found"),
        ("the password is incorrect", "authentication_failure"),
        ("invalid query in the source", "syntax_or_code_error"),
        ("the json document is not valid", "bad_data"),
        ("property 'url' is required", "configuration_error"),
        ("unsupported compression option", "configuration_error"),
        ("the worker type is not supported", "configuration_error"),
        ("the script task could not be loaded", "missing_dependency_or_library"),
        ("dbfs:/mnt/day does not exist", "missing_source_data"),
        ("the permission is missing", "permission_denied"),
        ("the group with id 12 was not found", "resource_not_found"),
    ],
)
def test_complaint_is_judged_by_its_subject(text: str, cause: str) -> None:
    assert [signal.cause_class for signal in complaint_signals(text)][:1] == [cause]


def test_complaint_without_a_known_subject_says_nothing() -> None:
    assert list(complaint_signals("it is wrong")) == []
