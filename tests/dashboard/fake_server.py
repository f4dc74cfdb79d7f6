"""A small stand-in for the real server, to develop and to measure the dashboard's client against.

It serves the real templates and static files, canned `/api` answers and a websocket, all from memory, with the
same Content-Security-Policy as the product. Nothing of the product's Python is imported, so the page can be
looked at in any state on demand: `POST /fake/seed?n=5000`, `/fake/rate?per_second=100`, `/fake/drop`,
`/fake/silence?seconds=5`, `/fake/emit`. Run it with `python -m tests.dashboard PORT`.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import django
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
CSP = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

if not settings.configured:
    settings.configure(
        DEBUG=True,
        SECRET_KEY="only-for-the-fake-server",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="tests.dashboard.fake_server",
        INSTALLED_APPS=["django.contrib.staticfiles"],
        MIDDLEWARE=["tests.dashboard.fake_server.csp"],
        STATIC_URL="/static/",
        STATICFILES_DIRS=[ROOT / "static"],
        USE_TZ=True,
        TEMPLATES=[
            {"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [ROOT / "templates"]},
        ],
    )
    django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler  # noqa: E402
from django.core.asgi import get_asgi_application  # noqa: E402
from django.http import HttpRequest, HttpResponse, JsonResponse  # noqa: E402
from django.shortcuts import render  # noqa: E402
from django.urls import include, path, re_path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402

from tests.dashboard.fake_desk import Desk  # noqa: E402

desk = Desk()
sockets: set[Live] = set()


def csp(get_response: Any) -> Any:
    def middleware(request: HttpRequest) -> HttpResponse:
        response: HttpResponse = get_response(request)
        response["Content-Security-Policy"] = CSP
        return response

    return middleware


class Live(AsyncWebsocketConsumer):
    """One socket: catch-up by number, then whatever the desk announces, and a heartbeat every second."""

    async def connect(self) -> None:
        if desk.refuses_sockets:
            await self.close()
            return
        await self.accept()
        sockets.add(self)
        query = dict(
            part.split("=") for part in self.scope["query_string"].decode().split("&") if "=" in part
        )
        await self.send(text_data=json.dumps(desk.since(int(query.get("since", desk.seq)))))
        self.beat = asyncio.ensure_future(self.heartbeats())

    async def heartbeats(self) -> None:
        while True:
            if not desk.is_silent():
                await self.send(text_data=json.dumps({"event": "heartbeat", "seq": desk.seq}))
            await asyncio.sleep(1)

    async def disconnect(self, code: int) -> None:
        sockets.discard(self)
        if hasattr(self, "beat"):
            self.beat.cancel()


async def broadcast() -> None:
    """The real server's rhythm: what happened in 100 ms is one frame."""
    while True:
        await asyncio.sleep(0.1)
        desk.work(0.1)
        frame = desk.take_frame()
        if frame and not desk.is_silent():
            text = json.dumps(frame)
            for socket in list(sockets):
                await socket.send(text_data=text)


def page(request: HttpRequest) -> HttpResponse:
    return render(
        request, "dashboard/dashboard.html", {"user": {"is_staff": True}, "audit_actions": desk.actions()}
    )


def form_page(request: HttpRequest) -> HttpResponse:
    """The login and register pages, without and with an error (`?error=1`)."""
    form: dict[str, Any] = {"is_bound": False}
    if "error" in request.GET:
        form = {
            "is_bound": True,
            "non_field_errors": ["E-mail and password do not match an account."],
            "username": {"value": "ana@example.com"},
            "email": {"value": "ana@example.com"},
            "password": {"errors": ["This password is too short.", "This password is too common."]},
        }
    name = request.path.strip("/")
    return render(request, f"dashboard/{name}.html", {"form": form, "registration_open": True})


def api(request: HttpRequest, rest: str) -> HttpResponse:
    status, body = desk.answer(request.method or "GET", rest, request.GET.dict(), request.body)
    return JsonResponse(body, status=status)


async def control(request: HttpRequest, verb: str) -> HttpResponse:
    if verb == "drop":
        for socket in list(sockets):
            await socket.close(code=int(request.GET.get("code", 4000)))
    else:
        desk.control(verb, request.GET.dict())
    return JsonResponse({"seq": desk.seq, "tickets": len(desk.tickets)})


urlpatterns = [
    path("dashboard", page, name="dashboard"),
    path("login", form_page, name="login"),
    path("register", form_page, name="register"),
    path("logout", form_page, name="logout"),
    path("api/<path:rest>", csrf_exempt(api)),
    path("fake/<str:verb>", csrf_exempt(control)),
    path("admin/", include(([path("", form_page, name="index")], "admin"))),
]

http = ASGIStaticFilesHandler(get_asgi_application())
application = ProtocolTypeRouter({"http": http, "websocket": URLRouter([re_path("^ws", Live.as_asgi())])})
