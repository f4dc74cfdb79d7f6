"""The clock's tasks, what they leave for the console, the command's answers, and settings seen at start."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from aiops import env
from audit import actions, integrity, tasks
from audit.models import AuditEntry, AuditPublication, AuditSeal, AuditVerification
from audit.startup import record_settings
from tests.audit.conftest import add_entries, seal_now, tamper

pytestmark = pytest.mark.django_db


def verify_command(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def test_whole_record_exits_zero_and_tells_what_is_unsealed(record_of_thirty: list[AuditEntry]) -> None:
    add_entries(2)
    printed = verify_command()
    assert "30 entries under 3 seals" in printed
    assert "2 entries are not sealed yet" in printed
    assert "not sealed" not in verify_command("--seal-now")


def test_broken_record_exits_one_and_names_the_place(record_of_thirty: list[AuditEntry]) -> None:
    victim = record_of_thirty[12].pk
    tamper("UPDATE audit_auditentry SET action = 'x' WHERE id = %s", victim)
    with pytest.raises(CommandError, match=f"Entry {victim} is not what seal 2 covers") as caught:
        verify_command()
    assert caught.value.returncode == 1
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_audit", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert (told["ok"], told["finding"]["kind"], told["finding"]["entry"]) == (False, "entry_changed", victim)


def test_since_begins_behind_the_earlier_seals(record_of_thirty: list[AuditEntry]) -> None:
    tamper("UPDATE audit_auditentry SET action = 'x' WHERE id = %s", record_of_thirty[2].pk)
    second = AuditSeal.objects.get(number=2)
    assert "20 entries under 2 seals" in verify_command("--since", second.created_at.isoformat())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--since", "yesterday"), "--since: expected a date"),
        (("--file", "/nowhere/a.csv"), "--file: /nowhere/a.csv cannot be read"),
        (("--against-blob",), "AZURE_BLOB_ENABLED"),
        (("--against-dir", "/nowhere"), "no folder"),
        (("--record", "--since", "2026-01-01"), "leave out --since"),
    ],
)
def test_argument_that_cannot_be_used_is_named(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        verify_command(*arguments)


def test_daily_run_keeps_its_result_and_its_entry(record_of_thirty: list[AuditEntry]) -> None:
    assert tasks.verify_all() is True
    entry = AuditEntry.objects.get(action=actions.AUDIT_VERIFIED)
    assert entry.details["entries"] == 30
    state = integrity.integrity_state()
    assert (state.verdict, state.last_seal) == ("whole", 3)
    assert integrity.integrity_state(timezone.now() + timedelta(days=3)).verdict == "overdue"


def test_failed_daily_run_is_a_red_line_in_the_console(
    record_of_thirty: list[AuditEntry], admin_person: User
) -> None:
    tamper("DELETE FROM audit_auditentry WHERE id = %s", record_of_thirty[0].pk)
    assert tasks.verify_all() is False
    assert AuditEntry.objects.filter(action=actions.AUDIT_VERIFICATION_FAILED).count() == 1
    assert integrity.integrity_state().verdict == "broken"
    admin_person.is_superuser = True
    admin_person.save()
    client = Client()
    client.force_login(admin_person)
    for page in ("auditentry", "auditseal", "auditverification", "auditpruning", "auditerasure"):
        answer = client.get(f"/admin/audit/{page}/")
        assert answer.status_code == 200
        assert f"Entry {record_of_thirty[0].pk} is missing" in answer.content.decode()
    assert client.get("/admin/audit/auditseal/1/change/").status_code == 200


def test_sealing_task_seals_and_publishes(settings: Settings, tmp_path: Path) -> None:
    settings.AUDIT_SEAL_DIR = str(tmp_path)
    add_entries(2)
    seal_now()
    assert tasks.seal() == 0
    assert (tmp_path / "audit-seals" / "1.json").exists()
    assert AuditPublication.objects.get().last_number == 1


def test_place_that_cannot_be_read_does_not_stop_the_daily_run(settings: Settings, tmp_path: Path) -> None:
    settings.AUDIT_SEAL_DIR = str(tmp_path / "gone")
    add_entries(1)
    seal_now()
    assert tasks.verify_all() is True
    assert AuditVerification.objects.count() == 1


# --- settings seen at start -------------------------------------------------------------------------------


def test_changed_setting_is_recorded_with_before_and_after() -> None:
    assert record_settings({"MODEL_ID": "a", "SLA_SECONDS_P1": "900"}) == []
    assert record_settings({"MODEL_ID": "a", "SLA_SECONDS_P1": "900"}) == []
    assert AuditEntry.objects.filter(action=actions.SETTINGS_SEEN).count() == 1
    assert record_settings({"MODEL_ID": "b", "SLA_SECONDS_P1": "900"}) == ["MODEL_ID"]
    entry = AuditEntry.objects.get(action=actions.SETTINGS_CHANGED)
    assert entry.details["changed"] == [["MODEL_ID", "a", "b"]]


def test_changed_secret_shows_and_its_value_does_not() -> None:
    first = {"GEMINI_API_KEY": "AIzaSyA-first-secret-value", "DATABASE_URL": "postgres://u:hunter22@db/x"}
    record_settings(first)
    assert record_settings({**first, "GEMINI_API_KEY": "AIzaSyA-second-secret"}) == ["GEMINI_API_KEY"]
    told = json.dumps([entry.details for entry in AuditEntry.objects.all()])
    for secret in ("first-secret", "second-secret", "hunter22"):
        assert secret not in told
    changed = AuditEntry.objects.get(action=actions.SETTINGS_CHANGED).details["changed"][0]
    assert changed[1] != changed[2]
    assert changed[1].startswith("set, print ")


def test_every_variable_that_the_settings_read_is_put_on_record() -> None:
    assert {"JIRA_API_TOKEN", "MODEL_ID", "AUDIT_SIGNING_KEY", "SLA_SECONDS_P1"} <= env.given().keys()


def test_unreadable_signing_key_stops_the_start_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIT_SIGNING_KEY", "no-key-at-all")
    ended = subprocess.run(
        [sys.executable, "-c", "import aiops.settings"], capture_output=True, text=True, check=False
    )
    assert ended.returncode != 0
    assert "AUDIT_SIGNING_KEY: expected an Ed25519 private key" in ended.stderr
    assert "no-key-at-all" not in ended.stderr
