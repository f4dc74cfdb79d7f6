"""How the console looks and what stands in its side bar: django-unfold's settings, used by `aiops.settings`."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy

_IS_ADMIN = "aiops.console.sidebar.is_admin"
_IS_VIEWER = "aiops.console.sidebar.is_viewer"


def _style(request: HttpRequest) -> str:
    return static("console/console.css")


def _icon(request: HttpRequest) -> str:
    return static("dashboard/icon.svg")


def _item(title: str, icon: str, address: str, permission: str = _IS_VIEWER, **more: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(address if address.startswith("console_") else f"admin:{address}"),
        "permission": permission,
        **more,
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "AIOps Desk",
    "SITE_HEADER": "AIOps Desk",
    "SITE_SUBHEADER": "Console",
    "SITE_SYMBOL": "emergency_home",
    "SITE_URL": "/dashboard",
    "SITE_FAVICONS": [{"rel": "icon", "href": _icon, "type": "image/svg+xml"}],
    "SHOW_HISTORY": False,  # the audit trail is the history, and it is complete
    "SHOW_VIEW_ON_SITE": False,
    "BORDER_RADIUS": "6px",
    "STYLES": [_style],
    "DASHBOARD_CALLBACK": "aiops.console.front_page.fill_front_page",
    "COLORS": {
        "primary": {
            "50": "#eff6ff",
            "100": "#dbeafe",
            "200": "#bfdbfe",
            "300": "#93c5fd",
            "400": "#60a5fa",
            "500": "#60a5fa",
            "600": "#1d4ed8",
            "700": "#1e40af",
            "800": "#1e3a8a",
            "900": "#172554",
            "950": "#0f1a3d",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "Desk",
                "items": [
                    _item("Overview", "space_dashboard", "index"),
                    _item(
                        "Tickets",
                        "confirmation_number",
                        "tickets_ticket_changelist",
                        badge="aiops.console.sidebar.open_tickets",
                    ),
                    _item(
                        "Remediation",
                        "healing",
                        "remediation_overview",
                        badge="aiops.console.sidebar.proposals",
                    ),
                    _item("Analyses", "troubleshoot", "rca_analysis_changelist"),
                    _item(
                        "Deliveries",
                        "send",
                        "integrations_delivery_changelist",
                        badge="aiops.console.sidebar.parked_deliveries",
                    ),
                    _item("Summaries and digests", "campaign", "integrations_broadcast_changelist"),
                    _item("SLA and showback", "payments", "console_showback"),
                ],
            },
            {
                "title": "Quiet and escalation",
                "separator": True,
                "items": [
                    _item("Maintenance windows", "event_busy", "tickets_maintenancewindow_changelist"),
                    _item("Mutes", "notifications_off", "tickets_mute_changelist"),
                    _item("Quiet times over", "summarize", "tickets_quietsummary_changelist"),
                    _item("Team policies", "escalator_warning", "tickets_teampolicy_changelist", _IS_ADMIN),
                ],
            },
            {
                "title": "Record",
                "separator": True,
                "items": [
                    _item("Audit trail", "history", "audit_auditentry_changelist"),
                    _item("Audit seals", "verified_user", "audit_auditseal_changelist"),
                    _item("Audit verifications", "fact_check", "audit_auditverification_changelist"),
                    _item("Alert events", "inbox", "ingestion_alertevent_changelist"),
                ],
            },
            {
                "title": "Administration",
                "separator": True,
                "items": [
                    _item("Users", "group", "accounts_user_changelist", _IS_ADMIN),
                    _item("Service keys", "key", "accounts_servicekey_changelist", _IS_ADMIN),
                    _item("Settings in force", "tune", "console_settings", _IS_ADMIN),
                    _item("Health", "monitor_heart", "console_health"),
                ],
            },
        ],
    },
}
