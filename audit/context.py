"""Who is behind the current unit of work: the request, its id and address, the ticket; kept in context variables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest

from audit.chance import random_hex

request_id: ContextVar[str] = ContextVar("request_id", default="")
request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)
remote_address: ContextVar[str] = ContextVar("remote_address", default="")
ticket_key: ContextVar[str] = ContextVar("ticket_key", default="")


def new_request_id() -> str:
    return random_hex(8)


@contextmanager
def acting_for(request: str, address: str) -> Iterator[None]:
    """Act for one of several requests that a thread serves together."""
    id_token, address_token = request_id.set(request), remote_address.set(address)
    try:
        yield
    finally:
        request_id.reset(id_token)
        remote_address.reset(address_token)


@contextmanager
def working_on(ticket: str) -> Iterator[None]:
    """Every log line of this thread names the ticket, whoever writes it."""
    token = ticket_key.set(ticket)
    try:
        yield
    finally:
        ticket_key.reset(token)
