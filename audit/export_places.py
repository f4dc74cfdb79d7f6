"""Where exported ranges of the record may go besides a folder: places that write a name once and never over it.

As with the publishers of seals, this layer knows no cloud: those that do register here.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from audit.exports import manifest_path
from audit.publishing import PublishConflictError, PublishError

PREFIX = "audit-exports/"


class ExportPlace(Protocol):
    """A write-once place. `put` of the same content again is success; `get` gives None for an unknown name.

    Both raise PublishError; `put` PublishConflictError where the name holds something else.
    """

    name: str

    def put(self, name: str, data: bytes) -> None: ...

    def get(self, name: str) -> bytes | None: ...


_registered: dict[str, Callable[[], ExportPlace | None]] = {}


def register(name: str, make: Callable[[], ExportPlace | None]) -> None:
    """Add a place, once per process, at start. `make` is called when it is asked for; None: not configured."""
    _registered[name] = make


def find(name: str) -> ExportPlace | None:
    """The place of that name when there is one and it is configured."""
    make = _registered.get(name)
    return make() if make else None


def hand_over(place: ExportPlace, path: Path) -> None:
    """Put an export and its manifest there and read both back; raises PublishError.

    A run that was cut off after this is repeated: its file is the same then, and its manifest tells another time.
    """
    data, manifest = path.read_bytes(), manifest_path(path).read_bytes()
    place.put(PREFIX + path.name, data)
    manifest_name = PREFIX + manifest_path(path).name
    try:
        place.put(manifest_name, manifest)
    except PublishConflictError:
        manifest = place.get(manifest_name) or b"{}"
        if json.loads(manifest).get("sha256") != json.loads(manifest_path(path).read_bytes())["sha256"]:
            raise
    if place.get(PREFIX + path.name) != data or place.get(manifest_name) != manifest:
        raise PublishError(f"{place.name} does not give back what was put there as {PREFIX}{path.name}")
