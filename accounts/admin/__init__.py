"""People and service keys in the console: for administrators alone."""

from accounts.admin.keys import ServiceKeyAdmin
from accounts.admin.people import UserAdmin

__all__ = ["ServiceKeyAdmin", "UserAdmin"]
