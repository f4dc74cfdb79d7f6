"""What is repaired, and what the vendor says of it now."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from remediation.states import Kind

Condition = Literal["failed", "active", "good", "ended"]
"""`good`: nothing is left to repair. `ended`: cancelled, or ended as it should."""


class CannotAskError(Exception):
    """There is nobody to ask about this ticket, or nothing to ask about; the message says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is repaired. `scope` is an ARM id or a workspace id, `name` a pipeline, job id or cluster id."""

    kind: str
    source: str
    scope: str
    name: str
    run_id: str = ""

    @property
    def resource(self) -> str:
        return f"{self.source} {self.scope} {self.kind} {self.name}".replace("  ", " ")[:700]

    @property
    def key(self) -> str:
        # A library and its cluster are one resource: two attempts at one cluster would disturb each other.
        kind = Kind.CLUSTER if self.kind == Kind.LIBRARY else self.kind
        text = "\n".join((self.source, self.scope.lower(), str(kind), self.name.lower()))
        return hashlib.sha256(text.encode()).hexdigest()

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the vendor says now.

    `codes` stand in structured fields of the record. `group_id` joins a pipeline run with its reruns; `parent` is
    the run that began this one. `runs` are all runs known to be later or of the group, `repair_ids` the repairs of
    a job run. `note` explains a condition other than failed.
    """

    target: Target
    condition: Condition
    note: str = ""
    codes: tuple[str, ...] = ()
    group_id: str = ""
    parent: str = ""
    runs: tuple[str, ...] = ()
    repair_ids: tuple[str, ...] = ()
    ended_at: str = ""
    has_tasks: bool = False
    parameters: Mapping[str, str] | None = None
    node_type: str = ""
    libraries: tuple[Mapping[str, object], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """What is kept with an attempt to compare with later. No parameter values: they may be secrets."""
        return {
            "group_id": self.group_id,
            "runs": list(self.runs),
            "repair_ids": list(self.repair_ids),
            "ended_at": self.ended_at,
            "node_type": self.node_type,
            "codes": list(self.codes),
        }


def target_from(stored: Mapping[str, str]) -> Target:
    return Target(**stored)


def after_later(
    later: Sequence[tuple[str, Condition]], known: tuple[Condition, str]
) -> tuple[Condition, str]:
    """What later runs of the same work make of a failure."""
    for run_id, condition in later:
        if condition == "active":
            return "active", f"It runs already: {run_id}."
    for run_id, condition in later:
        if condition == "good":
            return "good", f"It was repaired already: run {run_id} succeeded."
    return known


def time_text(moment: datetime | None) -> str:
    """As it is kept with an attempt, to compare with later; "" for None."""
    return moment.isoformat() if moment else ""
