"""What the page's files may hold: no markup from strings, nothing inline, no foreign host, and little weight."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static" / "dashboard"
TEMPLATES = ROOT / "templates" / "dashboard"
MODULES = sorted((STATIC / "js").glob("*.js"))
PAGES = sorted(TEMPLATES.glob("*.html"))
MOST_BYTES = 60_000  # as sent, compressed; no font is loaded
LONGEST_MODULE = 300

MARKUP_FROM_STRINGS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|setHTML"
    r"|\beval\(|new Function|srcdoc|setAttribute\([\"'`](?:on|style)"
)
FOREIGN = re.compile(r"(?:https?:)?//(?!www\.w3\.org/2000/svg)[a-z0-9-]+\.[a-z]")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_module_never_makes_markup_from_a_string(module: Path) -> None:
    code = re.sub(r"^\s*//.*$", "", module.read_text(), flags=re.MULTILINE)
    assert MARKUP_FROM_STRINGS.findall(code) == []
    assert len(code.splitlines()) < LONGEST_MODULE


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_template_has_nothing_inline(page: Path) -> None:
    html = page.read_text()
    assert re.findall(r"\sstyle=|\son[a-z]+=|javascript:|<style", html) == []
    assert [tag for tag in re.findall(r"<script[^>]*>", html) if "src=" not in tag] == []
    assert "|safe" not in html
    assert "autoescape off" not in html


@pytest.mark.parametrize("file", [*MODULES, *PAGES, *STATIC.glob("*.css")], ids=lambda path: path.name)
def test_file_names_no_foreign_host(file: Path) -> None:
    code = re.sub(r"^\s*//.*$", "", file.read_text(), flags=re.MULTILINE)
    assert FOREIGN.findall(code) == []


def test_whole_dashboard_weighs_less_than_sixty_kilobytes_as_sent() -> None:
    files = [
        *MODULES,
        *STATIC.glob("*.css"),
        *STATIC.glob("*.svg"),
        TEMPLATES / "base.html",
        TEMPLATES / "dashboard.html",
    ]
    assert len(files) > 20
    assert sum(len(gzip.compress(file.read_bytes(), 6)) for file in files) < MOST_BYTES


@pytest.mark.skipif(shutil.which("node") is None, reason="the modules' own tests run under Node")
def test_modules_pass_their_own_tests() -> None:
    ended = subprocess.run(
        ["node", "--test", "tests/js/"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 0, ended.stdout[-3000:]
