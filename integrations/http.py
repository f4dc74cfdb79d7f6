"""Every HTTP call that leaves the project goes through `request`.

It owns the time-outs, the overall deadline, the retries, the circuit breaker and the redirect rule. What goes
over the wire is `transport`'s, how a failure reads is `http_errors`'. It knows no vendor.
"""

from __future__ import annotations

import json as jsonlib
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from integrations import http_errors, retry, transport, vendor_metrics
from integrations.breaker import CircuitBreaker, breaker_for
from integrations.errors import IntegrationError
from integrations.transport import Answer, Call, Failure

TIMEOUT = (5.0, 20.0)
DEADLINE_SECONDS = 60.0
MAX_BYTES = 8 * 1024 * 1024
_MAX_REDIRECTS = 3

_sleep = time.sleep
_chance = random.random


@dataclass(frozen=True, slots=True)
class Response:
    """A 2xx answer, whole. Header names may be asked for in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    target: http_errors.Target

    def json(self) -> Any:
        """The decoded body. Raises IntegrationError when it is not JSON (a sign-in page, half an answer)."""
        try:
            return jsonlib.loads(self.body)
        except (ValueError, RecursionError):
            pass  # raised below, so that the body's text is not chained to the error
        raise http_errors.not_json(self.target, self.status, self.body)

    def json_object(self) -> dict[str, Any]:
        """As `json`, for an answer that must be an object."""
        document = self.json()
        if isinstance(document, dict):
            return document
        raise http_errors.not_json(self.target, self.status, self.body, expected="a JSON object")


def request(
    vendor: str,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str] | None = None,
    json: object | None = None,
    data: bytes | Mapping[str, str] | None = None,
    timeout: tuple[float, float] = TIMEOUT,
    retries: int = 2,
    retry_statuses: frozenset[int] = retry.RETRY_STATUSES,
    idempotent: bool = True,
    max_bytes: int = MAX_BYTES,
    deadline: float | None = None,
    shown_as: str = "",
    addresses: tuple[str, ...] = (),
) -> Response:
    """Call a vendor and return its 2xx answer.

    `timeout` is (connect, read) and `deadline` the time for everything together, waits included (60 when
    None); all in seconds. `retries` further attempts are made on `retry_statuses` and on network failures; a
    wait that the vendor asks for is slept when it is at most 5 s and fits the deadline, else raised as
    `retry_after`. With `idempotent=False` only an attempt that certainly never left is repeated. `shown_as`
    stands for the URL in messages where its path is itself a secret. `addresses` are the IP addresses of the URL's
    host, resolved and checked by the caller: then no other is connected to, and the host's name is not asked for
    again. Redirects are followed for GET and HEAD on the same host only.

    Raises IntegrationError for everything else. `outcome_unknown` is set when a call that is not idempotent
    may have taken effect. `code` is the vendor's own, or without an answer `dns`, `refused`, `tls`, `proxy`,
    `connect_timeout`, `read_timeout`, `cut`, `too_large`, `bad_encoding`, `redirect` or `circuit_open`.
    """
    _check_url(vendor, url)
    checked = _checked_headers(vendor, headers or {})
    body = data
    if json is not None:
        body = jsonlib.dumps(json, allow_nan=False).encode()
        checked.setdefault("Content-Type", "application/json; charset=utf-8")
    call = Call(method.upper(), url, checked, params, body, max_bytes, addresses)
    exchange = _Exchange(
        call=call,
        target=http_errors.Target(vendor, shown_as or http_errors.safe_address(call), idempotent),
        timeout=timeout,
        give_up_at=time.monotonic() + (DEADLINE_SECONDS if deadline is None else deadline),
        retry_statuses=retry_statuses,
        breaker=breaker_for(vendor, urlsplit(url).netloc.lower()),
    )
    return exchange.run(retries)


@dataclass(slots=True)
class _Exchange:
    """One call with its retries and redirects."""

    call: Call
    target: http_errors.Target
    timeout: tuple[float, float]
    give_up_at: float
    retry_statuses: frozenset[int]
    breaker: CircuitBreaker
    redirects: int = 0

    def run(self, retries: int) -> Response:
        error: IntegrationError | None = None
        failures = 0
        while True:
            wait = self.breaker.seconds_until_allowed()
            if wait:
                vendor_metrics.REFUSED_BY_BREAKER.labels(self.target.vendor).inc()
                raise error or http_errors.circuit_open(self.target, wait)
            result = self._attempt()
            if isinstance(result, Answer):
                if 200 <= result.status < 300:
                    return Response(result.status, result.headers, result.body, self.target)
                if self._follow(result):
                    continue
                error = http_errors.from_answer(self.target, self.call, result, datetime.now(UTC))
            else:
                error = http_errors.from_failure(self.target, result)
            pause = self._pause(result, error.retry_after, failures)
            if failures >= retries or pause is None or self.breaker.is_open:
                raise error
            failures += 1
            _sleep(pause)

    def _attempt(self) -> Answer | Failure:
        """Send once within what is left of the deadline, and tell the breaker and the metrics."""
        left = max(self.give_up_at - time.monotonic(), 0.001)
        timeout = min(self.timeout[0], left), min(self.timeout[1], left)
        started = time.monotonic()
        try:
            result = transport.attempt(self.call, timeout, self.give_up_at)
        except BaseException:
            self.breaker.record_neutral()
            raise
        # A time-out proves an outage only when the vendor had its time: a short deadline is a weak sign.
        had_time = all(given >= wanted / 2 for given, wanted in zip(timeout, self.timeout, strict=True))
        outcome = _tell(self.breaker, result, had_time=had_time)
        vendor_metrics.observe_call(self.target.vendor, outcome, time.monotonic() - started)
        return result

    def _follow(self, answer: Answer) -> bool:
        """Aim the call at a redirect's target on the same host; what was sent goes nowhere else."""
        if answer.status not in {301, 302, 303, 307, 308} or self.call.method not in {"GET", "HEAD"}:
            return False
        url = transport.redirect_target(self.call.url, answer.headers.get("Location", ""))
        if self.redirects >= _MAX_REDIRECTS or not transport.same_origin(self.call.url, url):
            return False
        self.redirects += 1
        self.call = replace(self.call, url=url, params=None)
        return True

    def _pause(self, result: Answer | Failure, asked: float | None, failures: int) -> float | None:
        """Seconds to wait before the next attempt; None when there must not be one."""
        if isinstance(result, Failure):
            if result.code in {"too_large", "tls", "bad_address"} or (
                result.was_sent and not self.target.is_idempotent
            ):
                return None
        elif result.status not in self.retry_statuses or not self.target.is_idempotent:
            return None
        pause = retry.backoff_seconds(failures, _chance()) if asked is None else asked
        is_worth_it = pause <= retry.MAX_SLEEP_SECONDS and time.monotonic() + pause < self.give_up_at
        return pause if is_worth_it else None


def _tell(breaker: CircuitBreaker, result: Answer | Failure, *, had_time: bool) -> str:
    """Tell the breaker how an attempt went; returns the outcome's name for the metrics."""
    if isinstance(result, Answer):
        if result.status in {502, 503, 504}:
            breaker.record_failure()
        else:
            breaker.record_success()
        return vendor_metrics.status_outcome(result.status)
    is_timeout = result.code in {"connect_timeout", "read_timeout"}
    if result.code in {"too_large", "bad_encoding"}:
        breaker.record_success()
    else:
        breaker.record_failure(is_timeout=is_timeout and had_time)
    return "timeout" if is_timeout else "network"


def _check_url(vendor: str, url: str) -> None:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"https", "http"} and bool(parts.hostname) and "@" not in parts.netloc
        is_usable = is_usable and (parts.port is None or parts.port > 0)
    except ValueError:
        is_usable = False
    if not is_usable:
        raise IntegrationError(
            f"{vendor}: the address must be http(s)://host/… without a user name",
            vendor=vendor,
            permanent=True,
            code="bad_address",
        )


def _checked_headers(vendor: str, headers: Mapping[str, str]) -> dict[str, str]:
    """Refuse what `requests` would refuse with a message that quotes the value."""
    for name, value in headers.items():
        if not (value.isascii() and value.isprintable() and value == value.strip()):
            raise IntegrationError(
                f"{vendor}: header {name} holds a line break, an outer space or a character outside ASCII",
                vendor=vendor,
                permanent=True,
                code="bad_header",
                advice="Check the credential in the settings for characters that were pasted along with it.",
            )
    return dict(headers)
