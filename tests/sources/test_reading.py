"""The small readers: times, texts, names, keys."""

from __future__ import annotations

from typing import Any

import pytest

from ingestion.sources import keys
from ingestion.sources.fields import Fields, any_text, clean, fold_keys, scalar_text
from ingestion.sources.times import parse_duration, parse_time, stamp


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026-04-01T02:58:09.1234567Z", "20260401025809"),
        ("2026-04-01T04:58:09+02:00", "20260401025809"),
        ("2026-04-01 02:58:09", "20260401025809"),
        ("20260401025809", "20260401025809"),
        ("4/1/2026 2:58:09 AM", "20260401025809"),
        ("4/1/2026 12:00:00 AM", "20260401000000"),
        ("4/1/2026 12:30:00 PM", "20260401123000"),
        (1775012289000, "20260401025809"),
        (1775012289, "20260401025809"),
        ("1775012289000", "20260401025809"),
    ],
)
def test_time_in_any_form_is_read_as_utc(written: Any, expected: str) -> None:
    moment = parse_time(written)
    assert moment is not None
    assert stamp(moment) == expected


@pytest.mark.parametrize(
    "written",
    [None, "", "soon", "TERMINATED", True, [], {}, -1, 10**30, float("nan"), "0001-01-01T00:00:00Z",
     "9999-12-31T23:59:59-05:00", "13/13/2026 1:00:00 AM", "x" * 10_000],
)  # fmt: skip
def test_what_is_no_time_is_none(written: Any) -> None:
    assert parse_time(written) is None


@pytest.mark.parametrize(
    ("written", "seconds"), [("PT5M", 300), ("PT1H30M", 5400), ("P1D", 86400), ("PT2.5S", 2)]
)
def test_duration_is_read(written: str, seconds: int) -> None:
    length = parse_duration(written)
    assert length is not None
    assert length.total_seconds() == seconds


@pytest.mark.parametrize("written", ["", "5", "PT", "P", None, 5, "PT5X"])
def test_what_is_no_duration_is_none(written: Any) -> None:
    assert parse_duration(written) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("  a ", "a"),
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        (True, "true"),
        (None, ""),
        ([1], ""),
        ({"a": 1}, ""),
    ],
)
def test_scalar_as_text(value: Any, text: str) -> None:
    assert scalar_text(value) == text


def test_number_too_long_to_print_is_still_a_text() -> None:
    assert scalar_text(10**6000).startswith("0x")
    assert any_text({"n": 10**6000}) == ""


def test_long_text_is_cut_with_a_mark() -> None:
    assert clean("x" * 100, 10) == "x" * 9 + "…"


def test_names_are_found_without_regard_to_case_and_underscores() -> None:
    fields = Fields.of({"Pipeline_RunID": "r"}, {"pipelinename": "p"})
    assert (fields.scalar("pipelinerunid"), fields.scalar("pipelinename")) == ("r", "p")


def test_first_object_and_first_name_take_precedence() -> None:
    fields = Fields.of({"b": "2"}, {"a": "1", "b": "3"})
    assert (fields.scalar("a", "b"), fields.scalar("b")) == ("1", "2")


def test_names_folding_to_one_do_not_depend_on_their_order() -> None:
    assert (
        fold_keys({"run_id": "b", "RunId": "a"}) == fold_keys({"RunId": "a", "run_id": "b"}) == {"runid": "a"}
    )
    assert fold_keys({"RunId": None, "run_id": "b"}) == {"runid": "b"}


def test_guid_is_lowered_and_other_ids_are_not() -> None:
    assert (
        keys.run_key("adf", "{0C6F1A2B-3D4E-4F50-8162-738495A6B7C8}")
        == "adf:run:0c6f1a2b-3d4e-4f50-8162-738495a6b7c8"
    )
    assert keys.run_key("adf", "Run-A") == "adf:run:Run-A"


def test_long_key_is_capped_and_stays_its_own() -> None:
    one, two = (keys.databricks_run_key("w" * 300, tail) for tail in "12")
    assert len(one) == len(two) == 200
    assert one != two


def test_fingerprint_keeps_the_borders_between_its_parts() -> None:
    assert keys.fingerprint("adf", "ab", ["c"]) != keys.fingerprint("adf", "a", ["bc"])
    assert keys.fingerprint("adf", ["x", "y"], "") == keys.fingerprint("adf", ["Y", "X"], "")
    assert keys.fingerprint("adf", "a") != keys.family("adf", "a")
