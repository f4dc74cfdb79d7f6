"""Writes what a provider concluded: the Analysis row, and the finding on the ticket, in one transaction."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from audit import actions, canonical
from audit.services import record
from rca.asking import Attempt
from rca.case import Case, EvidenceItem, Finding, Transcript
from rca.models import Analysis
from rca.weighing import disagree, weighed
from tickets import services as ticket_services
from tickets.models import Ticket

logger = logging.getLogger(__name__)

SAID = "said"
_policy: list[Callable[[Basis], bool]] = []


@dataclass(frozen=True, slots=True)
class Basis:
    """What the findings of one ticket rest on: its case, the fingerprint, and the rules' own view.

    `is_addressed` says that a text of the case speaks to a model instead of describing a failure.
    """

    ticket: Ticket
    case: Case
    fingerprint: str
    rules: Finding
    rules_ms: int
    is_addressed: bool


def register_policy(may_heal: Callable[[Basis], bool]) -> None:
    """Who says whether a failure may be healed: a layer above, from the rules' view alone, whoever answered."""
    _policy[:] = [may_heal]


def keep_rules(basis: Basis, *, fallback_reason: str = "") -> Analysis:
    """The rules' finding as the current one. `fallback_reason` says why no model answered, and is recorded."""
    with transaction.atomic():
        analysis = _row(basis, basis.rules, duration_ms=basis.rules_ms)
        _make_current(analysis)
        if fallback_reason:
            record(
                actions.RCA_FALLBACK_USED,
                subject=basis.ticket.subject,
                summary=f"The rules answered instead of a model: {fallback_reason}",
            )
        _apply(basis, basis.rules, analysis)
    return analysis


def keep_answer(basis: Basis, attempt: Attempt) -> Analysis:
    """A model's finding beside the rules' view; returns its row, which is current unless it was overruled."""
    assert attempt.finding is not None
    return _keep_model(basis, attempt.finding, duration_ms=attempt.duration_ms, transcript=attempt.transcript)


def keep_reused(basis: Basis, finding: Finding, source: Analysis) -> Analysis:
    """The answer to an equal failure; it cost no call, so it carries no tokens."""
    told = Transcript(model=source.model, prompt_version=source.prompt_version)
    return _keep_model(basis, finding, duration_ms=0, transcript=told, reused_from=source)


def _keep_model(
    basis: Basis,
    finding: Finding,
    *,
    duration_ms: int,
    transcript: Transcript,
    reused_from: Analysis | None = None,
) -> Analysis:
    found = weighed(finding, basis.rules, basis.ticket.severity, is_addressed=basis.is_addressed)
    is_overruled = basis.is_addressed and disagree(found, basis.rules)
    with transaction.atomic():
        rules = _rules_view(basis)
        analysis = _row(
            basis,
            found,
            duration_ms=duration_ms,
            transcript=transcript,
            reused_from=reused_from,
            said=None if reused_from else finding,
        )
        if not is_overruled:
            _make_current(analysis)
            _apply(basis, found, analysis)
        elif not rules.is_current:
            _make_current(rules)
            _apply(basis, basis.rules, rules)
    return analysis


def _rules_view(basis: Basis) -> Analysis:
    """The row of the rules' view beside a model's: the one that stood in for it, or a new one."""
    if basis.ticket.rca_provider:
        rows = Analysis.objects.filter(ticket=basis.ticket, provider=basis.rules.provider)
        last = rows.order_by("-id").first()
        if last is not None and last.finding == as_json(basis.rules):
            return last
    return _row(basis, basis.rules, duration_ms=basis.rules_ms)


def as_json(finding: Finding) -> dict[str, Any]:
    """The finding as its JSON column gives it back."""
    kept: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(finding)))
    return kept


def keep_failures(basis: Basis, attempts: tuple[Attempt, ...]) -> None:
    """One failed row for each provider that gave no answer, with what it was sent."""
    for attempt in attempts:
        if attempt.error is None:
            continue
        logger.warning("%s gave no answer for %s: %s", attempt.provider, basis.ticket.key, attempt.error)
        advice = f" {attempt.error.advice}" if attempt.error.advice else ""
        Analysis.objects.create(
            ticket=basis.ticket,
            provider=attempt.provider,
            state=Analysis.State.FAILED,
            fingerprint=basis.fingerprint,
            error=f"{attempt.error}{advice}"[:500],
            duration_ms=attempt.duration_ms,
            **_told(attempt.transcript),
        )


def _make_current(analysis: Analysis) -> None:
    ticket_services.queue_for(analysis.ticket_id)
    Analysis.objects.filter(ticket_id=analysis.ticket_id, is_current=True).update(is_current=False)
    analysis.is_current = True
    analysis.save(update_fields=["is_current"])


def _row(
    basis: Basis,
    finding: Finding,
    *,
    duration_ms: int,
    transcript: Transcript | None = None,
    reused_from: Analysis | None = None,
    said: Finding | None = None,
) -> Analysis:
    """`said` is a model's answer as it came, before it was weighed for this ticket: what equal failures reuse."""
    kept = as_json(finding)
    if said is not None:
        kept[SAID] = as_json(said)
    return Analysis.objects.create(
        ticket=basis.ticket,
        provider=finding.provider,
        is_hypothesis=finding.is_hypothesis,
        root_cause=finding.root_cause,
        error_type=finding.error_type[:200],
        cause_class=finding.cause_class,
        confidence=finding.confidence,
        rationale=finding.rationale,
        finding=kept,
        evidence_numbers=[item.number for item in basis.case.evidence],
        citations=list(finding.citations),
        duration_ms=duration_ms,
        fingerprint=basis.fingerprint,
        reused_from=reused_from,
        **_told(transcript or Transcript()),
    )


def _told(transcript: Transcript) -> dict[str, str | int | None]:
    return {
        "model": transcript.model[:100],
        "prompt_version": transcript.prompt_version,
        "prompt_sent": transcript.prompt_sent,
        "input_tokens": transcript.input_tokens,
        "output_tokens": transcript.output_tokens,
    }


def evidence_digest(evidence: Iterable[EvidenceItem]) -> str:
    """SHA-256 over the evidence as it was read, so that the record shows when it was changed afterwards."""
    read = [[item.number, item.kind, item.text, item.source_url] for item in evidence]
    return hashlib.sha256(canonical.canonical_json(read)).hexdigest()


def _apply(basis: Basis, finding: Finding, analysis: Analysis) -> None:
    """Put the finding on the ticket. Whether anything may be healed is the policy's verdict, never a model's."""
    ticket_services.apply_analysis(
        basis.ticket.pk,
        ticket_services.AnalysisResult(
            provider=finding.provider,
            root_cause=finding.root_cause,
            error_type=finding.error_type,
            cause_class=finding.cause_class,
            confidence=finding.confidence,
            recommendations=finding.recommendations,
            is_transient=finding.transient,
            affected_entity=finding.affected_entity,
            severity=finding.severity,
            can_auto_heal=any(may_heal(basis) for may_heal in _policy),
            origin={
                "analysis": analysis.pk,
                "model": analysis.model,
                "prompt_version": analysis.prompt_version,
                "evidence_numbers": analysis.evidence_numbers,
                "evidence_sha256": evidence_digest(basis.case.evidence),
            },
        ),
        now=timezone.now(),
    )
