"""The verbs of a ticket: the only code that writes one. Each is one transaction with its audit entries."""

from tickets.services._rows import ConflictError, lock, queue_for
from tickets.services.analysis import AnalysisResult, apply_analysis, request_work
from tickets.services.enrichment import VendorFacts, apply_evidence
from tickets.services.flapping import REOPEN, AnotherRun, join_run, link_repeat
from tickets.services.lifecycle import acknowledge, reopen, return_to_open, start
from tickets.services.notes import add_comment, assign, link, note, set_fields
from tickets.services.opening import (
    NewTicket,
    Occurrences,
    announce_opened,
    count_occurrence,
    new_ticket,
    open_ticket,
)
from tickets.services.recovery import GoodRun, mark_recovered, not_recovered
from tickets.services.removal import remove
from tickets.services.sla_watch import mark_breaches, mark_warnings
from tickets.services.steps import UnknownStepError, mark_step
from tickets.services.suppression import suppress_late
from tickets.services.warnings import RealError, turn_into_failure
from tickets.transitions import TransitionError

__all__ = [
    "REOPEN",
    "AnalysisResult",
    "AnotherRun",
    "ConflictError",
    "GoodRun",
    "NewTicket",
    "Occurrences",
    "RealError",
    "TransitionError",
    "UnknownStepError",
    "VendorFacts",
    "acknowledge",
    "add_comment",
    "announce_opened",
    "apply_analysis",
    "apply_evidence",
    "assign",
    "count_occurrence",
    "join_run",
    "link",
    "link_repeat",
    "lock",
    "mark_breaches",
    "mark_recovered",
    "mark_step",
    "mark_warnings",
    "new_ticket",
    "not_recovered",
    "note",
    "open_ticket",
    "queue_for",
    "remove",
    "reopen",
    "request_work",
    "return_to_open",
    "set_fields",
    "start",
    "suppress_late",
    "turn_into_failure",
]
