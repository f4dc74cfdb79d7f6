"""The ASGI application in front of Django's: answers `POST` at the sources' addresses, passes all else on.

Every decision is made by the code that the Django view calls (`ingestion.door`, `.credentials`, `.services`);
here is only what ASGI needs. It runs under any ASGI server.
"""

from __future__ import annotations

import asyncio
from functools import partial

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http.request import split_domain_port, validate_host

from accounts.service_keys import StaleKeysError
from audit.context import new_request_id
from audit.middleware import address_behind
from audit.threads import in_thread
from ingestion import door, services
from ingestion.admission import admit
from ingestion.answers import Answer, refused
from ingestion.credentials import NOT_IN_MEMORY, REMEMBERING, Caller
from ingestion.fast_door.request import (
    Application,
    DisconnectedError,
    Headers,
    Receive,
    Scope,
    Send,
    query_key,
    read_body,
)
from ingestion.fast_door.writer import Writer
from ingestion.metrics import ALERT_SECONDS
from ingestion.reading import Inbound
from ingestion.signing_keys import KeysDueError
from ingestion.sources import registry
from ingestion.sources.base import SourceSpec

LONGEST_WAIT = 30.0
FIXED_HEADERS = ((b"content-type", b"application/json"), (b"x-content-type-options", b"nosniff"))


class FastDoor:
    def __init__(self, application: Application, writer: Writer | None = None) -> None:
        self._application = application
        self.writer = writer or Writer()
        self._specs: dict[str, SourceSpec] = {}
        for spec in registry().values():
            path = f"/{spec.path.strip('/')}"
            self._specs[path] = self._specs[f"{path}/"] = spec
        self._seconds = {spec.slug: ALERT_SECONDS.labels(spec.slug) for spec in self._specs.values()}
        self._good_hosts: set[str] = set()
        self._asking = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        spec = self._specs.get(scope["path"])
        if spec is None or scope["type"] != "http" or scope["method"] != "POST" or scope.get("root_path"):
            return await self._application(scope, receive, send)
        headers = Headers(scope["headers"])
        if not self._is_good_host(headers.get("host", "")):
            return await self._application(scope, receive, send)
        request_id = new_request_id()
        try:
            with self._seconds[spec.slug].time():
                answer = await self._answer(spec, scope, headers, receive, request_id)
        except SuspiciousOperation:  # a query string that Django has a page for
            return await self._application(scope, receive, send)
        except DisconnectedError:
            return None
        await _send(send, answer, request_id)
        return None

    async def _answer(
        self, spec: SourceSpec, scope: Scope, headers: Headers, receive: Receive, request_id: str
    ) -> Answer:
        peer = str((scope.get("client") or ("",))[0])
        address = address_behind(headers.get("x-forwarded-for", ""), peer)
        caller = await self._admit(spec.slug, scope, headers, address)
        if isinstance(caller, Answer):
            return caller
        limit = settings.INGESTION_MAX_BODY_BYTES
        if door.declared_length(headers.get("content-length", "")) > limit:
            return door.too_large()
        body = await read_body(receive, limit)
        if body is None:
            return door.too_large()
        inbound = Inbound(
            body=body,
            content_type=headers.get("content-type", ""),
            headers=door.kept_headers(headers),
            key_name=caller.key_name,
            remote_address=address,
            request_id=request_id,
        )
        return await _committed(self.writer.submit(spec, inbound))

    async def _admit(self, source: str, scope: Scope, headers: Headers, address: str) -> Caller | Answer:
        """From memory where that can be; else in a thread: by one request at a time where it asks the database,
        while those that wait for Entra's keys keep nobody else waiting."""
        ask = partial(admit, source, headers, query_key=query_key(scope), address=address)
        try:
            return ask(checks=REMEMBERING)
        except StaleKeysError:
            pass
        except KeysDueError:
            return await in_thread(ask)
        async with self._asking:
            try:
                return ask(checks=REMEMBERING)
            except NOT_IN_MEMORY:
                return await in_thread(ask)

    def _is_good_host(self, host: str) -> bool:
        """Django refuses hosts it was not told of; such requests go to it for that answer."""
        if host in self._good_hosts:
            return True
        domain, _ = split_domain_port(host)
        if not domain or not validate_host(domain, settings.ALLOWED_HOSTS):
            return False
        if len(self._good_hosts) < 100:
            self._good_hosts.add(host)
        return True


async def _committed(future: asyncio.Future[Answer]) -> Answer:
    """The writer's answer. A server that shuts down cancels its requests; this one is as good as committed, so
    its sender is told before the end."""
    try:
        async with asyncio.timeout(LONGEST_WAIT):
            return await asyncio.shield(future)
    except TimeoutError:
        return refused(
            503, "The database takes too long; try again.", Retry_After=services.RETRY_AFTER_SECONDS
        )
    except asyncio.CancelledError:
        return await future


async def _send(send: Send, answer: Answer, request_id: str) -> None:
    body = answer.encoded()
    headers = [
        *FIXED_HEADERS,
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
        *((name.lower().encode(), value.encode()) for name, value in answer.headers.items()),
    ]
    await send({"type": "http.response.start", "status": answer.http_status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
