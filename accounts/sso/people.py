"""Who somebody is here, by what the issuer says: found, made, given the role of their groups, or refused."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts.actors import person
from accounts.models import User, normalise_email
from accounts.roles import Role
from accounts.services import forget_sessions, set_role
from audit import actions
from audit.services import Actor, record


class NotWelcomeError(Exception):
    """The issuer knows them, the desk does not let them in; the sentence is for them to read."""


def sign_in(claims: Mapping[str, Any]) -> User:
    """The person of validated claims, their role as the issuer has it now; raises NotWelcomeError.

    The subject identifies, for ever; the e-mail only once, to find an account that was made here before, and only
    where the issuer vouches for it. A superuser's account is never taken over that way: it is the way in when the
    issuer is away.
    """
    subject = hashlib.sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()
    email = normalise_email(str(claims.get("email") or claims.get("preferred_username") or ""))
    try:
        user = _find_or_make(subject, email, claims)
    except NotWelcomeError as error:
        record_failure(str(error), email)
        raise
    record(actions.LOGIN_SUCCEEDED, actor=person(user), details={"by": "single sign-on"})
    return user


def record_failure(reason: str, email: str = "") -> None:
    record(actions.LOGIN_FAILED, actor=Actor(name=email), summary=reason, details={"by": "single sign-on"})


def role_of(claims: Mapping[str, Any]) -> Role | None:
    """The highest role among the claim's values; None when none of them is one of ours."""
    told = claims.get(settings.OIDC_ROLE_CLAIM)
    values = told if isinstance(told, list) else [told]
    held = [
        Role[settings.OIDC_ROLES[v].upper()]
        for v in values
        if isinstance(v, str) and v in settings.OIDC_ROLES
    ]
    return max(held, default=None)


def _find_or_make(subject: str, email: str, claims: Mapping[str, Any]) -> User:
    role = role_of(claims)
    known = User.objects.filter(sso_subject=subject).first()
    if role is None:
        if known is not None and known.role is not None and not known.is_superuser:
            set_role(known, None)
        raise NotWelcomeError("Your account holds no role of this desk. Ask an administrator for one.")
    with transaction.atomic():
        user = known or _adopted(subject, email, claims) or _made(subject, email, claims)
        if not user.is_active:
            raise NotWelcomeError("Your account was shut out by an administrator.")
        if not user.is_superuser and user.role != role:
            set_role(user, role)
    return user


def _adopted(subject: str, email: str, claims: Mapping[str, Any]) -> User | None:
    """An account that was made here for this address, from now on the issuer's; None when there is none.

    Whoever made it knew its password: that, and what was opened with it, ends.
    """
    user = User.objects.select_for_update().filter(email=email).first()
    if user is None:
        return None
    if user.sso_subject or user.is_superuser or not _is_address_theirs(claims):
        raise NotWelcomeError("There is another account with your e-mail address. Ask an administrator.")
    user.sso_subject = subject
    user.set_unusable_password()
    user.save(update_fields=["sso_subject", "password"])
    forget_sessions(user)
    record(
        actions.USER_CHANGED,
        actor=person(user),
        summary=f"{user.email}: signs in by single sign-on from now on",
    )
    return user


def _is_address_theirs(claims: Mapping[str, Any]) -> bool:
    """OpenID Connect Core 1.0, 5.1: `preferred_username` proves nothing, `email` only with `email_verified`."""
    told = claims.get("email_verified")
    is_trusted = told is True or (told is None and settings.OIDC_TRUST_EMAIL)
    return bool(claims.get("email") and is_trusted)


def _made(subject: str, email: str, claims: Mapping[str, Any]) -> User:
    if claims.get("email_verified") is False:
        raise NotWelcomeError("The sign-on service has not verified your e-mail address yet.")
    try:
        validate_email(email)
    except ValidationError:
        raise NotWelcomeError("The sign-on service told no e-mail address of yours.") from None
    name = str(claims.get("name") or "")[:150]
    return User.objects.create_user(email, None, full_name=name, is_staff=True, sso_subject=subject)
