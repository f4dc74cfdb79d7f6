"""Whom to ask about a target: only workspaces and factories of the settings are asked."""

from __future__ import annotations

from django.conf import settings

from integrations.databricks.client import DatabricksClient, client_for_workspace
from integrations.datafactory.client import PipelinesClient, client_for_resource
from integrations.datafactory.resource import parse_host_id
from remediation.sighting.target import CannotAskError, Target
from remediation.states import Kind

READ_SECONDS = 20.0


def pipelines_client(target: Target) -> PipelinesClient:
    """The factory or workspace of a target, where the settings allow it. Raises CannotAskError, IntegrationError."""
    host = parse_host_id(target.scope)
    if host is None:
        raise CannotAskError("The ticket does not name its factory or workspace by its ARM id.")
    allowed = _factories()
    if allowed and host.arm_id.lower() not in {each.strip().rstrip("/").lower() for each in allowed}:
        raise CannotAskError(f"{host.name} is not among the factories of REMEDIATION_FACTORIES.")
    client = client_for_resource(target.scope)
    assert client is not None, "the id was just read"
    return client.within(READ_SECONDS)


def _factories() -> tuple[str, ...]:
    return settings.REMEDIATION_FACTORIES or settings.RECONCILE_FACTORIES


def observed_only(kind: str) -> str:
    """Why things of a kind may be looked at and nothing more; "" where they may be repaired."""
    if kind == Kind.PIPELINE and not _factories():
        return "Observed only: no factory is named in REMEDIATION_FACTORIES."
    return ""


def databricks_client(target: Target) -> DatabricksClient:
    """The workspace of a target, where the settings know it. Raises CannotAskError, IntegrationError."""
    client = client_for_workspace(target.scope)
    if client is None:
        raise CannotAskError(f"No workspace of the settings has the id {target.scope[:40]}.")
    return client.within(READ_SECONDS)
