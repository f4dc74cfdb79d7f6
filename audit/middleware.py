"""Gives every request an id and remembers where it came from, for the audit trail and the log."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

from audit import context


def client_address(request: HttpRequest) -> str:
    return address_behind(
        request.headers.get("X-Forwarded-For", ""), str(request.META.get("REMOTE_ADDR") or "")
    )


def address_behind(forwarded: str, peer: str) -> str:
    """The caller's address; `X-Forwarded-For` counts only behind a proxy that we were told to trust.

    The proxy appends the address it saw, so the last entry is the one that nobody else could have written.
    """
    if settings.TRUST_PROXY and forwarded:
        return forwarded.rsplit(",", 1)[-1].strip()[:45]
    return peer[:45]


class RequestContextMiddleware(MiddlewareMixin):
    def process_request(self, request: HttpRequest) -> None:
        context.request.set(request)
        context.request_id.set(context.new_request_id())
        context.remote_address.set(client_address(request))

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if identifier := context.request_id.get():
            response.headers["X-Request-Id"] = identifier
        return response
