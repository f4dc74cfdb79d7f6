"""Whether Data Factory and Synapse can be read with the credentials of the settings.

Where RECONCILE_FACTORIES names no factory, those that the credential can see are asked.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings

from integrations.azure_identity import management_tokens, synapse_tokens
from integrations.bearer import BearerApi
from integrations.checks import register
from integrations.datafactory.advice import advise_factory
from integrations.datafactory.client import PipelinesClient, PipelinesConfig, management_scope
from integrations.datafactory.resource import Kind, PipelineHost, parse_host_id
from integrations.errors import IntegrationError
from integrations.reading import objects, text

_MAX_SUBSCRIPTIONS = 5
_MAX_HOSTS = 5
_PROVIDERS: dict[Kind, tuple[str, str]] = {
    "factory": ("Microsoft.DataFactory/factories", "2018-06-01"),
    "workspace": ("Microsoft.Synapse/workspaces", "2021-06-01"),
}


def check_factories() -> str:
    """Ask up to five factories, those of RECONCILE_FACTORIES or else visible ones, for the last minute's failures."""
    config = PipelinesConfig.from_settings()
    tokens = management_tokens()
    named = [host for each in settings.RECONCILE_FACTORIES if (host := parse_host_id(each))]
    factories = [host for host in named if host.kind == "factory"][:_MAX_HOSTS] or _visible("factory", config)
    if not factories:
        raise IntegrationError(
            "datafactory: signed in, but no data factory is visible",
            vendor="datafactory",
            permanent=True,
            advice="Give the application the role Data Factory Contributor on the factories, or a custom role with "
            "Microsoft.DataFactory/factories/read, …/querypipelineruns/action, …/pipelineruns/read and "
            "…/pipelineruns/queryactivityruns/action.",
        )
    for factory in factories:
        _ask(PipelinesClient.connect(factory, config, tokens))
    return "runs can be read in " + ", ".join(factory.name for factory in factories)


def check_workspaces() -> str:
    """The same for Synapse; a workspace is asked at its own address."""
    config = PipelinesConfig.from_settings()
    tokens = synapse_tokens()
    workspaces = _visible("workspace", config)
    if not workspaces:
        return "signed in; no Synapse workspace is visible in Azure, so none was asked"
    for workspace in workspaces:
        _ask(PipelinesClient.connect(workspace, config, tokens))
    return "runs can be read in " + ", ".join(workspace.name for workspace in workspaces)


def _visible(kind: Kind, config: PipelinesConfig) -> list[PipelineHost]:
    base = config.management_endpoint.rstrip("/")
    api = BearerApi("datafactory", base, management_tokens(), management_scope(base), advise_factory).within(
        25.0
    )
    provider, version = _PROVIDERS[kind]
    found: list[PipelineHost] = []
    subscriptions = objects(api.get("/subscriptions", {"api-version": "2022-12-01"}), "value")
    for subscription in subscriptions[:_MAX_SUBSCRIPTIONS]:
        path = f"/subscriptions/{text(subscription, 'subscriptionId')}/providers/{provider}"
        listed = objects(api.get(path, {"api-version": version}), "value")
        found += [host for item in listed if (host := parse_host_id(text(item, "id")))]
        if len(found) >= _MAX_HOSTS:
            break
    return found[:_MAX_HOSTS]


def _ask(client: PipelinesClient) -> None:
    now = datetime.now(UTC)
    client.within(20.0).query_pipeline_runs(now - timedelta(minutes=1), now, limit=1)


register("datafactory", check_factories)
register("synapse", check_workspaces)
