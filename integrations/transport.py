"""One attempt over the wire: a pooled session per thread, a bounded read, and a plain account of what failed.

Nothing here retries, sleeps or knows a vendor. A failure is returned and not raised, so that no exception of
`requests`, whose text carries the whole URL, is ever chained to the one that people and logs see.
"""

from __future__ import annotations

import os
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3.exceptions as wire
from requests.adapters import HTTPAdapter
from requests.cookies import RequestsCookieJar
from requests.structures import CaseInsensitiveDict

USER_AGENT = "aiops-desk/0.1"
_CHUNK = 64 * 1024
_POOL_SIZE = 4
_local = threading.local()


@dataclass(frozen=True, slots=True)
class Call:
    """What is to be sent: complete, checked, and the same at every attempt.

    `addresses`: the IP addresses to connect to, in this order until one takes the connection, instead of asking the
    name server for the host's. Host header, SNI and certificate are those of the host all the same.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    params: Mapping[str, str] | None
    body: bytes | Mapping[str, str] | None
    max_bytes: int
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer of any status."""

    status: int
    headers: CaseInsensitiveDict[str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Failure:
    """No complete answer. `code` is one of `dns`, `refused`, `tls`, `proxy`, `connect_timeout`,
    `read_timeout`, `cut`, `too_large`, `bad_encoding`, `bad_address`; `was_sent` says that the other side may
    have acted.
    """

    code: str
    reason: str
    was_sent: bool


def attempt(call: Call, timeout: tuple[float, float], give_up_at: float) -> Answer | Failure:
    """Send once and read the answer. `timeout` is (connect, read), `give_up_at` monotonic; in seconds.

    A body still coming at `give_up_at` counts as a read time-out; a read that waits by then ends with its own
    time-out, so the longest stay is `give_up_at` plus one read. Only headers that drip can outlast it.
    """
    if not call.addresses:
        return _send(_session(), call, timeout, give_up_at)
    for address in call.addresses:
        with _new_session(_PinnedAdapter(address)) as session:
            result = _send(session, call, timeout, give_up_at)
        is_next_wanted = isinstance(result, Failure) and result.code in {"refused", "connect_timeout"}
        if not is_next_wanted or time.monotonic() > give_up_at:
            break
    return result


def _send(
    session: requests.Session, call: Call, timeout: tuple[float, float], give_up_at: float
) -> Answer | Failure:
    try:
        with session.request(
            call.method,
            call.url,
            headers=dict(call.headers),
            params=call.params,
            data=call.body,
            timeout=timeout,
            allow_redirects=False,
            stream=True,
            auth=_leave_headers_alone,
        ) as response:
            body = _read(response, call.max_bytes, give_up_at)
            return body if isinstance(body, Failure) else Answer(response.status_code, response.headers, body)
    except (requests.RequestException, wire.HTTPError, OSError) as error:
        return _classify(error)


def _read(response: requests.Response, limit: int, give_up_at: float) -> bytes | Failure:
    """The decoded body in pieces. The decoder is asked for one piece at a time too: a small answer may unfold
    into gigabytes.
    """
    body = bytearray()
    while piece := response.raw.read1(_CHUNK, decode_content=True):
        body += piece
        if len(body) > limit:
            response.raw.close()
            return Failure("too_large", f"the answer is larger than {limit} bytes", was_sent=True)
        if time.monotonic() > give_up_at:
            response.raw.close()
            return Failure("read_timeout", "the answer did not end in time", was_sent=True)
    return bytes(body)


class _Session(requests.Session):
    """Even when told not to follow a redirect, `requests` reads its whole body, without a cap, to prepare the
    next request. Denying that there is a target keeps it from that; `http` follows by its own rule.
    """

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


def _session() -> requests.Session:
    """This thread's session. A forked worker gets its own: sockets shared with the parent mix up answers."""
    if getattr(_local, "pid", None) != os.getpid():
        adapter = HTTPAdapter(pool_connections=8, pool_maxsize=_POOL_SIZE, max_retries=0)
        _local.session, _local.pid = _new_session(adapter), os.getpid()
    return _local.session  # type: ignore[no-any-return]


def _new_session(adapter: HTTPAdapter) -> requests.Session:
    session = _Session()
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers = CaseInsensitiveDict(
        {"User-Agent": USER_AGENT, "Accept": "application/json", "Accept-Encoding": "gzip"}
    )
    # A vendor's cookie could carry one caller's sign-in into another's call.
    session.cookies = RequestsCookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    return session


class _PinnedAdapter(HTTPAdapter):
    """Connects to one IP address, whatever the name server says of the host now. Used for one call, so that no
    connection is kept that another call could take for one to a host that it looked up itself.
    """

    def __init__(self, address: str) -> None:
        super().__init__(pool_connections=1, pool_maxsize=1, max_retries=0)
        self._address = address

    def build_connection_pool_key_attributes(
        self, request: requests.PreparedRequest, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        host, pool = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] == "https":
            # SNI, and the name that the certificate must be for; urllib3's own keyword, which `requests` passes on.
            return {**host, "host": self._address}, {**pool, "server_hostname": host["host"]}
        return {**host, "host": self._address}, pool

    def add_headers(self, request: requests.PreparedRequest, **_: Any) -> None:
        request.headers["Host"] = urlsplit(request.url or "").netloc  # else the connection's, the address


def _leave_headers_alone(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps `requests` from replacing our Authorization header by a line of the user's .netrc."""
    return request


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and everything wrapped in it: `requests` wraps urllib3, which wraps the socket's own."""
    seen: list[BaseException | object] = [error]
    while seen:
        item = seen.pop()
        if isinstance(item, BaseException):
            yield item
            seen.extend([*item.args, getattr(item, "reason", None)])


_Kinds = tuple[type[BaseException], ...]
_KINDS: tuple[tuple[_Kinds, Failure], ...] = (
    (
        (requests.exceptions.InvalidURL, wire.LocationValueError),
        Failure("bad_address", "the address cannot be used", was_sent=False),
    ),
    ((wire.NameResolutionError,), Failure("dns", "the host's name cannot be resolved", was_sent=False)),
    (
        (requests.exceptions.ProxyError, wire.ProxyError),
        Failure("proxy", "the proxy refused or is not there", was_sent=False),
    ),
    ((wire.NewConnectionError,), Failure("refused", "the connection could not be made", was_sent=False)),
    (
        (requests.exceptions.ConnectTimeout, wire.ConnectTimeoutError),
        Failure("connect_timeout", "no connection in time", was_sent=False),
    ),
    (
        (requests.exceptions.ReadTimeout, wire.ReadTimeoutError, TimeoutError),
        Failure("read_timeout", "no answer in time", was_sent=True),
    ),
    ((wire.DecodeError,), Failure("bad_encoding", "the answer's compression is broken", was_sent=True)),
)


def _classify(error: BaseException) -> Failure:
    found = list(_chain(error))
    for kinds, failure in _KINDS:
        if any(isinstance(item, kinds) for item in found):
            return failure
    for item in found:
        if isinstance(item, ssl.SSLCertVerificationError):
            return Failure("tls", f"its certificate is not trusted: {item.verify_message}", was_sent=False)
    if any(isinstance(item, ssl.SSLError | wire.SSLError | requests.exceptions.SSLError) for item in found):
        return Failure("tls", "no encrypted connection could be agreed", was_sent=True)
    return Failure("cut", "the connection was cut", was_sent=True)


def redirect_target(url: str, location: str) -> str:
    """Where a redirect from `url` leads; "" when the header is absent or is no address."""
    try:
        target = urljoin(url, location)
        return target if location and urlsplit(target).hostname else ""
    except ValueError:
        return ""


def same_origin(one: str, other: str) -> bool:
    """Whether two URLs go to the same scheme, host and port."""
    try:
        return _origin(one) == _origin(other)
    except ValueError:
        return False


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    default = {"https": 443, "http": 80}.get(parts.scheme.lower())
    return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port or default
