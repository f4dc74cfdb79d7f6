"""Whatever changes what a person may do, wherever it is changed, ends their sessions and is recorded."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.signals import user_logged_out
from django.db.models.signals import m2m_changed, post_save, pre_save
from django.dispatch import receiver

from accounts.actors import current_actor, person
from accounts.models import User
from accounts.services import forget_sessions
from audit import actions
from audit.services import record

STANDING = ("is_active", "is_superuser", "is_staff")
IDENTITY = ("email", "full_name", "employee_id")
WATCHED = frozenset({*STANDING, *IDENTITY, "password"})


@receiver(post_save, sender=User)
def person_made(instance: User, created: bool, raw: bool = False, **_: Any) -> None:
    """By an administrator, a command or a sign-on; who registers is recorded by `services.register`."""
    if created and not raw and not instance.is_registering:
        record(actions.USER_CREATED, actor=current_actor(), summary=instance.email)


@receiver(pre_save, sender=User)
def standing_changed(instance: User, update_fields: frozenset[str] | None = None, **_: Any) -> None:
    """Record who may sign in otherwise than before, and end the sessions of whose standing changed."""
    if instance._state.adding or (update_fields is not None and not WATCHED & set(update_fields)):
        return
    before = User.objects.filter(pk=instance.pk).values(*WATCHED).first()
    if before is None:
        return
    changed = [name for name in (*STANDING, *IDENTITY) if before[name] != getattr(instance, name)]
    if changed:
        if set(changed) & set(STANDING):
            forget_sessions(instance)
        what = ", ".join(f"{name} {getattr(instance, name)}" for name in changed)
        record(
            actions.USER_CHANGED,
            actor=current_actor(),
            summary=f"{before['email']}: {what}",
            details={"changed": [[name, before[name], getattr(instance, name)] for name in changed]},
        )
    is_chosen = getattr(instance, "_password", None) is not None  # a mere change of the hasher is none
    if is_chosen and before["password"] != instance.password:
        # The hash is part of what sessions carry, so they end by themselves.
        record(actions.PASSWORD_CHANGED, actor=current_actor(), summary=instance.email)


@receiver(m2m_changed, sender=User.groups.through)
def roles_changed(
    instance: User | Group, action: str, reverse: bool, pk_set: set[int] | None, **_: Any
) -> None:
    """Record the roles of everybody concerned, and end their sessions, whichever side of the relation changed."""
    if action == "pre_clear" and reverse:
        people = list(User.objects.filter(groups=instance.pk))
    elif action in {"post_add", "post_remove", "post_clear"} and isinstance(instance, User):
        people = [instance]
    elif action in {"post_add", "post_remove"} and reverse:
        people = list(User.objects.filter(pk__in=pk_set or ()))
    else:
        return
    for user in people:
        forget_sessions(user)
        held = ", ".join(user.groups.order_by("name").values_list("name", flat=True)) or "none"
        record(actions.ROLES_CHANGED, actor=current_actor(), summary=f"{user.email}: {held}")


@receiver(user_logged_out)
def signed_out(user: User | None, **_: Any) -> None:
    if user is not None:
        record(actions.LOGGED_OUT, actor=person(user))
