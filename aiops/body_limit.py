"""Cuts a request body off before Django buffers it: Django under ASGI spools a body of any size to disk first."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.conf import settings

Scope = dict[str, Any]
Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

# Jira sends whole issues, of up to 25 MB; what passes this limit is left to the reconciliation.
UPLOAD_PREFIXES = ("/admin/", "/webhook/jira")


class _TooLargeError(Exception):
    pass


class BodyLimit:
    """Answers 413 when a body passes its limit; the console takes uploads and Jira sends whole issues."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self._limit_for(scope["path"])
        received = 0
        has_started = False

        async def limited_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise _TooLargeError
            return message

        async def watched_send(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        try:
            if _declared_length(scope) > limit:
                raise _TooLargeError  # noqa: TRY301 - one answer for both ways of being too large
            await self._application(scope, limited_receive, watched_send)
        except _TooLargeError:
            if not has_started:
                await _refuse(send, limit)

    @staticmethod
    def _limit_for(path: str) -> int:
        if path.startswith(UPLOAD_PREFIXES):
            return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        return int(settings.INGESTION_MAX_BODY_BYTES)


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


async def _refuse(send: Send, limit: int) -> None:
    detail = f"The body is larger than {limit} bytes."
    await send_json(send, 413, json.dumps({"detail": detail, "code": "too_large", "fields": {}}).encode())


async def send_json(send: Send, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
    """A whole answer of JSON, of what stands in front of Django."""
    told = {"content-type": "application/json", "content-length": str(len(body)), **(headers or {})}
    lines = [(name.lower().encode(), value.encode()) for name, value in told.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
