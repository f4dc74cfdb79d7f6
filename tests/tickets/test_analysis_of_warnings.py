"""Contract section 12: a run that goes on too long keeps the error type that says so, whatever an analysis finds."""

from __future__ import annotations

import pytest
from django.utils import timezone

from audit.models import AuditEntry
from tests.support.factories import make_ticket
from tickets.services import AnalysisResult, apply_analysis


def result() -> AnalysisResult:
    return AnalysisResult("rules", "The text does not say why it failed.", "UnknownError", "unknown", "Low")


@pytest.mark.django_db
@pytest.mark.parametrize("told", ["RunDurationExceeded", "StreamingBacklogExceeded"])
def test_analysis_of_a_warning_keeps_its_error_type(told: str) -> None:
    ticket = make_ticket(error_type=told, metadata={"is_warning": True})
    changed = apply_analysis(ticket.pk, result(), now=timezone.now())
    assert (changed.error_type, changed.cause_class) == (told, "unknown")
    entry = AuditEntry.objects.get(action="RCA Completed")
    assert entry.details["error_type"] == told


@pytest.mark.django_db
def test_analysis_of_a_failure_names_its_error_type() -> None:
    ticket = make_ticket(error_type="Told", metadata={})
    assert apply_analysis(ticket.pk, result(), now=timezone.now()).error_type == "UnknownError"
