"""What the documents name exists, and what the settings read is in the README's table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from aiops.console.settings_page import settings_in_force
from audit import actions
from bench.__main__ import known_parts

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPERATE = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
READERS = (*(ROOT / "aiops" / "settings").glob("*.py"), ROOT / "aiops" / "databases.py")
SPELLED_BY_PATTERN = re.compile(r"^(AZURE_SQL_|DJANGO_HSTS_|SLA_SECONDS_P|PLAYBOOK_|AUTO_REMEDIATION_)")


def variables() -> list[str]:
    found: set[str] = set()
    for reader in READERS:
        text = reader.read_text(encoding="utf-8")
        found |= set(re.findall(r'env\.\w+\(\s*"([A-Z][A-Z0-9_]+)"', text))
    return sorted(name for name in found if not SPELLED_BY_PATTERN.match(name))


@pytest.mark.parametrize("name", variables())
def test_variable_that_the_settings_read_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


# Where the page has another line: the database is a group of its own, and HOST and PORT are those of one command.
SHOWN_OTHERWISE = re.compile(r"^(DATABASE_URL|DB_TYPE|AZURE_SQL_\w+|HOST|PORT|SLA_SECONDS_P\d)$")


def named_in_the_table() -> list[str]:
    """The variables of the README's settings table; `_PRELOAD` goes on where the name before it branches off."""
    found: list[str] = []
    table = README.split("| variable | default |")[1]
    for row in re.findall(r"^\| (`.+?) \|", table, re.M):
        for name in re.findall(r"`(_?[A-Z][A-Z0-9_]+)`", row):
            found.append(f"{found[-1].rpartition('_')[0]}{name}" if name.startswith("_") else name)
    return sorted(name for name in found if not SHOWN_OTHERWISE.match(name))


def test_settings_page_shows_the_variables_of_the_readme_and_no_others() -> None:
    shown = {line.name for _, lines in settings_in_force() for line in lines}
    assert set(named_in_the_table()) - shown == set()
    assert {name for name in shown if re.fullmatch(r"[A-Z][A-Z0-9_]+", name)} <= set(named_in_the_table())


@pytest.mark.parametrize(
    "document", sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md"))
)
def test_document_links_only_to_files_that_exist(document: str) -> None:
    path = ROOT / document
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_readme_links_every_document_and_only_files_that_exist() -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", README)
    assert all((ROOT / target).exists() for target in targets)
    assert {path.relative_to(ROOT).as_posix() for path in ROOT.glob("docs/*.md")} <= set(targets)


def test_unit_of_systemd_names_the_folder_that_the_readme_clones_into() -> None:
    home = re.search(r"--home-dir (\S+)", README)
    clone = re.search(r"git clone <this repository> (\S+)", README)
    assert home
    assert clone
    unit = re.search(r"```ini\n(.+?)```", OPERATE, re.S)
    assert unit
    folders = set(re.findall(r"(/opt/.+?)(?=/\.venv|/docker|/var|\s)", unit[1]))
    assert folders == {f"{home[1]}/{clone[1]}"}


@pytest.mark.parametrize("queue", settings.QUEUES)
def test_queue_is_in_the_readme_and_in_the_operators_table(queue: str) -> None:
    assert f"`{queue}`" in README
    rows = [line for line in OPERATE.splitlines() if line.startswith("| `aiops")]
    assert any(f"`{queue}`" in row.split("|")[1] for row in rows)


def test_each_check_of_ours_is_explained_and_no_other() -> None:
    made = set(re.findall(r"aiops\.[EW]\d{3}", (ROOT / "aiops" / "checks.py").read_text(encoding="utf-8")))
    assert set(re.findall(r"\| `(aiops\.[EW]\d{3})` \|", OPERATE)) == made


@pytest.mark.parametrize("part", known_parts())
def test_part_of_the_benchmark_is_in_its_document(part: str) -> None:
    assert f"| `{part}` |" in (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")


ACTIONS = sorted(value for name, value in vars(actions).items() if name.isupper() and isinstance(value, str))


@pytest.mark.parametrize("action", ACTIONS)
def test_action_of_the_audit_trail_is_in_the_auditors_document(action: str) -> None:
    assert f"`{action}`" in (ROOT / "docs" / "compliance.md").read_text(encoding="utf-8")
