"""A proof that one entry is in the record convinces a stranger, and a changed one does not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError
from pytest_django.fixtures import Settings

from tests.audit.conftest import add_entries, run, seal_now

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


def stranger(proof: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Runs the script printed in docs/compliance.md, in a Python without this project."""
    text = (ROOT / "docs" / "compliance.md").read_text(encoding="utf-8")
    script = text.split("```python\n", 1)[1].split("```", 1)[0]
    (tmp_path / "proof.json").write_text(proof)
    (tmp_path / "check.py").write_text(script)
    return subprocess.run(
        [sys.executable, "-I", "check.py", "proof.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


def test_proof_convinces_a_stranger_and_a_changed_one_does_not(signed: Settings, tmp_path: Path) -> None:
    entries = add_entries(7)
    seal_now()
    proof = run("prove_entry", str(entries[4].pk))
    ended = stranger(proof, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "holds" in ended.stdout
    for part, key in (("entry", "action"), ("personal", "actor"), ("seal", "root")):
        forged = json.loads(proof)
        forged[part][key] = "0" * 64
        assert stranger(json.dumps(forged), tmp_path).returncode != 0


def test_proof_of_an_unsealed_or_absent_entry_is_refused() -> None:
    entry = add_entries(1)[0]
    with pytest.raises(CommandError, match="not sealed yet"):
        run("prove_entry", str(entry.pk))
    with pytest.raises(CommandError, match="no audit entry"):
        run("prove_entry", "999999999")
