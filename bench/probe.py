"""`python -m bench.probe [--rounds N]`: read every page in this process and print what each cost, a JSON a line.

Database time is measured apart from Django: the statements of a page are noted while it is made, then sent
again with their rows fetched, each several times, and the lowest times added up. The usual way is timed alike.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import Any

Statement = tuple[str, Any]
SLOW_MS = 300.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.probe", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="pages whose name contains this")
    parser.add_argument(
        "--statements", action="store_true", help="print the statements with their times instead"
    )
    parser.add_argument("--no-usual", action="store_true", help="leave the usual way out")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings")
    import django

    django.setup()
    from bench.pages import pages

    reader = Reader()
    for page in pages():
        if options.only in page.name:
            figures = reader.measure(page, options.rounds, options)
            if figures:
                print(json.dumps({"page": page.name, "kind": page.kind, **figures}), flush=True)


class Reader:
    """A signed-in person who reads pages in this process."""

    def __init__(self) -> None:
        from django.test import Client

        from accounts.models import User
        from accounts.tokens import tokens_for

        person = User.objects.filter(email="bench@example.com").first()
        person = person or User.objects.create_superuser("bench@example.com", "bench")
        self._console = Client(headers={"host": "127.0.0.1"})
        self._console.force_login(person)
        self._api = Client(
            headers={"host": "127.0.0.1", "authorization": f"Bearer {tokens_for(person)['token']}"}
        )

    def measure(self, page: Any, rounds: int, options: argparse.Namespace) -> dict[str, float]:
        """The page's cost: milliseconds in the database, queries, milliseconds of our processor."""
        statements = self._statements(page)
        times = [lowest(partial(_fetch, sql, values), rounds) for sql, values in statements]
        if options.statements:
            for spent, (sql, _) in sorted(zip(times, statements, strict=True), reverse=True):
                print(f"{page.name}: {spent:.1f} ms: {sql[:1500]}")
            return {}
        figures: dict[str, float] = {"database ms": sum(times), "queries": len(statements)}
        figures["CPU ms"] = self._processor_time(page, rounds)
        if page.naive is not None and not options.no_usual:
            figures["usual way ms"] = lowest(page.naive, rounds)
        return figures

    def _processor_time(self, page: Any, rounds: int) -> float:
        spent = []
        for _ in range(rounds):
            if page.kind == "kept":
                self.forget()
            before = time.process_time()
            self.get(page.address)
            spent.append((time.process_time() - before) * 1e3)
        return statistics.median(spent)

    def _statements(self, page: Any) -> list[Statement]:
        from django.db import connection

        noted: list[Statement] = []

        def note(execute: Callable[..., Any], sql: str, values: Any, many: bool, context: Any) -> Any:
            if sql.lstrip("(").startswith(("SELECT", "WITH")):
                noted.append((sql, values))
            return execute(sql, values, many, context)

        self.get(page.address)
        if page.kind == "kept":
            self.forget()
        with connection.execute_wrapper(note):
            self.get(page.address)
        return noted

    def get(self, address: str) -> None:
        client = self._console if address.startswith("/admin/") else self._api
        answer = client.get(address)
        if answer.status_code != 200:
            raise SystemExit(f"bench: {address} was answered {answer.status_code}")

    @staticmethod
    def forget() -> None:
        """Figures that are kept for some seconds are read anew."""
        from django.core.cache import cache

        cache.clear()


def _fetch(sql: str, values: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        cursor.fetchall()


def lowest(action: Callable[[], object], rounds: int) -> float:
    """Milliseconds of the fastest of `rounds` turns: neighbours on the machine only ever add. A slow one has one turn.

    SQLite works in this process, where its processor time can be told from the waiting for a core.
    """
    from django.db import connection

    clock = time.thread_time if connection.vendor == "sqlite" else time.perf_counter
    spent = []
    for _ in range(rounds):
        started = clock()
        action()
        spent.append((clock() - started) * 1e3)
        if spent[-1] > SLOW_MS:
            break
    return min(spent)


if __name__ == "__main__":
    main()
