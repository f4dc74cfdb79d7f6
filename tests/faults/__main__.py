"""`make proof`: run the tests of every promise and print promise, test, tries and failures. Fails where one failed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.faults.promises import PROMISES, Promise
from tests.support.live_server import ROOT


@dataclass
class Result:
    tries: int = 0
    failures: int = 0
    skipped: int = 0


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
            result.failures += case.find("failure") is not None or case.find("error") is not None
    return found


def main() -> int:
    rounds = int(os.environ.get("ROUNDS") or 1)
    total: dict[str, Result] = defaultdict(Result)
    wanted = chosen(os.environ.get("ONLY", ""))
    tests = [name for promise in wanted for name in promise.tests]
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            report = Path(folder) / f"{number}.xml"
            run(tests, report)
            for name, result in results_of(report).items():
                total[name].tries += result.tries
                total[name].failures += result.failures
                total[name].skipped += result.skipped
    return show(wanted, total)


def chosen(word: str) -> list[Promise]:
    """The promises whose text holds `word`, in any case; all for an empty one."""
    return [promise for promise in PROMISES if word.lower() in promise.text.lower()]


def show(wanted: list[Promise], total: dict[str, Result]) -> int:
    """A test that did not run at all counts as failed, unless it said why."""
    has_failed = False
    sys.stdout.write(f"\n{'promise':<62} | {'test':<100} | tries | failures\n")
    for promise in wanted:
        for number, name in enumerate(promise.tests):
            result = total[name]
            is_bad = result.failures > 0 or not (result.tries or result.skipped)
            has_failed |= is_bad
            note = "" if result.tries else "  (skipped here)" if result.skipped else "  (DID NOT RUN)"
            text = "" if number else promise.text
            sys.stdout.write(f"{text:<62} | {name:<100} | {result.tries:>5} | {result.failures:>8}{note}\n")
    return int(has_failed)


if __name__ == "__main__":
    sys.exit(main())
