"""Entries as they are hashed: read in chunks by id, with flat memory, alike on every database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast

from audit import canonical, merkle
from audit.models import AuditEntry

CHUNK = 2000
_IN_CHUNK = 500  # SQL Server takes 2,100 parameters
_SEALED = canonical.SEALED_FIELDS
_PERSONAL = ("actor", "actor_employee_id", "details_text", "remote_address", "salt", "summary")


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One row; `personal` is None where only the sealed columns were read."""

    sealed: dict[str, Any]
    personal: dict[str, Any] | None = None

    @property
    def id(self) -> int:
        return int(self.sealed["id"])

    @property
    def leaf(self) -> bytes:
        return merkle.leaf_hash(canonical.entry_bytes(self.sealed))

    @property
    def is_erased(self) -> bool:
        return self.personal is not None and not self.personal["salt"]

    @property
    def personal_part_matches(self) -> bool:
        """Whether the personal part is the one recorded; of an erased one, whether it is all blank."""
        assert self.personal is not None
        if self.is_erased:
            return not any(self.personal.values())
        return canonical.personal_digest(self.personal) == str(self.sealed["personal_digest"])


def sealed_columns(rows: QuerySet[AuditEntry]) -> Iterator[StoredEntry]:
    """The columns that a seal covers directly; the personal ones are not fetched."""
    for values in rows.values_list(*_SEALED):
        yield _entry(values)


def whole_rows(rows: QuerySet[AuditEntry]) -> Iterator[StoredEntry]:
    found = rows.annotate(details_text=Cast("details", TextField())).values_list(*_SEALED, *_PERSONAL)
    for values in found:
        yield _entry(values[: len(_SEALED)], values[len(_SEALED) :])


def through(last_id: int, *, after: int = 0) -> Iterator[StoredEntry]:
    """Whole rows with `after` < id ≤ `last_id`, ascending."""
    while True:
        chunk = list(
            whole_rows(AuditEntry.objects.filter(id__gt=after, id__lte=last_id).order_by("id")[:CHUNK])
        )
        yield from chunk
        if len(chunk) < CHUNK:
            return
        after = chunk[-1].id


def by_ids(ids: Sequence[int]) -> Iterator[StoredEntry]:
    """Whole rows of these ids, ascending; absent ones are left out."""
    for part in in_parts(sorted(ids)):
        yield from whole_rows(AuditEntry.objects.filter(id__in=part).order_by("id"))


def in_parts(ids: Iterable[int]) -> Iterator[list[int]]:
    """`ids` in lists short enough for one query."""
    waiting = list(ids)
    for start in range(0, len(waiting), _IN_CHUNK):
        yield waiting[start : start + _IN_CHUNK]


def _entry(sealed: Sequence[Any], personal: Sequence[Any] | None = None) -> StoredEntry:
    fields = dict(zip(_SEALED, sealed, strict=True))
    moment = fields["created_at"]
    fields["created_at"] = canonical.timestamp(moment) if isinstance(moment, datetime) else str(moment)
    if personal is None:
        return StoredEntry(fields)
    parts = dict(zip(_PERSONAL, personal, strict=True))
    parts["details"] = _read_details(parts.pop("details_text"))
    return StoredEntry(fields, parts)


def _read_details(stored: object) -> Any:
    """What somebody wrote there by hand need not be JSON: it stays text, and its digest will not match."""
    try:
        return canonical.read_json(str(stored))
    except ValueError:
        return str(stored)
