"""A bench per test: stand-ins on PATH and nothing of the developer's own environment."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scripts.fake_workspace import Workspace, served
from tests.scripts.fakes import CURL, DATABRICKS, KEY, Bench


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    bench = Bench(tmp_path, {"RCA_API_KEY": KEY})
    bench.install("curl", CURL)
    bench.install("databricks", DATABRICKS)
    return bench


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    jobs = [
        {"job_id": 11, "settings": {"name": "bare"}},
        {
            "job_id": 12,
            "settings": {
                "name": "has its own",
                "webhook_notifications": {
                    "on_success": [{"id": "theirs"}],
                    "on_failure": [{"id": "theirs"}, {"id": "others"}],
                },
                "health": {"rules": [{"metric": "RUN_DURATION_SECONDS", "op": "GREATER_THAN", "value": 60}]},
            },
        },
        {
            "job_id": 13,
            "settings": {
                "name": "full",
                "webhook_notifications": {"on_failure": [{"id": "a"}, {"id": "b"}, {"id": "c"}]},
            },
        },
    ]
    with served(Workspace(jobs)) as running:
        yield running
