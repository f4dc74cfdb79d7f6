"""The two faces of the door under one name: Django's view, and the ASGI application in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.core.handlers.asgi import ASGIHandler
from django.test import Client

from ingestion.fast_door.application import FastDoor
from ingestion.fast_door.writer import Writer


@dataclass(frozen=True)
class Told:
    """What a sender was told: status, headers by lower-case name, the body's bytes."""

    status: int
    headers: dict[str, str]
    body: bytes


class Face(Protocol):
    def send(
        self, path: str, body: bytes, headers: dict[str, str] | None = None, method: str = "POST"
    ) -> Told: ...


class DjangoFace:
    """Through Django's view."""

    def send(
        self, path: str, body: bytes, headers: dict[str, str] | None = None, method: str = "POST"
    ) -> Told:
        headers = {"Content-Type": "application/json", **(headers or {})}
        answer = Client(raise_request_exception=False).generic(
            method, path, body, content_type=headers.pop("Content-Type"), headers=headers
        )
        return Told(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.getvalue())


@dataclass
class FastFace:
    """Through the ASGI application, with a real writer thread; what it passes on reaches the real Django."""

    writer: Writer = field(default_factory=Writer)
    django: ASGIHandler = field(default_factory=ASGIHandler)

    def send(
        self, path: str, body: bytes, headers: dict[str, str] | None = None, method: str = "POST"
    ) -> Told:
        return asyncio.run(self.ask(path, [body], headers, method))

    async def ask(
        self,
        path: str,
        chunks: Iterable[bytes],
        headers: dict[str, str] | None = None,
        method: str = "POST",
    ) -> Told:
        """As `send`, inside an event loop, the body in as many messages as there are chunks."""
        path, _, query = path.partition("?")
        parts = list(chunks)
        told = {"content-type": "application/json", "content-length": str(sum(map(len, parts)))}
        told |= {name.lower(): value for name, value in (headers or {}).items()}
        scope: dict[str, Any] = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [
                (b"host", b"localhost"),
                *((name.encode(), value.encode("latin-1")) for name, value in told.items() if value),
            ],
            "client": ("127.0.0.1", 40000),
            "server": ("127.0.0.1", 80),
        }
        messages = [
            {"type": "http.request", "body": part, "more_body": number < len(parts)}
            for number, part in enumerate(parts, 1)
        ]
        sent: list[dict[str, Any]] = []

        async def receive() -> Any:
            if messages:
                return messages.pop(0)
            await asyncio.Event().wait()  # the sender stays connected and silent

        async def send(message: Any) -> None:
            sent.append(message)

        await FastDoor(self.django, self.writer)(scope, receive, send)
        return Told(
            sent[0]["status"],
            {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]},
            b"".join(message.get("body", b"") for message in sent[1:]),
        )
