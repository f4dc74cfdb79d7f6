from __future__ import annotations

from django.urls import re_path

from integrations.api.views import DeliveriesView, SendAgainView

urlpatterns = [
    re_path(r"^deliveries/?$", DeliveriesView.as_view(), name="api-deliveries"),
    re_path(
        r"^deliveries/(?P<delivery_id>[0-9]{1,18})/send/?$", SendAgainView.as_view(), name="api-delivery-send"
    ),
]
