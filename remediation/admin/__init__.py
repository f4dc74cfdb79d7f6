"""Remediation in the console: attempts, the overview with its switches, and what a ticket's page shows of it."""

from remediation.admin import attempts, on_tickets

__all__ = ["attempts", "on_tickets"]
