"""Chooses `error_type`: the vendor's own code where the failure carries one, else one of the contract's
list.
"""

from __future__ import annotations

from typing import Final

from rca.providers.rules.codes import FoundCode
from rca.providers.rules.numbers import number_code
from tickets.choices import CauseClass as C

# Contract, section 10. {cause class: (name for Databricks, name for the others)}
_CLOSED: Final[dict[str, tuple[str, str]]] = {
    C.MISSING_SOURCE_DATA: ("DatabricksSparkException", "UserErrorSourceBlobNotExists"),
    C.PERMISSION_DENIED: ("DatabricksPermissionDenied", "AuthenticationError"),
    C.AUTHENTICATION_FAILURE: ("DatabricksAuthenticationError", "AuthenticationError"),
    C.NETWORK_CONNECTIVITY: ("HttpConnectionFailed", "HttpConnectionFailed"),
    C.TIMEOUT: ("DatabricksTimeoutError", "GatewayTimeout"),
    C.THROTTLING: ("ThrottlingError", "ThrottlingError"),
    C.CAPACITY_OR_QUOTA: ("DatabricksResourceExhausted", "UnknownError"),
    C.OUT_OF_MEMORY: ("DatabricksResourceExhausted", "UnknownError"),
    C.SCHEMA_OR_TYPE_MISMATCH: ("DatabricksSparkException", "UserErrorInvalidDataType"),
    C.BAD_DATA: ("DatabricksSparkException", "UserErrorInvalidDataType"),
    C.SYNTAX_OR_CODE_ERROR: ("DatabricksNotebookExecutionError", "UserErrorSqlOperationFailed"),
    C.MISSING_DEPENDENCY_OR_LIBRARY: ("DatabricksLibraryInstallationError", "UnknownError"),
    C.CONFIGURATION_ERROR: ("DatabricksJobExecutionError", "UnknownError"),
    C.CONCURRENCY_CONFLICT: ("DatabricksSparkException", "UnknownError"),
    C.RESOURCE_NOT_FOUND: ("DatabricksJobExecutionError", "UnknownError"),
    C.CLUSTER_INFRASTRUCTURE_FAILURE: ("DatabricksClusterStartFailure", "UnknownError"),
    C.UPSTREAM_SERVICE_OUTAGE: ("InternalServerError", "InternalServerError"),
}


def error_type(
    case_code: str,
    codes: tuple[FoundCode, ...],
    cause_class: str,
    platform: str,
    plain: str,
    *,
    resource_type: str = "",
) -> str:
    """The case's own code unless it is a mere wrapper around a declared one; then declared, then mentioned
    codes. A library that fails has failed to install, whatever its text leaves open.
    """
    inner = _best(codes) or number_code(plain)
    if case_code and not (_is_wrapper(case_code) and inner):
        return case_code
    if inner:
        return inner
    if resource_type == "library" and cause_class == C.UNKNOWN:
        return "DatabricksLibraryInstallationError"
    on_databricks, elsewhere = _CLOSED.get(cause_class, ("UnknownError", "UnknownError"))
    if platform != "databricks":
        return "UserErrorColumnNameInvalid" if "invalid column name" in plain else elsewhere
    if "driver" in plain and ("not respon" in plain or "unresponsive" in plain):
        return "DatabricksDriverNotResponding"
    if cause_class == C.RESOURCE_NOT_FOUND and "table" in plain:
        return "DatabricksTableNotFound"
    return on_databricks


def _is_wrapper(code: str) -> bool:
    """Codes that only say which kind of step failed: copy, data flow, Databricks and Synapse notebooks."""
    return code.lower() in {
        "2200",
        "2011",
        "3204",
        "6002",
        "badrequest",
        "usererror",
        "stream_failed",
        "run_execution_error",
        "activityfailed",
    }


def _best(codes: tuple[FoundCode, ...]) -> str:
    """The first code in order of trust; "" when the text carries none."""
    usable = [
        found for found in codes if found.position >= 0 and not found.is_empty and not found.is_exception
    ]
    usable = [found for found in usable if found.entry is None or not found.entry.is_label]
    named = [found for found in usable if not _is_number(found.code)]
    for group in (
        [
            found
            for found in named
            if found.is_declared and (found.entry or "_" in found.code or found.code[:1].isupper())
        ],
        [found for found in named if found.entry is not None],
        [found for found in usable if found.is_declared],
    ):
        if group:
            return min(group, key=lambda found: found.position).code.partition(".")[0]
    return ""


def _is_number(code: str) -> bool:
    return code.lstrip("-").isdigit() or code.lower().startswith("0x")
