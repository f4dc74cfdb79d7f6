"""A desk of its own for one test, and a Redis of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.desk import MortalDesk
from tests.production.processes import Redis


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[MortalDesk]:
    running = MortalDesk(tmp_path, {"RCA_PROVIDERS": "rules", "RECONCILE_MINUTES": "0"})
    running.live()
    yield running
    running.kill()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Redis]:
    running = Redis("redis", tmp_path)
    running.start()
    yield running
    running.end()
