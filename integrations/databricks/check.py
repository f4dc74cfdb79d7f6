"""Whether the Databricks workspaces of the settings can be read."""

from __future__ import annotations

from integrations.azure_identity import entra_tokens
from integrations.checks import register
from integrations.databricks.client import DatabricksClient
from integrations.databricks.config import VENDOR, Workspaces
from integrations.errors import NotConfiguredError


def check() -> str:
    """List one run in each workspace. Raises IntegrationError for the first that refuses."""
    workspaces = Workspaces.from_settings().all()
    if not workspaces:
        raise NotConfiguredError(VENDOR, "Set DATABRICKS_HOST and DATABRICKS_TOKEN.")
    seen = []
    for config in workspaces:
        client = DatabricksClient.connect(config, entra_tokens()).within(25.0)
        runs = client.list_runs(limit=1, completed_only=False)
        seen.append(f"{config.host} reached" + ("" if runs else ", though no run is visible to the token"))
    return "; ".join(seen)


register("databricks", check)
