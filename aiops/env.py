"""Typed readers for environment variables.

Each takes a variable's name and returns a value of the right type, or refuses the start with the variable's
name and what was expected. The value itself is never part of the message: it may be a secret in the wrong place.
Every variable may also be given as `<NAME>_FILE`, a path whose content is the value (container secrets).
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})
Number = TypeVar("Number", int, float)

_read: set[str] = set()
"""Names of the variables that were asked for: each start puts them on record (`audit.startup`)."""


class EnvironmentValueError(ImproperlyConfigured):
    """A variable holds something that cannot be used."""

    def __init__(self, name: str, expected: str) -> None:
        super().__init__(f"{name}: expected {expected}.")


def text(name: str, default: str = "") -> str:
    """The variable's text without surrounding blanks; `default` when unset or empty."""
    _read.add(name)
    value = os.environ.get(name, "").strip()
    path = os.environ.get(f"{name}_FILE", "").strip()
    if value and path:
        raise EnvironmentValueError(name, f"either {name} or {name}_FILE to be set, not both")
    if path:
        try:
            value = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise EnvironmentValueError(f"{name}_FILE", "the path of a readable UTF-8 text file") from error
    return value or default


def given() -> dict[str, str]:
    """Every variable that was asked for so far, by name; those that are not set are empty. Holds secrets."""
    return {name: text(name) for name in sorted(_read)}


def flag(name: str, *, default: bool) -> bool:
    """Yes or no, in any of the usual words."""
    value = text(name).lower()
    if not value:
        return default
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise EnvironmentValueError(name, "one of true, false, yes, no, on, off, 1, 0")


def integer(name: str, default: int, *, minimum: int = 0, maximum: int = 2**31 - 1) -> int:
    """A whole number between two bounds, both allowed."""
    return _number(name, default, int, (minimum, maximum), f"a whole number from {minimum} to {maximum}")


def seconds(name: str, default: float, *, minimum: float = 0.0, maximum: float = 86_400.0) -> float:
    """A number of seconds, a day at most unless `maximum` says otherwise."""
    expected = f"a number of seconds from {minimum:g} to {maximum:g}"
    return _number(name, default, float, (minimum, maximum), expected)


def amount(name: str, default: float) -> float:
    """A price: not negative, finite."""
    return _number(name, default, float, (0.0, 1e9), "an amount of money from 0 to 1000000000, such as 0.50")


def _number(
    name: str, default: Number, read: Callable[[str], Number], bounds: tuple[Number, Number], expected: str
) -> Number:
    value = text(name)
    if not value:
        return default
    try:
        number = read(value)
    except ValueError as error:
        raise EnvironmentValueError(name, expected) from error
    if not bounds[0] <= number <= bounds[1]:
        raise EnvironmentValueError(name, expected)
    return number


def time_zone(name: str, default: str) -> str:
    """A zone's IANA name, such as Europe/Berlin."""
    value = text(name, default)
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError) as error:  # unknown; a path; a folder of zones
        raise EnvironmentValueError(name, "an IANA time zone such as Europe/Berlin") from error
    return value


def choice(name: str, default: str, options: tuple[str, ...]) -> str:
    """One of some words, written in small letters."""
    value = text(name, default).lower()
    if value not in options:
        raise EnvironmentValueError(name, f"one of {', '.join(options)}")
    return value


def words(name: str, default: tuple[str, ...] = (), *, options: tuple[str, ...] = ()) -> tuple[str, ...]:
    """A comma-separated list, blanks dropped; with `options` each word must be one of them."""
    found = tuple(word.strip() for word in text(name).split(",") if word.strip()) or default
    if options and not set(found) <= set(options):
        raise EnvironmentValueError(name, f"a comma-separated list of {', '.join(options)}")
    return found


def pairs(name: str, *, options: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """`a=viewer, b=admin` → [("a", "viewer"), ("b", "admin")]; the right sides are of `options`, where given."""
    found = [(left.strip(), right.strip()) for left, _, right in (w.rpartition("=") for w in words(name))]
    if not all(left and right and (not options or right in options) for left, right in found):
        wanted = f"value=role, a role of {', '.join(options)}" if options else "name=value"
        raise EnvironmentValueError(name, f"a comma-separated list of {wanted}")
    return found


def url(name: str, default: str = "", *, schemes: tuple[str, ...] = ("http", "https")) -> str:
    """A full address, or "" where none is set."""
    value = text(name, default)
    if value and not _is_url(value, schemes):
        raise EnvironmentValueError(name, f"a full URL ({' or '.join(schemes)})")
    return value


def host_url(name: str) -> str:
    """The address of a server as people copy it: a full URL, or the host's name alone, which then means https."""
    value = text(name).rstrip("/")
    address = value if not value or "://" in value else f"https://{value}"
    if address and not _is_url(address, ("http", "https")):
        raise EnvironmentValueError(name, "a host name or a full URL (https)")
    return address


def _is_url(value: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises where it is no number up to 65535
    except ValueError:
        return False
    return parts.scheme in schemes and bool(parts.netloc) and not any(c.isspace() for c in value)


def json_object_path(name: str) -> str:
    """The path of a file that holds a JSON object; its content is the business of whoever reads it."""
    path = text(name)
    if path:
        expected = "the path of a readable file that holds a JSON object"
        try:
            held = json.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise EnvironmentValueError(name, expected) from error
        if not isinstance(held, dict):
            raise EnvironmentValueError(name, expected)
    return path


def rate(name: str) -> tuple[int, int] | None:
    """`600/min` → (600, 60): calls and the window in seconds; None when unset."""
    value = text(name)
    if not value:
        return None
    count, _, unit = value.partition("/")
    windows = {"s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}
    if not count.strip().isdigit() or int(count) < 1 or unit.strip() not in windows:
        raise EnvironmentValueError(name, "a rate such as 600/min (units: second, min, hour)")
    return int(count), windows[unit.strip()]
