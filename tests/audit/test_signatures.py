"""Signed seals: what the key proves, which keys are trusted, and that no key is shown."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from audit import signing
from audit.models import AuditEntry, AuditSeal
from audit.report import Kind
from audit.verification import verify
from tests.audit.conftest import add_entries, new_key, run, seal_now, tamper
from tests.support.record import without_triggers

pytestmark = pytest.mark.django_db


def test_signed_seals_verify_and_are_counted(signed: Settings) -> None:
    add_entries(3)
    seal_now()
    report = verify()
    assert (report.is_whole, report.signed, report.signatures_checked) == (True, 1, True)


def test_whole_chain_recomputed_without_the_key_is_found(signed: Settings) -> None:
    for _ in range(2):
        add_entries(3)
        seal_now()
    victim = AuditEntry.objects.order_by("id").first()
    assert victim is not None
    tamper("UPDATE audit_auditentry SET action = 'Ticket Closed' WHERE id = %s", victim.pk)
    old = {seal.number: seal.signature for seal in AuditSeal.objects.all()}
    with without_triggers():
        AuditSeal.objects.all().delete()
    signed.AUDIT_SIGNING_KEY, key = "", signed.AUDIT_SIGNING_KEY
    seal_now()
    with without_triggers():
        for number, signature in old.items():
            AuditSeal.objects.filter(number=number).update(
                signature=signature, key_id=signing.key_id(signing.private_key(key).public_key())
            )
    signed.AUDIT_SIGNING_KEY = key
    found = verify().finding
    assert found is not None
    assert (found.kind, found.seal) == (Kind.SIGNATURE_BROKEN, 1)


def test_earlier_key_is_trusted_only_when_it_is_named(signed: Settings) -> None:
    earlier = signing.own_public_key()
    assert earlier is not None
    add_entries(1)
    seal_now()
    signed.AUDIT_SIGNING_KEY = new_key()
    add_entries(1)
    seal_now()
    found = verify().finding
    assert found is not None
    assert (found.kind, found.seal) == (Kind.SIGNATURE_BROKEN, 1)
    signed.AUDIT_TRUSTED_KEYS = (signing.public_text(earlier),)
    assert verify().is_whole


@pytest.mark.parametrize(
    "text", ["", "x", "c2hvcnQ=", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_unreadable_key_is_refused_without_being_shown(text: str) -> None:
    with pytest.raises(signing.SigningKeyError) as caught:
        signing.private_key(text)
    assert len(text) < 2 or text not in str(caught.value)


def test_key_command_prints_the_public_key_only(signed: Settings) -> None:
    printed = run("audit_key")
    own = signing.own_public_key()
    assert own is not None
    assert signing.public_text(own) in printed
    assert signed.AUDIT_SIGNING_KEY not in printed
