"""Entries to tamper with, and the tampering itself: raw SQL with the triggers removed; keys and commands."""

from __future__ import annotations

import base64
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management import call_command
from django.db import connection
from pytest_django.fixtures import Settings

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


def run(name: str, *arguments: str) -> str:
    """What a management command prints."""
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def new_key() -> str:
    raw = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return base64.b64encode(raw).decode()


@pytest.fixture
def signed(settings: Settings) -> Settings:
    settings.AUDIT_SIGNING_KEY = new_key()
    return settings


@pytest.fixture
def record_of_thirty(db: None) -> list[AuditEntry]:
    """Thirty entries under three seals of ten."""
    entries: list[AuditEntry] = []
    for _ in range(3):
        entries += add_entries(10)
        seal_now()
    return entries
