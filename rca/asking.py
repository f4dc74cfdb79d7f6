"""One round of asking the models, in a thread of its own, so that whoever waits may stop waiting.

The call itself touches no database. Its outcome is handed over exactly once: to the one who waits, or, when they
have gone on without it, to `when_late`, which runs in this module's thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connections

from integrations.errors import IntegrationError
from rca.case import Case, Finding, TracedProvider, Transcript

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one provider made of the case: a finding or the reason why there is none."""

    provider: str
    transcript: Transcript
    duration_ms: int
    finding: Finding | None = None
    error: IntegrationError | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The attempts in order; the last one has the finding, if any has."""

    attempts: tuple[Attempt, ...]

    @property
    def answer(self) -> Attempt | None:
        return next((attempt for attempt in self.attempts if attempt.finding is not None), None)

    @property
    def is_permanent(self) -> bool:
        """Whether asking again is useless for every provider."""
        return all(attempt.error is not None and attempt.error.permanent for attempt in self.attempts)

    @property
    def retry_after(self) -> float | None:
        """Seconds until the first provider may be asked again, where one said so."""
        delays = [a.error.retry_after for a in self.attempts if a.error and a.error.retry_after is not None]
        return min(delays, default=None)

    @property
    def was_called(self) -> bool:
        """Whether any call left the house; an open circuit lets none out."""
        return any(not attempt.error or attempt.error.code != "circuit_open" for attempt in self.attempts)


def ask_models(providers: Sequence[TracedProvider], case: Case) -> Outcome:
    """Ask one after the other until one answers. Never raises for what a vendor does."""
    attempts: list[Attempt] = []
    for provider in providers:
        attempts.append(_attempt(provider, case))
        if attempts[-1].finding is not None:
            break
    return Outcome(tuple(attempts))


def _attempt(provider: TracedProvider, case: Case) -> Attempt:
    transcript = Transcript()
    started = time.perf_counter()
    finding, error = None, None
    try:
        finding = provider.explain(case, transcript)
    except IntegrationError as failure:
        error = failure
    except Exception as fault:  # a bug here must not cost the ticket its analysis
        logger.exception("%s broke", provider.name)
        error = IntegrationError(
            f"{provider.name}: the analysis itself broke ({type(fault).__name__})",
            vendor=provider.name,
            permanent=True,
            code="broken",
        )
    return Attempt(provider.name, transcript, round((time.perf_counter() - started) * 1000), finding, error)


class PatientCall:
    """A call that goes on when its caller stops waiting.

    `wait` gives the outcome if it comes in time. After `leave` the outcome belongs to `when_late`; `leave` itself
    returns it when it came between the two.
    """

    def __init__(self, call: Callable[[], Outcome], when_late: Callable[[Outcome], None]) -> None:
        self._call = call
        self._when_late = when_late
        self._lock = threading.Lock()
        self._is_done = threading.Event()
        self._outcome: Outcome | None = None
        self._is_left = False
        # A daemon: a process that ends does not wait for a model; the question's lease brings it back.
        threading.Thread(target=self._run, name="rca-model-call", daemon=True).start()

    def wait(self, seconds: float) -> Outcome | None:
        self._is_done.wait(seconds)
        with self._lock:
            return self._outcome

    def leave(self) -> Outcome | None:
        with self._lock:
            self._is_left = True
            return self._outcome

    def _run(self) -> None:
        outcome = self._call()
        with self._lock:
            self._outcome = outcome
            is_late = self._is_left
        self._is_done.set()
        if not is_late:
            return
        try:
            self._when_late(outcome)
        except Exception:
            logger.exception("A late answer could not be kept; the question's lease brings it back")
        finally:
            connections.close_all()  # this thread's own
