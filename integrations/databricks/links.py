"""Addresses in a Databricks workspace: for people to open, and read back from what others link to. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

_JOB_RUN = re.compile(r"/?jobs?/(\d+)/runs?/(\d+)")
_AZURE_HOST = re.compile(r"adb-(\d+)\.\d+\.azuredatabricks\.net", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RunPage:
    """What a run page's address says. `workspace_id` is "" where it does not tell."""

    host: str
    job_id: str
    run_id: str
    workspace_id: str = ""


def run_page_url(host: str, job_id: str, run_id: str) -> str:
    """The page of a job run; `host` with its scheme."""
    return f"{host}/#job/{quote(job_id, safe='')}/run/{quote(run_id, safe='')}"


def cluster_logs_url(host: str, cluster_id: str) -> str:
    """The driver's log of a cluster; "" without a cluster."""
    return f"{host}/#setting/clusters/{quote(cluster_id, safe='')}/driverLogs" if cluster_id else ""


def parse_run_page_url(url: str) -> RunPage | None:
    """Read `https://host/?o=1#job/2/run/3` and `https://host/jobs/2/runs/3?o=1`; None for anything else.

    The address comes out of an activity's output and is untrusted: `host` must be compared with the settings
    before anything is sent there.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        query = parse_qs(parts.query or parts.fragment.partition("?")[2])
    except ValueError:
        return None
    found = _JOB_RUN.search(parts.fragment) or _JOB_RUN.search(parts.path)
    if parts.scheme not in {"https", "http"} or not host or not found:
        return None
    workspace = query.get("o", [""])[-1]
    return RunPage(host, found[1], found[2], workspace if workspace.isdigit() else workspace_id_of(host))


def workspace_id_of(host: str) -> str:
    """The workspace id that an Azure host carries (`adb-<id>.<n>.azuredatabricks.net`); "" for others."""
    found = _AZURE_HOST.fullmatch(urlsplit(host).hostname or host)
    return found[1] if found else ""
