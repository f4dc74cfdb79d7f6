"""ASGI applications of the references: Django alone, and a function that does nothing (the server's own floor)."""

from __future__ import annotations

from typing import Any

from django.core.asgi import get_asgi_application

django_application = get_asgi_application()

ANSWER = b'{"status": "accepted"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    status = 200 if scope["path"] == "/healthz" else 202
    await send({"type": "http.response.start", "status": status, "headers": HEADERS})
    await send({"type": "http.response.body", "body": ANSWER})
