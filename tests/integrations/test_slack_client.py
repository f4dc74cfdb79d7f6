"""The requests that leave for Slack, and what its answers become."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.errors import IntegrationError
from integrations.slack.blocks import ticket_message
from integrations.slack.client import Posted, SlackClient
from integrations.slack.config import SlackConfig
from tests.support.notices import full_notice
from tests.support.vendor_server import Answer, VendorServer, html, ok

POST = "/api/chat.postMessage"
HISTORY = "/api/conversations.history"
TS = "1503435956.000247"
MESSAGE = ticket_message(full_notice())
SINCE = datetime(2025, 11, 29, 14, 30, tzinfo=UTC)


def refused(error: str, status: int = 200, **more: Any) -> Answer:
    return ok({"ok": False, "error": error, **more}, status)


@pytest.fixture
def slack(vendor: VendorServer) -> SlackClient:
    return SlackClient(SlackConfig("xoxb-000-secret", "alerts", f"{vendor.url}/api/", timeout=1))


def post(slack: SlackClient, thread_ts: str = "") -> Posted:
    return slack.post("alerts", MESSAGE.text, MESSAGE.blocks, MESSAGE.metadata, thread_ts)


def test_post_sends_the_message_and_returns_its_address(vendor: VendorServer, slack: SlackClient) -> None:
    vendor.on("POST", POST, ok({"ok": True, "channel": "C0123456789", "ts": TS}))
    assert post(slack, "17.1") == Posted("C0123456789", TS)
    (sent,) = vendor.requests
    body = sent.json()
    assert sent.headers["authorization"] == "Bearer xoxb-000-secret"
    assert body["blocks"] == MESSAGE.blocks
    assert body["metadata"] == MESSAGE.metadata
    assert (body["channel"], body["text"], body["thread_ts"]) == ("alerts", MESSAGE.text, "17.1")
    assert body["unfurl_links"] is False


@pytest.mark.parametrize(
    ("error", "verdict", "advice"),
    [
        ("not_in_channel", (True, False), "/invite"),
        ("channel_not_found", (True, False), "SLACK_ALERT_CHANNEL"),
        ("invalid_auth", (True, False), "SLACK_BOT_TOKEN"),
        ("something_new", (True, False), ""),
        ("internal_error", (False, True), ""),
        ("fatal_error", (False, True), ""),
        ("service_unavailable", (False, False), ""),
    ],
)
def test_ok_false_is_a_failure_with_advice(
    vendor: VendorServer, slack: SlackClient, error: str, verdict: tuple[bool, bool], advice: str
) -> None:
    vendor.on("POST", POST, refused(error))
    with pytest.raises(IntegrationError, match=error) as caught:
        post(slack)
    assert (caught.value.permanent, caught.value.outcome_unknown) == verdict
    assert (caught.value.status, caught.value.code) == (200, error)
    assert advice in caught.value.advice
    assert len(vendor.requests) == 1


def test_missing_scope_names_the_scope(vendor: VendorServer, slack: SlackClient) -> None:
    vendor.on("POST", POST, refused("missing_scope", needed="chat:write", provided="users:read"))
    with pytest.raises(IntegrationError) as caught:
        post(slack)
    assert "chat:write" in caught.value.advice


def test_invalid_blocks_say_where(vendor: VendorServer, slack: SlackClient) -> None:
    vendor.on("POST", POST, refused("invalid_blocks", response_metadata={"messages": ["bad at /blocks/3"]}))
    with pytest.raises(IntegrationError, match="bad at /blocks/3"):
        post(slack)


@pytest.mark.parametrize(("headers", "wait"), [({"Retry_After": "17"}, 17.0), ({}, 30.0)])
def test_throttling_waits_as_asked_and_left_nothing_behind(
    vendor: VendorServer, slack: SlackClient, headers: dict[str, str], wait: float
) -> None:
    vendor.on("POST", POST, ok({"ok": False, "error": "ratelimited"}, 429, **headers))
    with pytest.raises(IntegrationError) as caught:
        post(slack)
    assert (caught.value.permanent, caught.value.retry_after, caught.value.outcome_unknown) == (
        False,
        wait,
        False,
    )
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer(cut="before"),
        Answer(200, b'{"ok": true, "channel": "C0"}', cut="body"),
        Answer(200, b"{}", delay=3.0),
        html(200, "Proxy"),
        html(503, "Bad gateway"),
        ok({"ok": True}),
    ],
)
def test_post_whose_answer_is_lost_is_sent_once_and_says_so(
    vendor: VendorServer, slack: SlackClient, answer: Answer
) -> None:
    vendor.on("POST", POST, answer)
    with pytest.raises(IntegrationError) as caught:
        post(slack)
    assert caught.value.outcome_unknown
    assert not caught.value.permanent
    assert "xoxb" not in str(caught.value)
    assert len(vendor.requests) == 1


def test_post_that_never_left_has_a_known_outcome() -> None:
    with pytest.raises(IntegrationError) as caught:
        post(SlackClient(SlackConfig("xoxb-0", "alerts", "http://127.0.0.1:9/api/", timeout=1)))
    assert (caught.value.code, caught.value.outcome_unknown) == ("refused", False)


def test_lost_answer_to_an_edit_is_harmless(vendor: VendorServer, slack: SlackClient) -> None:
    vendor.on("POST", "/api/chat.update", ok({"ok": True}), Answer(cut="before"))
    slack.update("C0123456789", TS, MESSAGE.text, MESSAGE.blocks)
    assert vendor.requests[0].json()["ts"] == TS
    with pytest.raises(IntegrationError) as caught:
        slack.update("C0123456789", TS, MESSAGE.text, MESSAGE.blocks)
    assert not caught.value.outcome_unknown


def _history(*messages: dict[str, Any], cursor: str = "") -> Answer:
    return ok({"ok": True, "messages": messages, "response_metadata": {"next_cursor": cursor}})


def test_posted_message_is_found_by_its_metadata_on_any_page(
    vendor: VendorServer, slack: SlackClient
) -> None:
    ticket_id = full_notice().ticket_id
    quote = {"ts": "9.9", "text": ticket_id, "user": "U1"}
    other = {"ts": "9.8", "metadata": {"event_type": "aiops_ticket", "event_payload": {"ticket_id": "ADF-x"}}}
    vendor.on(
        "POST",
        HISTORY,
        _history(quote, other, cursor="next=="),
        _history({"ts": TS, "metadata": MESSAGE.metadata}),
    )
    assert slack.find_posted("C0123456789", ticket_id, SINCE) == TS
    first, second = vendor.requests
    asked = {**first.query, **first.form()}
    assert asked["channel"] == "C0123456789"
    assert asked["include_all_metadata"] in {"true", "1", "True"}
    assert float(asked["oldest"]) == SINCE.timestamp()
    assert {**second.query, **second.form()}["cursor"] == "next=="


def test_posted_message_is_found_by_its_buttons_without_metadata(
    vendor: VendorServer, slack: SlackClient
) -> None:
    ours = {"ts": TS, "bot_id": "B1", "blocks": MESSAGE.blocks}
    reply = {"ts": "9.9", "thread_ts": TS, "bot_id": "B1", "blocks": MESSAGE.blocks}
    forged = {"ts": "1.0", "user": "U1", "blocks": MESSAGE.blocks}
    vendor.on("POST", HISTORY, _history(reply, forged, ours))
    assert slack.find_posted("C0123456789", full_notice().ticket_id, SINCE) == TS


def test_absent_message_is_none_and_a_missing_scope_is_told(vendor: VendorServer, slack: SlackClient) -> None:
    vendor.on("POST", HISTORY, _history(), refused("missing_scope", needed="channels:history"))
    assert slack.find_posted("C0123456789", "ADF-1", SINCE) is None
    with pytest.raises(IntegrationError) as caught:
        slack.find_posted("C0123456789", "ADF-1", SINCE)
    assert caught.value.code == "missing_scope"
    assert "channels:history" in caught.value.advice


def test_channel_name_becomes_its_id_and_an_id_stays(vendor: VendorServer, slack: SlackClient) -> None:
    vendor.on(
        "POST", "/api/conversations.list", ok({"ok": True, "channels": [{"id": "C9", "name": "alerts"}]})
    )
    assert slack.channel_id("#alerts") == "C9"
    assert slack.channel_id("C0123456789") == "C0123456789"
    assert len(vendor.requests) == 1
    with pytest.raises(IntegrationError, match="nowhere"):
        slack.channel_id("nowhere")


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ({"team_id": "T1"}, "ann@desk.test"),
        ({"team_id": "T2"}, ""),
        ({"team_id": "T1", "deleted": True}, ""),
        ({"team_id": "T1", "is_bot": True}, ""),
    ],
)
def test_user_email_is_that_of_a_person_of_this_workspace(
    vendor: VendorServer, slack: SlackClient, flags: dict[str, object], expected: str
) -> None:
    user = {"id": "U1", "profile": {"email": "ann@desk.test"}, **flags}
    vendor.on("POST", "/api/users.info", ok({"ok": True, "user": user}))
    vendor.on("POST", "/api/auth.test", ok({"ok": True, "team_id": "T1"}))
    assert slack.user_email("U1") == expected


def test_user_email_is_read_from_the_profile(vendor: VendorServer, slack: SlackClient) -> None:
    with_email = ok({"ok": True, "user": {"id": "U1", "profile": {"email": "ann@desk.test"}}})
    vendor.on("POST", "/api/users.info", with_email, ok({"ok": True, "user": {"id": "U1", "profile": {}}}))
    assert slack.user_email("U1") == "ann@desk.test"
    assert slack.user_email("U1") == ""


def test_check_names_user_and_team(vendor: VendorServer, slack: SlackClient) -> None:
    vendor.on("POST", "/api/auth.test", ok({"ok": True, "user": "desk", "team": "Night"}))
    assert slack.check() == "signed in as desk in Night; alerts go to alerts"
