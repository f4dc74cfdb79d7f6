"""The way in when single sign-on is broken and passwords are off: a link for a superuser, by command, for minutes."""

from __future__ import annotations

import hashlib

from django.conf import settings
from django.contrib.auth import login
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.actors import person
from accounts.models import User, normalise_email
from audit import actions
from audit.services import record

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"
VALID_SECONDS = 600
_SALT = "accounts.emergency"


class NoSuchSuperuserError(LookupError):
    def __init__(self, email: str) -> None:
        super().__init__(f"There is no active superuser {email}.")


def make_link(email: str) -> str:
    """An address that signs this superuser in once, within VALID_SECONDS; raises NoSuchSuperuserError."""
    user = User.objects.filter(email=normalise_email(email), is_superuser=True, is_active=True).first()
    if user is None:
        raise NoSuchSuperuserError(email)
    record(actions.EMERGENCY_LINK_MADE, summary=user.email)
    token = signing.dumps({"user": user.pk, "stamp": _stamp(user)}, salt=_SALT)
    return settings.PUBLIC_BASE_URL + reverse("emergency", args=[token])


@never_cache
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """A button first: whatever looks at a link must not use it up."""
    user = _user_of(token)
    if user is None:
        text = "This link is no longer good. Make another: manage.py emergency_login EMAIL."
        return render(request, "dashboard/emergency.html", {"problem": text}, status=403)
    if request.method != "POST":
        return render(request, "dashboard/emergency.html", {"email": user.email})
    record(actions.LOGIN_SUCCEEDED, actor=person(user), details={"by": "emergency link"})
    login(request, user, backend=MODEL_BACKEND)
    return redirect(settings.LOGIN_REDIRECT_URL)


def _user_of(token: str) -> User | None:
    try:
        told = signing.loads(token, salt=_SALT, max_age=VALID_SECONDS)
    except signing.BadSignature:
        return None
    user = User.objects.filter(pk=told["user"], is_superuser=True, is_active=True).first()
    return user if user is not None and told["stamp"] == _stamp(user) else None


def _stamp(user: User) -> str:
    """Changes with every sign-in, and when the person's sessions end: so a link works once."""
    held = f"{user.get_session_auth_hash()} {user.last_login and user.last_login.isoformat()}"
    return hashlib.sha256(held.encode()).hexdigest()
