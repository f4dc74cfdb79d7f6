"""The console's own pages: front page, side bar, settings in force, health; and the audit trail's admin."""
