"""What a verification found: counts, and at most one broken place, the first. Plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    ENTRY_CHANGED = "entry_changed"
    ENTRY_MISSING = "entry_missing"
    ENTRY_INSERTED = "entry_inserted"
    ERASURE_UNRECORDED = "erasure_unrecorded"
    SEAL_BROKEN = "seal_broken"
    SEAL_MISSING = "seal_missing"
    SIGNATURE_BROKEN = "signature_broken"
    PRUNING_UNRECORDED = "pruning_unrecorded"
    TRUNCATED_TAIL = "truncated_tail"
    PUBLISHED_DIFFERS = "published_differs"
    UNREADABLE = "unreadable"
    FILE_CHANGED = "file_changed"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first broken place. `seal` and `entry` are the numbers it concerns, where there are any."""

    kind: Kind
    message: str
    seal: int | None = None
    entry: int | None = None


class BrokenRecordError(Exception):
    """Raised at the first broken place."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def broken(
    kind: Kind, message: str, *, seal: int | None = None, entry: int | None = None
) -> BrokenRecordError:
    return BrokenRecordError(Finding(kind, message, seal, entry))


@dataclass(slots=True)
class Report:
    """Counts of one verification. `unsealed` are entries that no seal covers yet: no fault, but not protected."""

    entries: int = 0
    seals: int = 0
    unsealed: int = 0
    late: int = 0
    pruned: int = 0
    erased: int = 0
    gaps: int = 0
    signed: int = 0
    signatures_checked: bool = False
    published: int = 0
    last_seal: int = 0
    last_hash: str = ""
    seconds: float = 0.0
    triggers_missing: list[str] = field(default_factory=list)
    finding: Finding | None = None

    @property
    def is_whole(self) -> bool:
        return self.finding is None

    def as_json(self) -> Mapping[str, Any]:
        return {"ok": self.is_whole, **asdict(self)}
