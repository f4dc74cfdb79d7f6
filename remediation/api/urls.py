from __future__ import annotations

from django.urls import re_path

from remediation.api.views import ApproveView, AttemptsView, RejectView

_ONE = r"^remediation/(?P<attempt_id>[0-9]{1,18})"

urlpatterns = [
    re_path(r"^remediation/?$", AttemptsView.as_view(), name="api-remediation"),
    re_path(rf"{_ONE}/approve/?$", ApproveView.as_view(), name="api-remediation-approve"),
    re_path(rf"{_ONE}/reject/?$", RejectView.as_view(), name="api-remediation-reject"),
]
