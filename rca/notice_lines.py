"""The evidence that messages to Jira and Slack show: what the current analysis cites, else what came first."""

from __future__ import annotations

from integrations.notice import EvidenceLine
from rca.models import Analysis, Evidence
from tickets.models import Ticket

MOST_LINES = 10
LONGEST_LINE = 900


def evidence_lines(ticket: Ticket) -> list[EvidenceLine]:
    """Numbered as in the analysis; the alert's own text is left out, for the message shows it anyway."""
    current = Analysis.objects.filter(ticket=ticket, is_current=True).first()
    cited = current.citations if current else []
    found = Evidence.objects.filter(ticket=ticket).exclude(kind="alert").order_by("number")
    if cited:
        found = found.filter(number__in=cited)
    return [
        EvidenceLine(item.number, f"{item.title}: {item.text[:LONGEST_LINE]}", item.source_url)
        for item in found[:MOST_LINES]
    ]
