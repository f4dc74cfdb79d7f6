"""The review as Markdown: an act a line, its dearest statements on both databases, and which indexes were used."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bench.plans.explained import MANY_ROWS, MANY_STEPS, reason

Plan = dict[str, Any]
Review = Mapping[str, Sequence[Plan]]
"""What was done (`group: name`) to the plans of its statements, in the order in which they were done."""

SHOWN = 3
OFTEN = 12
EVERY_PAGE = "pages: console, every page"
_BY_DJANGO = re.compile(
    r"(?:audit|ingestion|integrations|rca|remediation|tickets)_(\w+)_[0-9a-f]{8}(?:_\w+)?$"
)
UNITS = {"sqlite": "steps", "postgresql": "rows"}
TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def markdown(reviews: Mapping[str, Review], tickets: int, indexes: Iterable[str]) -> str:
    """`reviews` by database; `indexes` are those of the ticket table."""
    told = {database: _with_common_page(review) for database, review in reviews.items()}
    acts = list(dict.fromkeys(act for review in told.values() for act in review))
    groups = list(dict.fromkeys(act.partition(": ")[0] for act in acts))
    parts = [_head(tickets)]
    for group in groups:
        rows = [act for act in acts if act.startswith(f"{group}: ")]
        shown = [act for act in rows if any(review.get(act) for review in told.values())]
        without = ", ".join(act.partition(": ")[2] for act in rows if act not in shown)
        lines = [f"## {group.capitalize()}", "", *_table(shown, told)]
        lines += ["", f"None of the big tables is asked by: {without}."] if without else []
        parts.append("\n".join(lines))
    parts.append(_of_indexes(told, indexes))
    return "\n\n".join(parts) + "\n"


def unexplained(reviews: Mapping[str, Review]) -> list[str]:
    """Acts with a statement that looks at many rows, and no reason for it."""
    found = [
        f"{TITLES[database]}: {act}"
        for database, review in reviews.items()
        for act, plans in _with_common_page(review).items()
        if any(map(is_heavy, plans)) and not reason(act)
    ]
    return list(dict.fromkeys(found))


def is_heavy(plan: Plan) -> bool:
    return bool(plan.get("rows", 0) >= MANY_ROWS or plan.get("steps", 0) >= MANY_STEPS)


def _head(tickets: int) -> str:
    return f"""# How the databases carry out the statements

Written by `make plans`: the product's own functions on a desk of {tickets:,} tickets, {5 * tickets:,} audit entries,
{3 * tickets:,} deliveries, {tickets:,} alert events and 12,000 tickets that nobody has acknowledged. What it means
stands in [performance.md](performance.md).

A line is something that the desk does; in it are the {SHOWN} dearest of its statements on the big tables, each with
the indexes it goes by and how much it did: on PostgreSQL **rows looked at** (EXPLAIN ANALYZE), on SQLite **steps of its
virtual machine**, which tells no rows: some five to ten for one. "key" is a primary or unique key. What looks at
{MANY_ROWS:,} rows or takes {MANY_STEPS:,} steps has its reason beneath the table. Exports go by COPY on PostgreSQL,
which is not heard; the daily verification of the record reads all of it and is not part of this."""


def _table(acts: Sequence[str], reviews: Mapping[str, Review]) -> list[str]:
    databases = list(reviews)
    head = [f"{TITLES[database]}, {UNITS[database]}" for database in databases]
    lines = [f"| | {' | '.join(head)} |", f"|---|{'---|' * len(databases)}"]
    notes = dict[str, int]()
    for act in acts:
        plans = {database: reviews[database].get(act, ()) for database in databases}
        mark = ""
        if any(is_heavy(plan) for each in plans.values() for plan in each):
            why = reason(act) or "**not explained**"
            mark = f" ({notes.setdefault(why, len(notes) + 1)})"
        cells = [_cell(plans[database], UNITS[database]) for database in databases]
        lines.append(f"| {act.partition(': ')[2]}{mark} | {' | '.join(cells)} |")
    return [*lines, *([""] if notes else []), *(f"{number}. {why}" for why, number in notes.items())]


def _cell(plans: Sequence[Plan], unit: str) -> str:
    dearest = sorted(plans, key=lambda plan: -int(plan[unit]))
    shown = [f"{', '.join(_words(plan))} {plan[unit]:,}".strip() for plan in dearest[:SHOWN] if plan["ways"]]
    more = f"; {len(plans) - len(shown)} more" if len(plans) > len(shown) else ""
    return "; ".join(shown) + more if shown else "–"


def _words(plan: Plan) -> list[str]:
    """At most four; keys of rows that hang on others by one word."""
    words = ["key" if way.startswith(("key of", "unique key of")) else _short(way) for way in plan["ways"]]
    words = list(dict.fromkeys(words))
    return words if len(words) <= 4 else [*words[:3], "…"]


def _short(way: str) -> str:
    """The indexes that Django names after app, table, column and a hash, without the first and the last."""
    named = _BY_DJANGO.match(way)
    return named[1] if named else way


def _with_common_page(review: Review) -> dict[str, list[Plan]]:
    """What most pages of the console ask is told once."""
    times = Counter(
        plan["name"] for act, plans in review.items() if act.startswith("pages: ") for plan in plans
    )
    common = {name for name, number in times.items() if number >= OFTEN}
    kept, shared = dict[str, list[Plan]](), dict[str, Plan]()
    for act, plans in review.items():
        is_page = act.startswith("pages: ")
        kept[act] = [plan for plan in plans if not (is_page and plan["name"] in common)]
        shared |= {plan["name"]: plan for plan in plans if is_page and plan["name"] in common}
    return {**kept, EVERY_PAGE: list(shared.values())} if shared else kept


def _of_indexes(reviews: Mapping[str, Review], indexes: Iterable[str]) -> str:
    used = {
        database: Counter(index for act in review.values() for plan in act for index in plan["indexes"])
        for database, review in reviews.items()
    }
    lines = [f"| | {' | '.join(TITLES[database] for database in used)} |", f"|---|{'---|' * len(used)}"]
    for index in indexes:
        lines.append(f"| {index} | {' | '.join(str(count[index] or '–') for count in used.values())} |")
    text = "## Indexes of the ticket table\n\nHow many of the statements go by each."
    return "\n".join([text, "", *lines])
