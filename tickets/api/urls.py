from __future__ import annotations

from django.urls import re_path

from tickets.api import actions, exports, showback, views

KEY = r"(?P<key>[A-Za-z0-9-]{1,64})"

urlpatterns = [
    re_path(r"^summary/?$", views.SummaryView.as_view(), name="api-summary"),
    re_path(r"^open-tickets/?$", views.OpenTicketsView.as_view(), name="api-open-tickets"),
    re_path(
        r"^in-progress-tickets/?$", views.InProgressTicketsView.as_view(), name="api-in-progress-tickets"
    ),
    re_path(r"^closed-tickets/?$", views.ClosedTicketsView.as_view(), name="api-closed-tickets"),
    re_path(rf"^tickets/{KEY}/?$", views.TicketView.as_view(), name="api-ticket"),
    re_path(rf"^tickets/{KEY}/acknowledge/?$", actions.AcknowledgeView.as_view(), name="api-acknowledge"),
    re_path(rf"^tickets/{KEY}/start/?$", actions.StartView.as_view(), name="api-start"),
    re_path(rf"^tickets/{KEY}/reopen/?$", actions.ReopenView.as_view(), name="api-reopen"),
    re_path(rf"^tickets/{KEY}/mute/?$", actions.MuteView.as_view(), name="api-mute"),
    re_path(rf"^tickets/{KEY}/comment/?$", actions.CommentView.as_view(), name="api-comment"),
    re_path(r"^showback/?$", showback.ShowbackView.as_view(), name="api-showback"),
    re_path(r"^export/showback/?$", showback.ShowbackExport.as_view(), name="api-export-showback"),
    re_path(rf"^tickets/{KEY}/steps/?$", actions.MarkStepView.as_view(), name="api-steps"),
    re_path(r"^export/open-tickets/?$", exports.OpenTicketsExport.as_view(), name="api-export-open"),
    re_path(
        r"^export/in-progress-tickets/?$",
        exports.InProgressTicketsExport.as_view(),
        name="api-export-in-progress",
    ),
    re_path(r"^export/closed-tickets/?$", exports.ClosedTicketsExport.as_view(), name="api-export-closed"),
]
