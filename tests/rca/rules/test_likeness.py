"""The linear model beside the signals: what it sees, and when it may speak."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rca.catalogue import CatalogueError
from rca.providers.rules import likeness as module
from rca.providers.rules.likeness import MAX_WORDS, MODEL, features_of, likeness, load_model
from rca.providers.rules.signals import Signal
from rca.providers.rules.text import prepare
from rca.providers.rules.verdict import LIKENESS_LABEL, decide
from tickets.choices import CauseClass

MAX_KILOBYTES = 400


def test_text_is_seen_as_words_parts_of_codes_and_pairs() -> None:
    assert features_of("UserErrorBlob 12 is missing") == [
        "usererrorblob",
        ".user",
        ".error",
        ".blob",
        "user.error",
        "error.blob",
        "is",
        "usererrorblob is",
        "missing",
        "is missing",
    ]


def test_addresses_and_identifiers_are_not_learnt() -> None:
    assert (
        features_of("https://a.example/table abfss://c@b.example 0f8fad5b-d9cb-469f-a165-70867728950e") == []
    )


def test_shares_add_up_to_one_and_name_known_classes() -> None:
    shares = likeness("the wrong password was given, so the login failed")

    assert sum(shares.values()) == pytest.approx(1)
    assert set(shares) <= set(CauseClass.values)
    assert max(shares, key=lambda name: shares[name]) == "authentication_failure"


def test_text_without_a_known_word_resembles_nothing() -> None:
    assert likeness("qqq zzz") == {}


def test_only_the_head_of_a_long_text_is_read() -> None:
    assert len(features_of("word " * (MAX_WORDS * 3))) == 2 * MAX_WORDS - 1


def test_model_is_small_enough_to_ship() -> None:
    assert MODEL.stat().st_size < MAX_KILOBYTES * 1024


@pytest.mark.parametrize("content", ["", "{}", '{"classes": [], "bias": [], "features": {"a": ["x"]}}'])
def test_model_that_cannot_be_used_is_named(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "likeness.json"
    path.write_text(content, encoding="utf-8")
    monkeypatch.setattr(module, "MODEL", path)
    load_model.cache_clear()

    try:
        with pytest.raises(CatalogueError, match=r"likeness\.json"):
            load_model()
    finally:
        load_model.cache_clear()


def test_every_weight_belongs_to_a_class() -> None:
    data = json.loads(MODEL.read_text(encoding="utf-8"))

    assert len(data["bias"]) == len(data["classes"])
    assert all(
        0 <= number < len(data["classes"]) for row in data["features"].values() for number in row[1::2]
    )


def test_wording_decides_alone_only_where_no_signal_spoke() -> None:
    text = prepare("this long sentence says that something went wrong with it")
    shares = {"bad_data": 0.9, "timeout": 0.1}

    alone = decide([], [], text, shares)

    assert alone.cause_class == "bad_data"
    assert alone.confidence == "Low"
    assert alone.deciding is not None
    assert alone.deciding.label == LIKENESS_LABEL


def test_wording_does_not_outvote_a_sentence_without_doubt() -> None:
    text = prepare("out of memory")
    plain, faint = Signal("out_of_memory", 92, "a"), Signal("bad_data", 70, "b")
    near = Signal("bad_data", 80, "c")

    assert decide([plain, faint], [], text, {"bad_data": 1.0}).cause_class == "out_of_memory"
    assert decide([plain, near], [], text, {"bad_data": 1.0}).cause_class == "bad_data"


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("this long sentence says that something went wrong with it", 0.5),
        ("went wrong", 0.9),
        ("this long sentence tells of nothing but a fine day at sea", 0.9),
    ],
)
def test_wording_is_silent_when_unsure_short_or_without_complaint(text: str, share: float) -> None:
    assert decide([], [], prepare(text), {"bad_data": share}).cause_class == "unknown"


SENTENCE = "the column of this table went wrong in some way that nobody named"


@pytest.mark.parametrize(("weight", "share"), [(48, 0.6), (69, 0.6), (70, 0.8), (91, 0.8)])
def test_high_share_outvotes_a_sentence_of_another_class(weight: int, share: float) -> None:
    said = Signal("schema_or_type_mismatch", weight, "“column”", 4, transient=False)

    verdict = decide([said], [], prepare(SENTENCE), {"timeout": share, "bad_data": 1 - share})

    assert verdict.cause_class == "timeout"
    assert verdict.deciding is not None
    assert verdict.deciding.label == LIKENESS_LABEL
    assert said in verdict.signals
    assert verdict.transient is True
    assert verdict.confidence in ("Low", "Medium")


@pytest.mark.parametrize(
    ("said", "text", "share"),
    [
        (Signal("bad_data", 69, "“column”", 4), SENTENCE, 0.59),
        (Signal("bad_data", 70, "“column”", 4), SENTENCE, 0.79),
        (Signal("bad_data", 92, "“column”", 4), SENTENCE, 1.0),
        (Signal("bad_data", 62, "HTTP status 401", 4), SENTENCE, 1.0),
        (Signal("bad_data", 76, "code X", 4, code="X"), SENTENCE, 1.0),
        (Signal("bad_data", 62, "“column”", 0), "column wrong", 1.0),
        (Signal("bad_data", 62, "“column”", 30), "the job went wrong here; caused by: a column", 1.0),
        (Signal("bad_data", 62, "“column”", 4), f"{SENTENCE}. possible causes: a, b", 1.0),
    ],
)
def test_doubt_a_code_and_the_order_of_a_text_are_not_outvoted(said: Signal, text: str, share: float) -> None:
    verdict = decide([said], [], prepare(text), {"timeout": share, "throttling": 1 - share})

    assert verdict.cause_class == "bad_data"
    assert verdict.deciding == said


def test_what_resembles_failures_without_a_cause_outvotes_nothing() -> None:
    said = Signal("bad_data", 48, "“column”", 4)

    assert decide([said], [], prepare(SENTENCE), {"unknown": 1.0}).cause_class == "bad_data"
