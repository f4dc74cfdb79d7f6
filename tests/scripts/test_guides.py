"""The two vendor guides tell only what exists: scripts, flags, addresses, headings, and the query in use."""

import re
from pathlib import Path

import pytest

from tests.scripts.fakes import SCRIPTS, Bench

DOCS = SCRIPTS.parent / "docs"
GUIDES = [DOCS / "azure.md", DOCS / "databricks.md"]
ADDRESSES = {
    "/azure-monitor",
    "/azure-monitor-alert",
    "/databricks-monitor",
    "/azure-functions-monitor",
    "/synapse-monitor",
}


def commands(text: str) -> list[tuple[str, list[str]]]:
    """Each of our scripts that a shell block runs, with its flags; continued lines are joined."""
    blocks = re.findall(r"```bash\n(.*?)```", text, flags=re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    found = [re.match(r"scripts/(\S+\.sh)(.*)", line) for line in lines]
    return [(match[1], re.findall(r"--[a-z-]+", match[2])) for match in found if match]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_commands_of_the_guide_exist_with_their_flags(guide: Path, bench: Bench) -> None:
    told = commands(guide.read_text(encoding="utf-8"))

    assert told
    for script, flags in told:
        manual = bench.run(script, "--help").stdout
        assert {flag for flag in flags if flag not in manual} == set(), script


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_links_lead_somewhere(guide: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", guide.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        file = (guide.parent / name).resolve() if name else guide
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", h).lower().replace(" ", "-") for h in headings}, target


@pytest.mark.parametrize("guide", GUIDES, ids=lambda path: path.name)
def test_addresses_are_those_of_the_desk(guide: Path) -> None:
    text = guide.read_text(encoding="utf-8")

    told = set(re.findall(r"(?:desk\.example\.com|`)(/[a-z]+-[a-z-]+)\b", text))
    assert told
    assert told <= ADDRESSES


def test_cluster_query_of_the_guide_is_the_one_that_the_script_uses() -> None:
    query = (SCRIPTS / "kql" / "databricks_cluster_failures.kql").read_text(encoding="utf-8").strip()

    assert f"```kusto\n{query}\n```" in (DOCS / "databricks.md").read_text(encoding="utf-8")
