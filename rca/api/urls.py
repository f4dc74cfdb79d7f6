from __future__ import annotations

from django.urls import re_path

from rca.api.feedback import FeedbackView
from rca.api.views import ReanalyseView

urlpatterns = [
    re_path(
        r"^tickets/(?P<key>[A-Za-z0-9-]{1,64})/reanalyse/?$", ReanalyseView.as_view(), name="api-reanalyse"
    ),
    re_path(r"^tickets/(?P<key>[A-Za-z0-9-]{1,64})/feedback/?$", FeedbackView.as_view(), name="api-feedback"),
]
