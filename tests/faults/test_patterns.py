"""Every regular expression of the desk meets text of strangers sooner or later: none may take more than linear time.

The patterns are found by walking the modules, so a new one is tried without being listed. The hostile texts are
made from each pattern itself: what it begins with, again and again, and never what it ends with.
"""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from tests.support.live_server import ROOT

APPS = ("aiops", "accounts", "audit", "tickets", "integrations", "rca", "remediation", "ingestion")
LEFT_OUT = ("migrations", "management", "backends.mssql", "asgi", "telemetry")
TINY, SHORT, LONG = 22, 500, 8_000  # an exponential pattern needs but two dozen characters
ALLOWED_SECONDS = 0.02
"""For LONG characters. A linear scan takes a tenth of it; a quadratic one of the cheapest kind ten times as much."""

MATCHED_AT_THE_BEGINNING = ("remediation.sighting.pipelines._DATA_FLOW_HEAD",)
"""Never searched for: tried at one place only, where they are linear. A test holds them to it."""

FEW = "aA0 \t\n.,:;=-_/\\'\"()[]{}<>@%&?|#*+~é"


def modules() -> Iterator[Any]:
    for app in APPS:
        package = importlib.import_module(app)
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{app}."):
            if not any(part in found.name for part in LEFT_OUT):
                yield importlib.import_module(found.name)


def inside(value: object, depth: int = 3) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif depth and isinstance(value, dict):
        for part in (*value.keys(), *value.values()):
            yield from inside(part, depth - 1)
    elif depth and isinstance(value, (list, tuple, set, frozenset)):
        for part in value:
            yield from inside(part, depth - 1)
    elif depth and dataclasses.is_dataclass(value) and not isinstance(value, type):
        for field in dataclasses.fields(value):
            yield from inside(getattr(value, field.name), depth - 1)


@cache
def patterns() -> dict[str, re.Pattern[str]]:
    """By the place where each is first met; those of Django and other packages, imported by name, are included."""
    found: dict[re.Pattern[str], str] = {}
    for module in modules():
        for name, value in list(vars(module).items()):
            for pattern in inside(value):
                found.setdefault(pattern, f"{module.__name__}.{name}:{len(found)}")
    return {place: pattern for pattern, place in found.items()}


def literals(pattern: re.Pattern[str]) -> list[str]:
    """The runs of plain characters in a pattern's source: words that it looks for."""
    bare = re.sub(r"\(\?[a-zA-Z:=!<P>#-]*|\\[bBdDsSwWAZ]|\[[^\]]*\]", " ", pattern.pattern)
    words = {word.replace("\\", "") for word in re.findall(r"(?:\\.|[^\s\\^$.|?*+(){}\[\]]){1,30}", bare)}
    return sorted(words, key=len)[-6:]


def hostile(pattern: re.Pattern[str]) -> Iterator[str]:
    words = [word for word in literals(pattern) if word]
    for part in (
        *FEW,
        *words,
        "a1",
        "a.",
        "a-",
        "a ",
        " \n",
        "0.",
        "a=",
        "/a",
        "a,",
        "\\n",
        "((",
        "''",
        '""',
    ):
        yield part * (LONG // len(part))
    for word in words:
        for filler in ("a", "0", " ", "a."):
            yield word + filler * (LONG // len(filler)) + "\x00"
            yield (word + filler) * (LONG // len(word + filler)) + "\x00"


def seconds(pattern: re.Pattern[str], text: str) -> float:
    """Search from the beginning to the end, as `sub` and `finditer` do too."""
    began = time.process_time()
    for _ in pattern.finditer(text):
        pass
    return time.process_time() - began


def best(pattern: re.Pattern[str], text: str) -> float:
    return min(seconds(pattern, text), seconds(pattern, text))


def is_slow(pattern: re.Pattern[str], text: str) -> bool:
    """The shorter texts first, so that a catastrophe costs the test little.

    A pattern with bounded repeats may be dear and still linear: then four times the text takes four times as long.
    """
    for length in (TINY, SHORT):
        shorter = text[: length - 1] + text[-1]  # with its end, without which a catastrophe may match at once
        if seconds(pattern, shorter) > ALLOWED_SECONDS and best(pattern, shorter) > ALLOWED_SECONDS:
            return True
    if seconds(pattern, text) < ALLOWED_SECONDS:
        return False
    quarter = text[: len(text) // 4] + text[-1]
    return best(pattern, text) > ALLOWED_SECONDS and best(pattern, text) > 8 * best(pattern, quarter)


def test_the_walk_finds_the_patterns_of_every_app() -> None:
    found = patterns()
    assert len(found) > 90
    assert {place.partition(".")[0] for place in found} >= {
        "audit",
        "ingestion",
        "integrations",
        "rca",
        "tickets",
    }


@pytest.mark.parametrize("place", patterns())
def test_pattern_takes_linear_time_on_hostile_text(place: str) -> None:
    pattern = patterns()[place]
    if place.rpartition(":")[0] in MATCHED_AT_THE_BEGINNING:
        pattern = re.compile(rf"\A(?:{pattern.pattern})", pattern.flags)
    for text in hostile(pattern):
        assert not is_slow(pattern, text), f"{pattern.pattern!r} on {text[:40]!r} and so on"


@pytest.mark.parametrize("place", MATCHED_AT_THE_BEGINNING)
def test_pattern_said_to_be_matched_at_the_beginning_is_used_so(place: str) -> None:
    module, _, name = place.rpartition(".")
    source = (ROOT / f"{module.replace('.', '/')}.py").read_text()
    assert set(re.findall(rf"\b{name}\b([.\w]*)", source)) == {"", ".match"}


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (r"(a+)+$", "a" * LONG + "!"),
        (r"\s+$", " " * LONG + "!"),
        (r"<.*>", "<" * LONG),
        (r"\w+;", "a" * LONG),
    ],
)
def test_a_pattern_of_worse_than_linear_time_is_noticed(bad: str, text: str) -> None:
    pattern = re.compile(bad)
    assert is_slow(pattern, text)
