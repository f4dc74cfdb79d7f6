"""Every recorded payload broken in many ways, from a fixed seed: only declared outcomes, no exception."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sources.payloads import Recorded, declared
from tests.sources.soundness import assert_sound

SEED = 20260302
MUTANTS_PER_PAYLOAD = 60
EVENTS = declared()


def nested(levels: int) -> Any:
    value: Any = "deep"
    for level in range(levels):
        value = [value] if level % 2 else {"error": value}
    return value


REPLACEMENTS: tuple[Any, ...] = (
    None,
    "",
    "   ",
    "x" * 50_000,
    "nul \x00 and lone \ud800 surrogate",
    0,
    -1,
    2**63,
    10**5000,
    1.5e300,
    float("inf"),
    True,
    [],
    {},
    [[], [None], {}],
    {"name": None, "value": [1]},
    {"": {"": ""}},
    nested(90),
    "null",
    "{not json",
    '{"errorCode": {"a": 1}, "message": ["b"]}',
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00",
)


KINDS: tuple[Any, ...] = (None, [], {}, 7, "\x00")


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every member and element in a body."""
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield (*path, key)
        yield from places(child, (*path, key))


def mutate(body: Any, rng: random.Random) -> Any:
    """The body with one to three members removed, replaced, renamed or doubled."""
    mutant = copy.deepcopy(body)
    for _ in range(rng.randint(1, 3)):
        path = rng.choice(list(places(mutant)) or [("empty",)])
        holder = mutant
        for key in path[:-1]:
            holder = holder[key]
        action = rng.choice(("remove", "replace", "replace", "replace", "rename"))
        if action == "replace" or not isinstance(holder, dict):
            holder[path[-1]] = copy.deepcopy(rng.choice(REPLACEMENTS))
        else:
            value = holder.pop(path[-1], None)
            if action == "rename":
                holder[str(path[-1]).swapcase()] = value
    return mutant


def test_mutants_are_at_least_two_thousand() -> None:
    assert len(EVENTS) * MUTANTS_PER_PAYLOAD >= 2_000


@pytest.mark.parametrize("recorded", EVENTS, ids=str)
def test_mutated_payload_yields_a_declared_outcome(recorded: Recorded) -> None:
    rng = random.Random(f"{SEED} {recorded}")
    body = recorded.body
    for _ in range(MUTANTS_PER_PAYLOAD):
        assert_sound(recorded.spec.parse(mutate(body, rng)))


@pytest.mark.parametrize("recorded", EVENTS, ids=str)
def test_each_member_replaced_by_each_kind_yields_a_declared_outcome(recorded: Recorded) -> None:
    body = recorded.body
    for path in places(body):
        for replacement in KINDS:
            mutant = copy.deepcopy(body)
            holder: Any = mutant
            for key in path[:-1]:
                holder = holder[key]
            holder[path[-1]] = replacement
            assert_sound(recorded.spec.parse(mutant))
