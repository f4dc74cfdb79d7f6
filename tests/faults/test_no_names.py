"""The name server is gone: alerts are taken as ever, and the vendors are told once when names are known again."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.desk import MortalDesk, assert_nothing_is_lost, assert_told_once, settled, until
from tests.faults.test_kill_points import post
from tests.support.world import living

pytestmark = [pytest.mark.server, pytest.mark.proof]

NAMELESS = str(Path(__file__).with_name("nameless.py"))
MOST_SECONDS = 2.0
ERRORS = """
from integrations.models import Delivery
for channel, error in Delivery.objects.exclude(last_error="").values_list("channel", "last_error"):
    print(channel, error)
"""


@dataclass
class NamelessDesk(MortalDesk):
    """Its vendors are known to it by name; `without_names` exists while no name can be resolved."""

    @property
    def without_names(self) -> Path:
        return self.data_dir / "no-names"

    def command(self) -> list[str]:
        python, _, *arguments = super().command()
        return [python, NAMELESS, str(self.without_names), *arguments]

    def failing_channels(self) -> set[str]:
        told = self.manage("shell", "--no-imports", "-c", ERRORS)
        assert told.returncode == 0, told.stderr[-2000:]
        return {line.split()[0] for line in told.stdout.splitlines() if line}


def test_name_server_that_is_gone_delays_and_loses_nothing(tmp_path: Path) -> None:
    with living() as world:
        named = {
            name: value.replace("//127.0.0.1", "//localhost") for name, value in world.environment.items()
        }
        desk = NamelessDesk(tmp_path, {**named, "RCA_PROVIDERS": "rules", "RECONCILE_MINUTES": "0"})
        desk.without_names.touch()
        accepted = []
        try:
            desk.live()
            for _ in range(5):
                run_id, began = str(uuid.uuid4()), time.monotonic()
                told = post(desk, run_id)
                assert told is not None
                assert time.monotonic() - began < MOST_SECONDS
                accepted.append((run_id, told))
            assert until(lambda: desk.failing_channels() == {"jira", "slack", "blob"}, 30, pause=1), (
                desk.failing_channels()
            )
            assert (world.jira.issues, world.slack.posts, world.blobs.blobs) == ([], [], {})
            desk.without_names.unlink()
            found = settled(desk, 120)
            assert_nothing_is_lost(found, accepted)
            assert_told_once(found, world)
        finally:
            desk.kill()
