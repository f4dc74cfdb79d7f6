"""Codes of which only the class is known: whole families, a name each, without a meaning of their own.

The files are `names/<family>.txt`. A line `[cause_class transience]` begins a group (`retry`, `no-retry`, `either`);
the other lines hold names between spaces. A name that also has an entry under `data/` is answered by the entry.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from rca.catalogue.loader import CatalogueError, fold
from tickets.choices import CauseClass

NAMES: Final = Path(__file__).parent / "names"
TRANSIENCE: Final[dict[str, bool | None]] = {"retry": True, "no-retry": False, "either": None}


@cache
def load_names() -> dict[str, tuple[str, bool | None]]:
    """{folded name: (cause class, whether a second try may succeed)}. Raises `CatalogueError` with the line."""
    known: dict[str, tuple[str, bool | None]] = {}
    for path in sorted(NAMES.glob("*.txt")):
        known.update(read_names(path))
    return known


def read_names(path: Path) -> dict[str, tuple[str, bool | None]]:
    """The names of one file. Raises `CatalogueError` with file and line."""
    known: dict[str, tuple[str, bool | None]] = {}
    group: tuple[str, bool | None] | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("["):
            words = line.strip("[]").split()
            if len(words) != 2 or words[0] not in CauseClass.values or words[1] not in TRANSIENCE:
                raise CatalogueError(f"{path.name}, line {number}: {line!r} is not [cause_class transience]")
            group = (words[0], TRANSIENCE[words[1]])
        elif line.strip() and not line.startswith("#"):
            if group is None:
                raise CatalogueError(f"{path.name}, line {number}: the first name needs a group")
            known.update(dict.fromkeys(map(fold, line.split()), group))
    return known


def class_of_known_name(code: str) -> tuple[str, bool | None] | None:
    """Cause class and transience of a code's family. None: not known.

    A Spark sub-class answers as its parent, a qualified exception as its last part.
    """
    names = load_names()
    for part in (code, code.partition(".")[0], code.rpartition(".")[2]):
        if known := names.get(fold(part)):
            return known
    return None
