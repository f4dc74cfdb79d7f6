"""How a failed call becomes an `IntegrationError`: pure, and where secrets are kept out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

from integrations import error_bodies, retry
from integrations.errors import IntegrationError
from integrations.transport import Answer, Call, Failure, redirect_target

_SECRET_NAMES = ("secret", "token", "password", "assertion", "key", "sig", "code")
_ADVICE = {
    "dns": "Check the host's spelling in the settings and that this machine's name server knows it.",
    "refused": "Check the address and port in the settings, and that a firewall lets this machine out.",
    "connect_timeout": "Check the address in the settings, and that a firewall lets this machine out.",
    "read_timeout": "The vendor is slow or a proxy swallows the call; look at the vendor's status page.",
    "tls": "Check the address; behind a company proxy point REQUESTS_CA_BUNDLE to its certificate.",
    "proxy": "Check HTTPS_PROXY and NO_PROXY in the environment.",
}


@dataclass(frozen=True, slots=True)
class Target:
    """Who is called, and how the call is named in messages: method and URL without its query."""

    vendor: str
    address: str
    is_idempotent: bool


def safe_address(call: Call) -> str:
    """Method and URL without the query, where keys and signatures travel."""
    parts = urlsplit(call.url)
    return f"{call.method} {parts.scheme}://{parts.netloc}{parts.path}"


def from_failure(target: Target, failure: Failure) -> IntegrationError:
    """No complete answer came."""
    return IntegrationError(
        f"{target.vendor}: {target.address} failed: {failure.reason}",
        vendor=target.vendor,
        permanent=failure.code in {"too_large", "bad_address"},
        code=failure.code,
        advice=_ADVICE.get(failure.code, ""),
        outcome_unknown=failure.was_sent and not target.is_idempotent,
    )


def from_answer(target: Target, call: Call, answer: Answer, now: datetime) -> IntegrationError:
    """An answer outside 2xx. `now` (UTC) is what a Retry-After date is measured from."""
    if 300 <= answer.status < 400:
        return _from_redirect(target, call, answer)
    code, said = error_bodies.read_error_body(answer.body, _secrets(call))
    words = ": ".join(filter(None, [code, said]))
    message = f"{target.vendor}: {target.address} answered {answer.status}" + (f": {words}" if words else "")
    is_permanent = retry.is_permanent(answer.status)
    return IntegrationError(
        message,
        vendor=target.vendor,
        permanent=is_permanent,
        retry_after=retry.retry_after_seconds(answer.headers.get("Retry-After"), now),
        status=answer.status,
        code=code,
        # A throttled call was turned away at the door; a gateway's 5xx may hide an effect behind it.
        outcome_unknown=not (target.is_idempotent or is_permanent or answer.status in {425, 429}),
    )


def circuit_open(target: Target, wait: float) -> IntegrationError:
    """The call was not made, because the vendor is known to be down for `wait` more seconds."""
    return IntegrationError(
        f"{target.vendor}: {target.address} was not called: it is down and left alone for {wait:.0f} s",
        vendor=target.vendor,
        permanent=False,
        retry_after=wait,
        code="circuit_open",
    )


def not_json(target: Target, status: int, body: bytes, expected: str = "JSON") -> IntegrationError:
    """A 2xx answer that is a page for people, or cut, or another kind of JSON than `expected`."""
    what = f"{len(body)} bytes that are not {expected}"
    advice = ""
    if error_bodies.looks_like_html(body):
        what = f"{error_bodies.read_error_body(body)[1]} instead of {expected}"
        advice = (
            "Check the host in the settings: a sign-in page, a proxy or a maintenance page answers there."
        )
    return IntegrationError(
        f"{target.vendor}: {target.address} answered {status} with {what}",
        vendor=target.vendor,
        permanent=False,
        status=status,
        code="not_json",
        advice=advice,
        outcome_unknown=not target.is_idempotent,
    )


def _from_redirect(target: Target, call: Call, answer: Answer) -> IntegrationError:
    host = urlsplit(redirect_target(call.url, answer.headers.get("Location", ""))).hostname or "nowhere"
    return IntegrationError(
        f"{target.vendor}: {target.address} answered {answer.status}: not followed to {host[:100]}",
        vendor=target.vendor,
        permanent=True,
        status=answer.status,
        code="redirect",
        advice="Check the address in the settings: it must be the API's own, not one that leads to it.",
    )


def _secrets(call: Call) -> Iterator[str]:
    """What must not appear in a message even when the vendor echoes it."""
    for name, value in call.headers.items():
        if name.lower() == "authorization" or any(word in name.lower() for word in _SECRET_NAMES):
            yield value.rpartition(" ")[2]
    pairs = [*(call.params or {}).items(), *parse_qsl(urlsplit(call.url).query)]
    if isinstance(call.body, Mapping):
        pairs += call.body.items()
    yield from (value for name, value in pairs if any(word in name.lower() for word in _SECRET_NAMES))
