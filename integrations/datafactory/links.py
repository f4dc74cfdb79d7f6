"""Addresses in Azure's studios, for people to open. Pure."""

from __future__ import annotations

from urllib.parse import quote

from integrations.datafactory.resource import PipelineHost


def run_page_url(host: PipelineHost, run_id: str) -> str:
    """The monitoring page of a pipeline run."""
    run, resource = quote(run_id, safe=""), quote(host.arm_id, safe="")
    if host.kind == "workspace":
        return f"https://web.azuresynapse.net/en/monitoring/pipelineruns/{run}?workspace={resource}"
    return f"https://adf.azure.com/en/monitoring/pipelineruns/{run}?factory={resource}"
