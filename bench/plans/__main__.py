"""`python -m bench.plans`: the review on SQLite, and on PostgreSQL where BENCH_POSTGRES_URL names a server.

Writes `docs/query-plans.md`. Exit 1 where a statement looks at many rows and `explained` does not say why.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

from bench.plans import table
from bench.results import Context
from bench.servers import ROOT
from bench.volumes import rows, volume

DOCUMENT = ROOT / "docs" / "query-plans.md"


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="aiops-plans-") as folder:
        context = Context(1, Path(folder), os.environ.get("BENCH_POSTGRES_URL", ""))
        reviews = {database: _review(context, database) for database in context.databases}
    DOCUMENT.write_text(table.markdown(reviews, rows(), _indexes()), encoding="utf-8")
    for act in (missing := table.unexplained(reviews)):
        print(f"looks at many rows, and nobody says why: {act}", file=sys.stderr)
    print(DOCUMENT.relative_to(ROOT))
    return 1 if missing else 0


def _review(context: Context, database: str) -> table.Review:
    print(f"reviewing {database} ...", file=sys.stderr, flush=True)
    lines = volume(context, database).run("bench.plans.review").splitlines()
    told = [json.loads(line) for line in lines]
    return {f"{act['group']}: {act['name']}": act["plans"] for act in told}


def _indexes() -> list[str]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings")
    import django

    django.setup()
    from tickets.models import Ticket

    return [str(index.name) for index in Ticket._meta.indexes]


if __name__ == "__main__":
    sys.exit(main())
