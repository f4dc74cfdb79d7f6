from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and keys"

    def ready(self) -> None:
        import_module("accounts.signals")
        from accounts.services import keep_role_groups

        post_migrate.connect(keep_role_groups, sender=self)
