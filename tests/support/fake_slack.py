"""A Slack workspace with a memory: one channel, its messages and threads, its people."""

from __future__ import annotations

import itertools
import time
from typing import Any

from tests.support.faults import Faults
from tests.support.vendor_server import Answer, Received, VendorServer, ok

CHANNEL_ID = "C0ALERTS1"
CHANNEL = "aiops-rca-alerts"


class FakeSlack:
    """`people` maps a Slack user's id to an e-mail address; `whispers` is what went to response addresses."""

    def __init__(self, vendor: VendorServer, faults: Faults) -> None:
        self.vendor = vendor
        self.faults = faults
        self.messages: list[dict[str, Any]] = []
        self.edits: list[dict[str, Any]] = []
        self.people: dict[str, str] = {}
        self.whispers: list[dict[str, Any]] = []
        self.places = {CHANNEL, CHANNEL_ID}
        self._numbers = itertools.count(1)
        vendor.under("/api/", self._answer)
        vendor.under("/actions/", self._whisper)

    @property
    def posts(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if "thread_ts" not in message]

    @property
    def replies(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if "thread_ts" in message]

    def _answer(self, request: Received) -> Answer:
        method = request.path.removeprefix("/api/")
        if method == "chat.postMessage":
            return self.faults.play("slack post", lambda: self._post(request.json()))
        if method == "chat.update":
            return self.faults.play("slack edit", lambda: self._update(request.json()))
        asked = request.form() | request.query
        if method == "conversations.list":
            return ok({"ok": True, "channels": [{"id": CHANNEL_ID, "name": CHANNEL}]})
        if method == "conversations.history":
            oldest = float(asked["oldest"])
            seen = [message for message in self.posts if float(message["ts"]) >= oldest]
            return self.faults.play("slack look", lambda: ok({"ok": True, "messages": seen}))
        if method == "conversations.replies":
            seen = [m for m in self.messages if asked["ts"] in {m["ts"], m.get("thread_ts")}]
            return ok({"ok": True, "messages": seen})
        if method == "users.info":
            email = self.people.get(asked["user"], "")
            return ok({"ok": True, "user": {"id": asked["user"], "profile": {"email": email}}})
        return ok({"ok": False, "error": "unknown_method"})

    def _post(self, body: dict[str, Any]) -> Answer:
        if body["channel"] not in self.places:
            return ok({"ok": False, "error": "channel_not_found"})
        ts = f"{time.time():.0f}.{next(self._numbers):06d}"
        self.messages.append({**body, "ts": ts, "bot_id": "B1"})
        return ok({"ok": True, "channel": CHANNEL_ID, "ts": ts})

    def _update(self, body: dict[str, Any]) -> Answer:
        message = next((m for m in self.messages if m["ts"] == body["ts"]), None)
        if message is None or body["channel"] != CHANNEL_ID:
            return ok({"ok": False, "error": "message_not_found"})
        message.update(text=body["text"], blocks=body["blocks"])
        self.edits.append(body)
        return ok({"ok": True, "channel": CHANNEL_ID, "ts": body["ts"]})

    def _whisper(self, request: Received) -> Answer:
        self.whispers.append(request.json())
        return ok({"ok": True})
