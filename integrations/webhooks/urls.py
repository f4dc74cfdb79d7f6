"""The addresses of Jira and Slack, with and without a trailing slash; neither is ever redirected."""

from __future__ import annotations

from django.urls import re_path

from integrations.webhooks.views import JiraWebhook, SlackWebhook

urlpatterns = [
    re_path(r"^webhook/jira/?$", JiraWebhook.as_view(), name="webhook-jira"),
    re_path(r"^webhook/slack/?$", SlackWebhook.as_view(), name="webhook-slack"),
]
