"""`python -m bench.volume [--scale 0.1]`: fill the database of DATABASE_URL (or of AIOPS_DATA_DIR), which must be empty.

Scale 1 is 1,000,000 tickets and 5,000,000 audit entries.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

TICKETS = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.volume", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="a share of the million, down to 0.0001")
    options = parser.parse_args()
    if not 0.0001 <= options.scale <= 10:
        parser.error("--scale: expected a number from 0.0001 to 10")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from bench.volume.loading import build

    started = time.perf_counter()
    call_command("migrate", interactive=False, verbosity=0)
    build(int(TICKETS * options.scale), lambda line: print(line, file=sys.stderr, flush=True))
    print(f"made in {time.perf_counter() - started:.1f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
