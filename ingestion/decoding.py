"""From bytes to a JSON object, or a sentence that says what was wrong (contract, "Awkward bodies")."""

from __future__ import annotations

import json
from typing import Any

DEEPEST_NESTING = 100
UTF8_BOM = b"\xef\xbb\xbf"
UTF16_BOMS = (b"\xff\xfe", b"\xfe\xff")
GZIP_MAGIC = b"\x1f\x8b"


class MalformedBodyError(ValueError):
    """The body is not a JSON object; the message is for the sender."""


class _TextNumber(str):
    """A number kept as the text it was sent as, so that ids of any size stay exact."""

    __slots__ = ()


def decode_object(body: bytes) -> dict[str, Any]:
    """The JSON object in `body`; integers beyond 2^53 and all other long numbers stay text.

    A relay may send the body as a JSON string: an object inside one is taken. Raises MalformedBodyError. Of
    duplicate keys the last counts.
    """
    if body.startswith(GZIP_MAGIC):  # never unpacked: a kilobyte of it may hold a gigabyte
        raise MalformedBodyError("The body is compressed (gzip); expected plain JSON in UTF-8.")
    if body.startswith(UTF16_BOMS):
        raise MalformedBodyError("The body is UTF-16; expected JSON in UTF-8.")
    try:
        text = body.removeprefix(UTF8_BOM).decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedBodyError(
            f"The body is not UTF-8 (byte {error.start}); expected JSON in UTF-8."
        ) from None
    if not text.strip():
        raise MalformedBodyError("The body is empty; expected a JSON object.")
    value = _load(text)
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        value = _load(value)
    if not isinstance(value, dict):
        raise MalformedBodyError(f"The body is a JSON {_kind(value)}; expected a JSON object.")
    return value


def _load(text: str) -> object:
    _refuse_deep_nesting(text)
    try:
        value: object = json.loads(
            text, parse_int=_parse_integer, parse_float=_parse_decimal, parse_constant=_refuse_constant
        )
    except json.JSONDecodeError as error:
        raise MalformedBodyError(
            f"The body is not JSON: {error.msg} at line {error.lineno} column {error.colno}; expected a JSON object."
        ) from None
    except RecursionError:
        raise MalformedBodyError(_too_deep()) from None
    return value


def _parse_integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= 15 else _TextNumber(digits)


def _parse_decimal(digits: str) -> float | str:
    return float(digits) if len(digits) <= 24 else _TextNumber(digits)


def _refuse_constant(name: str) -> None:
    raise MalformedBodyError(f"The body holds {name}, which JSON does not know; expected a JSON object.")


def _refuse_deep_nesting(text: str) -> None:
    """Count brackets outside of strings; one pass, before the parser recurses."""
    if text.count("{") + text.count("[") <= DEEPEST_NESTING:
        return
    depth = 0
    in_string = False
    is_escaped = False
    for character in text:
        if in_string:
            if is_escaped:
                is_escaped = False
            elif character == "\\":
                is_escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "{[":
            depth += 1
            if depth > DEEPEST_NESTING:
                raise MalformedBodyError(_too_deep())
        elif character in "}]":
            depth -= 1


def _too_deep() -> str:
    return f"The body is nested deeper than {DEEPEST_NESTING} levels; expected a JSON object."


def _kind(value: object) -> str:
    kinds = {list: "array", str: "string", _TextNumber: "number", bool: "boolean", type(None): "null"}
    return kinds.get(type(value), "number")
