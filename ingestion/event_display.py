"""How an alert event is shown to people: everything of it is untrusted text and stays text."""

from __future__ import annotations

import json

from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audit.redaction import redact
from ingestion.models import AlertEvent

LONGEST_SHOWN = 65_536
MOST_TICKETS_SHOWN = 100
_PRE = '<pre class="textblock" tabindex="0">{}</pre>'


def pretty_body(body: bytes) -> str:
    """JSON with line breaks where it is JSON of a bearable size, else the text as it came, cut; secrets masked."""
    text = body[:LONGEST_SHOWN].decode("utf-8", "replace").replace("\0", "\ufffd")
    if len(body) > LONGEST_SHOWN:
        return f"{redact(text)}\n… {len(body) - LONGEST_SHOWN} more bytes; download the body to see them."
    try:
        pretty = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return redact(text)
    return redact(pretty.encode("utf-8", "replace").decode())


def as_block(text: str) -> SafeString:
    """Text as it is, escaped, with its line breaks."""
    return format_html(_PRE, text)


def ticket_links(event: AlertEvent) -> SafeString:
    """The tickets that the event touched, each with what was done."""
    touched = event.touched.select_related("ticket").only("verdict", "ticket__key", "ticket__status")
    rows = [
        (_ticket_address(item.ticket_id), item.ticket.key, item.verdict, item.ticket.status)
        for item in touched[:MOST_TICKETS_SHOWN]
    ]
    if not rows:
        return format_html("{}", "none")
    return format_html_join("", '<div><a class="link when" href="{}">{}</a> {}, now {}</div>', rows)


def _ticket_address(ticket_id: int) -> str:
    try:
        return reverse("admin:tickets_ticket_change", args=[ticket_id])
    except NoReverseMatch:
        return ""
