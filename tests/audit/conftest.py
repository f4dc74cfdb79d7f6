"""Entries to tamper with, and the tampering itself: raw SQL with the triggers removed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from audit import sealing
from audit.models import AuditEntry, AuditSeal
from audit.services import Actor, Subject, record
from tests.support.record import without_triggers

NO_WAIT = timedelta(0)


def add_entries(count: int, *, action: str = "Ticket Created") -> list[AuditEntry]:
    return [
        record(
            action,
            subject=Subject(f"ADF-20261120T120000-{number:06x}", "DataEng_LoadOrders", f"run-{number}"),
            actor=Actor("person", "viewer@example.com", "E17"),
            summary=f"Opened, number {number}",
            details={"severity": "High", "occurrence": number, "ratio": 0.5},
        )
        for number in range(count)
    ]


def seal_now() -> list[AuditSeal]:
    return sealing.seal_entries(settle=NO_WAIT)


def tamper(statement: str, *parameters: Any) -> None:
    """What somebody with all rights on the database could do."""
    with without_triggers(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


@pytest.fixture
def record_of_thirty(db: None) -> list[AuditEntry]:
    """Thirty entries under three seals of ten."""
    entries: list[AuditEntry] = []
    for _ in range(3):
        entries += add_entries(10)
        seal_now()
    return entries


Tamper = Callable[..., None]
