"""Reading vendors' JSON without trusting it: what is missing or odd becomes empty, never an exception.

Pure. Numbers of any size become text, because run ids pass 2^53 and are names, not quantities.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def at(document: object, *path: str) -> Any:
    """The value at a path of object keys; None where any step is missing or is no object."""
    for key in path:
        if not isinstance(document, dict):
            return None
        document = document.get(key)
    return document


def text(document: object, *path: str) -> str:
    """Text at a path. Numbers are written out; anything else (null, true, lists, objects) is ""."""
    value = at(document, *path)
    if isinstance(value, str):
        # No database takes NUL or half of a surrogate pair.
        return value.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def first_text(document: object, *names: str) -> str:
    """The first of several fields that holds text."""
    return next((found for name in names if (found := text(document, name))), "")


def integer(document: object, *path: str) -> int | None:
    value = at(document, *path)
    if isinstance(value, bool):
        return None
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def objects(document: object, *path: str) -> list[dict[str, Any]]:
    """The objects of a list at a path; entries of other kinds are passed over."""
    value = at(document, *path)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping(document: object, *path: str) -> dict[str, Any]:
    value = at(document, *path)
    return value if isinstance(value, dict) else {}


def text_map(document: object, *path: str) -> Mapping[str, str]:
    """An object as text to text; nested values are kept as JSON."""
    found = mapping(document, *path)
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
        for name, value in found.items()
    }


def moment_ms(document: object, *path: str) -> datetime | None:
    """A time given in milliseconds since 1970. 0 is Databricks' way of saying "not yet"."""
    value = integer(document, *path)
    if not value or value < 0:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=value)
    except OverflowError:
        return None


def moment_iso(document: object, *path: str) -> datetime | None:
    """A time given in ISO 8601, of any number of fraction digits; without an offset it is taken as UTC."""
    try:
        moment = datetime.fromisoformat(text(document, *path).strip())
    except ValueError:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None
