"""What the documents name exists, and what the settings read is in the README's table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
READERS = ("aiops/settings.py", "aiops/databases.py")
SPELLED_BY_PATTERN = re.compile(r"^(AZURE_SQL_|DJANGO_HSTS_|SLA_SECONDS_P|PLAYBOOK_|AUTO_REMEDIATION_)")


def variables() -> list[str]:
    found: set[str] = set()
    for name in READERS:
        text = (ROOT / name).read_text(encoding="utf-8")
        found |= set(re.findall(r'env\.\w+\(\s*"([A-Z][A-Z0-9_]+)"', text))
    return sorted(name for name in found if not SPELLED_BY_PATTERN.match(name))


@pytest.mark.parametrize("name", variables())
def test_variable_that_the_settings_read_is_in_the_readme(name: str) -> None:
    assert f"`{name}`" in README


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
