"""Vendors' refusals, each in its own dialect."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from integrations.error_bodies import MAX_EXCERPT, read_error_body
from integrations.retry import backoff_seconds, is_permanent, retry_after_seconds

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            {"error": {"code": "AuthorizationFailed", "message": "no role"}},
            ("AuthorizationFailed", "no role"),
        ),
        ({"error": {"code": 429, "status": "EXHAUSTED", "message": "slow down"}}, ("EXHAUSTED", "slow down")),
        ({"error": "invalid_client", "error_description": "AADSTS1: no"}, ("invalid_client", "AADSTS1: no")),
        ({"error_code": "BAD", "message": "  two\n lines "}, ("BAD", "two lines")),
        (
            {"errorMessages": ["no project"], "errors": {"summary": "empty"}},
            ("", "no project; summary: empty"),
        ),
        ({"error": None, "message": {"nested": 1}}, ("", "")),
        ({}, ("", "")),
    ],
)
def test_json_refusal_is_read(document: object, expected: tuple[str, str]) -> None:
    assert read_error_body(json.dumps(document).encode()) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ("", "")),
        (b"Bad gateway", ("", "Bad gateway")),
        (b"<HTML><title>503\nbusy</title>", ("", "an HTML page: 503 busy")),
        (b"<!doctype html><p>x", ("", "an HTML page without a title")),
        (b"<?xml?><Error><Code>ServerBusy</Code><Message>later</Message></Error>", ("ServerBusy", "later")),
        (b'{"half": ', ("", '{"half":')),
        (b"[1, 2]", ("", "[1, 2]")),
        (b"\xff\xfe", ("", "\ufffd\ufffd")),
    ],
)
def test_other_refusal_is_read(body: bytes, expected: tuple[str, str]) -> None:
    assert read_error_body(body) == expected


def test_long_text_is_cut_after_masking() -> None:
    secret = "S" * 40
    code, said = read_error_body(b"x" * (MAX_EXCERPT - 20) + secret.encode(), [secret])
    assert code == ""
    assert "S" not in said
    assert len(read_error_body(b"y" * 5000)[1]) == MAX_EXCERPT


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("7", 7.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("1e99", 86_400.0),
        ("Sun, 01 Mar 2026 12:01:30 GMT", 90.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2026 12:00:10 -0000", 10.0),
        ("Sun, 99 Mar 2026 12:00:10 GMT", None),
    ],
)
def test_retry_after_is_read(value: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(value, NOW) == seconds


def test_backoff_doubles_spreads_and_has_a_limit() -> None:
    assert [backoff_seconds(number, 1.0) for number in range(6)] == [0.5, 1.0, 2.0, 4.0, 5.0, 5.0]
    assert backoff_seconds(0, 0.0) == 0.25
    assert backoff_seconds(10_000, 0.0) == 2.5


def test_only_refusals_are_permanent() -> None:
    temporary = {status for status in range(400, 600) if not is_permanent(status)}
    assert temporary == {408, 425, 429, *range(500, 600)}
