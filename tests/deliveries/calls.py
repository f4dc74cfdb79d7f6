"""Signed calls as Jira and Slack make them; bodies of our own making with the vendors' field names."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from tests.support.world import JIRA_SECRET, SLACK_SECRET

CATEGORIES = {
    "To Do": "new", "Backlog": "new", "In Progress": "indeterminate", "Done": "done", "Erledigt": "done",
}  # fmt: skip


def issue_updated(
    key: str, status: str, *, by: str = "Grace Hopper", at: str = "", **changed: Any
) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "status": {"name": status, "statusCategory": {"key": CATEGORIES.get(status, "")}},
        "creator": {"accountId": "acc-desk"},
    }
    if at:
        fields["updated"] = at
    return {
        "webhookEvent": "jira:issue_updated",
        "issue_event_type_name": "issue_generic",
        "user": {"accountId": "acc-grace", "displayName": by},
        "issue": {"id": "10001", "key": key, "fields": fields},
        "changelog": {"items": [{"field": "status", "fromString": "To Do", "toString": status}]},
        **changed,
    }


def post_jira(
    client: Client, body: object, *, secret: str = JIRA_SECRET, path: str = "/webhook/jira", **headers: str
) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    target = f"{path}?secret={secret}" if secret else path
    return client.post(target, data, content_type="application/json", headers=headers)


def press(
    action_id: str, value: str, *, user: str = "U1", ts: str = "", response_url: str = ""
) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "grace", "name": "grace"},
        "container": {"type": "message", "message_ts": "1.2", "channel_id": "C0ALERTS1"},
        "response_url": response_url,
        "actions": [
            {
                "action_id": action_id,
                "block_id": "b",
                "type": "button",
                "value": value,
                "action_ts": ts or str(time.time()),
            }
        ],
    }


def slack_headers(body: bytes, secret: str = SLACK_SECRET, age: int = 0) -> dict[str, str]:
    stamp = str(int(time.time()) - age)
    digest = hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}


def slack_body(payload: object) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


def post_slack(
    client: Client, payload: object, *, secret: str = SLACK_SECRET, age: int = 0, path: str = "/webhook/slack"
) -> Any:
    body = slack_body(payload)
    return client.post(
        path, body, content_type="application/x-www-form-urlencoded", headers=slack_headers(body, secret, age)
    )
