"""`collect_evidence`: ask the vendors behind a ticket's failure, then write what they said.

No vendor is asked inside a transaction, and none for longer than the budget: the first notification waits for this.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.utils import timezone

from audit.redaction import redact
from rca.evidence import databricks, pipelines
from rca.evidence.gathered import Gathered, Trouble
from rca.evidence.related import link_related
from rca.evidence.store import remember_mentions, store_after_alert_text
from tickets import services as ticket_services
from tickets.choices import Source
from tickets.finops import tags_from_resource
from tickets.models import Ticket

BUDGET_SECONDS = 12.0  # of the 20 that a notification may wait: the last read may outlast its budget a little
LONGEST_PHRASE = 200
_SAYS_LITTLE = re.compile(
    r"workload failed|see run output|execution failed|operation on target .* failed|an activity failed",
    re.IGNORECASE,
)
_NAMES_ERROR = re.compile(r"\w(?:Error|Exception)\b|\b[A-Z]+_[A-Z_]+\b|ErrorCode")


@dataclass(frozen=True, slots=True)
class CollectionResult:
    """`added` counts pieces of evidence that are new or have grown; `vendors` are those that were asked."""

    added: int
    vendors: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()

    @property
    def is_worth_retrying(self) -> bool:
        """Whether a vendor failed in a way that may pass."""
        return any(trouble.is_temporary for trouble in self.troubles)

    @property
    def retry_after(self) -> float | None:
        """The longest wait in seconds that a vendor asked for; None where none did."""
        asked = [trouble.retry_after for trouble in self.troubles if trouble.retry_after is not None]
        return max(asked, default=None)

    @property
    def problem(self) -> str:
        return " ".join(dict.fromkeys(trouble.text for trouble in self.troubles if trouble.is_temporary))


def collect_evidence(ticket_id: int, *, seconds: float = BUDGET_SECONDS) -> CollectionResult:
    """Fetch the real error behind a ticket and put it there, with numbered evidence and related tickets.

    Repeating it adds nothing twice. A vendor's failure is never raised: it is in the result, and on the ticket
    where it is permanent or nobody can be asked. Raises Ticket.DoesNotExist.
    """
    ticket = Ticket.objects.get(pk=ticket_id)
    found = Gathered(time.monotonic() + seconds)
    _GATHER[Source(ticket.source)](ticket, found)
    chain = found.chain_piece()
    added = store_after_alert_text([chain, *found.pieces] if chain else found.pieces, ticket)
    remember_mentions(found.mentions, ticket)
    _tell_ticket(ticket, found, added)
    link_related(ticket)
    return CollectionResult(added, tuple(found.vendors), tuple(found.troubles))


def _tell_ticket(ticket: Ticket, found: Gathered, added: int) -> None:
    metadata = dict(found.metadata)
    if found.leaf:
        metadata["leaf"] = redact(found.leaf)
    facts = ticket_services.VendorFacts(
        error_message=redact(found.error_message) if _is_better_message(ticket, found) else "",
        error_code=found.error_code if _is_better_code(ticket, found) else "",
        name=found.name,
        tags=tags_from_resource(*found.tag_sets),
        metadata={name: value for name, value in metadata.items() if value},
    )
    asked = " and ".join(found.vendors)
    summary = f"{added} new from {asked}" if asked else "No vendor was asked"
    details = {"vendors": list(found.vendors), "troubles": [trouble.text[:300] for trouble in found.troubles]}
    ticket_services.apply_evidence(
        ticket.pk,
        facts,
        added=added,
        summary=f"{summary}. {found.leaf}" if found.leaf else summary,
        now=timezone.now(),
        details=details,
    )


def _is_better_message(ticket: Ticket, found: Gathered) -> bool:
    """False where the vendor only says that something failed, and the alert names an error."""
    says_little = len(found.error_message) < LONGEST_PHRASE and _SAYS_LITTLE.search(found.error_message)
    return not (says_little and _NAMES_ERROR.search(ticket.error_message))


def _is_better_code(ticket: Ticket, found: Gathered) -> bool:
    """False where a bare number, which only names the kind of activity, would replace a word."""
    return not (found.error_code.isdigit() and ticket.error_code and not ticket.error_code.isdigit())


def _gather_function(ticket: Ticket, found: Gathered) -> None:
    found.note(
        "Nothing to fetch",
        "Azure Functions keeps no record of an invocation that can be asked for; the alert is all.",
    )


_GATHER: dict[Source, Callable[[Ticket, Gathered], None]] = {
    Source.ADF: pipelines.gather,
    Source.SYNAPSE: pipelines.gather,
    Source.DATABRICKS: databricks.gather,
    Source.DATABRICKS_CLUSTERS: databricks.gather,
    Source.AZURE_FUNCTIONS: _gather_function,
}
