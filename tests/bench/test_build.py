"""The builder from end to end, in a desk of its own: what it leaves behind is a whole desk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.live_server import ROOT

LOOK = """
import django; django.setup()
from audit import triggers
from audit.verification import verify
from bench.volume.loading import is_filled
from django.db import connection
from tickets import counter_store, search_index
from tickets.models import Ticket
report = verify()
assert report.is_whole, report
assert report.entries == 5 * Ticket.objects.count() == 1500, report
assert not +counter_store.reconcile(repair=False)
assert is_filled(300)
assert triggers.missing(connection) == []
assert search_index.take_in() == 0
assert len(search_index.candidates("quetzalcoatl")) == 3
with connection.cursor() as cursor:
    found = set(connection.introspection.get_constraints(cursor, "tickets_ticket"))
assert {index.name for index in Ticket._meta.indexes} <= found
print("whole")
"""


@pytest.mark.server
def test_built_desk_is_whole(tmp_path: Path) -> None:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = kept | {"AIOPS_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "aiops.settings"}
    for command in (["-m", "bench.volume", "--tickets", "300"], ["-c", LOOK]):
        done = subprocess.run(
            [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr[-2_000:]
    assert done.stdout == "whole\n"
