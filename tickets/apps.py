from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_delete


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = "Tickets"

    def ready(self) -> None:
        post_delete.connect(forget_text, sender="tickets.Ticket", dispatch_uid="tickets.forget_text")


def forget_text(instance: Any, **_: Any) -> None:
    """What was searched of a deleted ticket goes with it, in the same transaction."""
    from tickets import search_index  # noqa: PLC0415 - the models are loaded after this module

    search_index.forget(instance.pk)
