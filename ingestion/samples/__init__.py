"""Sample alerts that ship with the desk, one file per source and event, with new ids and times at each use.

In a file `${guid:NAME}`, `${number:NAME}` and `${time:MINUTES}` stand for what must be fresh; the same name is
the same value within one use. A text that is nothing but `${number:…}` or `${millis:…}` becomes a number.
"""

from __future__ import annotations

import json
import random
import re
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
_PLACEHOLDER = re.compile(r"\$\{(guid|number|time|millis):([a-z0-9-]+)\}")
_random = random.SystemRandom()


def sources() -> list[str]:
    """The sources that have samples."""
    return sorted(path.name for path in FOLDER.iterdir() if any(path.glob("*.json")))


def events(source: str) -> list[str]:
    """The events of a source that have a sample, by their declared names."""
    return sorted(path.stem for path in (FOLDER / source).glob("*.json"))


def fresh(source: str, event: str, now: datetime, known: dict[str, Any] | None = None) -> dict[str, Any]:
    """A sample as it would be sent at `now`; samples that are given the same `known` share ids, which it keeps.

    Raises FileNotFoundError for an event without a sample.
    """
    template = json.loads((FOLDER / source / f"{event}.json").read_text(encoding="utf-8"))
    filled: dict[str, Any] = _fill(template, _Values(now, {} if known is None else known))
    return filled


class _Values:
    def __init__(self, now: datetime, known: dict[str, Any]) -> None:
        self._now = now
        self._known = known

    def get(self, kind: str, name: str) -> str | int:
        if kind in {"time", "millis"}:
            moment = self._now + timedelta(minutes=int(name))
            if kind == "millis":
                return int(moment.timestamp() * 1000)
            return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03}Z"
        value: str | int = self._known.setdefault(
            name, str(uuid.uuid4()) if kind == "guid" else _random.randrange(10**14, 10**15)
        )
        return value


def _fill(template: Any, values: _Values) -> Any:
    if isinstance(template, dict):
        return {name: _fill(item, values) for name, item in template.items()}
    if isinstance(template, list):
        return [_fill(item, values) for item in template]
    if not isinstance(template, str):
        return template
    whole = _PLACEHOLDER.fullmatch(template)
    if whole:
        return values.get(*whole.groups())
    return _PLACEHOLDER.sub(lambda found: str(values.get(*found.groups())), template)
