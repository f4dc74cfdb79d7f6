"""Reads the catalogue's JSON files (one per vendor family) and answers look-ups by code.

The files are the place to correct a class, a meaning or a remedy; nothing about single codes is kept in
Python. A file that is wrong stops the first look-up with its name and the entry: a silent gap would be a
wrong diagnosis.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tickets.choices import CauseClass, Severity

DATA = Path(__file__).parent / "data"
ROLES = frozenset({"specific", "generic", "not_a_failure"})


class CatalogueError(ValueError):
    """A catalogue file that cannot be used; the text names the file, the entry and the field."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One vendor code.

    `role`: `specific` codes decide by themselves; `generic` ones wrap another failure, so the message decides
    before them; `not_a_failure` marks ends that are no fault. `is_label` is set where the catalogue had to
    invent the name because the vendor prints only a sentence: such a name is never reported as the vendor's
    code. `phrases` must all occur (lower case) for a labelled entry to be recognised.
    """

    code: str
    source: str
    cause_class: str
    transient: bool
    meaning: str
    remedy: tuple[str, ...]
    reference: str
    key: str
    role: str = "specific"
    severity: str = ""
    termination_type: str = ""
    is_label: bool = False
    phrases: tuple[str, ...] = ()

    @property
    def is_generic(self) -> bool:
        return self.role == "generic"


def fold(code: str) -> str:
    """One spelling for codes that the world writes in several: case, a final plural s, a `UserError`
    prefix.
    """
    folded = code.strip().lower().removeprefix("usererror")
    return folded[:-1] if len(folded) > 6 and folded.endswith("s") and not folded.endswith("ss") else folded


class Catalogue:
    """All entries, with an index by folded code. One code may have several entries, one for each vendor."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self.entries = tuple(entries)
        self._by_code: dict[str, tuple[Entry, ...]] = {}
        for entry in self.entries:
            for name in {fold(entry.code), fold(entry.key)}:
                self._by_code[name] = (*self._by_code.get(name, ()), entry)
        self.labelled = tuple(entry for entry in self.entries if entry.phrases)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def find(self, code: str) -> tuple[Entry, ...]:
        """Every entry of that code, best spelling first; () when the catalogue does not know it.

        A Spark sub-class (`UNRESOLVED_COLUMN.WITH_SUGGESTION`) falls back to its parent, a parent to its
        first catalogued sub-class, a qualified exception name to its last part.
        """
        folded = fold(code)
        found = self._by_code.get(folded)
        if found or "." not in folded:
            return found or self._by_code.get(folded + ".with_suggestion", ())
        head, _, _ = folded.partition(".")
        return self._by_code.get(head) or self._by_code.get(folded.rpartition(".")[2], ())


@cache
def load_catalogue() -> Catalogue:
    """The project's catalogue, read on first use and kept. Raises `CatalogueError` naming what is wrong."""
    return Catalogue(entry for path in sorted(DATA.glob("*.json")) for entry in read_file(path))


def read_file(path: Path) -> list[Entry]:
    """The entries of one file, each checked. Raises `CatalogueError`."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CatalogueError(f"{path.name}: not readable as JSON ({error})") from error
    if not isinstance(rows, list):
        raise CatalogueError(f"{path.name}: expected a list of entries, found {type(rows).__name__}")
    return [_entry(row, f"{path.name}, entry {number}") for number, row in enumerate(rows, start=1)]


def _entry(row: Any, where: str) -> Entry:
    if not isinstance(row, dict):
        raise CatalogueError(f"{where}: expected an object, found {type(row).__name__}")
    for name in ("code", "source", "cause_class", "meaning", "reference"):
        if not isinstance(row.get(name), str) or not row[name]:
            raise CatalogueError(f"{where}: field {name} must be a text that is not empty")
    where = f"{where} ({row['code']})"
    if row["cause_class"] not in CauseClass.values:
        raise CatalogueError(f"{where}: cause_class {row['cause_class']!r} is not one of the cause classes")
    if not isinstance(row.get("transient"), bool):
        raise CatalogueError(f"{where}: field transient must be true or false")
    if row.get("role", "specific") not in ROLES:
        raise CatalogueError(f"{where}: role {row['role']!r} is not one of {', '.join(sorted(ROLES))}")
    if row.get("severity", "") not in {"", *Severity.values}:
        raise CatalogueError(f"{where}: severity {row['severity']!r} is not a severity")
    remedy = row.get("remedy")
    if (
        not isinstance(remedy, list)
        or not remedy
        or not all(isinstance(step, str) and step for step in remedy)
    ):
        raise CatalogueError(f"{where}: field remedy must be a list of at least one step")
    try:
        return Entry(
            **{
                **row,
                "key": row.get("key", row["code"]),
                "remedy": tuple(remedy),
                "phrases": tuple(row.get("phrases", ())),
            }
        )
    except TypeError as error:
        raise CatalogueError(f"{where}: {error}") from error
