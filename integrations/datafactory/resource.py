"""The ARM ids of factories and Synapse workspaces, checked before a part of them gets into an address.

Pure. Ids come out of alert bodies, which anybody who can make an alert can write.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from integrations.errors import IntegrationError

Kind = Literal["factory", "workspace"]
_ID = re.compile(
    r"/subscriptions/(?P<subscription>[0-9a-z-]{1,64})"
    r"/resourcegroups/(?P<group>[\w().-]{0,89}[\w()-])"
    r"/providers/microsoft\.(?P<provider>datafactory/factories|synapse/workspaces)"
    r"/(?P<name>[0-9a-z][0-9a-z-]{1,61}[0-9a-z])/?",
    re.IGNORECASE | re.ASCII,
)
_RUN_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")
_FORBIDDEN_IN_NAMES = frozenset("/\\?#%<>*:&")


@dataclass(frozen=True, slots=True)
class PipelineHost:
    """A data factory or a Synapse workspace. `name` and `group` keep the case in which they came."""

    kind: Kind
    subscription: str
    group: str
    name: str

    @property
    def arm_id(self) -> str:
        """The id in Azure's usual spelling."""
        provider = (
            "Microsoft.DataFactory/factories" if self.kind == "factory" else "Microsoft.Synapse/workspaces"
        )
        return (
            f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{provider}/{self.name}"
        )


def parse_host_id(resource_id: str) -> PipelineHost | None:
    """Read the ARM id of a factory or workspace, in any case; None for anything else or more."""
    found = _ID.fullmatch(resource_id.strip())
    if found is None:
        return None
    kind: Kind = "factory" if found["provider"].lower().startswith("datafactory") else "workspace"
    return PipelineHost(kind, found["subscription"], found["group"], found["name"])


def checked_run_id(run_id: str) -> str:
    """`run_id`, fit for a path. Raises IntegrationError."""
    if _RUN_ID.fullmatch(run_id):
        return run_id
    raise _unfit("the run id", "1 to 64 letters, digits and hyphens")


def checked_name(name: str) -> str:
    """A pipeline's name, fit to be quoted into a path. Raises IntegrationError."""
    if 0 < len(name) <= 260 and not _FORBIDDEN_IN_NAMES & set(name) and name.strip(". "):
        return name
    raise _unfit("the pipeline's name", "1 to 260 characters, none of / \\ ? # % < > * : &")


def _unfit(what: str, expected: str) -> IntegrationError:
    return IntegrationError(
        f"datafactory: {what} does not fit into an address: expected {expected}",
        vendor="datafactory",
        permanent=True,
        code="bad_name",
    )
