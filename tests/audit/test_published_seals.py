"""Seals handed to a folder: published once, compared, and a rewritten history told."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from audit import publishing
from audit.models import AuditEntry, AuditPublication, AuditSeal
from audit.publishing import FilePublisher
from audit.report import Kind
from audit.verification import verify
from tests.audit.conftest import add_entries, seal_now, tamper
from tests.support.publishers import assert_never_written_over
from tests.support.record import without_triggers

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    settings.AUDIT_SEAL_DIR = str(tmp_path)
    return tmp_path


def publish_three(make: Callable[[], object] = lambda: add_entries(3)) -> None:
    for _ in range(3):
        make()
        seal_now()
    publishing.publish_seals()


def test_seals_are_published_once_and_agree(folder: Path) -> None:
    publish_three()
    assert publishing.publish_seals() == 0
    assert sorted(path.name for path in (folder / "audit-seals").iterdir()) == ["1.json", "2.json", "3.json"]
    assert verify(against=publishing.publishers()).published == 3


def test_truncated_tail_is_found_by_the_published_seals(folder: Path) -> None:
    publish_three()
    tamper("DELETE FROM audit_auditseal WHERE number >= 2")
    tamper("DELETE FROM audit_auditentry WHERE id > (SELECT MAX(last_id) FROM audit_auditseal)")
    assert verify().is_whole  # inside the database nothing tells
    found = verify(against=publishing.publishers()).finding
    assert found is not None
    assert (found.kind, found.seal) == (Kind.TRUNCATED_TAIL, 2)


def test_rewritten_history_is_found_at_its_first_seal(folder: Path) -> None:
    publish_three()
    second = AuditSeal.objects.get(number=2)
    tamper("UPDATE audit_auditentry SET action = 'Ticket Closed' WHERE id = %s", second.first_id)
    ends = list(AuditSeal.objects.order_by("number").values_list("last_id", flat=True))
    later = list(AuditEntry.objects.filter(id__gt=ends[0]).order_by("id").values())
    tamper("DELETE FROM audit_auditseal WHERE number >= 2")
    for low, high in pairwise(ends):
        tamper("DELETE FROM audit_auditentry WHERE id > %s", low)
        with without_triggers():
            AuditEntry.objects.bulk_create(AuditEntry(**row) for row in later if low < row["id"] <= high)
        seal_now()
    assert verify().is_whole  # every hash was made anew
    found = verify(against=publishing.publishers()).finding
    assert found is not None
    assert (found.kind, found.seal) == (Kind.PUBLISHED_DIFFERS, 2)
    with without_triggers():
        AuditPublication.objects.update(last_number=1)
    assert publishing.publish_seals() == 0
    assert "another seal 2" in AuditPublication.objects.get().problem


def test_published_name_is_never_written_over(folder: Path) -> None:
    assert_never_written_over(FilePublisher(folder))
