"""Says the finding in words: the cause in a sentence or two, and steps that a tired person can follow.

The catalogue's remedy for the deciding code comes first; the steps of the class fill up to five.
`{entity}` in a step is the affected thing, or a plain noun where none was named.
"""

from __future__ import annotations

from typing import Final

from rca.catalogue import Entry
from rca.providers.rules.hints import hints
from tickets.choices import CauseClass as C

MAX_STEPS: Final = 5
_VAGUE: Final = frozenset(["check", "correct", "fix", "retry", "investigate", "cast", "see"])

_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    C.MISSING_SOURCE_DATA: ("Input data is not where the run expects it", "the source path"),
    C.PERMISSION_DENIED: ("The identity that runs this is known but lacks a right", "the resource"),
    C.AUTHENTICATION_FAILURE: ("The credentials were refused", "the connection"),
    C.NETWORK_CONNECTIVITY: ("The other side could not be reached over the network", "the host"),
    C.TIMEOUT: ("The operation ran longer than its time limit", "the operation"),
    C.THROTTLING: ("The service refused requests because too many came at once", "the service"),
    C.CAPACITY_OR_QUOTA: ("A quota, a size limit or the available capacity is used up", "the resource"),
    C.OUT_OF_MEMORY: ("A process ran out of memory", "the process"),
    C.SCHEMA_OR_TYPE_MISMATCH: (
        "Columns or types of the data do not fit what the run expects",
        "the column or table",
    ),
    C.BAD_DATA: ("The data holds values that cannot be used", "the data"),
    C.SYNTAX_OR_CODE_ERROR: ("The statement or the code is wrong", "the code"),
    C.MISSING_DEPENDENCY_OR_LIBRARY: (
        "A library, driver or package is missing or does not fit",
        "the package",
    ),
    C.CONFIGURATION_ERROR: ("A setting is missing, wrong or not supported here", "the setting"),
    C.CONCURRENCY_CONFLICT: ("Another run or writer worked on the same thing at the same time", "the object"),
    C.RESOURCE_NOT_FOUND: ("Something that the run refers to does not exist", "the resource"),
    C.CLUSTER_INFRASTRUCTURE_FAILURE: ("The compute behind the run failed", "the cluster"),
    C.UPSTREAM_SERVICE_OUTAGE: ("A service that the run depends on failed on its own side", "the service"),
    C.USER_CANCELLED: ("Someone stopped the run", "the run"),
    C.UNKNOWN: ("The text does not say why it failed", "the run"),
}
_STEPS: Final[dict[str, tuple[str, ...]]] = {
    C.MISSING_SOURCE_DATA: (
        "Look whether {entity} exists now and when it was written.",
        "Ask the producing pipeline or team whether the delivery is late, renamed or failed.",
        "When the data has arrived, rerun from the failed activity.",
    ),
    C.PERMISSION_DENIED: (
        "Find the identity that ran this (managed identity, service principal, user or token owner).",
        "Grant it the right named in the message on {entity}; ask the owner of that resource.",
        "Wait a few minutes for the grant to take effect, then rerun.",
    ),
    C.AUTHENTICATION_FAILURE: (
        "Check the credential used for {entity}: expired, rotated, locked or of the wrong tenant.",
        "Renew it in the vault or the linked service and test the connection.",
        "Rerun; if several pipelines share the credential, check those too.",
    ),
    C.NETWORK_CONNECTIVITY: (
        "Test from the integration runtime or cluster: name resolution, then the port of {entity}.",
        "Check firewall rules, private endpoints, DNS and certificates that changed lately.",
        "Rerun once; if it fails again, bring the network team the host, port and time.",
    ),
    C.TIMEOUT: (
        "See how long {entity} took in good runs, and whether the other side was busy at the time.",
        "Rerun once outside the peak.",
        "If it repeats, reduce the amount of work per run or raise the time limit.",
    ),
    C.THROTTLING: (
        "Rerun after a few minutes.",
        "Lower the parallelism against {entity} or spread the start times.",
        "If it repeats, raise the service's limit or throughput.",
    ),
    C.CAPACITY_OR_QUOTA: (
        "Read which limit of {entity} is reached, and what uses it now.",
        "Free what is not needed, choose another size, zone or time, or split the work.",
        "Ask for a higher quota where the limit is the subscription's or the workspace's.",
    ),
    C.OUT_OF_MEMORY: (
        "Find the stage or activity that grew: skew, a broadcast, collect(), one huge file.",
        "Rerun with more memory per node or smaller batches.",
        "Do not simply retry: the same data needs the same memory.",
    ),
    C.SCHEMA_OR_TYPE_MISMATCH: (
        "Compare the schema of the source and of the target for {entity}.",
        "Ask the producer whether a column was added, renamed or retyped.",
        "Change the mapping, the cast or the target's column, then rerun.",
    ),
    C.BAD_DATA: (
        "Find the rows named in the message in {entity}.",
        "Have the producer correct them, or divert bad rows with fault tolerance and a log.",
        "Rerun from the failed activity.",
    ),
    C.SYNTAX_OR_CODE_ERROR: (
        "Open {entity} at the line named in the message.",
        "Look what was deployed since the last good run; go back to it if the fix is not plain.",
        "Run it once by hand before the next schedule.",
    ),
    C.MISSING_DEPENDENCY_OR_LIBRARY: (
        "Check whether {entity} is installed, in which version, on this cluster, app or runtime node.",
        "Pin a version that fits the runtime and install it again.",
        "Restart the compute so that it is loaded, then rerun.",
    ),
    C.CONFIGURATION_ERROR: (
        "Look at {entity} and compare it with the last version that worked.",
        "Correct the value named in the message and publish or deploy it.",
        "Rerun; a retry without a change will fail again.",
    ),
    C.CONCURRENCY_CONFLICT: (
        "See which other run or writer used {entity} at that time.",
        "Rerun when it has finished.",
        "If it repeats, serialise the jobs or give each its own partition, checkpoint or file.",
    ),
    C.RESOURCE_NOT_FOUND: (
        "Check the name of {entity}, and the environment, workspace or catalog it is looked for in.",
        "See whether it was renamed, dropped or never deployed here.",
        "Create or correct it, then rerun.",
    ),
    C.CLUSTER_INFRASTRUCTURE_FAILURE: (
        "Open the event log of {entity} and read the termination reason.",
        "Rerun; most losses of nodes are gone on the second try.",
        "If it repeats, use on-demand instead of spot nodes, or another node type.",
    ),
    C.UPSTREAM_SERVICE_OUTAGE: (
        "Look at the service's status page for the time of the failure.",
        "Rerun after a few minutes.",
        "If it lasts, open a support case with the request or activity id.",
    ),
    C.USER_CANCELLED: (
        "Ask the person who stopped it whether that was meant.",
        "Rerun only if it was not.",
    ),
    C.UNKNOWN: (
        "Open the run's own output and logs; the text of the alert does not hold the cause.",
        "Compare with the last good run: code, data volume, changes of settings.",
        "Analyse again when more evidence has been collected.",
    ),
}


def root_cause(cause_class: str, entity: str, entry: Entry | None) -> str:
    """One or two plain sentences; the vendor's meaning of the code where the catalogue has it."""
    sentence = _SENTENCES[cause_class][0]
    text = f"{sentence}: {entity}." if entity else f"{sentence}."
    if entry is None:
        return text
    return f"{text} {entry.meaning}" if entry.is_label else f"{text} {entry.code}: {entry.meaning}"


def recommendations(cause_class: str, entity: str, entry: Entry | None, plain: str = "") -> tuple[str, ...]:
    """Two to five steps: the code's remedy, what fits the text, then the steps of the class."""
    noun = f"“{entity}”" if entity else _SENTENCES[cause_class][1]
    steps = [step.format(entity=noun.replace("{", "").replace("}", "")) for step in _STEPS[cause_class]]
    steps = [*hints(cause_class, plain), *steps]
    if entry is not None and not entry.is_generic:
        steps = [*(_as_sentence(step) for step in entry.remedy[:2] if not _is_vague(step)), *steps]
    return tuple(dict.fromkeys(steps))[:MAX_STEPS]


def _is_vague(step: str) -> bool:
    """A remedy of a word or two ("Correct it") says less than the steps of the class."""
    words = step.split()
    return len(words) <= 3 and words[0].lower() in _VAGUE


def _as_sentence(step: str) -> str:
    return step if step.endswith((".", "!", "?")) else f"{step}."
