"""What a person changes when Azure refuses a pipelines call. Pure."""

from __future__ import annotations

import re

from integrations.errors import IntegrationError

_ACTION = re.compile(r"Microsoft\.DataFactory/[\w/]+/(?:action|read|write)\b", re.IGNORECASE)
_RENEW = (
    "The token is wrong, has expired or is for another cloud: check AZURE_TENANT_ID and AZURE_CLIENT_SECRET, "
    "or renew {name} where that is set."
)
_FACTORY_ROLE = (
    "Give the application the role Data Factory Contributor on the factory, or a custom role with "
    "Microsoft.DataFactory/factories/querypipelineruns/action, …/pipelineruns/read and "
    "…/pipelineruns/queryactivityruns/action."
)
_WORKSPACE_ROLE = (
    "Give the application the Synapse RBAC role Synapse Monitoring Operator in the workspace (Synapse "
    "Compute Operator or higher to run pipelines); roles of Azure itself do not count there."
)


def advise_factory(error: IntegrationError) -> str:
    """A sentence for the people on duty; "" where there is nothing to change."""
    if error.status == 401:
        return _RENEW.format(name="AZURE_MANAGEMENT_TOKEN")
    if error.status == 403:
        missing = _ACTION.search(str(error))
        return _FACTORY_ROLE + (f" The missing action is {missing[0]}." if missing else "")
    if error.status == 404:
        return (
            "Check that the factory still exists, and AZURE_MANAGEMENT_ENDPOINT; runs are kept for 45 days."
        )
    return ""


def advise_workspace(error: IntegrationError) -> str:
    """As `advise_factory`, for Synapse."""
    if error.status == 401:
        return _RENEW.format(name="AZURE_SYNAPSE_TOKEN")
    if error.status == 403:
        return _WORKSPACE_ROLE
    if error.status == 404:
        return "Check that the workspace still exists, and AZURE_SYNAPSE_ENDPOINT; runs are kept for 45 days."
    return ""
