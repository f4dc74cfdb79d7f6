"""How a ticket looks in a row and in a head line: words on colours, the time that is left, two lines at most."""

from __future__ import annotations

from datetime import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.console.display import badge
from audit.times import duration, utc_second
from tickets.choices import SlaStatus, Status
from tickets.models import Ticket

SOON_SECONDS = 900
SHOW_SECONDS_BELOW = 600
STATUS_KINDS = {Status.OPEN: "open", Status.IN_PROGRESS: "progress", Status.ACKNOWLEDGED: "met"}


def severity_badge(ticket: Ticket) -> SafeString:
    return badge(ticket.get_severity_display(), ticket.severity.lower(), ticket.priority)


def status_badge(ticket: Ticket) -> SafeString:
    return badge(ticket.get_status_display(), STATUS_KINDS.get(Status(ticket.status), "plain"))


def sla_badge(ticket: Ticket, now: datetime) -> SafeString:
    """The verdict where there is one, else the time left; breached from the due second on, swept or not."""
    if ticket.is_closed:
        took = duration(ticket.ack_seconds or 0)
        kind = "met" if ticket.sla_status == SlaStatus.MET else "critical"
        return badge(ticket.get_sla_status_display(), kind, f"acknowledged after {took}")
    left = (ticket.sla_due_at - now).total_seconds()
    due = f"due {utc_second(ticket.sla_due_at)}"
    if left < 0 or ticket.sla_status == SlaStatus.BREACHED:
        return badge(f"Breached {duration(abs(left))} ago", "critical", due)
    shown = duration(left - left % 60 if left >= SHOW_SECONDS_BELOW else left)
    return badge(f"{shown} left", "high" if left < SOON_SECONDS else "plain", due)


def title_lines(ticket: Ticket) -> SafeString:
    """Pipeline and error type above, id and how often it was seen below."""
    quiet = " · suppressed" if ticket.is_suppressed else ""
    often = f" · seen {ticket.occurrences}×" if ticket.occurrences > 1 else ""
    return format_html(
        '<span class="stacked stacked--title"><span>{} <span class="muted">— {}</span></span>'
        '<span class="muted when">{}{}{}</span></span>',
        ticket.pipeline,
        ticket.error_type or "not analysed yet",
        ticket.key,
        often,
        quiet,
    )
