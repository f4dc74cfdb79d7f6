"""What `rca` adds to a ticket's detail: its numbered evidence and every analysis, newest first."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import F

from audit.times import iso
from rca.models import Analysis, Evidence, Feedback
from tickets.models import Ticket
from tickets.sections import Queries
from tickets.together import Rows


def hanging_evidence(ticket: Ticket) -> Queries:
    return {"evidence": Evidence.objects.filter(ticket=ticket).order_by("number")}


def hanging_analyses(ticket: Ticket) -> Queries:
    """What was said of them hangs on the ticket too."""
    analyses = Analysis.objects.filter(ticket=ticket).defer("prompt_sent", "finding")
    return {
        "analyses": analyses.annotate(reused_key=F("reused_from__ticket__key")).order_by("-id"),
        "feedback": Feedback.objects.filter(ticket=ticket).order_by("-id"),
    }


def evidence_of(_ticket: Ticket, rows: Rows) -> list[dict[str, Any]]:
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
        for item in rows["evidence"]
    ]


def analyses_of(_ticket: Ticket, rows: Rows) -> list[dict[str, Any]]:
    said = defaultdict[int, list[Feedback]](list)
    for given in rows["feedback"]:
        said[given.analysis_id].append(given)
    return [_analysis(row, row.reused_key or "", said[row.pk]) for row in rows["analyses"]]


def _analysis(analysis: Analysis, reused_key: str, feedback: list[Feedback]) -> dict[str, Any]:
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
        "reused_from": reused_key,
        "duration_ms": analysis.duration_ms,
        "input_tokens": analysis.input_tokens,
        "output_tokens": analysis.output_tokens,
        "error": analysis.error,
        "feedback": [_feedback(given) for given in feedback],
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
