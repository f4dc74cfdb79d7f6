"""Every script parses, passes shellcheck, explains itself, and asks a person only on a terminal."""

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.scripts.fake_workspace import Workspace
from tests.scripts.fakes import SCRIPTS, Bench

RUNNABLE = sorted(SCRIPTS.glob("*.sh"))
ALL = [*RUNNABLE, *sorted((SCRIPTS / "lib").glob("*.sh"))]


def test_the_four_scripts_are_there() -> None:
    assert {path.name for path in RUNNABLE} >= {
        "setup_azure_adf_webhooks.sh",
        "setup_databricks_webhooks.sh",
        "test_databricks_connection.sh",
        "post_sample_alert.sh",
    }


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_bash_parses_it(path: Path) -> None:
    result = subprocess.run(["bash", "-n", str(path)], capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("path", ALL, ids=lambda path: path.name)
def test_shellcheck_has_nothing_to_say(path: Path) -> None:
    result = subprocess.run(["shellcheck", str(path)], capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("path", RUNNABLE, ids=lambda path: path.name)
def test_script_is_strict_and_executable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert text.startswith("#!/usr/bin/env bash\n")
    assert "\nset -euo pipefail\n" in text
    assert os.access(path, os.X_OK)


@pytest.mark.parametrize("path", RUNNABLE, ids=lambda path: path.name)
def test_help_names_every_flag_that_is_understood(path: Path, bench: Bench) -> None:
    result = bench.run(path.name, "--help")

    flags: set[str] = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        label, _, rest = line.strip().partition(")")
        if label.startswith("--") and rest:
            flags.update(part for part in label.replace("|", " ").split() if part.startswith("--"))
    assert result.returncode == 0
    assert flags
    assert {flag for flag in flags if flag not in result.stdout} == set()


def converse(script: str, bench: Bench, answers: list[tuple[str, str]]) -> str:
    """Runs a script on a terminal, waits for each question and answers it; returns all that was shown."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [str(SCRIPTS / script), "--dry-run"],
        env=bench.surroundings(),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        close_fds=True,
    )
    os.close(slave)
    shown = ""
    waiting = list(answers)
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # Linux reports the end of a terminal as an error
            break
        if not piece:
            break
        shown += piece.decode()
        if waiting and waiting[0][0] in shown:
            os.write(master, f"{waiting.pop(0)[1]}\n".encode())
    process.wait(timeout=60)
    os.close(master)
    assert waiting == [], shown
    return shown


def test_terminal_is_asked_for_what_is_missing_and_the_key_is_not_echoed(bench: Bench) -> None:
    bench.azure({})

    shown = converse(
        "setup_azure_adf_webhooks.sh",
        bench,
        [
            ("resource group of the Data Factory:", "rg-data"),
            ("name of the Data Factory:", "adf-prod"),
            ("public https address of the desk:", "https://desk.example.com"),
            ("query, basic or secure-webhook [query]:", ""),
            ("(not shown):", "typed-secret"),
        ],
    )

    assert "no Data Factory 'adf-prod' in resource group 'rg-data'" in shown
    assert "typed-secret" not in shown


def test_terminal_is_asked_which_jobs(bench: Bench, workspace: Workspace) -> None:
    shown = converse(
        "setup_databricks_webhooks.sh",
        bench,
        [
            ("job ids to watch", "11 12"),
            ("public https address of the desk:", "https://desk.example.com"),
            ("service key of the desk (not shown):", "typed-secret"),
            ("address of the workspace", workspace.url),
            ("Databricks access token (not shown):", "dapi-good"),
        ],
    )

    assert shown.count("POST /api/2.2/jobs/update") == 2
    assert workspace.writes() == []
    assert "typed-secret" not in shown
    assert "dapi-good" not in shown
