"""From a ticket to the question about it, and to what every finding about it rests on."""

from __future__ import annotations

import time

from rca.case import Case, EvidenceItem
from rca.findings import Basis
from rca.fingerprints import fingerprint
from rca.models import Evidence, EvidenceKind
from rca.providers import get_provider
from rca.providers.rules.text import drop_instructions, window
from tickets.choices import Source
from tickets.models import Ticket

PLATFORM_OF_SOURCE: dict[str, str] = {
    Source.ADF: "adf",
    Source.SYNAPSE: "synapse",
    Source.DATABRICKS: "databricks",
    Source.DATABRICKS_CLUSTERS: "databricks",
    Source.AZURE_FUNCTIONS: "functions",
}


def case_of(ticket: Ticket) -> Case:
    """The question about a ticket: what the sender said first, then the numbered evidence."""
    # Our own remarks, such as advice on a missing token, explain nothing.
    kept = Evidence.objects.filter(ticket=ticket).exclude(kind=EvidenceKind.NOTE).order_by("number")
    items = tuple(EvidenceItem(each.number, each.kind, each.text, each.source_url) for each in kept)
    return Case(
        platform=PLATFORM_OF_SOURCE.get(ticket.source, ticket.source),
        message=ticket.error_message,
        code=ticket.error_code,
        resource=ticket.pipeline,
        resource_type=ticket.resource_type,
        evidence=items,
    )


def basis_of(ticket: Ticket) -> Basis:
    """The case with the rules' view of it, which takes milliseconds."""
    case = case_of(ticket)
    started = time.perf_counter()
    rules = get_provider("rules").analyse(case)
    return Basis(
        ticket=ticket,
        case=case,
        fingerprint=fingerprint(case),
        rules=rules,
        rules_ms=round((time.perf_counter() - started) * 1000),
        is_addressed=speaks_to_a_model(case),
    )


def speaks_to_a_model(case: Case) -> bool:
    """Whether any text of the case holds sentences meant for a language model."""
    texts = (window(text) for text in (case.message, *(item.text for item in case.evidence)))
    return any(drop_instructions(text) != text for text in texts)
