from __future__ import annotations

from django.urls import re_path

from accounts.api.views import LoginView, MeView, RefreshView, RegisterView

urlpatterns = [
    re_path(r"^login/?$", LoginView.as_view(), name="api-login"),
    re_path(r"^register/?$", RegisterView.as_view(), name="api-register"),
    re_path(r"^token/refresh/?$", RefreshView.as_view(), name="api-token-refresh"),
    re_path(r"^me/?$", MeView.as_view(), name="api-me"),
]
