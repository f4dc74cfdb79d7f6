"""Jira, Slack and Blob on one loopback server, with the settings that lead there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support.blob_server import FakeBlobs
from tests.support.fake_jira import FakeJira
from tests.support.fake_slack import CHANNEL, FakeSlack
from tests.support.faults import Faults
from tests.support.vendor_server import VendorServer, serving

JIRA_SECRET = "jira-hook-secret-0123456789"
SLACK_SECRET = "slack-signing-secret-0123456789"
CONTAINER = "audit-logs"


@dataclass(frozen=True)
class World:
    vendor: VendorServer
    faults: Faults
    jira: FakeJira
    slack: FakeSlack
    blobs: FakeBlobs

    @property
    def environment(self) -> dict[str, str]:
        """For a child process; as settings, the same names hold."""
        return {
            "ITSM_TOOL": "jira",
            "JIRA_DOMAIN": self.vendor.url,
            "JIRA_USER_EMAIL": "desk@example.com",
            "JIRA_API_TOKEN": "jira-token",
            "JIRA_PROJECT_KEY": "OPS",
            "JIRA_WEBHOOK_SECRET": JIRA_SECRET,
            "SLACK_BOT_TOKEN": "xoxb-test",
            "SLACK_ALERT_CHANNEL": CHANNEL,
            "SLACK_API_URL": f"{self.vendor.url}/api/",
            "SLACK_SIGNING_SECRET": SLACK_SECRET,
            "AZURE_BLOB_ENABLED": "true",
            "AZURE_STORAGE_CONN": self.blobs.connection_string,
            "NO_PROXY": "127.0.0.1,localhost",
        }


@contextmanager
def living() -> Iterator[World]:
    with serving() as vendor:
        faults, blobs = Faults(), FakeBlobs(vendor)
        blobs.serve_all(CONTAINER, faults)
        yield World(vendor, faults, FakeJira(vendor, faults), FakeSlack(vendor, faults), blobs)
