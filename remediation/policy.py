"""What may be repaired, how, how often and who must say yes: one table, and plain functions over plain data.

Pure: no database, no settings, no clock, no vendor. The facts come from two places only: codes in the vendor's own
structured record of the failure, and the finding of the rules (`rca.providers.rules`). A model's answer has no way
in here. A failure that only the rules' reading of a text explains may be proposed, never repaired without a yes:
whoever can make a job fail can write that text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from rca.catalogue.loader import fold
from remediation.states import Kind, PlaybookName, Risk, State, Verdict
from tickets.choices import CauseClass as C
from tickets.choices import Confidence

SURE_ENOUGH: Final = frozenset({Confidence.HIGH, Confidence.VERY_HIGH})
LONGEST_WAIT: Final = 3600
"""A vendor may ask for more patience than this (seconds); then people are asked."""


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


@dataclass(frozen=True, slots=True)
class Code:
    """A code of the vendor's structured record, and what the catalogue knows of it."""

    name: str
    cause_class: str = ""
    is_transient: bool = False


@dataclass(frozen=True, slots=True)
class Tried:
    """An earlier attempt at the same failure."""

    rule: str
    step: int
    state: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a decision rests on. `codes` are empty while the vendor has not been asked.

    `is_addressed`: a text of the failure speaks to a language model. `retry_after` is what the vendor asked for,
    in seconds.
    """

    kind: str
    error_type: str
    cause_class: str
    confidence: str
    is_addressed: bool = False
    codes: tuple[Code, ...] = ()
    tried: tuple[Tried, ...] = ()
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """The policy's answer with its reasons, the deciding one first."""

    verdict: Verdict
    reasons: tuple[str, ...]
    rule: str = ""
    step: int = 0
    try_number: int = 1
    most_tries: int = 1
    playbook: PlaybookName | None = None
    risk: Risk = Risk.LOW
    wait_seconds: int = 0
    is_exhausted: bool = field(default=False)

    @property
    def may_heal(self) -> bool:
        return self.verdict in {Verdict.ACT, Verdict.ASK}


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


def decide(facts: Facts) -> Ruling:
    """The verdict on one failure, the next step of its row, and why."""
    if (why := _never(facts)) is not None:
        return Ruling(Verdict.NEVER, (why,))
    rule, code = _by_code(facts)
    if rule is None:
        rule = _by_finding(facts)
    if rule is None:
        return Ruling(Verdict.NO, (_no_row(facts),))
    if facts.cause_class not in {*rule.causes, C.UNKNOWN}:
        return Ruling(
            Verdict.NO,
            (f"The row “{rule.title}” fits, but the rules see {facts.cause_class}: people decide.",),
            rule.name,
        )
    return _next(rule, code, facts)


def for_person(facts: Facts, playbook: PlaybookName) -> Ruling:
    """The verdict on a playbook that a person asks for: what must never be repaired stays so, and all else asks."""
    why = _never(facts)
    if why is not None and playbook != PlaybookName.CHECK_PERMISSIONS:
        return Ruling(Verdict.NEVER, (why,))
    for rule in RULES:
        for number, step in enumerate(rule.steps):
            if step.playbooks.get(facts.kind) == playbook:
                return Ruling(
                    Verdict.ASK, ("A person asked for it.",), "by_hand", number, playbook=playbook, risk=step.risk
                )  # fmt: skip
    if playbook == PlaybookName.CHECK_PERMISSIONS:
        return Ruling(Verdict.ASK, ("A person asked for it.",), "by_hand", playbook=playbook)
    return Ruling(Verdict.NO, (f"This playbook is not for a {Kind(facts.kind).label.lower()}.",))


def _never(facts: Facts) -> str | None:
    for name in (facts.error_type, *(code.name for code in facts.codes)):
        if any(part in name.upper() for part in DATA_LOSS):
            return f"{name} tells of lost or damaged data: nothing is run again before people have looked."
    for cause in (facts.cause_class, *(code.cause_class for code in facts.codes)):
        if cause in NEVER:
            return f"Never for {cause}: {NEVER[cause]}."
    return None


def _by_code(facts: Facts) -> tuple[Rule | None, str]:
    """The row that a code of the vendor's own record names: first by its name, then by its class."""
    for code in facts.codes:
        for rule in RULES:
            if fold(code.name) in rule.names and _fits(rule, facts.kind):
                return rule, code.name
    for code in facts.codes:
        for rule in RULES:
            if code.is_transient and code.cause_class in rule.code_classes and _fits(rule, facts.kind):
                return rule, code.name
    return None, ""


def _by_finding(facts: Facts) -> Rule | None:
    for rule in RULES:
        if (
            fold(facts.error_type) in rule.names
            and _fits(rule, facts.kind)
            and facts.cause_class in rule.causes
        ):
            return rule
    return None


def _fits(rule: Rule, kind: str) -> bool:
    return kind in rule.kinds and any(kind in step.playbooks for step in rule.steps)


def _no_row(facts: Facts) -> str:
    seen = ", ".join(dict.fromkeys(code.name for code in facts.codes)) or "no vendor code"
    return (
        f"No row of the policy fits {facts.error_type or 'an unknown error'} ({facts.cause_class}; {seen})."
    )


def _next(rule: Rule, code: str, facts: Facts) -> Ruling:
    """The next try of the current step, else the first of the next one, else none."""
    tried = [item for item in facts.tried if item.rule == rule.name]
    if others := [item for item in facts.tried if item.rule != rule.name]:
        return Ruling(
            Verdict.NO,
            (f"The error changed: {others[-1].rule} was tried, now it is {rule.name}. People look first.",),
            rule.name,
        )
    steps = [(number, step) for number, step in enumerate(rule.steps) if facts.kind in step.playbooks]
    for number, step in steps:
        made = sum(item.step == number and item.state in {State.FAILED, State.SUCCEEDED} for item in tried)
        if made < len(step.waits):
            return _ruling(rule, code, facts, number, made)
    return Ruling(
        Verdict.NO,
        (f"All {len(tried)} attempts of “{rule.title}” were made.",),
        rule.name,
        is_exhausted=True,
    )


def _ruling(rule: Rule, code: str, facts: Facts, number: int, made: int) -> Ruling:
    step = rule.steps[number]
    playbook = step.playbooks[Kind(facts.kind)]
    why = [f"Row “{rule.title}”, because {_because(code, facts)}."]
    asks = []
    if step.needs_approval:
        asks.append("This step needs an approval.")
    if not code:
        asks.append(
            "Only the text of the error says so, no code of the vendor's record: a person must agree."
        )
    if facts.is_addressed:
        asks.append("The text holds instructions to a model: a person must read it.")
    if facts.confidence not in SURE_ENOUGH and not code:
        asks.append(f"The rules are not sure ({facts.confidence or 'no'} confidence).")
    wait = max(step.waits[made], round(facts.retry_after or 0))
    if wait > LONGEST_WAIT:
        asks.append(f"The vendor asks for {wait} seconds of patience.")
        wait = LONGEST_WAIT
    return Ruling(
        Verdict.ASK if asks else Verdict.ACT,
        (*why, *asks),
        rule.name,
        number,
        made + 1,
        len(step.waits),
        playbook,
        step.risk,
        wait,
    )


def _because(code: str, facts: Facts) -> str:
    if code:
        return f"the vendor's record says {code}"
    return f"the rules read {facts.error_type} ({facts.cause_class}) in the error's text"


def table() -> Iterable[tuple[Rule, Step]]:
    """Row by row, for people to read."""
    return ((rule, step) for rule in RULES for step in rule.steps)
