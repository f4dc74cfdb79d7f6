"""`python -m bench.plans.review`: carry every act out on the database of this environment, print its plans as JSON.

Everything is rolled back.
"""

from __future__ import annotations

import argparse
import json
import os
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.plans.review", description=__doc__)
    parser.add_argument("--only", default="", help="acts whose group or name contains this")
    parser.add_argument(
        "--statements", action="store_true", help="print the statements with their plans instead"
    )
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings")
    import django

    django.setup()
    from django.test.utils import override_settings

    from bench.plans import surroundings
    from bench.plans.acts import settings_of_the_review

    if not surroundings.is_filled():
        surroundings.fill()
    with override_settings(**settings_of_the_review()):
        for act in _acts():
            if options.only in f"{act.group}: {act.name}":
                _review(act, options.statements)


def _acts() -> Any:
    from itertools import chain

    from bench.plans import acts, faces

    return chain(faces.door(), acts.periodic(), faces.reading(), faces.exports())


def _review(act: Any, with_statements: bool) -> None:
    from django.db import transaction

    from bench.plans.hearing import hearing, tables_of
    from bench.plans.plan import plan_of

    told: dict[str, dict[str, Any]] = {}

    def note(sql: str, values: Any) -> None:
        if sql not in told and tables_of(sql):
            told[sql] = plan_of(sql, values)

    with transaction.atomic():
        act.before()
        with hearing(note):
            act.run()
        transaction.set_rollback(True)
    if with_statements:
        for sql, plan in told.items():
            print(f"--- {act.group}: {act.name}\n{sql}\n{json.dumps(plan, indent=1)}", flush=True)
        return
    print(json.dumps({"group": act.group, "name": act.name, "plans": list(told.values())}), flush=True)


if __name__ == "__main__":
    main()
