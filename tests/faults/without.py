"""`make proof-of-proofs`: take each protection out, in a copy of the tree, and see its test fail.

Prints what was taken out, the test, and what it said. Ends with 1 where a test did not notice. `ONLY=` takes those
with that word in them, `KIND=quick` those whose tests start no process, `KIND=slow` the others. What needs
PostgreSQL and Redis runs on DATABASE_URL and REDIS_URL, and is left out without; all else runs embedded on SQLite.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.protections import POSTGRES, PROTECTIONS, Protection
from tests.support.live_server import ROOT

MOST_SECONDS = 600  # the longest waits for six leases, one after the other
SERVICES = ("DATABASE_URL", "REDIS_URL")
NOTICED, UNNOTICED, LEFT_OUT, BROKEN = "noticed", "NOT NOTICED", "left out", "BROKEN"


def copied_tree(folder: Path) -> Path:
    """What git knows and what is new; the copy is where protections are taken out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def tried(protection: Protection, tree: Path) -> tuple[str, str]:
    """How it went without the protection, and what the test said."""
    file = tree / protection.file
    whole = file.read_text()
    file.write_text(whole.replace(protection.old, protection.new))
    try:
        return outcome(*run_test(protection, tree))
    finally:
        file.write_text(whole)


def run_test(protection: Protection, tree: Path) -> tuple[int, str]:
    command = [
        *(sys.executable, "-m", "pytest", "-q", "-x", "-n", "0", "-m", ""),
        *("-p", "no:cacheprovider", f"tests/{protection.test}"),
    ]
    with tempfile.TemporaryDirectory(prefix="aiops-without-") as data:
        environment = {**os.environ, "AIOPS_DATA_DIR": data, "PYTHONDONTWRITEBYTECODE": "1"}
        if not protection.needs:
            environment = {name: value for name, value in environment.items() if name not in SERVICES}
        test = subprocess.Popen(command, cwd=tree, env=environment, stdout=subprocess.PIPE, text=True)
        try:
            said, _ = test.communicate(timeout=MOST_SECONDS)
        except subprocess.TimeoutExpired:
            end(test)
            return -1, f"did not end within {MOST_SECONDS} s"
    return test.returncode, said


def end(test: subprocess.Popen[str]) -> None:
    """As by Ctrl-C, so that it ends the servers that it has started."""
    test.send_signal(signal.SIGINT)
    try:
        test.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        test.kill()
        test.communicate()


def outcome(status: int, text: str) -> tuple[str, str]:
    """Only a test that ran and failed has noticed: a fault in collecting or preparing it shows nothing."""
    lines = [line for line in text.splitlines() if line]
    end = lines[-1] if lines else ""
    if status == 1 and re.search(r"\d+ failed", end):
        errors = [line[1:].strip() for line in lines if line.startswith("E ")]
        return NOTICED, errors[0] if errors else end
    if status == 0 and "passed" in end:
        return UNNOTICED, end
    return (LEFT_OUT if status == 0 else BROKEN), end


def is_wanted(protection: Protection) -> bool:
    word, kind = os.environ.get("ONLY", "").lower(), os.environ.get("KIND", "")
    file, _, function = protection.test.partition("::")
    source = (ROOT / "tests" / file).read_text()
    # Marked as a whole, or just above the one test.
    is_slow = "mark.server" in source.partition("\ndef ")[0] or bool(
        re.search(rf"mark\.server\n(?:@.*\n)*def {function}\b", source)
    )
    is_kind = not kind or is_slow == (kind == "slow")
    return is_kind and word in f"{protection.what} {protection.test}".lower()


def can_run(protection: Protection) -> bool:
    has_services = os.environ.get("DATABASE_URL", "").startswith("postgres") and os.environ.get("REDIS_URL")
    return protection.needs != POSTGRES or bool(has_services)


def main() -> int:
    wanted = [each for each in PROTECTIONS if is_wanted(each)]
    counts: Counter[str] = Counter()
    sys.stdout.write(f"{'taken out':<66} | {'test':<100} | outcome     | seconds | said\n")
    with tempfile.TemporaryDirectory(prefix="aiops-without-") as name:
        tree = copied_tree(Path(name))
        for protection in wanted:
            began = time.monotonic()
            found, said = tried(protection, tree) if can_run(protection) else (LEFT_OUT, f"needs {POSTGRES}")
            counts[found] += 1
            seconds = round(time.monotonic() - began)
            line = (
                f"{protection.what:<66} | {protection.test:<100} | {found:<11} | {seconds:>7} | {said[:160]}"
            )
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
    sys.stdout.write("\n" + ", ".join(f"{number} {found}" for found, number in counts.items()) + "\n")
    return int(bool(counts[UNNOTICED] or counts[BROKEN]))


if __name__ == "__main__":
    sys.exit(main())
