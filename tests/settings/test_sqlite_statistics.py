"""SQLite's planner has the same figures on every desk, and one for each index of the tables that grow."""

from __future__ import annotations

import pytest
from django.db import connection

from aiops.backends.sqlite3.statistics import STATISTICS, lines, tell
from tickets.models import Ticket

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own statistics"),
]


def told() -> set[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tbl, idx, stat FROM sqlite_stat1")
        return set(cursor.fetchall())


@pytest.mark.parametrize("table", STATISTICS)
def test_each_index_of_a_table_has_its_figures_and_there_are_no_others(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = %s", [table])
        names = {name for (name,) in cursor.fetchall() if not name.startswith("sqlite_autoindex")}
    assert set(STATISTICS[table]) == names


def test_figures_have_a_number_for_each_column_and_never_grow() -> None:
    for table, index, figures in lines():
        with connection.cursor() as cursor:
            columns = connection.introspection.get_constraints(cursor, table)[index]["columns"]
        numbers = [int(number) for number in figures.split()]
        assert len(numbers) == len(columns) + 1, index
        assert numbers == sorted(numbers, reverse=True), index


def test_migrated_desk_has_them_and_what_an_analyze_left_is_replaced() -> None:
    assert told() == lines()
    assert not tell(connection)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    assert tell(connection)
    assert told() == lines()


def test_planner_goes_by_them() -> None:
    """Without them it walks all tickets of the source, whose index is the later one."""
    of_pipeline = Ticket.objects.filter(source="adf", pipeline="load", opened_at__gt="2026-01-01T00:00:00Z")
    assert "ticket_pipeline" in of_pipeline.explain()
    few = Ticket.objects.filter(status="acknowledged", acknowledged_at__isnull=False, pk__in=range(300))
    assert "INTEGER PRIMARY KEY" in few.order_by("-acknowledged_at", "-pk")[:51].explain()
