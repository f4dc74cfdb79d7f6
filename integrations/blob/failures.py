"""How what azure-storage-blob raises becomes an `IntegrationError`, with advice. Pure."""

from __future__ import annotations

from datetime import datetime

from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError

from integrations.blob.config import VENDOR
from integrations.errors import IntegrationError
from integrations.retry import is_permanent, retry_after_seconds

_PASSING = frozenset({"ContainerBeingDeleted", "ServerBusy", "OperationTimedOut", "InternalError"})
_ADVICE = {
    "AuthenticationFailed": "Copy AZURE_STORAGE_CONN again, and check this machine's clock.",
    "AuthorizationFailure": "The account's firewall turned this machine away: allow its address.",
    "AuthorizationPermissionMismatch": "The signature in AZURE_STORAGE_CONN lacks create, write or read.",
    "AuthorizationResourceTypeMismatch": "The signature must cover containers and blobs.",
    "KeyBasedAuthenticationNotPermitted": "The account refuses keys: allow them, or use a user's signature.",
    "AccountIsDisabled": "The storage account is disabled: look at the subscription.",
    "InvalidResourceName": "AZURE_BLOB_CONTAINER_NAME: 3 to 63 small letters, digits and single hyphens.",
    "ContainerBeingDeleted": "The container is being deleted, which takes half a minute; it is tried again.",
}


def from_azure(operation: str, error: AzureError, now: datetime) -> IntegrationError:
    """`now` (UTC) is what a Retry-After date counts from. No outcome is unknown: a put may be repeated."""
    if not isinstance(error, HttpResponseError) or error.status_code is None:
        is_unsent = isinstance(error, ServiceRequestError)
        return IntegrationError(
            f"{VENDOR}: {operation} failed: {'no connection' if is_unsent else 'no complete answer'}",
            vendor=VENDOR,
            permanent=False,
            code="refused" if is_unsent else "cut",
            advice="Check the host in AZURE_STORAGE_CONN, and that a firewall lets this machine out.",
        )
    code = getattr(error, "error_code", None) or ""
    code = str(getattr(code, "value", code))  # an enumeration where the SDK knows the code
    headers = getattr(error.response, "headers", None) or {}
    wait = retry_after_seconds(headers.get("Retry-After"), now)
    if code == "ContainerBeingDeleted" and wait is None:
        wait = 30.0
    return IntegrationError(
        f"{VENDOR}: {operation} answered {error.status_code}{f': {code}' if code else ''}",
        vendor=VENDOR,
        permanent=is_permanent(error.status_code) and code not in _PASSING,
        retry_after=wait,
        status=error.status_code,
        code=code,
        advice=_ADVICE.get(code, ""),
    )
