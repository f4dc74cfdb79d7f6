"""Calls to one data factory (api-version 2018-06-01) or Synapse workspace (2020-12-01).

Methods raise IntegrationError and nothing else, also for an id or name that does not fit into an address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings

from integrations.azure_identity import SYNAPSE_SCOPE, TokenSource, management_tokens, synapse_tokens
from integrations.bearer import BearerApi, pages
from integrations.datafactory.advice import advise_factory, advise_workspace
from integrations.datafactory.models import ActivityRun, PipelineRun
from integrations.datafactory.resource import PipelineHost, checked_name, checked_run_id, parse_host_id
from integrations.errors import IntegrationError
from integrations.reading import objects, text, text_map

MAX_PAGES = 20
_ADF_VERSION = "2018-06-01"
_SYNAPSE_VERSION = "2020-12-01"
_PUBLIC_SCOPE = "https://management.azure.com/.default"


@dataclass(frozen=True, slots=True)
class PipelinesConfig:
    """Where the two APIs are. `synapse_endpoint` may hold `{workspace}`."""

    management_endpoint: str = "https://management.azure.com"
    synapse_endpoint: str = "https://{workspace}.dev.azuresynapse.net"

    @classmethod
    def from_settings(cls) -> PipelinesConfig:
        return cls(settings.AZURE_MANAGEMENT_ENDPOINT, settings.AZURE_SYNAPSE_ENDPOINT)


@dataclass(frozen=True, slots=True)
class PipelinesClient:
    """The pipelines of one factory or workspace. Cheap to make; holds no connection of its own."""

    host: PipelineHost
    api: BearerApi

    @classmethod
    def connect(cls, host: PipelineHost, config: PipelinesConfig, tokens: TokenSource) -> PipelinesClient:
        if host.kind == "workspace":
            base = config.synapse_endpoint.replace("{workspace}", host.name.lower()).rstrip("/")
            return cls(host, BearerApi("synapse", base, tokens, SYNAPSE_SCOPE, advise_workspace))
        base = config.management_endpoint.rstrip("/")
        return cls(host, BearerApi("datafactory", base, tokens, management_scope(base), advise_factory))

    def within(self, seconds: float) -> PipelinesClient:
        """The same client with `seconds` for all its calls together."""
        return replace(self, api=self.api.within(seconds))

    def query_pipeline_runs(
        self,
        after: datetime,
        before: datetime,
        *,
        statuses: Sequence[str] = ("Failed",),
        pipelines: Sequence[str] = (),
        limit: int = 200,
    ) -> tuple[PipelineRun, ...]:
        """Runs last updated between two times (aware), newest end first; an empty filter lets all pass."""
        filters = [
            {"operand": operand, "operator": "In" if len(values) > 1 else "Equals", "values": list(values)}
            for operand, values in (("Status", statuses), ("PipelineName", pipelines))
            if values
        ]
        body = {
            **_window(after, before),
            "filters": filters,
            "orderBy": [{"orderBy": "RunEnd", "order": "DESC"}],
        }
        found: list[PipelineRun] = []
        for item in self._query("/queryPipelineRuns", body):
            found.append(PipelineRun.from_json(item))
            if len(found) >= limit:
                break
        return tuple(found)

    def get_tags(self) -> Mapping[str, str]:
        """The tags of the factory in Azure; empty for a Synapse workspace, whose own address does not tell them."""
        if self.host.kind != "factory":
            return {}
        return text_map(self.api.get(self.host.arm_id, self._version()), "tags")

    def get_pipeline_run(self, run_id: str) -> PipelineRun:
        """One run by its id."""
        path = self._path(f"/pipelineruns/{checked_run_id(run_id)}")
        return PipelineRun.from_json(self.api.get(path, self._version()))

    def query_activity_runs(self, run: PipelineRun, *, limit: int = 500) -> tuple[ActivityRun, ...]:
        """The activities of a run, at most `limit`, in the order of their start."""
        path = f"/pipelineruns/{checked_run_id(run.run_id)}/queryActivityruns"
        if self.host.kind == "workspace":
            path = f"/pipelines/{quote(checked_name(run.pipeline), safe='')}{path}"
        begin = run.started_at or run.updated_at or datetime.now(UTC) - timedelta(days=1)
        end = run.ended_at or run.updated_at or datetime.now(UTC)
        body = {
            **_window(begin - timedelta(hours=1), max(end, begin) + timedelta(hours=1)),
            "orderBy": [{"orderBy": "ActivityRunStart", "order": "ASC"}],
        }
        found: list[ActivityRun] = []
        for item in self._query(path, body):
            found.append(ActivityRun.from_json(item))
            if len(found) >= limit:
                break
        return tuple(found)

    def create_run(
        self,
        pipeline: str,
        parameters: Mapping[str, object] | None = None,
        *,
        reference_run_id: str = "",
        is_recovery: bool = False,
        start_activity: str = "",
        start_from_failure: bool = False,
    ) -> str:
        """Start a pipeline; returns the new run's id. Never repeated here: every call starts a run.

        `reference_run_id` takes the old run's parameters; with `is_recovery` the new run joins its group, and
        begins at `start_activity` or (Data Factory only) at the activities that failed.
        """
        params = self._version()
        if reference_run_id:
            params["referencePipelineRunId"] = checked_run_id(reference_run_id)
            params["isRecovery"] = str(is_recovery).lower()
        if start_activity:
            params["startActivityName"] = start_activity
        elif start_from_failure and self.host.kind == "factory":
            params["startFromFailure"] = "true"
        path = self._path(f"/pipelines/{quote(checked_name(pipeline), safe='')}/createRun")
        try:
            answer = self.api.call("POST", path, params=params, json=dict(parameters or {}), idempotent=False)
        except IntegrationError as error:
            # Azure throttles at several layers: a 429 here is no proof that nothing was started.
            error.outcome_unknown = error.outcome_unknown or error.status == 429
            raise
        if run_id := text(answer.json_object(), "runId"):
            return run_id
        raise IntegrationError(
            f"{self.api.vendor}: createRun answered without a runId",
            vendor=self.api.vendor,
            permanent=False,
            code="not_json",
            outcome_unknown=True,
        )

    def cancel(self, run_id: str, *, is_recursive: bool = False) -> None:
        """Cancel a run, with `is_recursive` its children too. Repeating it does no harm."""
        path = self._path(f"/pipelineruns/{checked_run_id(run_id)}/cancel")
        self.api.call("POST", path, params={**self._version(), "isRecursive": str(is_recursive).lower()})

    def _query(self, path: str, body: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        """The entries of a paged query, page by page as they are taken."""

        def fetch(token: str) -> dict[str, Any]:
            asked = {**body, **({"continuationToken": token} if token else {})}
            return self.api.call("POST", self._path(path), params=self._version(), json=asked).json_object()

        for page in pages(fetch, "continuationToken", MAX_PAGES):
            yield from objects(page, "value")

    def _path(self, path: str) -> str:
        return self.host.arm_id + path if self.host.kind == "factory" else path

    def _version(self) -> dict[str, str]:
        return {"api-version": _ADF_VERSION if self.host.kind == "factory" else _SYNAPSE_VERSION}


def client_for_resource(resource_id: str) -> PipelinesClient | None:
    """The client for the factory or workspace of an alert; None when the id is not one of either.

    Raises NotConfiguredError when the settings hold no credential for it.
    """
    host = parse_host_id(resource_id)
    if host is None:
        return None
    tokens = management_tokens() if host.kind == "factory" else synapse_tokens()
    return PipelinesClient.connect(host, PipelinesConfig.from_settings(), tokens)


def management_scope(endpoint: str) -> str:
    """The scope of a token for a Resource Manager: each cloud has its own; a stand-in gets the public one."""
    host = urlsplit(endpoint).hostname or ""
    return f"https://{host}/.default" if host.startswith("management.") else _PUBLIC_SCOPE


def _window(after: datetime, before: datetime) -> dict[str, str]:
    return {"lastUpdatedAfter": _utc(after), "lastUpdatedBefore": _utc(before)}


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
