"""From a signed-in person to the audit trail's actor."""

from __future__ import annotations

from accounts.models import User
from audit import context
from audit.models import ActorKind
from audit.services import SYSTEM, Actor


def person(user: User) -> Actor:
    return Actor(ActorKind.PERSON, user.email, user.employee_id)


def current_actor() -> Actor:
    """Whoever is signed in to the current request; the system itself outside of one."""
    user = getattr(context.request.get(), "user", None)
    return person(user) if isinstance(user, User) else SYSTEM
