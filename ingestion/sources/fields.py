"""Reading names and texts out of JSON that nobody promised anything about.

Every function here takes any JSON value and gives plain data: no field is required, no type is trusted.
Names are compared without regard to case and underscores, because relays write `PipelineRunId`,
`pipelineRunId` and `pipeline_run_id` for the same thing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from ingestion.sources.base import Json

MAX_TEXT = 20_000
MAX_NAME = 255
_BODY_AS_MESSAGE = 4_000
_CACHED_NAME = 64
REPLACEMENT = "\ufffd"

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NOTHING = frozenset({"", "null", "none", "n/a", "na", "nil", "undefined", "unknown", "-"})


def as_object(value: Any) -> Json:
    """The value when it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The value when it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def as_decoded_object(value: Any) -> Json:
    """An object, or the object inside a JSON string (Log Analytics writes dynamic columns as strings)."""
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        try:
            value = json.loads(value, parse_int=_parse_integer)
        except (ValueError, RecursionError):
            return {}
    return as_object(value)


def _parse_integer(digits: str) -> int | str:
    """Python reads no integer of more than 4,300 digits; longer ones stay text."""
    return int(digits) if len(digits) <= 4_000 else digits


def clean(value: str, limit: int = MAX_TEXT) -> str:
    """The text trimmed, cut to `limit`, and without NUL and lone surrogates (databases refuse them)."""
    value = value[: limit + 1].strip() if len(value) > limit else value.strip()
    if "\x00" in value or not value.isascii():
        value = _UNSTORABLE.sub(REPLACEMENT, value)
    return value if len(value) <= limit else value[: limit - 1] + "…"


def _number_text(value: int | float) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else str(value)
    try:
        return str(value)
    except ValueError:  # Python refuses to print integers of more than 4,300 digits in decimal
        return hex(value)


def scalar_text(value: Any, limit: int = MAX_NAME) -> str:
    """A string, number or boolean as text; "" for null, objects and arrays."""
    if isinstance(value, str):
        return clean(value, limit)
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return clean(_number_text(value), limit)
    return ""


def any_text(value: Any, limit: int = MAX_TEXT) -> str:
    """Any JSON value as text; objects and arrays as compact JSON, sorted: fingerprints are made of it."""
    if isinstance(value, (dict, list)):
        try:
            printed = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
            return clean(printed.replace("\\u0000", REPLACEMENT), limit)
        except (ValueError, RecursionError):  # an unprintable number, or nesting beyond Python's stack
            return ""
    return scalar_text(value, limit)


def fold(name: str) -> str:
    """`Pipeline_RunId` and `pipelineRunId` are the same name."""
    return _fold_cached(name) if len(name) <= _CACHED_NAME else _fold(name)


def _fold(name: str) -> str:
    return name.replace("_", "").replace(" ", "").lower()


# Senders use the same few hundred names; long ones are left out so that nobody can fill the memory with them.
_fold_cached = lru_cache(maxsize=4096)(_fold)


def fold_keys(value: Any) -> Json:
    """The object's members by folded name; where two fold to one name, the first non-empty in name order.

    Name order, not arrival order: what identifies a failure must not depend on the order of keys.
    """
    members = as_object(value)
    folded: Json = {fold(key): item for key, item in members.items()}
    if len(folded) == len(members):
        return folded
    folded = {}
    for key in sorted(members):
        name = fold(key)
        if folded.get(name) in (None, ""):
            folded[name] = members[key]
    return folded


@dataclass(frozen=True, slots=True)
class Fields:
    """Several objects searched by name, the first object first. Names are given folded."""

    layers: tuple[Json, ...]

    @classmethod
    def of(cls, *objects: Any) -> Fields:
        """The objects in order of precedence; what is not an object counts as empty."""
        return cls(tuple(fold_keys(item) for item in objects if isinstance(item, dict) and item))

    def raw(self, *names: str) -> Any:
        """The first value that is not null and not an empty string, array or object; None without one."""
        for name in names:
            for layer in self.layers:
                value = layer.get(name)
                if value is not None and value not in ("", [], {}):
                    return value
        return None

    def scalar(self, *names: str, limit: int = MAX_NAME) -> str:
        """The first string or number as text, else ""."""
        for name in names:
            for layer in self.layers:
                if name in layer and (text := scalar_text(layer[name], limit)):
                    return text
        return ""

    def text(self, *names: str) -> str:
        """The first value that has a text, objects as JSON; for error messages."""
        for name in names:
            for layer in self.layers:
                if name in layer and (text := any_text(layer[name])):
                    return text
        return ""

    def identifier(self, *names: str, limit: int = MAX_NAME) -> str:
        """As `scalar`, passing over what relays write for "no value" (`N/A`, `null`, `unknown`)."""
        for name in names:
            for layer in self.layers:
                if name in layer:
                    text = scalar_text(layer[name], limit)
                    if text.lower() not in _NOTHING:
                        return text
        return ""

    def object(self, *names: str) -> Json:
        """The first object under one of the names; a JSON string is decoded."""
        for name in names:
            for layer in self.layers:
                if name in layer and (found := as_decoded_object(layer[name])):
                    return found
        return {}


def body_as_message(body: Json) -> str:
    """The body itself, cut, where nothing in it says what went wrong."""
    return any_text(body, _BODY_AS_MESSAGE) or f"The alert tells no error; its keys are: {key_list(body)}."


def key_list(body: Json) -> str:
    """The first names at the top of a body, for a sentence that says what was found."""
    return clean(", ".join(sorted(body)[:12]), 300) or "(none)"


def compact(**facts: Any) -> Mapping[str, Any]:
    """Metadata without its empty entries."""
    return {name: value for name, value in facts.items() if value}
