from __future__ import annotations

from django.urls import re_path

from audit.api import views

urlpatterns = [
    re_path(r"^audit-trail/?$", views.AuditTrailView.as_view(), name="api-audit-trail"),
    re_path(r"^audit-summary/?$", views.AuditSummaryView.as_view(), name="api-audit-summary"),
    re_path(r"^export/audit-trail\.zip/?$", views.AuditBundleView.as_view(), name="api-export-audit-bundle"),
    re_path(r"^export/audit-trail/?$", views.AuditExportView.as_view(), name="api-export-audit"),
]
