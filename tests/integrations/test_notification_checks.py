"""What check_integrations tells of Jira, Slack and Blob, from the settings down to the wire."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from integrations.checks import CheckResult, check_all
from tests.support.blob_server import FakeBlobs
from tests.support.vendor_server import VendorServer, ok


@pytest.fixture(autouse=True)
def all_set(settings: Settings, vendor: VendorServer) -> None:
    settings.ITSM_TOOL = "jira"
    settings.JIRA_DOMAIN, settings.JIRA_PROJECT_KEY = vendor.url, "OPS"
    settings.JIRA_USER_EMAIL, settings.JIRA_API_TOKEN = "bot@desk.test", "tok-123456"
    settings.JIRA_ISSUE_TYPE = "Bug"
    settings.SLACK_BOT_TOKEN, settings.SLACK_ALERT_CHANNEL = "xoxb-0", "#alerts"
    settings.SLACK_API_URL = f"{vendor.url}/api/"
    settings.AZURE_BLOB_ENABLED = True
    settings.AZURE_STORAGE_CONN = FakeBlobs(vendor).connection_string
    settings.AZURE_BLOB_CONTAINER_NAME = "audit-logs"


def found(name: str) -> CheckResult:
    (result,) = check_all([name])
    return result


@pytest.mark.parametrize(
    ("name", "unset", "advice"),
    [
        ("jira", "ITSM_TOOL", "ITSM_TOOL=jira"),
        ("jira", "JIRA_API_TOKEN", "Set JIRA_API_TOKEN."),
        ("slack", "SLACK_BOT_TOKEN", "Set SLACK_BOT_TOKEN."),
        ("blob", "AZURE_BLOB_ENABLED", "AZURE_BLOB_ENABLED"),
        ("blob", "AZURE_STORAGE_CONN", "Set AZURE_STORAGE_CONN."),
    ],
)
def test_missing_setting_is_named_and_nothing_is_called(
    settings: Settings, vendor: VendorServer, name: str, unset: str, advice: str
) -> None:
    setattr(settings, unset, "")
    result = found(name)
    assert result.state == "not_configured"
    assert advice in result.advice
    assert vendor.requests == []


def test_services_that_answer_are_ok(vendor: VendorServer) -> None:
    vendor.on("GET", "/rest/api/3/myself", ok({"displayName": "Desk Bot"}))
    vendor.on("GET", "/rest/api/3/project/OPS", ok({"name": "Operations"}))
    types = "/rest/api/3/issue/createmeta/OPS/issuetypes"
    vendor.on("GET", types, ok({"issueTypes": [{"name": "Bug"}]}))
    vendor.on("POST", "/api/auth.test", ok({"ok": True, "user": "desk", "team": "Night"}))
    FakeBlobs(vendor).serve("audit-logs")
    assert found("jira").detail == "signed in as Desk Bot; project Operations; issues of type Bug"
    assert found("slack").detail == "signed in as desk in Night; alerts go to alerts"
    assert found("blob").detail == "reached; container audit-logs is created with the first payload"


def test_services_that_refuse_fail_with_advice(vendor: VendorServer) -> None:
    vendor.on("GET", "/rest/api/3/myself", ok({"errorMessages": ["no"]}, 401))
    vendor.on("POST", "/api/auth.test", ok({"ok": False, "error": "invalid_auth"}))
    for name, advice in (("jira", "JIRA_API_TOKEN"), ("slack", "SLACK_BOT_TOKEN")):
        result = found(name)
        assert result.state == "failed"
        assert advice in result.advice
