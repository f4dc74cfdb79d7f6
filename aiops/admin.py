"""What only the top layer may register: the audit trail (its own layer knows no roles), and what is hidden."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.models import Group
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken

from accounts.admin.keys_forms import offer_sources
from aiops.console import audit_seals, audit_trail, ticket_events  # noqa: F401  (they register themselves)
from tickets.choices import source_choices

offer_sources(source_choices)  # a callable: sources are added after this module is read

# Roles are groups: a person's page sets them. Tokens end with their person's sessions.
for hidden in (Group, OutstandingToken, BlacklistedToken):
    if admin.site.is_registered(hidden):
        admin.site.unregister(hidden)
