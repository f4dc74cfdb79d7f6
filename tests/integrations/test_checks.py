"""What check_integrations tells, with the services of the settings played on loopback."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from integrations import checks
from integrations.checks import CheckResult, check_all, register, run_check
from integrations.databricks.client import client_for_host, client_for_workspace
from integrations.datafactory.client import client_for_resource
from integrations.errors import IntegrationError, NotConfiguredError
from tests.support.vendor_server import VendorServer, ok

SUBSCRIPTION = "/subscriptions/0a1b2c3d-0000-4000-8000-000000000001"
FACTORY = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.DataFactory/factories/adf-orders"
FACTORIES = f"{SUBSCRIPTION}/providers/Microsoft.DataFactory/factories"
OURS = ["databricks", "datafactory", "synapse"]


@pytest.fixture(autouse=True)
def nothing_set(settings: Settings, vendor: VendorServer) -> None:
    for name in (
        "DATABRICKS_HOST", "DATABRICKS_TOKEN", "DATABRICKS_WORKSPACE_ID", "DATABRICKS_WORKSPACES_FILE",
        "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_MANAGEMENT_TOKEN", "AZURE_SYNAPSE_TOKEN",
    ):  # fmt: skip
        setattr(settings, name, "")
    settings.AZURE_MANAGEMENT_ENDPOINT = vendor.url
    settings.AZURE_SYNAPSE_ENDPOINT = f"{vendor.url}/{{workspace}}"
    settings.AZURE_AUTHORITY_HOST = vendor.url


@pytest.fixture
def spare_register(monkeypatch: pytest.MonkeyPatch) -> None:
    checks.discover()
    monkeypatch.setattr(checks, "_registered", dict(checks._registered))


def found(name: str) -> CheckResult:
    (result,) = check_all([name])
    return result


def test_nothing_configured_names_the_settings() -> None:
    states = {result.name: result for result in check_all(OURS)}
    assert {result.state for result in states.values()} == {"not_configured"}
    assert "DATABRICKS_HOST" in states["databricks"].advice
    assert "AZURE_TENANT_ID" in states["datafactory"].advice


def test_databricks_that_answers_is_ok(settings: Settings, vendor: VendorServer) -> None:
    settings.DATABRICKS_HOST, settings.DATABRICKS_TOKEN = vendor.url, "dapi-1"
    vendor.on("GET", "/api/2.2/jobs/runs/list", ok({"runs": [{"run_id": 1}]}))
    assert found("databricks") == CheckResult("databricks", "ok", f"{vendor.url} reached")
    vendor.on("GET", "/api/2.2/jobs/runs/list", ok({}))
    assert found("databricks").detail.endswith("though no run is visible to the token")


def test_databricks_that_refuses_has_failed_with_advice(settings: Settings, vendor: VendorServer) -> None:
    settings.DATABRICKS_HOST, settings.DATABRICKS_TOKEN = vendor.url, "dapi-1"
    vendor.on("GET", "/api/2.2/jobs/runs/list", ok({}, 401))
    result = found("databricks")
    assert (result.state, "DATABRICKS_TOKEN" in result.advice) == ("failed", True)


def test_host_that_nobody_knows_has_failed_with_advice(settings: Settings) -> None:
    settings.DATABRICKS_HOST, settings.DATABRICKS_TOKEN = f"https://{'a' * 70}.example", "dapi-1"
    assert found("databricks").state == "failed"


def test_tls_that_cannot_be_agreed_has_failed_with_advice(settings: Settings, vendor: VendorServer) -> None:
    settings.DATABRICKS_HOST = vendor.url.replace("http://", "https://")
    settings.DATABRICKS_TOKEN = "dapi-1"
    result = found("databricks")
    assert (result.state, "REQUESTS_CA_BUNDLE" in result.advice) == ("failed", True)


def test_factories_that_are_visible_are_asked(settings: Settings, vendor: VendorServer) -> None:
    settings.AZURE_MANAGEMENT_TOKEN = "T"
    vendor.on("GET", "/subscriptions", ok({"value": [{"subscriptionId": SUBSCRIPTION.rpartition("/")[2]}]}))
    vendor.on("GET", FACTORIES, ok({"value": [{"id": FACTORY}, {"id": "/odd"}]}))
    vendor.on("POST", f"{FACTORY}/queryPipelineRuns", ok({"value": []}))
    assert found("datafactory") == CheckResult("datafactory", "ok", "runs can be read in adf-orders")
    vendor.on("POST", f"{FACTORY}/queryPipelineRuns", ok({"error": {"code": "AuthorizationFailed"}}, 403))
    assert "Data Factory Contributor" in found("datafactory").advice
    vendor.on("GET", FACTORIES, ok({"value": []}))
    assert "Data Factory Contributor" in found("datafactory").advice


def test_synapse_workspaces_are_asked_at_their_own_address(settings: Settings, vendor: VendorServer) -> None:
    settings.AZURE_MANAGEMENT_TOKEN, settings.AZURE_SYNAPSE_TOKEN = "T", "S"
    workspace = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Synapse/workspaces/syn-a"
    vendor.on("GET", "/subscriptions", ok({"value": [{"subscriptionId": SUBSCRIPTION.rpartition("/")[2]}]}))
    vendor.on(
        "GET", f"{SUBSCRIPTION}/providers/Microsoft.Synapse/workspaces", ok({"value": [{"id": workspace}]})
    )
    vendor.on("POST", "/syn-a/queryPipelineRuns", ok({}, 403))
    assert "Synapse Monitoring Operator" in found("synapse").advice
    assert vendor.requests[-1].headers["authorization"] == "Bearer S"


def test_wrong_client_secret_is_named(settings: Settings, vendor: VendorServer) -> None:
    settings.AZURE_TENANT_ID, settings.AZURE_CLIENT_ID, settings.AZURE_CLIENT_SECRET = (
        "tenant-x",
        "app",
        "wrong-one",
    )
    refusal = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid secret."}
    vendor.on("POST", "/tenant-x/oauth2/v2.0/token", ok(refusal, 401))
    result = found("datafactory")
    assert result.advice.startswith("AZURE_CLIENT_SECRET is wrong")
    assert "wrong-one" not in result.detail


def test_check_that_breaks_does_not_hide_the_others() -> None:
    def broken() -> str:
        raise KeyError("secret-detail")

    result = run_check("x", broken)
    assert (result.state, result.detail) == ("failed", "the check itself broke: KeyError")


def test_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="no such check: nope; known: "):
        check_all(["nope"])


@pytest.mark.usefixtures("spare_register")
def test_command_prints_each_service_and_fails_when_one_does() -> None:
    def refuse() -> str:
        raise IntegrationError("b: refused", vendor="b", permanent=True, advice="Change b.")

    def unset() -> str:
        raise NotConfiguredError("c", "Set C.")

    register("t-a", lambda: "a reached")
    register("t-b", refuse)
    register("t-c", unset)
    out = StringIO()
    with pytest.raises(CommandError, match="not reached: t-b"):
        call_command("check_integrations", "t-a", "t-b", "t-c", stdout=out, no_color=True)
    assert out.getvalue().splitlines() == [
        "ok       t-a: a reached",
        "FAILED   t-b: b: refused",
        "         Change b.",
        "not set  t-c: c is not configured",
        "         Set C.",
    ]
    out = StringIO()
    call_command("check_integrations", "t-a", "t-c", "--json", stdout=out)
    assert [entry["state"] for entry in json.loads(out.getvalue())] == ["ok", "not_configured"]


def test_client_is_had_for_the_configured_workspace_only(settings: Settings, tmp_path: Path) -> None:
    assert client_for_workspace("11") is None
    settings.DATABRICKS_HOST, settings.DATABRICKS_TOKEN = "https://a.example/", "dapi-1"
    settings.DATABRICKS_WORKSPACE_ID = "11"
    client = client_for_workspace("11")
    assert client is not None
    assert client.config.host == "https://a.example"
    assert client_for_workspace("12") is None
    path = tmp_path / "workspaces.json"
    path.write_text('{"12": {"host": "https://b.example", "token": "dapi-2"}}')
    settings.DATABRICKS_WORKSPACES_FILE = str(path)
    other = client_for_workspace("12")
    assert other is not None
    assert other.config.token == "dapi-2"
    assert client_for_host("b.example") == other
    assert client_for_host("c.example") is None


def test_databricks_uses_an_entra_token_where_it_has_none_of_its_own(
    settings: Settings, vendor: VendorServer
) -> None:
    settings.DATABRICKS_HOST = vendor.url
    settings.AZURE_TENANT_ID, settings.AZURE_CLIENT_ID, settings.AZURE_CLIENT_SECRET = (
        "tenant-x",
        "app",
        "good-one",
    )
    vendor.on("POST", "/tenant-x/oauth2/v2.0/token", ok({"access_token": "E", "expires_in": 3599}))
    vendor.on("GET", "/api/2.2/jobs/runs/get", ok({"run_id": 1}))
    for _ in range(2):
        client = client_for_workspace("")
        assert client is not None
        client.get_run("1")
    assert len(vendor.to("/tenant-x/oauth2/v2.0/token")) == 1
    assert vendor.requests[0].form()["scope"] == "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"
    assert vendor.requests[-1].headers["authorization"] == "Bearer E"


def test_client_is_had_for_factories_and_workspaces_only(settings: Settings) -> None:
    with pytest.raises(NotConfiguredError):
        client_for_resource(FACTORY)
    settings.AZURE_MANAGEMENT_TOKEN = "T"
    client = client_for_resource(FACTORY.lower())
    assert client is not None
    assert client.host.name == "adf-orders"
    assert (
        client_for_resource(f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/disks/d") is None
    )
