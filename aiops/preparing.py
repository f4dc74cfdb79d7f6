"""What a database needs before the desk serves from it: the schema, the first administrator, the start on record."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, connection

from accounts.models import User
from accounts.roles import Role
from aiops import env
from aiops.alone import Tell, migrating_alone
from audit.startup import record_settings

FIRST_ADMIN_EMAIL = "admin@example.com"


def prepare_database(tell: Tell) -> None:
    """Of several processes that start together one does the work and the others wait for it.

    Raises CommandError with one sentence when the database cannot be used.
    """
    try:
        with migrating_alone(connection, tell):
            call_command("migrate", interactive=False, verbosity=0)
            _make_first_administrator(tell)
            record_settings(env.given())
    except (DatabaseError, OSError) as error:
        raise CommandError(f"DATABASE_URL: the database cannot be used ({error}).") from error


def _make_first_administrator(tell: Tell) -> None:
    if User.objects.exists():
        return
    password = secrets.token_urlsafe(12)
    user = User.objects.create_superuser(FIRST_ADMIN_EMAIL, password, full_name="First administrator")
    user.groups.add(Group.objects.get(name=Role.ADMIN.group_name))
    tell(f"  First administrator   {FIRST_ADMIN_EMAIL}  password: {password}  (shown once)")
    if settings.LOCAL_SECRETS["RCA_API_KEY"] == settings.RCA_API_KEY:
        tell(f"  Webhook key           {settings.RCA_API_KEY}  (kept in {settings.DATA_DIR}/secrets.json)")
