"""Lists, filters, searches, details and the console at many tickets, each beside the usual way to read it."""

from __future__ import annotations

import json
import sys

from bench.results import Aim, Context, Result
from bench.volumes import SMALL, Volume, rows, volume

TITLE = "Reading"

Figures = dict[str, dict[str, float]]


def run(context: Context) -> Result:
    result = Result(TITLE)
    for database in context.databases:
        large, small = volume(context, database), volume(context, database, SMALL)
        kinds, figures = _probe(large, context.rounds)
        for name, row in _probe(small, context.rounds, "--no-usual")[1].items():
            figures[name]["database ms at 1 k"] = row["database ms"]
        result.rows |= {f"{name}, {database}": row for name, row in figures.items()}
        result.aims += [
            Aim(f"{aim.what} ({database})", aim.measured, aim.at_least, aim.at_most)
            for aim in _aims(kinds, figures)
        ]
    result.notes.append(
        f"{rows():,} tickets."
        " Database ms: the statements of a page sent again with their rows fetched, the lowest of the rounds, added "
        "up; on SQLite, which works in our process, its processor time. CPU ms: our process for the whole request. "
        "Usual way: Django's paginator with COUNT and OFFSET, LIKE over the columns, GROUP BY over the table. "
        "Figures that a page keeps for some seconds are read anew on the front page and the live board only."
    )
    return result


def _probe(volume: Volume, rounds: int, *options: str) -> tuple[dict[str, str], Figures]:
    """The kind and the figures of every page."""
    print(f"  reading {volume.folder.name}", file=sys.stderr, flush=True)
    lines = volume.run("bench.probe", "--rounds", str(rounds), *options).splitlines()
    rows = [json.loads(line) for line in lines]
    return {row["page"]: row.pop("kind") for row in rows}, {row.pop("page"): row for row in rows}


def _aims(kinds: dict[str, str], figures: Figures) -> list[Aim]:
    def worst(kind: str, column: str) -> tuple[str, float]:
        return max(
            ((name, row[column]) for name, row in figures.items() if kinds[name] == kind),
            key=lambda pair: pair[1],
        )

    slowest, time = worst("page", "database ms")
    hungriest, queries = worst("page", "queries")
    hardest, search = worst("search", "database ms")
    count = sum(kind == "page" for kind in kinds.values())
    late = sum(row["database ms"] > 5 for name, row in figures.items() if kinds[name] == "page")
    summary = figures["summary"]
    return [
        Aim(f"slowest of {count} pages ({slowest}), ms in the database", time, at_most=5),
        Aim(f"of {count} pages, those over 5 ms", late, at_most=0),
        Aim(f"most queries of a page ({hungriest})", queries, at_most=8),
        Aim(f"slowest search ({hardest}), ms in the database", search, at_most=20),
        Aim(
            "summary against the usual aggregates",
            summary["usual way ms"] / summary["database ms"],
            at_least=100,
        ),
    ]
