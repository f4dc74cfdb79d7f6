"""What people say of an analysis, kept as the first source for the next failure of its kind."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from audit import actions
from audit.services import LONGEST_IN_RECORD, Actor
from rca import questions
from rca.models import Analysis, Feedback
from tickets import services as ticket_services


def give_feedback(
    ticket_id: int,
    analysis_id: int,
    *,
    verdict: str,
    actor: Actor,
    cause_class: str = "",
    root_cause: str = "",
    fix: str = "",
) -> Feedback:
    """Keep one person's verdict on an analysis of this ticket; a second one replaces the first.

    A finding called wrong is reused for no further ticket. Raises Analysis.DoesNotExist when the ticket has no
    such analysis.
    """
    now = timezone.now()
    with transaction.atomic():
        analysis = Analysis.objects.get(pk=analysis_id, ticket_id=ticket_id, state=Analysis.State.SUCCEEDED)
        feedback, _ = Feedback.objects.update_or_create(
            analysis=analysis,
            author=actor.name or "System",
            defaults={
                "ticket_id": ticket_id,
                "created_at": now,
                "verdict": verdict,
                "cause_class": cause_class or analysis.cause_class,
                "root_cause": root_cause,
                "fix": fix,
                "fingerprint": analysis.fingerprint,
                "error_type": analysis.error_type,
            },
        )
        if verdict == Feedback.Verdict.WRONG:
            questions.forget(analysis, now)
        _record(feedback, analysis, actor)
    return feedback


def _record(feedback: Feedback, analysis: Analysis, actor: Actor) -> None:
    """The row holds only the last verdict of a person; the record holds each, with what a line has no room for."""
    said = [f"{analysis.provider}'s finding is {feedback.verdict}"]
    said += [
        f"{name}: {text}" for name, text in (("cause", feedback.root_cause), ("fix", feedback.fix)) if text
    ]
    ticket_services.note(
        analysis.ticket_id,
        actions.RCA_FEEDBACK_GIVEN,
        summary="; ".join(said),
        actor=actor,
        details={
            "analysis": analysis.pk,
            "verdict": feedback.verdict,
            "cause_class": feedback.cause_class,
            "root_cause": feedback.root_cause[:LONGEST_IN_RECORD],
            "fix": feedback.fix[:LONGEST_IN_RECORD],
        },
    )
