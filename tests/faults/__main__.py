"""`make proof`: run the tests of every promise and print promise, test, tries and failures. Fails where one failed.

`ONLY=` takes the promises with that word in them, `KIND=quick` the few tests of `promises.QUICK`, `ROUNDS=` how often.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.faults.promises import PROMISES, QUICK, Promise
from tests.support.live_server import ROOT


@dataclass
class Result:
    tries: int = 0
    failures: int = 0
    skipped: int = 0
    seconds: float = 0.0


def run(tests: list[str], report: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "--dist",
        "worksteal",
        "-m",
        "",
        f"--junit-xml={report}",
    ]
    subprocess.run([*command, *(f"tests/{name}" for name in tests)], cwd=ROOT, check=False)


def results_of(report: Path) -> dict[str, Result]:
    """By `file::function` and by file; a report that is missing gives nothing."""
    found: dict[str, Result] = defaultdict(Result)
    if not report.exists():
        return found
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - pytest's own
        file = case.get("classname", "").removeprefix("tests.").replace(".", "/") + ".py"
        function = case.get("name", "").partition("[")[0]
        for name in (file, f"{file}::{function}"):
            result = found[name]
            if case.find("skipped") is not None:
                result.skipped += 1
                continue
            result.tries += 1
            result.seconds += float(case.get("time") or 0)
            result.failures += case.find("failure") is not None or case.find("error") is not None
    return found


def main() -> int:
    rounds = int(os.environ.get("ROUNDS") or 1)
    total: dict[str, Result] = defaultdict(Result)
    wanted = chosen(os.environ.get("ONLY", ""), os.environ.get("KIND", ""))
    began = time.monotonic()
    tests = [name for promise in wanted for name in promise.tests]
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            report = Path(folder) / f"{number}.xml"
            run(tests, report)
            for name, result in results_of(report).items():
                total[name].tries += result.tries
                total[name].failures += result.failures
                total[name].skipped += result.skipped
                total[name].seconds += result.seconds
    has_failed = show(wanted, total)
    show_sum((total[name] for name in tests), time.monotonic() - began)
    return int(has_failed)


def chosen(word: str, kind: str) -> list[Promise]:
    """The promises whose text holds `word`, in any case; all for an empty one. Of the kind `quick` only QUICK."""
    found = [promise for promise in PROMISES if word.lower() in promise.text.lower()]
    if kind != "quick":
        return found
    quick = [promise._replace(tests=tuple(t for t in promise.tests if t in QUICK)) for promise in found]
    return [promise for promise in quick if promise.tests]


def show(wanted: list[Promise], total: dict[str, Result]) -> bool:
    """Whether one failed. A test that did not run at all counts as failed, unless it said why."""
    has_failed = False
    sys.stdout.write(f"\n{'promise':<62} | {'test':<110} | tries | failures | seconds\n")
    for promise in wanted:
        for number, name in enumerate(promise.tests):
            result = total[name]
            is_bad = result.failures > 0 or not (result.tries or result.skipped)
            has_failed |= is_bad
            note = "" if result.tries else "  (skipped here)" if result.skipped else "  (DID NOT RUN)"
            text = "" if number else promise.text
            figures = f"{result.tries:>5} | {result.failures:>8} | {result.seconds:>7.1f}"
            sys.stdout.write(f"{text:<62} | {name:<110} | {figures}{note}\n")
    return has_failed


def show_sum(results: Iterable[Result], seconds: float) -> None:
    found = list(results)
    tries, failures = sum(each.tries for each in found), sum(each.failures for each in found)
    left_out = sum(not each.tries for each in found)
    load = os.getloadavg()[2]
    sys.stdout.write(
        f"\n{len(found)} tests, {tries} tries, {failures} failures, {left_out} left out;"
        f" {seconds / 60:.0f} minutes on {os.cpu_count()} cores, load {load:.1f} over the last quarter of an hour\n"
    )


if __name__ == "__main__":
    sys.exit(main())
