"""A circuit breaker per vendor and host, so that an outage costs one time-out and not one per ticket.

In-process and thread-safe. Each process learns of an outage for itself: sharing the state would need a store
that may be down as well, and the price is one time-out per process.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

THRESHOLD = 5
FIRST_DELAY_SECONDS = 10.0
MAX_DELAY_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """`threshold` failures in a row open the circuit; the delay doubles with each probe that fails."""

    threshold: int = THRESHOLD
    first_delay: float = FIRST_DELAY_SECONDS
    max_delay: float = MAX_DELAY_SECONDS


class CircuitBreaker:
    """Closed: calls pass. Open: calls are refused. Half-open: one probe passes and decides.

    Every call that `seconds_until_allowed` lets through must end in exactly one of `record_success`,
    `record_failure` or `record_neutral`. A probe whose thread died is forgotten after the current delay.
    """

    def __init__(
        self, policy: BreakerPolicy | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._policy = policy or BreakerPolicy()
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._delay = 0.0  # 0 while closed
        self._allowed_at = 0.0
        self._is_probing = False

    @property
    def is_open(self) -> bool:
        with self._lock:
            return self._delay > 0

    def seconds_until_allowed(self) -> float:
        """0 when the caller may go (as the probe, when the circuit is half-open), else seconds to wait."""
        with self._lock:
            if not self._delay:
                return 0.0
            now = self._clock()
            if now < self._allowed_at:
                return self._allowed_at - now
            self._allowed_at = now + self._delay  # this caller is the probe; the next one waits for it
            self._is_probing = True
            return 0.0

    def record_success(self) -> None:
        """The vendor answered, be it with a refusal: it is there."""
        with self._lock:
            self._failures = 0
            self._delay = 0.0
            self._is_probing = False

    def record_failure(self, *, is_timeout: bool = False) -> None:
        """The vendor was not there. A full time-out opens the circuit at once, because it is what costs."""
        with self._lock:
            self._failures = self._policy.threshold if is_timeout else self._failures + 1
            if self._delay and not self._is_probing:
                return  # it left before the circuit opened, and tells nothing new
            if self._delay:
                self._delay = min(self._delay * 2, self._policy.max_delay)
            elif self._failures >= self._policy.threshold:
                self._delay = self._policy.first_delay
            self._allowed_at = self._clock() + self._delay
            self._is_probing = False

    def record_neutral(self) -> None:
        """The call ended in a way that says nothing about the vendor: let the next caller probe."""
        with self._lock:
            if self._is_probing:
                self._allowed_at = self._clock()
                self._is_probing = False


_breakers: dict[str, CircuitBreaker] = {}
_breakers_lock = threading.Lock()


def breaker_for(vendor: str, host: str) -> CircuitBreaker:
    """The breaker of a vendor's host. Hosts come from settings, so their number is small."""
    key = f"{vendor} {host}"
    with _breakers_lock:
        return _breakers.setdefault(key, CircuitBreaker())


def reset_all() -> None:
    """Forget every outage: after the settings changed, and between tests."""
    with _breakers_lock:
        _breakers.clear()
