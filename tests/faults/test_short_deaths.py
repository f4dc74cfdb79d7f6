"""Commands killed with SIGKILL in the middle: migration, seal and export leave nothing that passes for whole."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.faults.desk import MortalDesk, Point

pytestmark = [pytest.mark.server, pytest.mark.proof]

SECONDS = 60.0

DURING_MIGRATION = [
    Point("with the lock held", "aiops.preparing:call_command", "before"),
    Point(
        "amid the migrations",
        "django.db.migrations.executor:MigrationExecutor.apply_migration",
        "after",
        "20",
    ),
    Point("before the first administrator", "aiops.preparing:_make_first_administrator", "before"),
    Point("before the start is on record", "aiops.preparing:record_settings", "before"),
]
DURING_SEAL = [
    Point("before the seal is signed", "audit.sealing:seal_hash", "after"),
    Point("before the seal is committed", "audit.models:AuditSeal.save", "after"),
    Point("before the seal is verified", "audit.management.commands.verify_audit:verify", "before"),
]
DURING_EXPORT = [
    Point("before the first line", "audit.exports:csv_chunks", "before"),
    Point("before the manifest", "audit.exports:ManifestBuilder.manifest", "before"),
    Point("amid the manifest", "audit.exports:manifest_path", "after"),
]


def die(desk: MortalDesk, point: Point, *command: str) -> None:
    ended = desk.manage(*command, point=point)
    assert ended.returncode == -signal.SIGKILL, f"{point.name} was not reached: {ended.stderr[-2000:]}"


def do(desk: MortalDesk, *command: str) -> str:
    ended = desk.manage(*command, seconds=SECONDS)
    assert ended.returncode == 0, ended.stdout[-2000:] + ended.stderr[-2000:]
    return ended.stdout


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> MortalDesk:
    folder = tmp_path_factory.mktemp("desk")
    desk = MortalDesk(folder, {"AUDIT_SEAL_DIR": str(folder / "seals")})
    do(desk, "prepare")
    return desk


def test_start_after_deaths_in_the_migration_lock_finds_it_free_and_ends_the_work(tmp_path: Path) -> None:
    desk = MortalDesk(tmp_path, begins_empty=True)
    for point in DURING_MIGRATION:
        die(desk, point, "prepare")
    do(desk, "prepare")
    do(desk, "migrate", "--check")
    count = "from accounts.models import User; print(User.objects.filter(is_superuser=True).count())"
    assert do(desk, "shell", "--no-imports", "-c", count).split()[-1] == "1"


def test_seal_that_was_cut_short_leaves_a_record_that_verifies(prepared: MortalDesk) -> None:
    entry = "from audit.services import record; record('Test', summary='one more')"
    for point in DURING_SEAL:
        do(prepared, "shell", "--no-imports", "-c", entry)
        die(prepared, point, "verify_audit", "--seal-now")
        do(prepared, "verify_audit")
    do(prepared, "verify_audit", "--seal-now")
    do(prepared, "verify_audit", "--against-dir", str(prepared.data_dir / "seals"))


@pytest.mark.parametrize("point", DURING_EXPORT, ids=lambda point: point.name)
def test_export_that_was_cut_short_is_never_taken_for_whole(
    prepared: MortalDesk, tmp_path: Path, point: Point
) -> None:
    file = tmp_path / "trail.csv"
    die(prepared, point, "export_audit", str(file))
    checked = prepared.manage("verify_audit", "--file", str(file))
    assert checked.returncode == 1
    assert "Traceback" not in checked.stderr
    if file.exists():
        assert prepared.manage("export_audit", str(file)).returncode == 1
    do(prepared, "export_audit", str(tmp_path / "again.csv"))
    do(prepared, "verify_audit", "--file", str(tmp_path / "again.csv"))
