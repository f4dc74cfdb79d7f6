"""Several processes that start on a new database at once: one brings it up to date, the others wait."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.live_server import ROOT
from tests.support.own_services import own_services


def test_sqlite_file_that_cannot_be_made_is_told_in_one_sentence(tmp_path: Path) -> None:
    inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    environment = {"AIOPS_DATA_DIR": str(tmp_path), "DATABASE_URL": "sqlite:////proc/desk.sqlite3"}
    ended = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "prepare"],
        cwd=ROOT, env=inherited | environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.startswith("CommandError: DATABASE_URL: the database cannot be used (")
    assert ended.stderr.count("\n") == 1


@pytest.mark.server
def test_three_starters_prepare_a_new_database_once(tmp_path: Path) -> None:
    inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    environment = {**inherited, **own_services(), "AIOPS_DATA_DIR": str(tmp_path)}
    starters = [
        subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "prepare"],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    told = [starter.communicate(timeout=120)[0] for starter in starters]
    assert [starter.returncode for starter in starters] == [0, 0, 0], told
    assert "".join(told).count("First administrator") == 1
    assert "".join(told).count("another process brings the database up to date") >= 1
