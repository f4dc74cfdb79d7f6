"""The ticket in the console: read here, changed only through `tickets.services`."""

from tickets.admin.ticket import TicketAdmin

__all__ = ["TicketAdmin"]
