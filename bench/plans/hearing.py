"""Notes the statements that the product sends, and asks the database how it carries each of them out.

The tests use it too (`tests/door/test_lookup_plans.py`, `tests/bench/test_task_plans.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection

BIG = (
    "tickets_ticket", "tickets_occurrence", "ingestion_alertevent", "ingestion_eventticket", "ingestion_runlookup",
    "integrations_delivery", "integrations_deliveryattempt", "audit_auditentry", "rca_evidence", "rca_analysis",
)  # fmt: skip
"""Tables that grow with every alert."""

_READS = re.compile(r"\(?\s*(SELECT|WITH|UPDATE|DELETE)\b")
_ALIAS = re.compile(r'"(\w+)" ([A-Z]+\d+)\b')
_SCAN = re.compile(r"^SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?")
_BOUNDED = re.compile(r"^SELECT (?:(?! WHERE ).)* LIMIT (?:%s|\d+)(?: OFFSET .*)?$", re.S)

Note = Callable[[str, Any], None]


@contextmanager
def hearing(note: Note) -> Iterator[None]:
    """Hand each statement that looks for rows to `note` just before it is carried out.

    What `note` itself asks is not heard.
    """
    is_noting = False

    def hear(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        nonlocal is_noting
        if not (is_noting or many) and _READS.match(sql):
            is_noting = True
            try:
                note(sql, values)
            finally:
                is_noting = False
        return execute(sql, values, many, context)

    with connection.execute_wrapper(hear):
        yield


@contextmanager
def heard() -> Iterator[dict[str, Any]]:
    """The statements of the block with the values each was first sent with."""
    statements: dict[str, Any] = {}
    with hearing(statements.setdefault):
        yield statements


def tables_of(sql: str) -> set[str]:
    """The big tables that a statement names."""
    return {table for table in BIG if f'"{table}"' in sql or f" {table} " in f"{sql} "}


def sqlite_plan(sql: str, values: Any) -> list[str]:
    """The lines of EXPLAIN QUERY PLAN, with the tables' names for Django's aliases."""
    names = {alias: table for table, alias in _ALIAS.findall(sql)}
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", values)
        lines = [str(row[-1]) for row in cursor.fetchall()]
    return [
        re.sub(r"^(SCAN|SEARCH) (\w+)", lambda m: f"{m[1]} {names.get(m[2], m[2])}", line) for line in lines
    ]


def read_whole(sql: str, lines: list[str]) -> set[str]:
    """The big tables that SQLite would read from one end to the other, in rows or along an index.

    Partial indexes are read whole with leave: what waits, what is not acknowledged. So are the first rows in an order.
    """
    if _BOUNDED.match(sql):
        return set()
    scans = [found.groups() for line in lines if (found := _SCAN.match(line))]
    return {table for table, index in scans if table in BIG and index not in _partial_indexes()}


@cache
def _partial_indexes() -> frozenset[str]:
    models = (model for model in apps.get_models() if model._meta.db_table in BIG)
    return frozenset(index.name for model in models for index in model._meta.indexes if index.condition)
