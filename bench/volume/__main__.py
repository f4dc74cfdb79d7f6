"""`python -m bench.volume [--tickets N] [--keep]`: fill the empty database of DATABASE_URL, or of AIOPS_DATA_DIR.

The default is 1,000,000 tickets and 5,000,000 audit entries.
"""

from __future__ import annotations

import argparse
import os
import sys
import time


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.volume", description=__doc__)
    parser.add_argument("--tickets", type=int, default=1_000_000)
    parser.add_argument(
        "--keep", action="store_true", help="be content with a database that is filled already"
    )
    options = parser.parse_args()
    if not 100 <= options.tickets <= 10_000_000:
        parser.error("--tickets: expected a number from 100 to 10,000,000")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from bench.volume.loading import build, is_filled

    started = time.perf_counter()
    call_command("migrate", interactive=False, verbosity=0)
    if options.keep and is_filled(options.tickets):
        return
    build(options.tickets, lambda line: print(line, file=sys.stderr, flush=True))
    print(f"made in {time.perf_counter() - started:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
