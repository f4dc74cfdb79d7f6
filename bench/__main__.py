"""`python -m bench [PART ...] [--rounds N]` measures; `python -m bench --check` compares the last report with the aims.

PostgreSQL is measured beside SQLite where `BENCH_POSTGRES_URL` names a server on which databases may be made; web and
worker as processes of their own, and the hand-over between them, where `BENCH_REDIS_URL` names an empty database of
Redis, too.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import pkgutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import parts, report
from bench.results import Context, Result
from bench.servers import refuse_used_redis


def known_parts() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(parts.__path__)]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(known_parts())}; default: all"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--check", action="store_true", help="measure nothing; exit 1 where an aim was missed"
    )
    options = parser.parse_args()
    if options.check:
        return check()
    unknown = set(options.parts) - set(known_parts())
    if unknown or options.rounds < 1:
        parser.error(f"expected parts of {', '.join(known_parts())} and at least one round")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # servers and databases are cleared away then too
    results: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="aiops-bench-") as folder:
        services = (os.environ.get(f"BENCH_{name}_URL", "") for name in ("POSTGRES", "REDIS"))
        context = Context(options.rounds, Path(folder), *services)
        if context.redis_url:
            refuse_used_redis(context.redis_url)  # now, and not after a quarter of an hour
        for name in options.parts or known_parts():
            print(f"measuring {name} ...", file=sys.stderr, flush=True)
            results.append(importlib.import_module(f"bench.parts.{name}").run(context))
    print(report.write(results, options.rounds))
    return 0


def check() -> int:
    """Name each missed aim of the last report."""
    if not report.LATEST.exists():
        print("bench: no report yet; run `make bench` first", file=sys.stderr)
        return 2
    document: dict[str, Any] = json.loads(report.LATEST.read_text())
    missed = [aim for part in document["parts"] for aim in part["aims"] if not aim["is_met"]]
    for aim in missed:
        bound = (
            f"at least {aim['at_least']:.3g}"
            if aim["at_least"] is not None
            else f"at most {aim['at_most']:.3g}"
        )
        print(f"missed: {aim['what']}: {aim['measured']:.3g}, {bound} was the aim")
    if not missed:
        print("every aim was met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
