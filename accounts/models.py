"""People (e-mail login) and the keys that machines present at the door."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.roles import Role, highest_role


def normalise_email(email: str) -> str:
    """Addresses are compared without regard to case, so they are kept in lower case."""
    return email.strip().lower()


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=normalise_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email=normalise_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """A person. Roles are the groups named in `accounts.roles`; a superuser holds them all.

    `sso_subject` is the SHA-256 of issuer and subject of who signs in there; "" for a local account.
    Sessions and tokens carry a hash of the password and of `session_epoch`; a change of either ends them all.
    """

    email = models.EmailField(unique=True)
    full_name = models.CharField(max_length=150, blank=True)
    employee_id = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(
        "may enter the console", default=False, help_text="The console shows what the person's role allows."
    )
    date_joined = models.DateTimeField(default=timezone.now, editable=False)
    sso_subject = models.CharField(max_length=64, blank=True, default="", editable=False)
    session_epoch = models.PositiveIntegerField(default=0, editable=False)

    is_registering = False
    """Set while somebody makes their own account: that is recorded as such (`accounts.services.register`)."""

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ("email",)
        constraints = (
            models.UniqueConstraint(
                fields=["sso_subject"], condition=~models.Q(sso_subject=""), name="sso_subject_once"
            ),
        )

    def __str__(self) -> str:
        return self.email

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding and not args and kwargs.get("update_fields") is None:
            # A copy that was read earlier must not bring an ended epoch back: only `F()` moves it on.
            names = [field.name for field in self._meta.concrete_fields if not field.primary_key]
            kwargs["update_fields"] = [name for name in names if name != "session_epoch"]
        super().save(*args, **kwargs)

    def get_full_name(self) -> str:
        return self.full_name or self.email

    def get_short_name(self) -> str:
        return self.full_name.split(" ")[0] if self.full_name else self.email

    @cached_property
    def role(self) -> Role | None:
        if self.is_superuser:
            return Role.ADMIN
        return highest_role(list(self.groups.values_list("name", flat=True)))

    def has_role(self, needed: Role) -> bool:
        return self.is_active and self.role is not None and self.role >= needed

    def get_session_auth_hash(self) -> str:
        return self._stamp(None)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        for secret in settings.SECRET_KEY_FALLBACKS:
            yield self._stamp(secret)

    def _stamp(self, secret: str | bytes | None) -> str:
        value = f"{self.session_epoch}:{self.password}"
        return salted_hmac("accounts.User.session", value, secret=secret, algorithm="sha256").hexdigest()


class LoginAttempt(models.Model):
    """A try to sign in or to register, kept for minutes: what the throttle counts, in any number of processes.

    `account` is a hash: people type passwords into the wrong box.
    """

    kind = models.CharField(max_length=8)
    account = models.CharField(max_length=64)
    address = models.CharField(max_length=45)
    created_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes = (
            models.Index(fields=["account", "kind", "created_at"], name="attempt_account"),
            models.Index(fields=["address", "kind", "created_at"], name="attempt_address"),
            models.Index(fields=["created_at"], name="attempt_created"),
        )

    def __str__(self) -> str:
        return f"{self.kind} from {self.address}"


class ServiceKey(models.Model):
    """A named key for a sender. Only its SHA-256 is kept: keys are long and random, so no slow hash is needed.

    `sources` lists the slugs it opens; an empty list opens all alert sources.
    """

    name = models.CharField(max_length=100, unique=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    hint = models.CharField(
        max_length=12, editable=False, help_text="The first characters, to tell keys apart."
    )
    sources = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        User, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
