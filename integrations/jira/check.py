"""Whether Jira lets us in, and has the project and the issue type of the settings."""

from __future__ import annotations

from dataclasses import replace

from integrations.checks import register
from integrations.jira.client import JiraClient
from integrations.jira.config import VENDOR, JiraConfig


def check() -> str:
    # Three calls, which together must stay under the register's 30 seconds.
    return JiraClient(replace(JiraConfig.from_settings(), deadline=9.0)).check()


register(VENDOR, check)
