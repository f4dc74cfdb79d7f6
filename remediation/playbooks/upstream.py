"""The pipeline that feeds another, by REMEDIATION_UPSTREAMS: a rerun waits until it has succeeded."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings

from remediation import sighting
from remediation.sighting import Sighting, Target


def upstream_of(target: Target) -> str:
    return str(settings.REMEDIATION_UPSTREAMS.get(target.name, ""))


def upstream_note(target: Target, seen: Sighting) -> str:
    """Why the upstream pipeline is not ready; "" when it has succeeded since the failed run ended.

    Raises CannotAskError, IntegrationError.
    """
    upstream = upstream_of(target)
    client = sighting.pipelines_client(target)
    since = datetime.fromisoformat(seen.ended_at) if seen.ended_at else datetime.now(UTC) - timedelta(days=1)
    runs = client.query_pipeline_runs(
        since, datetime.now(UTC) + timedelta(minutes=5), statuses=(), pipelines=(upstream,), limit=20
    )
    if any(run.status == "Succeeded" for run in runs):
        return ""
    active = next((run for run in runs if run.status in {"Queued", "InProgress"}), None)
    if active:
        return f"Upstream {upstream} runs: {active.run_id}."
    return f"Upstream {upstream} has not succeeded since the failure."
