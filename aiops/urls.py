"""All addresses of the project (contract, sections 2, 4 and 6)."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path

from aiops.error_pages import unknown_api_address
from aiops.public_config import ConfigView
from aiops.schema import DocsView, SchemaView

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("ingestion.urls")),
    path("", include("integrations.webhooks.urls")),
    path("", include("accounts.urls")),
    path("", include("tickets.urls")),
    path("", include("aiops.health.urls")),
    path("api/", include("accounts.api.urls")),
    path("api/", include("tickets.api.urls")),
    path("api/", include("integrations.api.urls")),
    path("api/", include("audit.api.urls")),
    path("api/", include("rca.api.urls")),
    path("api/", include("remediation.api.urls")),
    re_path(r"^api/config/?$", ConfigView.as_view(), name="api-config"),
    re_path(r"^api/schema/?$", SchemaView.as_view(), name="api-schema"),
    re_path(r"^api/docs/?$", DocsView.as_view(url_name="api-schema"), name="api-docs"),
    path("admin/", include("aiops.console.urls")),
    path("admin/", admin.site.urls),
    re_path(r"^api/.*$", unknown_api_address, name="api-unknown"),  # after every address under /api/
]

handler400 = "aiops.error_pages.bad_request"
handler403 = "aiops.error_pages.forbidden"
handler404 = "aiops.error_pages.not_found"
handler500 = "aiops.error_pages.server_error"
