"""`/ws`: who may listen, and the little that a listener may say (nothing).

A cookie counts only with an Origin that is ours; a JWT comes in the subprotocol list `["bearer", "<token>"]`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest
from django.http.cookie import parse_cookie
from rest_framework_simplejwt.exceptions import AuthenticationFailed, InvalidToken, TokenError

from accounts.models import User
from accounts.roles import Role
from accounts.tokens import PersonAuthentication
from tickets.hub import local_hub

WIRE_EXTENSION = "aiops.wire"
"""In the scope's extensions: a function that puts a ready frame on this connection's wire (aiops/web_server.py)."""


class LiveConsumer(AsyncWebsocketConsumer):
    """One connected dashboard."""

    _token = ""
    _session_key = ""

    async def connect(self) -> None:
        protocols = list(self.scope.get("subprotocols") or ())
        if len(protocols) == 2 and protocols[0] == "bearer":
            self._token = protocols[1]
        elif self._has_own_origin():
            self._session_key = self._session_cookie()
        if await sync_to_async(self.has_ended, thread_sensitive=False)():
            await self.close()  # before accept: the handshake is answered 403
            return
        since = self._since()
        await self.accept(subprotocol="bearer" if self._token else None)
        await local_hub().join(self, since)

    async def disconnect(self, code: int) -> None:
        local_hub().leave(self)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Clients have nothing to say; what they send is dropped."""

    @property
    def write(self) -> Callable[[bytes], None] | None:
        found: Callable[[bytes], None] | None = self.scope.get("extensions", {}).get(WIRE_EXTENSION)
        return found

    async def send_text(self, text: str) -> None:
        await self.send(text_data=text)

    async def end(self, code: int) -> None:
        await self.close(code=code)

    @property
    def credential(self) -> str:
        return f"token {self._token}" if self._token else f"session {self._session_key}"

    def has_ended(self) -> bool:
        """True when the session or token no longer names an active person who may read tickets."""
        user = self._user_of_token() if self._token else self._user_of_session()
        return user is None or not user.has_role(Role.VIEWER)

    def _user_of_token(self) -> User | None:
        authentication = PersonAuthentication()
        try:
            token = authentication.get_validated_token(self._token.encode())
            user = authentication.get_user(token)
        except (InvalidToken, AuthenticationFailed, TokenError, ObjectDoesNotExist):
            return None
        return user if isinstance(user, User) and token["exp"] > time.time() else None

    def _user_of_session(self) -> User | None:
        if not self._session_key:
            return None
        request = HttpRequest()
        request.session = import_module(settings.SESSION_ENGINE).SessionStore(self._session_key)
        user = get_user(request)
        return user if isinstance(user, User) and user.is_active else None

    def _header(self, name: bytes) -> str:
        for key, value in self.scope.get("headers", ()):
            if key == name:
                return str(value.decode("latin-1"))
        return ""

    def _session_cookie(self) -> str:
        return str(parse_cookie(self._header(b"cookie")).get(settings.SESSION_COOKIE_NAME, ""))

    def _has_own_origin(self) -> bool:
        origin = urlsplit(self._header(b"origin"))
        public = urlsplit(settings.PUBLIC_BASE_URL)
        is_public = (origin.scheme, origin.netloc) == (public.scheme, public.netloc)
        return bool(origin.netloc) and (is_public or origin.netloc == self._header(b"host"))

    def _since(self) -> int | None:
        values: dict[str, Any] = parse_qs(self.scope.get("query_string", b"").decode("latin-1"))
        value = values.get("since", [""])[0]
        return int(value) if value.isdigit() and len(value) < 19 else None
