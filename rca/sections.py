"""What `rca` adds to a ticket's detail: its numbered evidence and every analysis, newest first."""

from __future__ import annotations

from typing import Any

from audit.times import iso
from rca.models import Analysis, Evidence, Feedback
from tickets.models import Ticket


def evidence_of(ticket: Ticket) -> list[dict[str, Any]]:
    return [
        {
            "number": item.number,
            "kind": item.kind,
            "title": item.title,
            "text": item.text,
            "source_url": item.source_url,
            "is_cut": item.is_cut,
            "fetched_at": iso(item.fetched_at),
        }
        for item in Evidence.objects.filter(ticket=ticket).order_by("number")
    ]


def analyses_of(ticket: Ticket) -> list[dict[str, Any]]:
    rows = (
        Analysis.objects.filter(ticket=ticket)
        .defer("prompt_sent", "finding")
        .select_related("reused_from__ticket")
        .prefetch_related("feedback")
        .order_by("-id")
    )
    return [_analysis(row) for row in rows]


def _analysis(analysis: Analysis) -> dict[str, Any]:
    source = analysis.reused_from
    return {
        "id": analysis.pk,
        "created_at": iso(analysis.created_at),
        "provider": analysis.provider,
        "model": analysis.model,
        "prompt_version": analysis.prompt_version,
        "state": analysis.state,
        "is_current": analysis.is_current,
        "is_hypothesis": analysis.is_hypothesis,
        "root_cause": analysis.root_cause,
        "error_type": analysis.error_type,
        "cause_class": analysis.cause_class,
        "confidence": analysis.confidence,
        "rationale": analysis.rationale,
        "evidence_numbers": analysis.evidence_numbers,
        "citations": analysis.citations,
        "reused_from": source.ticket.key if source else "",
        "duration_ms": analysis.duration_ms,
        "input_tokens": analysis.input_tokens,
        "output_tokens": analysis.output_tokens,
        "error": analysis.error,
        "feedback": [_feedback(given) for given in analysis.feedback.all()],
    }


def _feedback(given: Feedback) -> dict[str, Any]:
    return {
        "author": given.author,
        "created_at": iso(given.created_at),
        "verdict": given.verdict,
        "cause_class": given.cause_class,
        "root_cause": given.root_cause,
        "fix": given.fix,
    }
