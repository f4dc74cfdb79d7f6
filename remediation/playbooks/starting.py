"""The call that a playbook makes. All its arguments come from the vendor's answer (`sighting`) or from the settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from django.conf import settings

from integrations.databricks.client import DatabricksClient
from integrations.reading import first_text
from remediation import sighting
from remediation.models import Attempt
from remediation.playbooks.by_url import CALL_SECONDS, URL_OF, call_url, url_of
from remediation.sighting import Sighting, Target
from remediation.states import PlaybookName

_GOOD_RUNS_ASKED = 5


class CannotDoError(Exception):
    """The playbook does not fit what the vendor says now; people must look. The message says why."""


def describe(playbook: str, target: Target) -> str:
    """What would be called, in one line for people."""
    where = f"{target.name} ({target.scope.rsplit('/', 1)[-1] or 'the default workspace'})"
    run = f", run {target.run_id}" if target.run_id else ""
    how = "by the HTTP playbook" if url_of(playbook) else "at the vendor"
    return f"{PlaybookName(playbook).label}: {where}{run}, {how}"


def start(attempt: Attempt, seen: Sighting) -> str:
    """Make the call; returns the new run's id, "" where none is told. Raises CannotDoError, IntegrationError."""
    if url := url_of(attempt.playbook):
        return call_url(url, attempt, seen)
    return _START[PlaybookName(attempt.playbook)](attempt, seen)


def _retry_pipeline(attempt: Attempt, seen: Sighting) -> str:
    target = seen.target
    client = sighting.pipelines_client(target).within(CALL_SECONDS)
    return client.create_run(
        target.name, reference_run_id=target.run_id, is_recovery=True, start_from_failure=True
    )


def _retry_job(attempt: Attempt, seen: Sighting) -> str:
    client = sighting.databricks_client(seen.target).within(CALL_SECONDS)
    if seen.has_tasks:
        return client.repair_run(seen.target.run_id, latest_repair(seen.repair_ids))
    if seen.parameters:
        raise CannotDoError("The run has no tasks to repair, and a new one would not have its parameters.")
    return client.run_now(seen.target.name, attempt.token)


def latest_repair(repair_ids: tuple[str, ...]) -> str:
    return repair_ids[-1] if repair_ids else ""


def _restart_cluster(attempt: Attempt, seen: Sighting) -> str:
    sighting.databricks_client(seen.target).within(CALL_SECONDS).start_cluster(seen.target.name)
    return ""


def _fallback_node_type(attempt: Attempt, seen: Sighting) -> str:
    fallback = settings.REMEDIATION_NODE_FALLBACKS.get(seen.node_type, "")
    if not fallback and seen.node_type not in settings.REMEDIATION_NODE_FALLBACKS.values():
        raise CannotDoError(
            f"REMEDIATION_NODE_FALLBACKS names no fallback for {seen.node_type or 'its node type'}."
        )
    client = sighting.databricks_client(seen.target).within(CALL_SECONDS)
    if fallback:
        client.change_node_type(seen.target.name, fallback)
    client.start_cluster(seen.target.name)
    return ""


def _reinstall_libraries(attempt: Attempt, seen: Sighting) -> str:
    client = sighting.databricks_client(seen.target).within(CALL_SECONDS)
    client.install_libraries(seen.target.name, seen.libraries)
    return ""


def _last_good_libraries(attempt: Attempt, seen: Sighting) -> str:
    client = sighting.databricks_client(seen.target).within(CALL_SECONDS)
    found = [_last_good(client, seen.target.name, library) for library in seen.libraries]
    client.install_libraries(seen.target.name, found)
    return ""


def _last_good(
    client: DatabricksClient, cluster_id: str, library: Mapping[str, object]
) -> Mapping[str, object]:
    """The version of a PyPI library with which the latest successful runs on this cluster ran."""
    wanted = first_text(library.get("pypi"), "package")
    name = _package_name(wanted)
    if not name:
        raise CannotDoError("Only PyPI libraries have a version to go back to.")
    asked = 0
    for known in client.list_runs(limit=50):
        if asked == _GOOD_RUNS_ASKED:
            break
        if known.state.has_failed or not known.state.is_over:
            continue
        asked += 1
        for task in client.get_run(known.run_id).tasks:
            for each in task.libraries if task.cluster_id == cluster_id else ():
                package = each.removeprefix("pypi:")
                if (
                    each != package
                    and "==" in package
                    and _package_name(package) == name
                    and package != wanted
                ):
                    return {"pypi": {"package": package}}
    raise CannotDoError(f"No version of {name} is known that worked on this cluster.")


def _package_name(package: str) -> str:
    return re.split(r"[=<>!~\[ ;]", package, maxsplit=1)[0].lower().replace("_", "-")


def _no_native_call(attempt: Attempt, seen: Sighting) -> str:
    raise CannotDoError(f"Set PLAYBOOK_{URL_OF[attempt.playbook]}: there is no native call for it.")


_START: dict[PlaybookName, Callable[[Attempt, Sighting], str]] = {
    PlaybookName.RETRY_PIPELINE: _retry_pipeline,
    PlaybookName.RERUN_UPSTREAM: _retry_pipeline,
    PlaybookName.RETRY_JOB: _retry_job,
    PlaybookName.RESTART_CLUSTER: _restart_cluster,
    PlaybookName.FALLBACK_NODE_TYPE: _fallback_node_type,
    PlaybookName.REINSTALL_LIBRARIES: _reinstall_libraries,
    PlaybookName.LAST_GOOD_LIBRARIES: _last_good_libraries,
    PlaybookName.CHECK_PERMISSIONS: _no_native_call,
}
