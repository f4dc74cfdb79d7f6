"""The messages for Slack as Block Kit. Pure.

Limits: 50 blocks, 3,000 characters in a section, 2,000 in a field, 150 in a header, and, undocumented, about
13,000 in all; the longer texts are cut further until a message fits.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from audit.times import duration, utc
from integrations.notice import TicketNotice
from integrations.slack.mrkdwn import code, escaped, escaped_line, link, mrkdwn, plain
from integrations.wording import is_web_address, one_line

MAX_TOTAL = 13_000
MAX_HEADER = 150
EVENT_TICKET = "aiops_ticket"
EVENT_REMEDIATION = "aiops_remediation"
_SCALES = (1.0, 0.5, 0.2, 0.05)
_MAX_STEPS = 8
_MAX_EVIDENCE = 5

Block = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """What `chat.postMessage` and `chat.update` take; `text` is what a phone's lock screen shows."""

    text: str
    blocks: list[Block]
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A remediation that waits for a person's yes."""

    attempt_id: str
    action: str
    reason: str


def ticket_message(notice: TicketNotice) -> Message:
    """The one message of a ticket in the form that its state asks for: closed, breached or open."""
    if notice.status == "acknowledged":
        return closed_message(notice)
    if notice.sla_status == "Breached":
        return breached_message(notice)
    return open_message(notice)


def open_message(notice: TicketNotice) -> Message:
    return _alert(notice, f"🚨 ALERT: {_name(notice)} - {_rank(notice)}")


def breached_message(notice: TicketNotice) -> Message:
    return _alert(notice, f"⏰ SLA BREACHED: {_name(notice)} - {_rank(notice)}")


def closed_message(notice: TicketNotice) -> Message:
    """`✅ {pipeline} - CLOSED by {user} at {time}`, with the time it took; nothing to press but the way
    back.
    """
    when = f" at {utc(notice.acknowledged_at)}" if notice.acknowledged_at else ""
    title = f"✅ {_name(notice)} - CLOSED by {one_line(notice.acknowledged_by, 50) or 'somebody'}{when}"
    took = duration(notice.mttr_seconds) if notice.mttr_seconds is not None else ""
    facts = [*_identity(notice), ("MTTR", took), ("SLA", escaped_line(notice.sla_status, 40))]

    def build(scale: float) -> list[Block | None]:
        return [_header(title), _fields(facts), *_cause(notice, scale), _actions(_open_button(notice))]

    fallback = f"{title}, MTTR {took}" if took else title
    return Message(escaped_line(fallback, 600), _fitting(build), _ticket_metadata(notice.ticket_id))


def proposal_message(notice: TicketNotice, proposal: Proposal) -> Message:
    """A reply in the ticket's thread that asks an approver for a yes or a no."""
    what = escaped_line(proposal.action, 600) or "a remediation"
    said = f"*Remediation proposed:* {what}\n{escaped(proposal.reason, 1_500)}".strip()
    buttons = [
        _button("Approve", "remediation.approve", proposal.attempt_id, style="primary"),
        _button("Reject", "remediation.reject", proposal.attempt_id, style="danger"),
    ]
    metadata = {
        "event_type": EVENT_REMEDIATION,
        "event_payload": {"ticket_id": notice.ticket_id, "attempt_id": proposal.attempt_id},
    }
    text = f"Remediation proposed for {_name(notice)}: {one_line(proposal.action, 300)}"
    blocks = _fitting(lambda _scale: [_section(said), _actions(buttons)])
    return Message(escaped_line(text, 600), blocks, metadata)


def occurrence_reply(notice: TicketNotice) -> Message:
    """A reply in the thread: the same failure was reported again."""
    times = f"{notice.occurrences} times since {utc(notice.opened_at)}"
    return reply(notice.ticket_id, f"Reported again: {times}.")


def breach_reply(ticket_id: str, mention: str, text: str) -> Message:
    """A reply that calls somebody. `mention` is markup of our own making (`<!here>`), the text is plain."""
    plain_reply = reply(ticket_id, text)
    if not mention:
        return plain_reply
    said = f"{mention} {escaped(text, 2_900)}"
    return Message(f"{mention} {plain_reply.text}", [_section(said)], plain_reply.metadata)


def escalation_message(notice: TicketNotice, said: str, mark: str) -> Message:
    """A message beside the ticket's own, for somebody else. `mark` tells it from that one when it is looked for."""
    message = _alert(notice, f"🔺 ESCALATED: {_name(notice)} - {_rank(notice)}")
    blocks = [message.blocks[0], _section(escaped(said, 600)), *message.blocks[1:]]
    return Message(message.text, blocks, _ticket_metadata(mark))


def broadcast_message(identity: str, subject: str, text: str) -> Message:
    """A message about no single ticket; `identity` is by what it is looked for."""
    blocks = [_header(subject), *(_section(escaped(part, 2_900)) for part in _parts(text, 2_400))]
    return Message(escaped_line(subject, 600), blocks[:40], _ticket_metadata(identity))


def _parts(text: str, limit: int) -> list[str]:
    """The lines of a text in pieces of at most about `limit` characters."""
    parts: list[str] = []
    for line in text.split("\n"):
        if parts and len(parts[-1]) + len(line) < limit:
            parts[-1] += f"\n{line}"
        else:
            parts.append(line)
    return [part for part in parts if part.strip()]


def reply(ticket_id: str, text: str) -> Message:
    """A reply in the thread, as plain sentences."""
    said = escaped(text, 2_900) or "-"
    metadata = {"event_type": f"{EVENT_TICKET}_reply", "event_payload": {"ticket_id": ticket_id}}
    return Message(escaped_line(text, 600) or "-", [_section(said)], metadata)


def _alert(notice: TicketNotice, title: str) -> Message:
    facts = [
        *_identity(notice),
        ("Source", escaped_line(notice.source, 100)),
        ("Affected", escaped_line(notice.affected_entity, 300)),
        ("Acknowledge by", utc(notice.sla_due_at) if notice.sla_due_at else ""),
        ("Team", escaped_line(" · ".join(filter(None, [notice.finops_team, notice.finops_owner])), 200)),
    ]

    def build(scale: float) -> list[Block | None]:
        return [
            _header(title),
            _fields(facts),
            *_cause(notice, scale),
            _steps(notice, scale),
            _evidence(notice, scale),
            _titled("Error", code(notice.error_message, int(1_500 * scale))),
            _context(notice),
            _actions([*_open_button(notice), *_ticket_buttons(notice)]),
        ]

    cause = one_line(notice.root_cause or notice.error_message, 300)
    fallback = f"{title}: {one_line(notice.error_type, 100) or 'UnknownError'}"
    fallback += f" - {cause}" if cause else ""
    return Message(escaped_line(fallback, 900), _fitting(build), _ticket_metadata(notice.ticket_id))


def _name(notice: TicketNotice) -> str:
    return one_line(notice.pipeline, 60) or "unnamed resource"


def _rank(notice: TicketNotice) -> str:
    return f"{one_line(notice.severity, 20) or 'Severity unknown'} ({one_line(notice.priority, 10) or 'P?'})"


def _identity(notice: TicketNotice) -> list[tuple[str, str]]:
    itsm = one_line(notice.itsm_ticket_id, 100)
    run = one_line(notice.run_id, 200)
    return [
        ("Ticket", escaped_line(notice.ticket_id, 200)),
        ("ITSM ticket", link(itsm, notice.itsm_url) if itsm else ""),
        ("Run ID", link(run, notice.run_url) if run else ""),
        ("Error type", escaped_line(notice.error_type, 300)),
    ]


def _cause(notice: TicketNotice, scale: float) -> list[Block | None]:
    cause = escaped(notice.root_cause, int(2_500 * scale))
    if not cause:
        return [_section("*Root cause:* not analysed yet")]
    confidence = escaped_line(notice.confidence, 40)
    origin = escaped_line(notice.provider, 60)
    tail = f"\n*Confidence:* {confidence}" if confidence else ""
    tail += f" (suggested by {origin})" if origin else ""
    return [_section(f"*Root cause:* {cause}{tail}")]


def _steps(notice: TicketNotice, scale: float) -> Block | None:
    steps = [escaped(step, int(330 * scale)) for step in notice.recommendations[:_MAX_STEPS]]
    return _titled("Resolution steps", "\n".join(f"• {step}" for step in steps if step))


def _evidence(notice: TicketNotice, scale: float) -> Block | None:
    lines = [(line.number, escaped(line.text, int(400 * scale))) for line in notice.evidence[:_MAX_EVIDENCE]]
    return _titled("Evidence", "\n".join(f"[{number}] {line}" for number, line in lines if line))


def _context(notice: TicketNotice) -> Block | None:
    facts = [f"Opened {utc(notice.opened_at)}"]
    if notice.status == "in_progress":
        facts.append("in progress")
    if notice.occurrences > 1:
        facts.append(f"reported {notice.occurrences} times")
    if related := escaped_line(notice.related, 300):
        facts.append(related)
    return {"type": "context", "elements": [mrkdwn(" · ".join(facts))]}


def _open_button(notice: TicketNotice) -> list[Block]:
    url = notice.dashboard_url.strip()
    if not is_web_address(url) or len(url) > 3_000:
        return []
    # Slack reports a press of a link button too, hence an action_id of its own.
    return [{**_button("Open in dashboard", "ticket.open", notice.ticket_id, style="primary"), "url": url}]


def _ticket_buttons(notice: TicketNotice) -> list[Block]:
    buttons = [_button("Acknowledge", "ticket.acknowledge", notice.ticket_id)]
    if notice.status != "in_progress":
        buttons.append(_button("Start", "ticket.start", notice.ticket_id))
    return [*buttons, _button("Re-analyse", "ticket.reanalyse", notice.ticket_id)]


def _button(label: str, action_id: str, value: str, *, style: str = "") -> Block:
    button: Block = {
        "type": "button",
        "text": plain(label, 75),
        "action_id": action_id,
        "value": value[:2_000],
    }
    return {**button, "style": style} if style else button


def _header(title: str) -> Block:
    return {"type": "header", "text": plain(title, MAX_HEADER)}


def _titled(title: str, body: str) -> Block | None:
    return _section(f"*{title}:*\n{body}") if body else None


def _section(text: str) -> Block:
    return {"type": "section", "text": mrkdwn(text)}


def _fields(facts: list[tuple[str, str]]) -> Block | None:
    shown = [mrkdwn(f"*{name}:*\n{value}") for name, value in facts if value][:10]
    return {"type": "section", "fields": shown} if shown else None


def _actions(buttons: list[Block]) -> Block | None:
    return {"type": "actions", "elements": buttons} if buttons else None


def _ticket_metadata(ticket_id: str) -> dict[str, Any]:
    return {"event_type": EVENT_TICKET, "event_payload": {"ticket_id": ticket_id}}


def _fitting(build: Callable[[float], list[Block | None]]) -> list[Block]:
    """The fullest form of the blocks that Slack takes."""
    blocks: list[Block] = []
    for scale in _SCALES:
        blocks = [block for block in build(scale) if block is not None]
        if len(json.dumps(blocks, ensure_ascii=False)) <= MAX_TOTAL:
            break
    return blocks
