"""Personal data that may leave the record, while the acts and the seals stay."""

from __future__ import annotations

import pytest

from audit import actions, erasure
from audit.models import AuditEntry
from audit.verification import verify
from tests.audit.conftest import run, seal_now

pytestmark = pytest.mark.django_db


def test_erased_person_leaves_the_acts_and_the_seals(record_of_thirty: list[AuditEntry]) -> None:
    run("erase_audit_data", "--person", "Viewer@example.com", "--reason", "request 12")
    assert AuditEntry.objects.filter(salt="").count() == 0
    run("erase_audit_data", "--person", "Viewer@example.com", "--reason", "request 12", "--yes")
    entry = AuditEntry.objects.get(pk=record_of_thirty[7].pk)
    assert (entry.actor, entry.summary, entry.details, entry.remote_address) == ("", "", {}, "")
    assert (entry.action, entry.ticket_key) == ("Ticket Created", record_of_thirty[7].ticket_key)
    seal_now()
    report = verify()
    assert (report.finding, report.erased) == (None, 30)
    assert erasure.erase_entries([entry.pk], reason="again") == 0


def test_entries_that_vouch_for_an_erasure_cannot_be_erased(record_of_thirty: list[AuditEntry]) -> None:
    erasure.erase_entries([record_of_thirty[0].pk], reason="request 12")
    vouching = AuditEntry.objects.get(action=actions.PERSONAL_DATA_ERASED)
    assert erasure.erase_entries([vouching.pk], reason="no") == 0
    assert verify().is_whole
