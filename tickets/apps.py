from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_delete


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = "Desk"

    def ready(self) -> None:
        from tickets.search_index import forget_ticket

        post_delete.connect(forget_ticket, sender="tickets.Ticket", dispatch_uid="tickets.forget_text")
