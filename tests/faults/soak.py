"""`make soak MINUTES=10`: mixed load on one desk with all vendors, killed and disturbed at random; then all must hold.

Ends with status 1 and what is wrong where something is. On PostgreSQL and Redis with DATABASE_URL and REDIS_URL.
The seed is printed; with `--seed` the order of the disturbances comes again, though not their very instants.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import tempfile
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.desk import (
    MortalDesk,
    assert_nothing_is_lost,
    assert_record_holds,
    assert_told_once,
)
from tests.faults.readers import Readers
from tests.faults.test_kill_points import post
from tests.support.alerts import data_factory_forms
from tests.support.live_server import TAKEOVER_SECONDS
from tests.support.world import World, living

MOST_DESCRIPTORS_MORE, MOST_MEGABYTES_MORE = 40, 40
VENDOR_CALLS = ("jira create", "slack post", "blob put")
VENDOR_FAULTS = ("500", "500 after", "429", "cut before", "cut after")
QUIET_SECONDS = 20.0
SENDERS, SENDERS_PAUSE = 3, 1.5
"""Two failures a second: what one embedded desk works off while it is killed."""


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


@dataclass
class Load:
    """Senders that try until they are taken: new failures, and copies of those in other forms."""

    desk: MortalDesk
    accepted: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    unanswered: int = 0
    strange: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._is_over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._send, daemon=True) for _ in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(120)

    def _send(self) -> None:
        while not self._is_over.is_set():
            run_id = str(uuid.uuid4())
            answer = self._until_taken(run_id)
            with self._lock:
                self.accepted.append((run_id, answer))
            path, body = data_factory_forms(run_id)[1]
            try:
                status, _ = self.desk.call(path, body, key=self.desk.api_key)
                if status not in {202, 503}:
                    self.strange.append(f"{status}")
            except OSError:
                self.unanswered += 1
            self._is_over.wait(SENDERS_PAUSE)

    def _until_taken(self, run_id: str) -> dict[str, Any]:
        while True:
            try:
                answer = post(self.desk, run_id)
            except AssertionError:  # 503: try again
                answer = None
            if answer is not None:
                return answer
            self.unanswered += 1
            time.sleep(0.3)


def standing(desk: MortalDesk) -> tuple[float, int]:
    """Resident megabytes and open descriptors of the desk's process."""
    assert desk.process is not None
    folder = Path(f"/proc/{desk.process.pid}")
    pages = int((folder / "statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20, len(list((folder / "fd").iterdir()))


def disturb(desk: MortalDesk, world: World, dice: random.Random) -> str:
    kind = dice.choice(("kill", "kill", "end", "vendor", "vendor", "vendor"))
    if kind == "kill":
        desk.kill()
        time.sleep(dice.uniform(0, 2))
        desk.live()
        return "killed"
    if kind == "end":
        desk.stop()
        desk.live()
        return "ended and started"
    call, fault = dice.choice(VENDOR_CALLS), dice.choice(VENDOR_FAULTS)
    world.faults.plan(call, fault)  # type: ignore[arg-type]
    return f"{call}: {fault}"


def run(minutes: float, seed: int) -> None:
    dice = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, living() as world:
        desk = MortalDesk(
            Path(folder), {**world.environment, "RCA_PROVIDERS": "rules", "RECONCILE_MINUTES": "0"}
        )
        try:
            desk.live()
            load, readers = Load(desk), Readers(desk)
            began, done = time.monotonic(), 0
            while time.monotonic() - began < minutes * 60 * 0.6:
                time.sleep(dice.uniform(1, 8))
                done += 1
                say(
                    f"{time.monotonic() - began:6.0f} s  {disturb(desk, world, dice):<24} {len(load.accepted)} taken"
                )
            time.sleep(QUIET_SECONDS)
            first = standing(desk)
            time.sleep(max(minutes * 60 * 0.4 - QUIET_SECONDS, 5))  # undisturbed: does it grow?
            last = standing(desk)
            load.stop()
            readers.stop()
            check(desk, world, load, first, last)
            assert readers.strange == [], readers.strange
            assert readers.read, "no page was read"
            assert readers.frames, "the live dashboard heard nothing"
            say(
                f"{done} disturbances, {len(load.accepted)} failures taken, {load.unanswered} tries unanswered, "
                f"{readers.read} pages and {readers.frames} frames read"
            )
            say(
                f"memory {first[0]:.0f} then {last[0]:.0f} MiB, descriptors {first[1]} then {last[1]}; all held"
            )
        finally:
            desk.kill()


def worked_off(desk: MortalDesk) -> dict[str, Any]:
    """The facts once nothing is left to do. A backlog may take its time, but not stand still."""
    least, since = sys.maxsize, time.monotonic()
    while (found := desk.facts())["unfinished"]:
        if found["unfinished"] < least:
            least, since = found["unfinished"], time.monotonic()
        assert time.monotonic() - since < TAKEOVER_SECONDS * 6, (
            f"{least} stuck\n{desk.log.read_text()[-4000:]}"
        )
        time.sleep(1)
    return found


def check(
    desk: MortalDesk, world: World, load: Load, first: tuple[float, int], last: tuple[float, int]
) -> None:
    found = worked_off(desk)
    assert load.strange == [], load.strange
    assert_nothing_is_lost(found, load.accepted)
    assert found["failed"] == []
    assert_told_once(found, world)
    assert_record_holds(desk)
    assert last[0] - first[0] < MOST_MEGABYTES_MORE, f"memory grew from {first[0]:.0f} to {last[0]:.0f} MiB"
    assert last[1] - first[1] < MOST_DESCRIPTORS_MORE, f"descriptors grew from {first[1]} to {last[1]}"


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Load and disturb one desk, then check that everything holds."
    )
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "aiops.settings")
    say(f"seed {given.seed}, {given.minutes:g} minutes")
    try:
        run(given.minutes, given.seed)
    except AssertionError as error:
        say(f"FAILED (seed {given.seed}): {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
