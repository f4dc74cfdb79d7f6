"""The hub's frames: a client that missed much, or watches a storm, gets all of it, in pieces the server may send."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from tests.support.factories import make_ticket
from tickets import hub as live
from tickets import live_reads
from tickets.frames import MOST_FRAME_BYTES, SlowClientError, frames
from tickets.live_reads import MOST_EVENTS_MISSED
from tickets.models import LiveEvent

SERVERS_LIMIT = 1024 * 1024


@pytest.fixture(autouse=True)
def _hub_of_one_process(settings: Settings) -> None:
    """Without Redis, whose client's tasks may outlive the one cancellation that `asyncio.run` sends at its end; waking
    each other through Redis is tested with real servers (`journey`, `production`).
    """
    settings.EMBEDDED = True


class Listener:
    """A connected client that keeps what it is sent."""

    credential = "session of a test"

    def __init__(self) -> None:
        self.frames: list[str] = []

    write = None

    async def send_text(self, text: str) -> None:
        self.frames.append(text)

    async def end(self, code: int) -> None:
        raise AssertionError(f"closed with {code}")

    def has_ended(self) -> bool:
        return False

    def numbers(self) -> list[int]:
        told = [json.loads(frame) for frame in self.frames]
        return [event["seq"] for group in told if isinstance(group, list) for event in group]


@pytest.fixture
def numbers(transactional_db: None) -> list[int]:
    """The numbers of 1,000 events on a ticket with a long text: more than 2 MiB of JSON."""
    ticket = make_ticket(error_message="ü" * 2_000)
    LiveEvent.objects.bulk_create(
        LiveEvent(event="ticket_updated", ticket_key=ticket.key, new_status="") for _ in range(1_000)
    )
    return list(LiveEvent.objects.order_by("id").values_list("id", flat=True))


async def joined(hub: live.Hub, since: int | None) -> Listener:
    listener = Listener()
    await hub.join(listener, since)
    hub.leave(listener)
    hub.wake()
    assert hub._task is not None
    await hub._task
    return listener


def test_client_that_missed_megabytes_gets_every_event_in_small_frames(numbers: list[int]) -> None:
    listener = asyncio.run(joined(live.Hub(), numbers[0]))
    assert listener.numbers() == numbers[1:]
    assert max(map(len, listener.frames)) < SERVERS_LIMIT / 2


def test_storm_reaches_a_connected_client_whole_and_in_small_frames(numbers: list[int]) -> None:
    async def watch() -> Listener:
        hub, listener = live.Hub(), Listener()
        hub._sockets.add(listener)
        await hub._pass_on()
        hub._reader.close()
        return listener

    listener = asyncio.run(watch())
    assert listener.numbers() == numbers
    assert max(map(len, listener.frames)) < SERVERS_LIMIT / 2


def test_frames_of_nothing_are_none() -> None:
    assert list(frames([])) == []


def test_event_larger_than_a_frame_stands_alone() -> None:
    events: list[dict[str, Any]] = [{"seq": 1}, {"seq": 2, "x": "y" * MOST_FRAME_BYTES}, {"seq": 3}]
    assert [[event["seq"] for event in json.loads(frame.text)] for frame in frames(events)] == [[1], [2], [3]]


class DirectListener(Listener):
    """A client to which whole frames are written; it is slow from a number of frames on."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.wire: list[bytes] = []
        self.codes: list[int] = []
        self._most = most

    def write(self, frame: bytes) -> None:  # type: ignore[override]
        if len(self.wire) >= self._most:
            raise SlowClientError
        self.wire.append(frame)

    async def end(self, code: int) -> None:
        self.codes.append(code)


def test_slow_client_is_closed_with_a_reason_and_the_others_get_all(numbers: list[int]) -> None:
    slow, quick = DirectListener(most=2), DirectListener(most=10_000)

    async def watch() -> None:
        hub = live.Hub()
        hub._sockets |= {slow, quick}
        await hub._pass_on()
        hub._reader.close()
        assert hub._sockets == {quick}

    asyncio.run(watch())
    assert slow.codes == [live.TOO_SLOW]
    assert len(slow.wire) == 2 < len(quick.wire)
    assert quick.codes == []


def test_hub_that_is_cancelled_as_it_is_woken_ends(numbers: list[int]) -> None:
    async def cancelled() -> bool:
        hub = live.Hub()
        await hub.join(DirectListener(most=10_000), None)
        task = hub._task
        assert task is not None
        await asyncio.sleep(0)  # it waits now
        hub._woken.set()
        await asyncio.sleep(0)  # what it waits for is there, and it has not gone on
        task.cancel()
        await asyncio.wait([task], timeout=2)
        return task.done()

    assert asyncio.run(cancelled())


def test_check_of_sessions_that_is_cancelled_while_it_asks_ends(
    numbers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "SESSION_CHECK_SECONDS", 0.01)
    asked = threading.Event()

    class Questioned(DirectListener):
        def has_ended(self) -> bool:
            asked.set()
            time.sleep(0.2)
            return False

    async def cancelled() -> bool:
        hub = live.Hub()
        hub._sockets.add(Questioned(most=10))
        watching = asyncio.create_task(hub._watch_sessions())
        assert await asyncio.to_thread(asked.wait, 5)
        watching.cancel()
        await asyncio.wait([watching], timeout=2)
        return watching.done()

    assert asyncio.run(cancelled())


def test_client_that_missed_too_much_is_told_to_read_anew(numbers: list[int]) -> None:
    LiveEvent.objects.bulk_create(
        LiveEvent(event="ticket_updated", ticket_key="gone", new_status="") for _ in range(MOST_EVENTS_MISSED)
    )
    listener = asyncio.run(joined(live.Hub(), numbers[0]))
    assert [json.loads(frame)["event"] for frame in listener.frames] == ["reset", "heartbeat"]


@pytest.fixture
def behind_removed_tickets(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> tuple[live.Hub, list[int]]:
    """A hub, and more events of removed tickets than are read at once with one of a living ticket behind them."""
    monkeypatch.setattr(live_reads, "MOST_EVENTS_AT_ONCE", 4)
    ticket = make_ticket()
    keys = ["ADF-REMOVED"] * 10 + [ticket.key]
    LiveEvent.objects.bulk_create(LiveEvent(event="ticket_updated", ticket_key=key) for key in keys)
    hub = live.Hub()
    numbers = list(LiveEvent.objects.order_by("id").values_list("id", flat=True))
    hub._last = numbers[0] - 1
    return hub, numbers


def test_events_of_removed_tickets_do_not_stop_the_hub(
    behind_removed_tickets: tuple[live.Hub, list[int]],
) -> None:
    hub, numbers = behind_removed_tickets

    async def watch() -> Listener:
        listener = Listener()
        hub._sockets.add(listener)
        for _ in range(3):
            await hub._pass_on()
        hub._reader.close()
        return listener

    assert asyncio.run(watch()).numbers() == numbers[-1:]


def test_client_that_missed_events_of_removed_tickets_gets_what_stands_behind_them(
    behind_removed_tickets: tuple[live.Hub, list[int]],
) -> None:
    hub, numbers = behind_removed_tickets
    assert asyncio.run(joined(hub, numbers[0])).numbers() == numbers[-1:]
