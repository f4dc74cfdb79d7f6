"""The table of the policy: what may be repaired, by which playbook, how often, and who must say yes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rca.catalogue.loader import fold
from remediation.states import Kind, PlaybookName, Risk
from tickets.choices import CauseClass as C


@dataclass(frozen=True, slots=True)
class Step:
    """One playbook with its back-off: `waits` in seconds, one for each try. `playbooks` tells which for what."""

    playbooks: Mapping[str, PlaybookName]
    waits: tuple[int, ...]
    risk: Risk = Risk.LOW
    needs_approval: bool = False
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the policy.

    It fits a failure by a name (`error_types`: the vendor's code or the rules' error type, compared without case,
    `UserError` prefix and plural s) or by the class of a transient vendor code (`code_classes`). Whatever the
    rules read in the text must not contradict: `causes` are the classes that go with the row.
    """

    name: str
    title: str
    error_types: tuple[str, ...]
    causes: frozenset[str]
    steps: tuple[Step, ...]
    code_classes: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset(Kind.values)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(fold(name) for name in self.error_types)

    def fits(self, kind: str) -> bool:
        """Whether it has a step for a failure of this kind."""
        return kind in self.kinds and any(kind in step.playbooks for step in self.steps)


_RETRY: Final[dict[str, PlaybookName]] = {
    Kind.PIPELINE: PlaybookName.RETRY_PIPELINE,
    Kind.JOB: PlaybookName.RETRY_JOB,
}
_RETRY_JOB: Final[dict[str, PlaybookName]] = {Kind.JOB: PlaybookName.RETRY_JOB}
_RESTART: Final[dict[str, PlaybookName]] = {Kind.CLUSTER: PlaybookName.RESTART_CLUSTER}
_RETRY_OR_RESTART: Final[dict[str, PlaybookName]] = {**_RETRY_JOB, **_RESTART}
_CONNECTION_CAUSES: Final = frozenset({C.NETWORK_CONNECTIVITY, C.TIMEOUT, C.UPSTREAM_SERVICE_OUTAGE})
_CLUSTER_CAUSES: Final = frozenset(
    {C.CLUSTER_INFRASTRUCTURE_FAILURE, C.UPSTREAM_SERVICE_OUTAGE, C.NETWORK_CONNECTIVITY, C.TIMEOUT,
     C.CAPACITY_OR_QUOTA, C.THROTTLING}
)  # fmt: skip

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "gateway_timeout", "Gateway time-out",
        ("GatewayTimeout", "504", "ServerTimeout"),
        _CONNECTION_CAUSES,
        (Step(_RETRY, (10, 30, 60)),),
    ),
    Rule(
        "http_connection_failed", "HTTP connection failed",
        ("HttpConnectionFailed", "HttpRequestFailedWithNetworkError"),
        _CONNECTION_CAUSES,
        (Step(_RETRY, (5, 15, 30)),),
    ),
    Rule(
        "throttling", "Throttling",
        ("ThrottlingError", "TooManyRequests", "429", "REQUEST_LIMIT_EXCEEDED"),
        frozenset({C.THROTTLING, C.CAPACITY_OR_QUOTA}),
        (Step({**_RETRY, **_RESTART}, (30, 60, 120, 300, 600)),),
        code_classes=frozenset({C.THROTTLING}),
    ),
    Rule(
        "driver_not_responding", "Databricks driver does not respond",
        ("DatabricksDriverNotResponding", "DRIVER_NOT_RESPONDING", "DRIVER_UNRESPONSIVE", "DRIVER_UNREACHABLE",
         "DRIVER_UNAVAILABLE", "DRIVER_ERROR"),
        frozenset({C.OUT_OF_MEMORY, C.CLUSTER_INFRASTRUCTURE_FAILURE, C.TIMEOUT, C.NETWORK_CONNECTIVITY}),
        (Step(_RETRY_OR_RESTART, (60,)),),
    ),
    Rule(
        "databricks_timeout", "Databricks time-out",
        ("DatabricksTimeoutError", "TIMEDOUT"),
        _CONNECTION_CAUSES,
        (Step(_RETRY_JOB, (30, 60)),),
    ),
    Rule(
        "library_install_failed", "Library could not be installed",
        ("DatabricksLibraryInstallationError", "LIBRARY_INSTALLATION_ERROR", "LIBRARY_INSTALL_FAILED"),
        frozenset({C.MISSING_DEPENDENCY_OR_LIBRARY, C.NETWORK_CONNECTIVITY, C.TIMEOUT, C.THROTTLING,
                   C.UPSTREAM_SERVICE_OUTAGE, C.RESOURCE_NOT_FOUND}),
        (
            Step({Kind.LIBRARY: PlaybookName.REINSTALL_LIBRARIES, **_RETRY_JOB}, (60,)),
            Step({Kind.LIBRARY: PlaybookName.LAST_GOOD_LIBRARIES}, (0,), Risk.MEDIUM, needs_approval=True),
        ),
    ),
    Rule(
        "resources_exhausted", "Databricks resources exhausted",
        ("DatabricksResourceExhausted", "RESOURCE_EXHAUSTED", "DRIVER_OUT_OF_MEMORY",
         "MAX_CONCURRENT_RUNS_EXCEEDED", "MAX_CONCURRENT_RUNS_REACHED"),
        frozenset({C.CAPACITY_OR_QUOTA, C.OUT_OF_MEMORY, C.THROTTLING}),
        (Step(_RETRY_OR_RESTART, (60,), Risk.MEDIUM, needs_approval=True),),
        code_classes=frozenset({C.CAPACITY_OR_QUOTA, C.OUT_OF_MEMORY}),
        kinds=frozenset({Kind.JOB, Kind.CLUSTER}),
    ),
    Rule(
        "cluster_start_failure", "Databricks cluster did not start",
        ("DatabricksClusterStartFailure", "CLUSTER_ERROR", "CLOUD_FAILURE", "CLOUD_PROVIDER_LAUNCH_FAILURE",
         "UNEXPECTED_LAUNCH_FAILURE", "INSTANCE_UNREACHABLE", "BOOTSTRAP_TIMEOUT", "SELF_BOOTSTRAP_FAILURE",
         "CONTAINER_LAUNCH_FAILURE", "WORKER_SETUP_FAILURE", "CLOUD_PROVIDER_RESOURCE_STOCKOUT",
         "CLUSTER_OPERATION_TIMEOUT"),
        _CLUSTER_CAUSES,
        (
            Step(_RETRY_OR_RESTART, (60, 120)),
            Step({Kind.CLUSTER: PlaybookName.FALLBACK_NODE_TYPE}, (0,), Risk.HIGH, needs_approval=True),
        ),
    ),
    Rule(
        "cluster_terminated", "Databricks cluster terminated",
        ("NODES_LOST", "COMMUNICATION_LOST", "SPOT_INSTANCE_TERMINATION", "CLOUD_PROVIDER_SHUTDOWN", "INTERNAL_ERROR"),
        _CLUSTER_CAUSES,
        (Step(_RESTART, (60, 120)),),
        code_classes=frozenset({C.CLUSTER_INFRASTRUCTURE_FAILURE, C.UPSTREAM_SERVICE_OUTAGE}),
        kinds=frozenset({Kind.CLUSTER}),
    ),
    Rule(
        "internal_server_error", "Internal error of the service",
        ("InternalServerError", "INTERNAL_ERROR", "InternalError", "ServiceUnavailable"),
        frozenset({C.UPSTREAM_SERVICE_OUTAGE, C.CLUSTER_INFRASTRUCTURE_FAILURE}),
        (Step(_RETRY, (30, 60)),),
    ),
    Rule(
        "source_blob_missing", "Source blob is missing",
        ("UserErrorSourceBlobNotExists",),
        frozenset({C.MISSING_SOURCE_DATA, C.RESOURCE_NOT_FOUND}),
        (Step({Kind.PIPELINE: PlaybookName.RERUN_UPSTREAM}, (300, 900), condition="the upstream run succeeded since"),),
    ),
)  # fmt: skip

NEVER: Final[dict[str, str]] = {
    C.PERMISSION_DENIED: "permissions are given by people",
    C.AUTHENTICATION_FAILURE: "a credential that is refused is refused again, and may be locked",
    C.SCHEMA_OR_TYPE_MISMATCH: "the same data fails again, or is loaded wrongly",
}
# Parts of vendor codes that tell of lost or damaged data: a second run could bury what is left.
DATA_LOSS: Final = (
    "DATA_LOSS", "DATALOSS", "CORRUPT", "CHECKSUM", "DELTA_FILE_NOT_FOUND", "DELTA_LOG_FILE_NOT_FOUND",
    "DELTA_TRUNCATED_TRANSACTION_LOG", "FILE_NOT_EXIST_DURING_READ",
)  # fmt: skip
