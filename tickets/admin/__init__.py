"""The ticket in the console: read here, changed only through `tickets.services`."""

from tickets.admin.policies import TeamPolicyAdmin
from tickets.admin.quiet import MaintenanceWindowAdmin, MuteAdmin, QuietSummaryAdmin
from tickets.admin.ticket import TicketAdmin

__all__ = ["MaintenanceWindowAdmin", "MuteAdmin", "QuietSummaryAdmin", "TeamPolicyAdmin", "TicketAdmin"]
