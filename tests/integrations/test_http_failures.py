"""Vendors that are slow, absent, cut off or too large; and what is remembered of an outage."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from integrations import breaker, http
from integrations.errors import IntegrationError
from tests.integrations._calls import call, failing
from tests.support.tls_server import certificate_for
from tests.support.vendor_server import Answer, VendorServer, gzip_bomb, ok


@contextmanager
def tls_server(folder: Path) -> Iterator[int]:
    """A port on loopback that speaks TLS with a certificate that it signed itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_for("127.0.0.1", folder))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(5)

        def accept() -> None:
            with suppress(OSError), context.wrap_socket(listening.accept()[0], server_side=True):
                pass

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(timeout=5)


def test_slow_answer_is_a_timeout(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", Answer(delay=5))
    error = failing(vendor, timeout=(1.0, 0.2), retries=0)
    assert (error.code, error.permanent, error.outcome_unknown) == ("read_timeout", False, False)


def test_dripping_body_ends_at_the_deadline(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", Answer(body=b"x" * 200, drip=0.05))
    error = failing(vendor, deadline=0.4)
    assert error.code == "read_timeout"
    assert len(vendor.requests) == 1


def test_cut_body_is_tried_again(vendor: VendorServer, slept: list[float]) -> None:
    vendor.on("GET", "/x", Answer(body=b'{"a": "' + b"x" * 500 + b'"}', cut="body"), ok({"a": 1}))
    assert call(vendor).json() == {"a": 1}
    assert slept == [0.5]


@pytest.mark.parametrize("answer", [Answer(cut="before"), Answer(body=b"x" * 100, cut="body"), ok({}, 502)])
def test_post_that_may_have_acted_is_told_and_not_repeated(
    vendor: VendorServer, slept: list[float], answer: Answer
) -> None:
    vendor.on("POST", "/x", answer)
    error = failing(vendor, "POST", json={}, idempotent=False)
    assert (error.outcome_unknown, error.permanent) == (True, False)
    assert len(vendor.requests) == 1
    assert slept == []


def test_post_that_times_out_has_an_unknown_outcome(vendor: VendorServer) -> None:
    vendor.on("POST", "/x", Answer(delay=5))
    assert failing(vendor, "POST", idempotent=False, timeout=(1.0, 0.2)).outcome_unknown
    assert len(vendor.requests) == 1


@pytest.mark.parametrize("status", [400, 403, 429])
def test_post_that_was_turned_away_has_a_known_outcome(
    vendor: VendorServer, slept: list[float], status: int
) -> None:
    vendor.on("POST", "/x", ok({}, status))
    assert not failing(vendor, "POST", idempotent=False).outcome_unknown
    assert len(vendor.requests) == 1


def test_refused_connection_is_tried_again_even_for_a_post(slept: list[float]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/x"
    with pytest.raises(IntegrationError) as caught:
        http.request("acme", "POST", url, idempotent=False)
    assert (caught.value.code, caught.value.outcome_unknown, caught.value.permanent) == (
        "refused",
        False,
        False,
    )
    assert "firewall" in caught.value.advice
    assert slept == [0.5, 1.0]


def test_name_that_cannot_be_resolved_is_told(monkeypatch: pytest.MonkeyPatch, slept: list[float]) -> None:
    def unknown(*args: object, **options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(IntegrationError) as caught:
        http.request("acme", "POST", "https://desk.example/x", idempotent=False)
    assert (caught.value.code, caught.value.permanent, caught.value.outcome_unknown) == ("dns", False, False)
    assert "spelling" in caught.value.advice
    assert len(slept) == 2


def test_host_that_does_not_answer_the_connection_is_told(
    monkeypatch: pytest.MonkeyPatch, slept: list[float]
) -> None:
    def silent(*args: object, **options: object) -> None:
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib3.util.connection.create_connection", silent)
    with pytest.raises(IntegrationError) as caught:
        http.request("silent-vendor", "POST", "http://127.0.0.1:9/x", idempotent=False)
    assert (caught.value.code, caught.value.outcome_unknown) == ("connect_timeout", False)


def test_certificate_of_an_unknown_issuer_is_told(tmp_path: Path) -> None:
    with tls_server(tmp_path) as port, pytest.raises(IntegrationError) as caught:
        http.request("acme", "GET", f"https://127.0.0.1:{port}/x")
    assert (caught.value.code, caught.value.permanent) == ("tls", False)
    assert "its certificate is not trusted: self-signed certificate" in str(caught.value)
    assert "REQUESTS_CA_BUNDLE" in caught.value.advice


def test_calls_are_counted_by_vendor_and_outcome(vendor: VendorServer) -> None:
    def count(outcome: str) -> float:
        labels = {"vendor": "counted", "outcome": outcome}
        return REGISTRY.get_sample_value("aiops_vendor_call_seconds_count", labels) or 0.0

    before = count("2xx"), count("4xx"), count("network")
    vendor.on("GET", "/x", ok({}), ok({}, 404), Answer(cut="before"))
    for _ in range(3):
        with suppress(IntegrationError):
            http.request("counted", "GET", f"{vendor.url}/x", retries=0)
    assert (count("2xx"), count("4xx"), count("network")) == tuple(value + 1 for value in before)


def test_answer_over_the_cap_is_refused(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", Answer(body=b"x" * 300_000))
    error = failing(vendor, max_bytes=100_000)
    assert (error.code, error.permanent) == ("too_large", True)


def test_gzip_bomb_is_stopped_at_the_cap(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", gzip_bomb(50_000_000))
    assert failing(vendor, max_bytes=1_000_000).code == "too_large"


def test_gzip_answer_is_unfolded(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", gzip_bomb(10))
    assert call(vendor).body == b" " * 10


def test_broken_gzip_is_an_error(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", Answer(body=b"not gzip at all", headers={"Content-Encoding": "gzip"}))
    assert failing(vendor, retries=0).code == "bad_encoding"


def test_outage_costs_one_timeout_and_not_one_per_call(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", Answer(delay=5))
    assert failing(vendor, timeout=(1.0, 0.2)).code == "read_timeout"
    for _ in range(5):
        error = failing(vendor, timeout=(1.0, 0.2))
        assert error.code == "circuit_open"
        assert not error.permanent
        assert 0 < (error.retry_after or 0) <= breaker.FIRST_DELAY_SECONDS
    assert len(vendor.requests) == 1


def test_attempt_that_opened_the_circuit_is_not_followed_by_a_wait(
    vendor: VendorServer, slept: list[float]
) -> None:
    vendor.on("GET", "/x", Answer(delay=5))
    failing(vendor, timeout=(1.0, 0.2))
    assert slept == []


def test_timeout_cut_a_little_short_opens_the_circuit_as_well(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", Answer(delay=5))
    assert failing(vendor, timeout=(0.3, 0.3), deadline=0.25).code == "read_timeout"
    assert failing(vendor).code == "circuit_open"


def test_timeout_cut_short_by_the_deadline_does_not_open_the_circuit(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", Answer(delay=5), ok({}))
    assert failing(vendor, deadline=0.2).code == "read_timeout"
    assert call(vendor).status == 200


def test_refusals_never_open_the_circuit(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", ok({}, 403))
    assert {failing(vendor).status for _ in range(6)} == {403}
    assert len(vendor.requests) == 6


def test_one_vendors_outage_does_not_stop_another(vendor: VendorServer, slept: list[float]) -> None:
    vendor.on("GET", "/x", ok({}, 503))
    failing(vendor, retries=5)
    assert failing(vendor).code == "circuit_open"
    vendor.on("GET", "/x", ok({}))
    assert http.request("other", "GET", f"{vendor.url}/x").status == 200
