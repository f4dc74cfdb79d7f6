"""Addresses under `/admin/` that no model has; taken before the admin's own."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from aiops.console.pages import health_page, settings_page
from aiops.console.showback_page import showback_page

urlpatterns = [
    path("settings/", admin.site.admin_view(settings_page), name="console_settings"),
    path("showback/", admin.site.admin_view(showback_page), name="console_showback"),
    path("health/", admin.site.admin_view(health_page), name="console_health"),
]
