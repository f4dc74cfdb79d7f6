"""Where people go from a ticket: the vendor's page of the run, the ITSM issue, the console. Pure.

What comes from an alert is untrusted: only http and https addresses leave this module.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from tickets.choices import Source

_RESOURCE = re.compile(
    r"/subscriptions/[^/]+/resourcegroups/[^/]+/providers/microsoft\.(datafactory/factories|synapse/workspaces)/[^/]+",
    re.IGNORECASE,
)
_STUDIOS = {
    Source.ADF: "https://adf.azure.com/en/monitoring/pipelineruns/{run}?factory={resource}",
    Source.SYNAPSE: "https://web.azuresynapse.net/en/monitoring/pipelineruns/{run}?workspace={resource}",
}


def run_url(source: str, run_id: str, metadata: Mapping[str, Any]) -> str:
    """The run's page at the vendor, else the query that raised the alert; "" where neither is known."""
    page = _web_address(metadata.get("run_page_url")) or _web_address(metadata.get("run_url"))
    if page:
        return page
    resource = str(metadata.get("resource_id") or metadata.get("target") or "")
    studio = _STUDIOS.get(Source(source)) if source in Source.values else None
    if studio and run_id and _RESOURCE.fullmatch(resource):
        return studio.format(run=quote(run_id, safe=""), resource=quote(resource, safe=""))
    return _web_address(metadata.get("link_to_results"))


def itsm_url(jira_domain: str, issue_key: str) -> str:
    return f"{jira_domain}/browse/{quote(issue_key, safe='')}" if jira_domain and issue_key else ""


def _web_address(value: object) -> str:
    if not isinstance(value, str) or len(value) > 2_000:
        return ""
    try:
        parts = urlsplit(value)
    except ValueError:
        return ""
    return value if parts.scheme in {"http", "https"} and parts.netloc else ""
