"""What the door asks of the big tables is found along an index, however many tickets there are.

Read on SQLite, which plans by the figures that every desk has (`aiops.backends.sqlite3.statistics`). PostgreSQL would
weigh how few rows there are.
"""

from __future__ import annotations

import json

import pytest
from django.db import connection
from django.test import Client

from bench.plans.hearing import heard, read_whole, sqlite_plan, tables_of
from tests.sources.payloads import declared


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads SQLite's plans")
def test_no_alert_has_a_whole_table_read(door: Client) -> None:
    with heard() as asked:
        for recorded in declared():
            for _ in range(2):
                body = json.dumps(recorded.body)
                door.post(recorded.spec.path, body, content_type="application/json")
    plans = {sql: sqlite_plan(sql, values) for sql, values in asked.items() if tables_of(sql)}
    assert len(plans) > 10
    assert {sql: lines for sql, lines in plans.items() if read_whole(sql, lines)} == {}
    used = "\n".join(line for lines in plans.values() for line in lines)
    for index in ("ticket_family", "ticket_run", "ticket_pipeline"):
        assert index in used
