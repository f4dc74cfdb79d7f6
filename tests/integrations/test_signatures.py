"""The vendors' published vectors, and what must not pass."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from integrations.signatures import sign, verify_jira, verify_slack

SLACK_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
SLACK_TIMESTAMP = "1531420618"
SLACK_BODY = (
    b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V"
    b"&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text="
    b"&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN"
    b"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
)
SLACK_SIGNATURE = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
SENT = datetime.fromtimestamp(int(SLACK_TIMESTAMP), tz=UTC)

JIRA_SECRET = "It's a Secret to Everybody"
JIRA_BODY = b"Hello World!"
JIRA_HEADER = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"


def _slack(**changed: object) -> bool:
    arguments: dict[str, object] = {
        "secret": SLACK_SECRET,
        "timestamp": SLACK_TIMESTAMP,
        "body": SLACK_BODY,
        "signature": SLACK_SIGNATURE,
        "now": SENT,
    }
    arguments |= changed
    return verify_slack(
        str(arguments["secret"]),
        timestamp=str(arguments["timestamp"]),
        body=arguments["body"] if isinstance(arguments["body"], bytes) else b"",
        signature=str(arguments["signature"]),
        now=arguments["now"] if isinstance(arguments["now"], datetime) else SENT,
    )


def test_slack_published_vector_verifies() -> None:
    assert _slack()


@pytest.mark.parametrize("seconds", [-300, -1, 1, 300])
def test_slack_request_within_five_minutes_verifies(seconds: int) -> None:
    assert _slack(now=SENT + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_slack_request_outside_five_minutes_is_refused(seconds: int) -> None:
    assert not _slack(now=SENT + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "changed",
    [
        {"secret": ""},
        {"secret": "another"},
        {"body": SLACK_BODY + b" "},
        {"signature": ""},
        {"signature": SLACK_SIGNATURE.replace("v0=", "v1=")},
        {"signature": SLACK_SIGNATURE.removeprefix("v0=")},
        {"signature": "v0=ü\udcff"},
        {"timestamp": ""},
        {"timestamp": "soon"},
        {"timestamp": "-1531420618"},
        {"timestamp": "1531420618.0"},
        {"timestamp": "١٥٣١٤٢٠٦١٨"},
        {"timestamp": "9" * 400},
    ],
)
def test_slack_anything_altered_is_refused(changed: dict[str, object]) -> None:
    assert not _slack(**changed)


def test_jira_published_vector_verifies() -> None:
    assert verify_jira(JIRA_SECRET, body=JIRA_BODY, header=JIRA_HEADER)


@pytest.mark.parametrize(
    ("secret", "body", "header"),
    [
        ("", JIRA_BODY, JIRA_HEADER),
        ("other", JIRA_BODY, JIRA_HEADER),
        (JIRA_SECRET, b"hello world!", JIRA_HEADER),
        (JIRA_SECRET, JIRA_BODY, ""),
        (JIRA_SECRET, JIRA_BODY, JIRA_HEADER.replace("sha256", "sha1")),
        (JIRA_SECRET, JIRA_BODY, JIRA_HEADER.removeprefix("sha256=")),
        (JIRA_SECRET, JIRA_BODY, "sha256=\udcff"),
    ],
)
def test_jira_anything_altered_is_refused(secret: str, body: bytes, header: str) -> None:
    assert not verify_jira(secret, body=body, header=header)


def test_own_signature_verifies_by_the_same_scheme() -> None:
    assert verify_jira("s", body=b"{}", header=sign("s", b"{}"))


def test_signing_without_a_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        sign("", b"{}")
