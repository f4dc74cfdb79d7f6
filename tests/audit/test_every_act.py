"""Every act has its entry: no name in `audit.actions` that nothing records, and the acts of administration."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import DatabaseError, transaction

from accounts.models import User
from accounts.roles import Role
from accounts.service_keys import create_key, revoke_key
from accounts.services import set_role
from audit import actions
from audit.models import AuditEntry
from tests.audit.conftest import add_entries

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "aiops", "audit", "ingestion", "integrations", "rca", "remediation", "tickets")
NAMES = {name: value for name, value in vars(actions).items() if name.isupper() and isinstance(value, str)}
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for app in APPS
    for path in (ROOT / app).rglob("*.py")
    if path != ROOT / "audit" / "actions.py"
)


@pytest.mark.parametrize("name", NAMES)
def test_named_action_is_recorded_somewhere(name: str) -> None:
    assert f"actions.{name}" in SOURCES or f'"{NAMES[name]}"' in SOURCES


def entries_of(action: str) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(action=action).order_by("id"))


@pytest.mark.django_db
def test_person_made_changed_and_given_a_role_is_recorded_each_time() -> None:
    user = User.objects.create_user("ana@example.com", "a Long sentence 7", full_name="Ana Lima")
    assert [entry.summary for entry in entries_of(actions.USER_CREATED)] == ["ana@example.com"]
    user.email, user.employee_id = "ana.lima@example.com", "E-7"
    user.save()
    changed = entries_of(actions.USER_CHANGED)[0]
    assert changed.details["changed"] == [
        ["email", "ana@example.com", "ana.lima@example.com"],
        ["employee_id", "", "E-7"],
    ]
    Group.objects.get_or_create(name="analyst")
    set_role(user, Role.ANALYST)
    assert entries_of(actions.ROLES_CHANGED)[0].summary == "ana.lima@example.com: analyst"
    user.set_password("another Long sentence 8")
    user.save()
    assert len(entries_of(actions.PASSWORD_CHANGED)) == 1


@pytest.mark.django_db
def test_first_administrator_of_a_command_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "a Long sentence 7")
    call_command("createsuperuser", email="root@example.com", interactive=False, verbosity=0)
    assert [entry.summary for entry in entries_of(actions.USER_CREATED)] == ["root@example.com"]


@pytest.mark.django_db
def test_key_made_and_revoked_is_recorded() -> None:
    key, secret = create_key(name="factory")
    revoke_key(key)
    told = entries_of(actions.SERVICE_KEY_CREATED) + entries_of(actions.SERVICE_KEY_REVOKED)
    assert [entry.summary for entry in told] == ["factory", "factory"]
    assert secret not in str([(entry.summary, entry.details) for entry in told])


@pytest.mark.django_db
def test_entry_is_neither_saved_again_nor_updated_nor_deleted_by_the_orm() -> None:
    entry = add_entries(1)[0]
    entry.summary = "Something else"
    with pytest.raises(DatabaseError), transaction.atomic():
        entry.save()
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(actor="nobody")
    with pytest.raises(DatabaseError), transaction.atomic():
        AuditEntry.objects.bulk_update([entry], ["summary"])
    with pytest.raises(DatabaseError), transaction.atomic():
        entry.delete()
    assert AuditEntry.objects.get(pk=entry.pk).summary == "Opened, number 0"
