"""The dashboard's page, and the figures that only this page asks for."""

from __future__ import annotations

from django.urls import re_path

from tickets.api.board import BoardView
from tickets.pages import DashboardPage

urlpatterns = [
    re_path(r"^dashboard/?$", DashboardPage.as_view(), name="dashboard"),
    re_path(r"^api/board/?$", BoardView.as_view(), name="api-board"),
]
