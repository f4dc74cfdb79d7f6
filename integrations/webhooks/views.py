"""The doors of Jira and Slack: secret set, secret right, body read, one service called, answered.

Service keys do not open them, and nothing of a body is looked at before its sender has proved who it is.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt
from prometheus_client import Counter

from accounts.guessing import note_failed_attempt
from audit.middleware import client_address
from integrations.signatures import verify_jira, verify_slack
from integrations.webhooks import jira_changes, presses, slack_events

REFUSED = Counter(
    "aiops_inbound_refused_total", "Calls of Jira and Slack without a good credential.", ["channel"]
)


@method_decorator(csrf_exempt, name="dispatch")
class SignedWebhook(View):
    """What both doors share. A database that is away is answered 503, so that the sender tries again."""

    http_method_names = ["post"]
    channel = ""
    secret_name = ""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        secret = str(getattr(settings, self.secret_name))
        if not secret:
            REFUSED.labels(self.channel).inc()
            return _detail(403, f"{self.secret_name} is not set: this address is closed until it is.")
        try:
            body = request.body
        except RequestDataTooBig:
            return _detail(413, f"The body is larger than {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes.")
        if not self.is_genuine(request, secret, body):
            return self._stranger(client_address(request))
        try:
            return self.receive(request, body)
        except (OperationalError, InterfaceError):
            answer = _detail(503, "The database is not reachable; try again.")
            answer.headers["Retry-After"] = "5"
            return answer

    def _stranger(self, address: str) -> HttpResponse:
        REFUSED.labels(self.channel).inc()
        if wait := note_failed_attempt(address):
            answer = _detail(429, "Too many bad credentials from this address; try again later.")
            answer.headers["Retry-After"] = str(wait)
            return answer
        return _detail(401, f"The credential is missing or wrong (see {self.secret_name}).")

    def http_method_not_allowed(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = _detail(405, f"{request.method} is not taken at this address; expected POST.")
        answer.headers["Allow"] = "POST"
        return answer

    def is_genuine(self, request: HttpRequest, secret: str, body: bytes) -> bool:
        raise NotImplementedError

    def receive(self, request: HttpRequest, body: bytes) -> HttpResponse:
        raise NotImplementedError


class JiraWebhook(SignedWebhook):
    channel = "jira"
    secret_name = "JIRA_WEBHOOK_SECRET"  # noqa: S105 - the variable's name

    def is_genuine(self, request: HttpRequest, secret: str, body: bytes) -> bool:
        presented = request.GET.get("secret", "")
        if presented and hmac.compare_digest(presented.encode("utf-8", "replace"), secret.encode()):
            return True
        return verify_jira(secret, body=body, header=request.headers.get("X-Hub-Signature", ""))

    def receive(self, request: HttpRequest, body: bytes) -> HttpResponse:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return _detail(400, "The body is not JSON.")
        if not isinstance(document, dict):
            return _detail(400, "The body must be a JSON object.")
        identifier = request.headers.get("X-Atlassian-Webhook-Identifier", "")
        return JsonResponse(jira_changes.receive(document, _identity(identifier, body)))


class SlackWebhook(SignedWebhook):
    channel = "slack"
    secret_name = "SLACK_SIGNING_SECRET"  # noqa: S105 - the variable's name

    def is_genuine(self, request: HttpRequest, secret: str, body: bytes) -> bool:
        return verify_slack(
            secret,
            timestamp=request.headers.get("X-Slack-Request-Timestamp", ""),
            body=body,
            signature=request.headers.get("X-Slack-Signature", ""),
            now=timezone.now(),
        )

    def receive(self, request: HttpRequest, body: bytes) -> HttpResponse:
        payload = slack_events.read_payload(body)
        if payload is None:
            return _detail(400, "The body must be a form whose field payload holds a JSON object.")
        for press in slack_events.presses_of(payload):
            presses.keep(press, str(payload.get("response_url") or ""))
        return HttpResponse(status=200)


def _identity(identifier: str, body: bytes) -> str:
    """What repeats of one delivery share: Jira's identifier, and the body, for an identifier alone is a claim."""
    if not identifier:
        return ""
    return "jira:" + hashlib.sha256(identifier.encode("utf-8", "replace") + b"\0" + body).hexdigest()


def _detail(status: int, message: str) -> JsonResponse:
    return JsonResponse({"detail": message}, status=status)
