"""What is put to the providers, and what is not."""

from __future__ import annotations

import pytest

from rca.cases import case_of
from rca.models import EvidenceKind
from rca.providers import get_provider
from rca.services import keep_evidence
from tests.support.factories import make_ticket

pytestmark = pytest.mark.django_db


def test_advice_on_our_own_settings_is_no_evidence_of_a_cause() -> None:
    ticket = make_ticket(source="databricks", error_message="The job run failed.", error_code="")
    keep_evidence(
        ticket,
        EvidenceKind.NOTE,
        "Skipped",
        "Databricks was not asked: set DATABRICKS_HOST and DATABRICKS_TOKEN.",
    )
    case = case_of(ticket)
    assert case.evidence == ()
    assert get_provider("rules").analyse(case).cause_class == "unknown"


def test_source_that_was_added_later_is_its_own_platform() -> None:
    assert case_of(make_ticket(source="airflow")).platform == "airflow"
