"""The same bytes whatever the database made of them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit import canonical, rows
from audit.models import AuditEntry
from audit.services import Actor, Subject, build_entry, record, record_many

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(details=st.dictionaries(st.text(), JSON, max_size=5), summary=st.text(max_size=600), name=st.text())
def test_whatever_is_recorded_reads_back_with_its_digest(
    details: dict[str, object], summary: str, name: str
) -> None:
    entry = record("Comment Added", actor=Actor("person", name), summary=summary, details=details)
    [stored] = rows.by_ids([entry.pk])
    assert stored.personal_part_matches


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value", [1.0, 1e20, -0.0, 1e308, 5e-324, 0.1, 2**70, 10**1200, float("nan"), {1: {2.0}}]
)
def test_awkward_number_reads_back_with_its_digest(value: object) -> None:
    entry = record("Comment Added", details={"value": value})
    [stored] = rows.by_ids([entry.pk])
    assert stored.personal_part_matches


@pytest.mark.django_db
def test_nul_surrogate_and_microsecond_survive() -> None:
    moment = datetime(2026, 11, 20, 12, 0, 0, 1, tzinfo=UTC)
    entry = build_entry(
        "Comment Added", subject=Subject(run_id="a\x00b\ud800"), summary="é\x00😀", created_at=moment
    )
    before = entry.compute_personal_digest()
    record_many([entry])
    [stored] = rows.by_ids([entry.pk])
    assert stored.sealed["created_at"] == "2026-11-20T12:00:00.000001Z"
    assert stored.sealed["run_id"] == "a\ufffdb\ufffd"
    assert stored.sealed["personal_digest"] == before
    assert stored.personal_part_matches


def test_time_is_written_in_utc_with_six_digits() -> None:
    east = timezone(timedelta(hours=5, minutes=30))
    assert canonical.timestamp(datetime(2026, 1, 1, 3, 0, tzinfo=east)) == "2025-12-31T21:30:00.000000Z"


def test_numbers_have_one_form_however_a_database_wrote_them() -> None:
    assert canonical.read_json('{"a": 1e20, "b": 1.0}') == canonical.read_json(
        '{"b": 1, "a": 100000000000000000000}'
    )


def test_format_of_version_one_does_not_change() -> None:
    """Were these to differ, every seal ever made would be worthless."""
    sealed = dict.fromkeys(canonical.SEALED_FIELDS, "") | {"id": 7, "action": "Créé", "run_id": 'a"b'}
    assert canonical.entry_bytes(sealed) == (
        b'{"action":"Cr\\u00e9\\u00e9","actor_kind":"","created_at":"","id":7,"personal_digest":"",'
        b'"pipeline":"","request_id":"","run_id":"a\\"b","ticket_key":""}'
    )
    personal = dict.fromkeys(canonical.PERSONAL_FIELDS, "") | {"details": {"b": 1, "a": [None]}}
    expected = hashlib.sha256(
        b"aiops-audit-personal-v1\n"
        b'{"actor":"","actor_employee_id":"","details":{"a":[null],"b":1},"remote_address":"","salt":"",'
        b'"summary":""}'
    )
    assert canonical.personal_digest(personal) == expected.hexdigest()


ANY = st.text() | st.none() | st.integers() | st.dictionaries(st.text(), st.text(), max_size=2)


@settings(max_examples=200)
@given(values=st.lists(st.text() | st.text() | ANY, min_size=9, max_size=9), number=st.integers())
def test_bytes_written_out_are_those_of_the_encoder(values: list[object], number: int) -> None:
    sealed = dict(zip(canonical.SEALED_FIELDS, values, strict=True)) | {"id": number}
    assert canonical.entry_bytes(sealed) == canonical.canonical_json(sealed)
    personal = dict(zip(canonical.PERSONAL_FIELDS, values, strict=False))
    assert canonical.personal_bytes(personal) == canonical.canonical_json(personal)


@pytest.mark.django_db
def test_record_many_gives_ids_in_order() -> None:
    entries = record_many([build_entry("Ticket Created", summary=str(number)) for number in range(5)])
    assert [entry.pk for entry in entries] == sorted(entry.pk for entry in entries)
    assert AuditEntry.objects.count() == 5
