"""The one way out: what leaves, what is tried again, where it may lead, and what messages may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial

import pytest

from integrations import http, transport
from integrations.errors import IntegrationError
from tests.integrations._calls import call, failing
from tests.support.together import at_once
from tests.support.vendor_server import Answer, VendorServer, gzip_bomb, html, ok


def test_get_sends_query_headers_and_user_agent(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", ok({"a": [1]}, X_Request_Id="r1"))
    response = call(vendor, headers={"Authorization": "Bearer t0ken"}, params={"q": "ä&b"})
    assert response.json() == {"a": [1]}
    assert response.headers["x-request-id"] == "r1"
    (request,) = vendor.requests
    assert (request.method, request.path, request.query) == ("GET", "/x", {"q": "ä&b"})
    assert request.headers["authorization"] == "Bearer t0ken"
    assert request.headers["user-agent"].startswith("aiops-desk/")


def test_post_sends_json_and_form_bodies(vendor: VendorServer) -> None:
    vendor.on("POST", "/x", ok({}))
    call(vendor, "POST", json={"text": "ü"})
    call(vendor, "POST", data={"scope": "a b"})
    first, second = vendor.requests
    assert first.json() == {"text": "ü"}
    assert first.headers["content-type"] == "application/json; charset=utf-8"
    assert second.form() == {"scope": "a b"}


def test_authorization_is_not_replaced_by_netrc(
    vendor: VendorServer, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w", encoding="ascii") as file:
        file.write("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", netrc)
    vendor.on("GET", "/x", ok({}))
    call(vendor, headers={"Authorization": "Bearer mine"})
    assert vendor.requests[0].headers["authorization"] == "Bearer mine"


def test_forked_worker_gets_a_session_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    parents = transport._session()
    assert transport._session() is parents
    monkeypatch.setattr("integrations.transport.os.getpid", lambda: -1)
    assert transport._session() is not parents


def test_cookies_are_not_kept(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", ok({}, Set_Cookie="session=abc; Path=/"))
    call(vendor)
    call(vendor)
    assert "cookie" not in vendor.requests[1].headers


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_temporary_status_is_tried_again(vendor: VendorServer, slept: list[float], status: int) -> None:
    vendor.on("GET", "/x", ok({}, status), ok({"fine": True}))
    assert call(vendor).json() == {"fine": True}
    assert slept == [0.5]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 413, 422])
def test_refusal_is_permanent_and_not_tried_again(
    vendor: VendorServer, slept: list[float], status: int
) -> None:
    vendor.on("GET", "/x", ok({"error_code": "NOPE", "message": "not like this"}, status))
    error = failing(vendor)
    assert (error.permanent, error.status, error.code, error.retry_after) == (True, status, "NOPE", None)
    assert str(error) == f"acme: GET {vendor.url}/x answered {status}: NOPE: not like this"
    assert len(vendor.requests) == 1
    assert slept == []


def test_retries_are_bounded_and_double(vendor: VendorServer, slept: list[float]) -> None:
    vendor.on("GET", "/x", ok({}, 500))
    error = failing(vendor, retries=3)
    assert (error.permanent, error.status) == (False, 500)
    assert len(vendor.requests) == 4
    assert slept == [0.5, 1.0, 2.0]


def test_retry_after_seconds_are_slept(vendor: VendorServer, slept: list[float]) -> None:
    vendor.on("GET", "/x", ok({}, 429, Retry_After="3"), ok({}))
    assert call(vendor).status == 200
    assert slept == [3.0]


def test_retry_after_date_is_understood(vendor: VendorServer, slept: list[float]) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=300), usegmt=True)
    vendor.on("GET", "/x", ok({}, 503, Retry_After=moment))
    error = failing(vendor)
    assert error.retry_after == pytest.approx(300, abs=3)
    assert slept == []
    assert len(vendor.requests) == 1


def test_long_retry_after_is_raised_and_not_slept(vendor: VendorServer, slept: list[float]) -> None:
    vendor.on("GET", "/x", ok({}, 429, Retry_After="120"))
    error = failing(vendor)
    assert (error.retry_after, error.permanent, error.status) == (120.0, False, 429)
    assert len(vendor.requests) == 1
    assert slept == []


def test_deadline_forbids_a_wait_that_does_not_fit(vendor: VendorServer, slept: list[float]) -> None:
    vendor.on("GET", "/x", ok({}, 429, Retry_After="4"))
    assert failing(vendor, deadline=2.0).retry_after == 4.0
    assert slept == []


def test_redirect_to_another_host_is_not_followed(vendor: VendorServer) -> None:
    other = vendor.url.replace("127.0.0.1", "localhost") + "/y?code=s3cret-value"
    vendor.on("GET", "/x", Answer(302, headers={"Location": other}))
    error = failing(vendor, headers={"Authorization": "Bearer t"})
    assert (error.code, error.permanent, error.status) == ("redirect", True, 302)
    assert "localhost" in str(error)
    assert "s3cret" not in str(error)
    assert len(vendor.requests) == 1


def test_redirect_on_the_same_host_is_followed_for_get_only(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", Answer(307, headers={"Location": "/y?page=2"}))
    vendor.on("POST", "/x", Answer(307, headers={"Location": "/y"}))
    vendor.on("GET", "/y", ok({"page": 2}))
    assert call(vendor, params={"page": "1"}).json() == {"page": 2}
    assert vendor.requests[1].query == {"page": "2"}
    assert failing(vendor, "POST").code == "redirect"
    assert len(vendor.to("/y")) == 1


@pytest.mark.parametrize("location", ["", "http://[broken", "http://127.0.0.1:99999/", "//", "javascript:x"])
def test_redirect_to_no_address_is_an_error(vendor: VendorServer, location: str) -> None:
    vendor.on("GET", "/x", Answer(302, headers={"Location": location}))
    assert failing(vendor).code == "redirect"


def test_body_of_a_redirect_is_capped_too(vendor: VendorServer) -> None:
    bomb = gzip_bomb(50_000_000)
    vendor.on("GET", "/x", Answer(302, bomb.body, {**bomb.headers, "Location": "/y"}))
    assert failing(vendor, max_bytes=1_000_000).code == "too_large"


def test_redirect_loop_ends(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", Answer(302, headers={"Location": "/x"}))
    assert failing(vendor).code == "redirect"
    assert len(vendor.requests) == 4


def test_html_page_instead_of_json_is_an_error_with_its_title(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", html(200, "Sign in to your account"))
    with pytest.raises(
        IntegrationError, match="an HTML page: Sign in to your account instead of JSON"
    ) as caught:
        call(vendor).json()
    assert (caught.value.code, caught.value.permanent) == ("not_json", False)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("body", [b'{"half": ', b"", b"\xff\xfe", b"[" * 100_000])
def test_body_that_is_not_json_is_an_error(vendor: VendorServer, body: bytes) -> None:
    vendor.on("POST", "/x", Answer(body=body))
    with pytest.raises(IntegrationError) as caught:
        call(vendor, "POST", idempotent=False).json()
    assert caught.value.outcome_unknown


def test_json_list_where_an_object_is_expected_is_an_error(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", ok([1]))
    with pytest.raises(IntegrationError, match="not a JSON object"):
        call(vendor).json_object()


def test_secrets_are_in_no_message_even_when_echoed(vendor: VendorServer) -> None:
    echo = "bad token dapi-12345678 with sig=SIGNATURE99 and " + "y" * 200 + " PASSWORD-LONG-ENOUGH" * 20
    vendor.on("POST", "/x", ok({"message": echo}, 401))
    error = failing(
        vendor,
        "POST",
        "/x?sig=SIGNATURE99",
        headers={"Authorization": "Bearer dapi-12345678"},
        data={"client_secret": "PASSWORD-LONG-ENOUGH"},
    )
    assert "bad token *** with sig=***" in str(error)
    assert not any(part in str(error) for part in ("dapi-1", "SIGNATURE", "PASSWORD"))
    assert len(str(error)) < 400
    assert error.__context__ is None


def test_network_failure_carries_no_url_query_and_no_chained_error(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", Answer(cut="before"))
    error = failing(vendor, path="/x?api_key=abcdef123", retries=0)
    assert error.code == "cut"
    assert "abcdef123" not in str(error)
    assert error.__cause__ is None
    assert error.__context__ is None


def test_secret_path_is_shown_under_its_other_name(vendor: VendorServer) -> None:
    error = failing(vendor, "POST", "/commands/T1/hunter22", shown_as="POST response_url")
    assert str(error).startswith("acme: POST response_url answered 404")


@pytest.mark.parametrize("token", ["abc\n", "abc\r\nX-Evil: 1", "tök", " abc"])
def test_credential_with_odd_characters_is_refused_without_being_quoted(
    vendor: VendorServer, token: str
) -> None:
    error = failing(vendor, headers={"X-Key": token})
    assert (error.permanent, error.code) == (True, "bad_header")
    assert "X-Key" in str(error)
    assert token not in str(error)
    assert vendor.requests == []


@pytest.mark.parametrize(
    "url",
    ["ftp://h/x", "https:///x", "https://u:p@h/x", "file:///etc/passwd", "x", "http://h:99999/", "http://[x"],
)
def test_address_that_is_no_http_url_is_refused(url: str) -> None:
    with pytest.raises(IntegrationError) as caught:
        http.request("acme", "GET", url)
    assert (caught.value.permanent, caught.value.code) == (True, "bad_address")


def test_host_that_cannot_be_one_is_a_permanent_error() -> None:
    with pytest.raises(IntegrationError) as caught:
        http.request("acme", "GET", f"https://{'a' * 70}.example/")
    assert (caught.value.permanent, caught.value.code) == (True, "bad_address")


def test_connection_is_reused_within_a_thread_and_not_across(vendor: VendorServer) -> None:
    vendor.on("GET", "/x", ok({}))
    answers = at_once(*[partial(call, vendor)] * 8)
    assert [answer.status for answer in answers] == [200] * 8
