"""When the circuit opens, whom it lets through, and when it closes: with a clock of our own."""

from __future__ import annotations

import pytest

from integrations.breaker import BreakerPolicy, CircuitBreaker
from tests.support.clocks import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def circuit(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(BreakerPolicy(threshold=3, first_delay=10, max_delay=30), clock)


def fail(circuit: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        circuit.record_failure()


def test_failures_below_the_threshold_leave_it_closed(circuit: CircuitBreaker) -> None:
    fail(circuit, 2)
    assert circuit.seconds_until_allowed() == 0


def test_success_in_between_starts_the_count_anew(circuit: CircuitBreaker) -> None:
    fail(circuit, 2)
    circuit.record_success()
    fail(circuit, 2)
    assert not circuit.is_open


def test_threshold_opens_and_tells_the_wait(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, 3)
    clock.now += 4
    assert circuit.seconds_until_allowed() == 6


def test_timeout_opens_at_once(circuit: CircuitBreaker) -> None:
    circuit.record_failure(is_timeout=True)
    assert circuit.seconds_until_allowed() == 10


def test_only_one_probe_passes_when_half_open(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, 3)
    clock.now += 10
    assert [circuit.seconds_until_allowed() for _ in range(3)] == [0, 10, 10]


def test_probe_that_succeeds_closes(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, 3)
    clock.now += 10
    circuit.seconds_until_allowed()
    circuit.record_success()
    assert not circuit.is_open
    assert circuit.seconds_until_allowed() == 0


def test_probe_that_fails_doubles_the_delay_up_to_the_limit(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, 3)
    waits = []
    for _ in range(3):
        clock.now += circuit.seconds_until_allowed()
        assert circuit.seconds_until_allowed() == 0
        circuit.record_failure(is_timeout=True)
        waits.append(circuit.seconds_until_allowed())
    assert waits == [20, 30, 30]


def test_late_failures_of_calls_made_before_do_not_prolong_it(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, 3)
    clock.now += 9
    circuit.record_failure(is_timeout=True)
    assert circuit.seconds_until_allowed() == 1


def test_probe_that_tells_nothing_lets_the_next_one_probe(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, 3)
    clock.now += 10
    circuit.seconds_until_allowed()
    circuit.record_neutral()
    assert circuit.seconds_until_allowed() == 0


def test_probe_that_never_reports_is_forgotten(circuit: CircuitBreaker, clock: Clock) -> None:
    fail(circuit, 3)
    clock.now += 10
    circuit.seconds_until_allowed()
    clock.now += 10
    assert circuit.seconds_until_allowed() == 0
