"""The verbs of people: sign in, register, change what they may do, end what they hold."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.models import Group, update_last_login
from django.contrib.auth.password_validation import validate_password
from django.db import IntegrityError, transaction
from django.db.models import F
from django.http import HttpRequest

from accounts import sso, throttle
from accounts.actors import current_actor, person
from accounts.models import User, normalise_email
from accounts.roles import GROUP_NAMES, Role
from audit import actions
from audit.middleware import client_address
from audit.services import Actor, record


class WrongCredentialsError(Exception):
    """No such person, wrong password, or not active: the three are told apart nowhere."""

    def __init__(self) -> None:
        super().__init__("This e-mail and password do not belong together.")


class RegistrationClosedError(Exception):
    def __init__(self) -> None:
        super().__init__("Accounts are made by an administrator.")


class RegistrationRefusedError(Exception):
    """The address may not register, or already has: which of the two is not said."""

    def __init__(self) -> None:
        super().__init__("An account cannot be made with this e-mail address.")


class PasswordLoginOffError(Exception):
    def __init__(self) -> None:
        super().__init__("Sign in by single sign-on; passwords are switched off.")


def ways_in() -> dict[str, bool]:
    """What the page of signing in offers."""
    return {
        "registration_open": may_register(),
        "password_login": bool(settings.PASSWORD_LOGIN),
        "single_sign_on": sso.is_on(),
    }


def keep_role_groups(using: str, **_: object) -> None:
    """After every migrate: a role's group that somebody deleted stands again (without its members)."""
    for name in GROUP_NAMES:
        Group.objects.using(using).get_or_create(name=name)


def sign_in(request: HttpRequest, email: str, password: str) -> User:
    """The person behind e-mail and password.

    Raises WrongCredentialsError, TooManyAttemptsError or PasswordLoginOffError.
    """
    if not settings.PASSWORD_LOGIN:
        raise PasswordLoginOffError
    email = normalise_email(email)
    try:
        attempt = throttle.begin(throttle.LOGIN, email, client_address(request))
    except throttle.TooManyAttemptsError:
        record(actions.LOGIN_THROTTLED, actor=Actor(name=email))
        raise
    user = authenticate(request, username=email, password=password)
    if not isinstance(user, User) or not may_use_password(user):
        record(actions.LOGIN_FAILED, actor=Actor(name=email))
        raise WrongCredentialsError
    throttle.forgive(attempt)
    update_last_login(User, user)
    record(actions.LOGIN_SUCCEEDED, actor=person(user))
    return user


def may_use_password(user: User) -> bool:
    """Whether this person's password opens anything: an account of the issuer's has its one door there."""
    return bool(settings.PASSWORD_LOGIN and (user.is_superuser or not user.sso_subject))


def may_register() -> bool:
    return bool(settings.REGISTRATION != "closed" and settings.PASSWORD_LOGIN)


def register(request: HttpRequest, *, email: str, password: str, full_name: str) -> User:
    """Make a viewer's account.

    Raises RegistrationClosedError, TooManyAttemptsError, RegistrationRefusedError, or Django's ValidationError
    for a password that is too weak. The password is hashed before anybody looks whether the address is taken,
    so both ways take their time.
    """
    if not may_register():
        raise RegistrationClosedError
    email = normalise_email(email)
    throttle.begin(throttle.REGISTER, email, client_address(request))
    user = User(email=email, full_name=full_name)
    user.is_registering = True
    validate_password(password, user)
    user.set_password(password)
    if not _is_domain_welcome(email):
        raise RegistrationRefusedError
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            user.groups.add(Group.objects.get(name=Role.VIEWER.group_name))
            record(actions.USER_REGISTERED, actor=person(user))
    except IntegrityError as error:
        raise RegistrationRefusedError from error
    return user


def _is_domain_welcome(email: str) -> bool:
    if settings.REGISTRATION == "open":
        return True
    welcome = {domain.lower().lstrip("@") for domain in settings.REGISTRATION_DOMAINS}
    return email.rpartition("@")[2] in welcome


def set_role(user: User, role: Role | None) -> None:
    """Give a person exactly one role, or none; sessions end and the change is recorded (`accounts.signals`)."""
    wanted = [role.group_name] if role else []
    with transaction.atomic():
        others = user.groups.exclude(name__in=GROUP_NAMES)
        user.groups.set([*others, *Group.objects.filter(name__in=wanted)])


def end_sessions(user: User, *, actor: Actor | None = None, reason: str = "") -> None:
    """Every session and token of a person ends now; they may sign in again if they are active."""
    with transaction.atomic():
        forget_sessions(user)
        record(
            actions.SESSIONS_ENDED,
            actor=actor or current_actor(),
            summary=f"{user.email}{f': {reason}' if reason else ''}",
        )


def forget_sessions(user: User) -> None:
    """The same without an audit entry of its own, for changes that are recorded themselves."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    user.__dict__.pop("role", None)
