"""The runs of a Databricks job before the failed one, and what differs from the last good one."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.databricks.client import DatabricksClient
from integrations.databricks.models import Run
from integrations.errors import IntegrationError
from rca.evidence import history
from rca.evidence.gathered import Gathered
from rca.models import EvidenceKind

_ASKED = 25  # one page: some of them may be later than the failed run


def gather(found: Gathered, client: DatabricksClient, run: Run) -> None:
    """Run history and configuration evidence; costs one to four calls."""
    runs = found.ask(
        "the run history", lambda: client.list_runs(job_id=run.job_id, limit=_ASKED, completed_only=True)
    )
    if runs is None:
        return
    current = _past(run, has_failed=True)
    earlier = history.before([_past(item) for item in runs], current)
    add_history(found, earlier, current)
    good = next((item for item in earlier if item.is_good), None)
    if good is None:
        return
    good_run = found.ask("the last good run", lambda: client.get_run(good.run_id), is_optional=True)
    if good_run is None:
        return
    differing = history.differences(_setup(client, good_run), _setup(client, run))
    add_differences(found, differing, good)


def add_history(found: Gathered, earlier: list[history.PastRun], current: history.PastRun) -> None:
    verdict, sentence = history.judge(earlier, current)
    parts = [sentence, history.duration_sentence(earlier, current), history.table(earlier, current)]
    text = "\n".join(part for part in parts if part)
    found.add(EvidenceKind.RUN_HISTORY, "The last runs", text, slot=f"history:{current.run_id}")
    found.metadata["run_history"] = verdict


def add_differences(found: Gathered, differing: list[str], good: history.PastRun) -> None:
    what = "\n".join(differing) or "Nothing that the vendor tells: parameters and set-up are the same."
    title = f"What differs from the last good run {good.run_id}"
    found.add(EvidenceKind.CONFIGURATION, title, what, slot="differences")


def _past(run: Run, *, has_failed: bool | None = None) -> history.PastRun:
    failed = run.state.has_failed and "CANCEL" not in run.state.result if has_failed is None else has_failed
    is_good = run.state.is_over and not run.state.has_failed and has_failed is None
    return history.PastRun(run.run_id, run.started_at, is_good, failed, run.duration_ms)


def _setup(client: DatabricksClient, run: Run) -> history.Setup:
    return history.Setup(
        parameters=run.parameters,
        cluster=_cluster(client, run),
        libraries=tuple(sorted({library for task in run.tasks for library in task.libraries})),
        git_commit=run.git_commit,
    )


def _cluster(client: DatabricksClient, run: Run) -> Mapping[str, str]:
    """Runtime and node types; empty where the cluster is gone (purged after 30 days), which is no trouble."""
    cluster_id = run.cluster_id or next((task.cluster_id for task in run.tasks if task.cluster_id), "")
    if not cluster_id:
        return {}
    try:
        cluster = client.get_cluster(cluster_id)
    except IntegrationError:
        return {}
    facts = {
        "runtime": cluster.spark_version,
        "node type": cluster.node_type,
        "driver": cluster.driver_node_type,
    }
    return {name: value for name, value in facts.items() if value}
