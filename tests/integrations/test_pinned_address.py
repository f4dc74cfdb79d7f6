"""An address that was checked is the one that is called, whatever the name server says a moment later."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from pytest_socket import socket_allow_hosts

from integrations import http, public_address
from integrations.errors import IntegrationError
from tests.support.name_server import answering
from tests.support.tls_server import certificate_for, serving_tls

NAME = "hooks.example"
# Both on this machine; the test says of the first that it is public.
PUBLIC, INSIDE, DEAF = "127.0.0.2", "127.0.0.1", "127.0.0.3"


@pytest.fixture(autouse=True)
def _reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    socket_allow_hosts([PUBLIC, INSIDE, DEAF], allow_unix_socket=True)
    monkeypatch.setenv("NO_PROXY", NAME)
    original = public_address._is_public

    def is_public(address: str) -> bool:
        return address in (PUBLIC, DEAF) or original(address)

    monkeypatch.setattr(public_address, "_is_public", is_public)


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Answers for NAME with the given lists of addresses, one list after the other, then with the last."""
    return partial(answering, monkeypatch, NAME)


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = certificate_for(NAME, tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(file))
    return file


def call(port: int) -> http.Response:
    url = f"https://{NAME}:{port}/hook"
    addresses = public_address.public_addresses("webhook", url, ())
    return http.request("webhook", "POST", url, json={}, retries=0, idempotent=False, addresses=addresses)


def test_name_that_answers_otherwise_after_the_check_leads_nowhere_else(
    resolver: Callable[..., list[str]], certificate: Path
) -> None:
    asked = resolver((PUBLIC,), (INSIDE,))
    with (
        serving_tls(PUBLIC, certificate) as outside,
        serving_tls(INSIDE, certificate, outside.port) as inside,
    ):
        assert call(outside.port).status == 200
    assert (inside.names, inside.hosts) == ([], [])
    assert outside.names == [NAME]
    assert outside.hosts == [f"{NAME}:{outside.port}"]
    assert asked == [NAME]


def test_proxy_is_asked_for_the_checked_address(
    resolver: Callable[..., list[str]], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolver((PUBLIC,), (INSIDE,))
    with serving_tls(PUBLIC, certificate) as outside, tunnelling() as (proxy, asked):
        monkeypatch.setenv("NO_PROXY", "")
        monkeypatch.setenv("HTTPS_PROXY", proxy)
        assert call(outside.port).status == 200
    assert asked == [f"CONNECT {PUBLIC}:{outside.port}"]
    assert (outside.names, outside.hosts) == ([NAME], [f"{NAME}:{outside.port}"])


@contextmanager
def tunnelling() -> Iterator[tuple[str, list[str]]]:
    """A proxy for one connection: its address, and the first lines of what it was asked."""
    asked: list[str] = []
    with socket.create_server((INSIDE, 0)) as listening:
        listening.settimeout(10)

        def serve() -> None:
            near = listening.accept()[0]
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += near.recv(1)
            asked.append(" ".join(head.decode().split()[:2]))
            host, port = head.decode().split()[1].split(":")
            far = socket.create_connection((host, int(port)))
            near.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=pump, args=(far, near), daemon=True)
            back.start()
            pump(near, far)
            back.join(5)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://{INSIDE}:{listening.getsockname()[1]}", asked
        thread.join(5)


def pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)


def test_certificate_for_another_name_is_refused_at_a_checked_address(
    resolver: Callable[..., list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = certificate_for("other.example", tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    resolver((PUBLIC,))
    with serving_tls(PUBLIC, other) as server, pytest.raises(IntegrationError) as caught:
        call(server.port)
    assert caught.value.code == "tls"
    assert server.hosts == []


def test_address_that_takes_no_connection_is_followed_by_the_next_checked_one(
    resolver: Callable[..., list[str]], certificate: Path
) -> None:
    resolver((DEAF, PUBLIC))
    with serving_tls(PUBLIC, certificate) as server:
        assert call(server.port).status == 200


def test_one_address_inside_among_public_ones_refuses_the_host(resolver: Callable[..., list[str]]) -> None:
    resolver((PUBLIC, "10.0.0.1"))
    with pytest.raises(IntegrationError) as caught:
        call(443)
    assert caught.value.code == "address_refused"


def test_name_without_an_address_refuses_the_host(resolver: Callable[..., list[str]]) -> None:
    resolver(())
    with pytest.raises(IntegrationError) as caught:
        call(443)
    assert caught.value.code == "address_refused"


def test_host_that_is_allowed_by_name_is_looked_up_by_the_call(resolver: Callable[..., list[str]]) -> None:
    asked = resolver((INSIDE,))
    assert public_address.public_addresses("webhook", f"https://{NAME}/hook", (NAME,)) == ()
    assert asked == []
