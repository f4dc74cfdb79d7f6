from __future__ import annotations

from django.apps import AppConfig


class AiopsConfig(AppConfig):
    name = "aiops"
    verbose_name = "AIOps Desk"

    def ready(self) -> None:
        from aiops import (
            checks,  # noqa: F401 - registers the system checks
            telemetry,
            worker,
        )

        worker.connect()
        telemetry.connect()
