"""One statement's plan in few words, and how much it did: asked of the database just before the statement itself.

PostgreSQL tells the rows it looked at and the pages. SQLite tells neither; what it counts are the steps of its
virtual machine, some ten for a row. The statement is carried out for it and taken back.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from django.db import connection, transaction

from bench.plans.hearing import BIG, read_whole, sqlite_plan

STEP = 100
_USED = re.compile(r"^(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?(?:INDEX (\S+)|INTEGER (PRIMARY) KEY))?")

Plan = dict[str, Any]
"""`name` of the statement's text; `ways` in words; `indexes`; `whole`: big tables read in full; `rows` and `pages`, or
`steps`: how much."""


def plan_of(sql: str, values: Any) -> Plan:
    plan = _postgres(sql, values) if connection.vendor == "postgresql" else _sqlite(sql, values)
    return {"name": hashlib.sha256(sql.encode()).hexdigest()[:12], **plan}


def short(table: str) -> str:
    """A table's name without its app: `ticket`, `delivery`."""
    return table.partition("_")[2]


def _sqlite(sql: str, values: Any) -> Plan:
    lines = sqlite_plan(sql, values)
    ways, indexes = list[str](), list[str]()
    for line in lines:
        if found := _USED.match(line):
            _, table, index, key = found.groups()
            if table not in BIG:
                continue
            if index and index.startswith("sqlite_autoindex"):
                index = f"unique key of {short(table)}"
            ways.append(index or (f"key of {short(table)}" if key else f"scan of {short(table)}"))
            indexes += [index] if index else []
        elif line.startswith("USE TEMP B-TREE"):
            ways.append("sort" if "ORDER BY" in line else "group")
    return {
        "ways": _once(ways), "indexes": _once(indexes), "whole": sorted(read_whole(sql, lines)),
        "steps": _steps(sql, values),
    }  # fmt: skip


def _steps(sql: str, values: Any) -> int:
    """Steps of SQLite's virtual machine, to the next hundred."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    connection.ensure_connection()
    with transaction.atomic():
        connection.connection.set_progress_handler(step, STEP)
        try:
            _carry_out(sql, values)
        finally:
            connection.connection.set_progress_handler(None, 0)
        transaction.set_rollback(True)
    return count * STEP


def _carry_out(sql: str, values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


def _postgres(sql: str, values: Any) -> Plan:
    with transaction.atomic():
        [(told,)] = _carry_out(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}", values)
        transaction.set_rollback(True)
    top = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    ways, indexes, whole, rows = list[str](), list[str](), list[str](), 0
    for node in _nodes(top):
        kind, loops = node["Node Type"], node["Actual Loops"]
        table, index = node.get("Relation Name", ""), node.get("Index Name", "")
        if kind == "Sort":
            ways.append("sort")
        if "Scan" in kind and loops and kind != "Bitmap Heap Scan" and (index or table in BIG):
            if table and table not in BIG:
                continue
            name = index or f"scan of {short(table)}"
            if name.endswith("_pkey"):
                name = f"key of {short(name.removesuffix('_pkey'))}"
            ways.append(name)
            indexes += [index] if index else []
            whole += [] if index else [table]
        if "Scan" in kind and kind != "Bitmap Index Scan" and table in BIG:
            seen = node["Actual Rows"] + sum(
                node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck")
            )
            rows += round(seen * loops)
    return {
        "ways": _once(ways), "indexes": _once(indexes), "whole": _once(whole), "rows": rows,
        "pages": top["Shared Hit Blocks"] + top["Shared Read Blocks"],
    }  # fmt: skip


def _nodes(node: dict[str, Any]) -> Any:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def _once(words: list[str]) -> list[str]:
    return list(dict.fromkeys(words))
