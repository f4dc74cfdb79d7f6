"""What Slack is told: within Slack's limits for any text, harmless, and worth reading."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings

from integrations.notice import EvidenceLine, TicketNotice
from integrations.slack import blocks
from integrations.slack.blocks import Message, Proposal
from integrations.slack.mrkdwn import code, escaped, link
from tests.support.notices import any_notice, bare_notice, closed_notice, full_notice

LONG = full_notice(
    pipeline="p" * 5_000,
    error_message="`&" * 40_000,
    root_cause="<" * 40_000,
    evidence=tuple(EvidenceLine(n, "e&" * 9_000) for n in range(1, 40)),
    recommendations=("r>" * 9_000,) * 40,
    related="x" * 9_000,
)
_OURS = re.compile(r"<(https?://[^<>|]+)\|[^<>|]*>")


def every_message(notice: TicketNotice) -> list[Message]:
    return [
        blocks.ticket_message(notice),
        blocks.open_message(notice),
        blocks.breached_message(notice),
        blocks.closed_message(notice),
        blocks.proposal_message(notice, Proposal("41", notice.error_type, notice.root_cause)),
        blocks.occurrence_reply(notice),
        blocks.reply(notice.ticket_id, notice.error_message),
    ]


def assert_fit_for_slack(message: Message) -> None:
    assert 0 < len(message.text) <= 4_000
    assert 0 < len(message.blocks) <= 50
    assert len(json.dumps(message.blocks, ensure_ascii=False)) <= 13_000
    json.dumps(message.blocks).encode()
    for block in message.blocks:
        for part in _texts(block):
            limit = {"header": 150, "actions": 75}.get(block["type"], 2_000 if "fields" in block else 3_000)
            assert 0 < len(part["text"]) <= limit
            if part["type"] == "mrkdwn":
                assert part["verbatim"] is True
                assert "<" not in _OURS.sub("", part["text"])
        assert len(block.get("fields", [])) <= 10
        for button in block.get("elements", []) if block["type"] == "actions" else []:
            assert len(button["value"]) <= 2_000
    assert "<" not in message.text


def _texts(node: Any) -> list[dict[str, Any]]:
    if isinstance(node, list):
        return [found for child in node for found in _texts(child)]
    if not isinstance(node, dict):
        return []
    own = [node] if node.get("type") in {"mrkdwn", "plain_text"} else []
    return own + [found for child in node.values() for found in _texts(child)]


def said(message: Message) -> str:
    return "\n".join(part["text"] for part in _texts(message.blocks))


def buttons(message: Message) -> dict[str, str]:
    return {
        button["action_id"]: button["value"]
        for block in message.blocks
        if block["type"] == "actions"
        for button in block["elements"]
    }


NOTICES = {"full": full_notice(), "bare": bare_notice(), "closed": closed_notice(), "long": LONG}


@pytest.mark.parametrize("name", NOTICES)
def test_message_keeps_slacks_limits(name: str) -> None:
    for message in every_message(NOTICES[name]):
        assert_fit_for_slack(message)


@settings(max_examples=120)
@given(notice=any_notice())
def test_message_of_any_text_keeps_limits_and_is_harmless(notice: TicketNotice) -> None:
    for message in every_message(notice):
        assert_fit_for_slack(message)


def test_open_message_says_all_that_a_person_needs() -> None:
    message = blocks.ticket_message(full_notice())
    assert message.blocks[0]["text"]["text"] == "🚨 ALERT: OrdersNightly - High (P2)"
    for fact in (
        "ADF-20251129T143022-a3f2c1",
        "<https://desk.example.test/browse/OPS-17|OPS-17>",
        "4f6c1d7e-90ab-4cde-8f01-23456789abcd>",
        "UserErrorSourceBlobNotExist",
        "*Root cause:* The upstream export",
        "*Confidence:* High (suggested by rules)",
        "• Rerun from the failed activity",
        "[4] Last success 23 h ago",
        "2025-11-29 15:00 UTC",
    ):
        assert fact in said(message)
    assert message.metadata == {
        "event_type": "aiops_ticket",
        "event_payload": {"ticket_id": "ADF-20251129T143022-a3f2c1"},
    }
    assert "OrdersNightly" in message.text


def test_buttons_carry_the_tickets_id() -> None:
    ticket_id = full_notice().ticket_id
    actions = ["ticket.open", "ticket.acknowledge", "ticket.start", "ticket.reanalyse"]
    assert buttons(blocks.open_message(full_notice())) == dict.fromkeys(actions, ticket_id)


def test_ticket_in_progress_offers_no_start() -> None:
    assert "ticket.start" not in buttons(blocks.ticket_message(full_notice(status="in_progress")))


def test_breached_ticket_says_so_first() -> None:
    message = blocks.ticket_message(full_notice(sla_status="Breached"))
    assert message.blocks[0]["text"]["text"] == "⏰ SLA BREACHED: OrdersNightly - High (P2)"
    assert "ticket.acknowledge" in buttons(message)


def test_closed_ticket_names_who_when_and_how_long() -> None:
    message = blocks.ticket_message(closed_notice())
    assert message.blocks[0]["text"]["text"] == "✅ OrdersNightly - CLOSED by Ann Lee at 2025-11-29 14:43 UTC"
    assert "*MTTR:*\n12 min 41 s" in said(message)
    assert list(buttons(message)) == ["ticket.open"]


def test_closed_header_keeps_person_and_time_beside_a_long_name() -> None:
    header = blocks.closed_message(closed_notice(pipeline="p" * 400)).blocks[0]["text"]["text"]
    assert header.endswith("… - CLOSED by Ann Lee at 2025-11-29 14:43 UTC")


def test_proposal_carries_the_attempts_id() -> None:
    message = blocks.proposal_message(
        full_notice(), Proposal("41", "Rerun OrdersNightly", "It is transient.")
    )
    assert buttons(message) == {"remediation.approve": "41", "remediation.reject": "41"}
    assert message.metadata["event_type"] != "aiops_ticket"


@pytest.mark.parametrize(
    ("text", "limit", "result"),
    [
        ("<!channel> & <@U1>", 100, "&lt;!channel&gt; &amp; &lt;@U1&gt;"),
        ("a&b", 7, "a&amp;b"),
        ("a&b", 6, "a…"),
        ("&&", 5, "…"),
        ("abc", 0, ""),
    ],
)
def test_escaping_never_halves_an_entity(text: str, limit: int, result: str) -> None:
    assert escaped(text, limit) == result


def test_code_cannot_be_closed_from_inside() -> None:
    assert code("a```b <!here>", 100) == "```a'''b &lt;!here&gt;```"


def test_link_cannot_be_broken_out_of() -> None:
    assert link("a|b>", "https://x.test/?q=1|2>&r") == "<https://x.test/?q=1%7C2%3E&amp;r|a/b&gt;>"
    assert link("label", "javascript:alert(1)") == "label"
