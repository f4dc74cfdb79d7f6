"""One answer for many: fits the finding of an equal failure to another ticket, and hands it to those who wait."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, Final

from django.db import transaction

from rca.case import EvidenceItem, Finding
from rca.findings import SAID, Basis, keep_reused
from rca.fingerprints import mask
from rca.models import Analysis, Evidence, Question, QuestionWait

logger = logging.getLogger(__name__)
_SHORTEST_NAME: Final = 4


def answer_of(analysis: Analysis) -> Finding:
    """What the model said, before it was weighed for the ticket that asked (JSON has no tuples)."""
    said = analysis.finding[SAID]
    kept: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
    }
    return Finding(**kept)


def reuse(basis: Basis, source: Analysis) -> Analysis:
    """Give the ticket the answer of `source`, whose case has the same fingerprint."""
    return keep_reused(basis, fitted(answer_of(source), source, basis), source)


def fitted(finding: Finding, source: Analysis, basis: Basis) -> Finding:
    """The finding in the other ticket's terms: its own path or table where only that differs, and citations of
    its own evidence that says the same; a claim that loses its citations is a hypothesis.
    """
    old, new = finding.affected_entity, basis.rules.affected_entity
    swaps = bool(new) and new != old and len(old) >= _SHORTEST_NAME and mask(old) == mask(new)

    def retold(text: str) -> str:
        return text.replace(old, new) if swaps else text

    citations = _citations(finding, source, basis.case.evidence)
    return replace(
        finding,
        root_cause=retold(finding.root_cause),
        recommendations=tuple(map(retold, finding.recommendations)),
        affected_entity=new if swaps else old,
        rationale=f"{finding.rationale} Reused from {source.ticket.key}, an equal failure.".strip(),
        citations=citations,
        is_hypothesis=finding.is_hypothesis or not citations,
    )


def _citations(finding: Finding, source: Analysis, evidence: tuple[EvidenceItem, ...]) -> tuple[int, ...]:
    if not finding.citations:
        return ()
    own = {mask(item.text): item.number for item in reversed(evidence)}
    cited = Evidence.objects.filter(ticket_id=source.ticket_id, number__in=finding.citations)
    return tuple(
        sorted({own[said] for text in cited.values_list("text", flat=True) if (said := mask(text)) in own})
    )


def take_wait(question: Question, ticket_id: int) -> bool:
    """Take one waiting ticket off the list; False when another worker was first."""
    deleted, _ = QuestionWait.objects.filter(question=question, ticket_id=ticket_id).delete()
    return deleted == 1


def waiting_tickets(question: Question, limit: int) -> list[int]:
    return list(
        QuestionWait.objects.filter(question=question)
        .order_by("ticket_id")
        .values_list("ticket_id", flat=True)[:limit]
    )


def upgrade(basis: Basis, question: Question) -> bool:
    """Replace the rules' finding of a waiting ticket by the answer; False when it no longer waits."""
    assert question.analysis is not None
    with transaction.atomic():
        if not take_wait(question, basis.ticket.pk):
            return False
        reuse(basis, question.analysis)
    return True
