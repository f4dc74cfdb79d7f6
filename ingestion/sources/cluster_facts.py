"""What a cluster's end means, wherever it is told: rows of Log Analytics or relayed `cluster.*` events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ingestion.sources import keys
from ingestion.sources.fields import compact
from ingestion.sources.times import stamp
from tickets.choices import Severity

USER_REQUEST = "USER_REQUEST"
_NO_FAILURE = frozenset({"INACTIVITY", "SUCCESS", "JOB_FINISHED"})
_ALIVE = frozenset({"PENDING", "RUNNING", "RESTARTING", "RESIZING", "TERMINATING"})
UNKNOWN_CODE = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class ClusterEnd:
    """A cluster and why it ended; each part "" or None where the sender does not say."""

    cluster_id: str
    cluster_name: str = ""
    code: str = ""
    type: str = ""
    state: str = ""
    message: str = ""
    parameters: str = ""
    workspace_id: str = ""
    at: datetime | None = None

    @property
    def has_ordinary_code(self) -> bool:
        """INACTIVITY and its kind: the cluster ended as it should."""
        return self.code.upper() in _NO_FAILURE

    @property
    def is_successful(self) -> bool:
        return self.type.upper() == "SUCCESS"

    @property
    def is_alive(self) -> bool:
        """No termination code, and a state in which the cluster still works."""
        return not self.code and self.state.upper() in _ALIVE

    @property
    def severity(self) -> str:
        """High for a cluster failure, Low where a person ended it."""
        return Severity.LOW if self.code.upper() == USER_REQUEST else Severity.HIGH

    @property
    def name(self) -> str:
        return self.cluster_name or self.cluster_id or "Databricks cluster"

    def composite(self, at: datetime | None) -> str:
        """`<ClusterId>_<TerminationCode>_<yyyymmddhhmmss>`; without the time where there is none."""
        parts = (self.cluster_id or self.cluster_name, self.code or UNKNOWN_CODE, stamp(at) if at else "")
        return keys.capped("_".join(part for part in parts if part))

    def sentence(self) -> str:
        """What happened, in one sentence, with the vendor's own message after it."""
        why = f" ({self.type})" if self.type else ""
        head = f"Cluster {self.name} ended with {self.code or self.state or 'an unknown reason'}{why}."
        return " ".join(part for part in (head, self.message, self.parameters) if part)

    def metadata(self) -> Mapping[str, Any]:
        return compact(
            cluster_id=self.cluster_id,
            cluster_name=self.cluster_name,
            termination_code=self.code,
            termination_type=self.type,
            cluster_state=self.state,
            termination_parameters=self.parameters,
            workspace_id=self.workspace_id,
        )
