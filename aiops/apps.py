from __future__ import annotations

import gc

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate

from aiops.backends.sqlite3.statistics import tell_after_migrate


class AiopsConfig(AppConfig):
    name = "aiops"
    verbose_name = "AIOps Desk"

    def ready(self) -> None:
        from aiops import (
            checks,  # noqa: F401 - registers the system checks
            memory,
            telemetry,
            worker,
        )

        post_migrate.connect(
            tell_after_migrate, sender=apps.get_app_config("ingestion"), dispatch_uid="aiops.statistics"
        )
        worker.connect()
        telemetry.connect()
        memory.share_heaps()
        gc.freeze()
        gc.enable()
