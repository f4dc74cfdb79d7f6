"""What a person changes when Databricks refuses. Pure."""

from __future__ import annotations

from integrations.errors import IntegrationError

_BY_STATUS = {
    401: "The token is wrong or has expired: make a new one and set DATABRICKS_TOKEN, or add the Entra "
    "application to the workspace.",
    403: "Give the token's user or service principal CAN_VIEW on the job (CAN_MANAGE_RUN to run or repair "
    "it), and CAN_ATTACH_TO on the cluster (CAN_RESTART to start it).",
    404: "Check that DATABRICKS_HOST is the workspace in which this ran; runs are kept for 60 days.",
}


def advise(error: IntegrationError) -> str:
    """A sentence for the people on duty; "" where there is nothing to change."""
    if error.code in {"PERMISSION_DENIED", "INVALID_PERMISSION"}:
        return _BY_STATUS[403]
    if error.code == "RESOURCE_DOES_NOT_EXIST":
        return _BY_STATUS[404]
    return _BY_STATUS.get(error.status or 0, "")
