"""What holds for any JSON object at all, and what must not change a failure's identity."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.sources import registry
from ingestion.sources.base import Failures, ParseResult
from tests.sources.payloads import Recorded, declared
from tests.sources.soundness import assert_sound

EVENTS = declared()
# Names that the parsers look for, so that random objects reach their depths.
NAMES = sorted(
    {
        name
        for recorded in EVENTS
        for name in json.dumps(recorded.body).replace('"', " ").replace(":", " ").split()
        if name.isalnum()
    }
)
KEYS = st.one_of(st.sampled_from(NAMES), st.text(st.characters(codec=None), max_size=8))
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**400, max_value=10**401),
    st.floats(),
    st.text(st.characters(codec=None), max_size=30),
    st.sampled_from([*NAMES, "2026-03-02T02:15:00Z", "{}", '{"a": 1}', "Sev1", "Fired", "Resolved"]),
)
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=25,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=8)


def identity(result: ParseResult) -> list[tuple[str, str]]:
    if isinstance(result, Failures):
        return [(item.dedup_key, item.family_key) for item in result.items]
    return [(key, "") for key in getattr(result, "dedup_keys", ())]


def shuffled(value: Any, rng: random.Random) -> Any:
    """The same JSON with the members of every object in another order."""
    if isinstance(value, dict):
        items = list(value.items())
        rng.shuffle(items)
        return {key: shuffled(item, rng) for key, item in items}
    return [shuffled(item, rng) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("slug", sorted(registry()))
@settings(max_examples=150)
@given(body=OBJECTS)
def test_any_object_yields_a_declared_outcome(slug: str, body: dict[str, Any]) -> None:
    assert_sound(registry()[slug].parse(body))


@pytest.mark.parametrize("slug", sorted(registry()))
@settings(max_examples=75)
@given(body=OBJECTS, seed=st.integers(0, 10**6))
def test_order_of_keys_does_not_change_the_identity(slug: str, body: dict[str, Any], seed: int) -> None:
    parse = registry()[slug].parse
    assert identity(parse(shuffled(body, random.Random(seed)))) == identity(parse(body))


@pytest.mark.parametrize("recorded", EVENTS, ids=str)
def test_shuffled_recorded_payload_keeps_its_identity(recorded: Recorded) -> None:
    body = recorded.body
    assert identity(recorded.spec.parse(shuffled(body, random.Random(7)))) == identity(
        recorded.spec.parse(body)
    )


@pytest.mark.parametrize("recorded", EVENTS, ids=str)
def test_relays_wrapper_keeps_the_identity(recorded: Recorded) -> None:
    body = recorded.body
    bare = identity(recorded.spec.parse(body))
    for wrapped in ({"body": body}, {"body": json.dumps(body)}, {"statusCode": 200, "Body": {"body": body}}):
        assert identity(recorded.spec.parse(wrapped)) == bare


def with_guids(value: Any, upper: bool) -> Any:
    """All letters of all values in one case, for fields that hold ids (GUIDs, resource ids)."""
    if isinstance(value, dict):
        return {key: with_guids(item, upper) for key, item in value.items()}
    if isinstance(value, list):
        return [with_guids(item, upper) for item in value]
    if isinstance(value, str) and (
        (value.count("-") == 4 and len(value) == 36) or value.startswith("/subscriptions/")
    ):
        return value.upper() if upper else value.lower()
    return value


@pytest.mark.parametrize("recorded", [r for r in EVENTS if r.spec.slug != "databricks"], ids=str)
def test_case_of_guids_and_resource_ids_does_not_change_the_identity(recorded: Recorded) -> None:
    parse = recorded.spec.parse
    lower = identity(parse(with_guids(recorded.body, upper=False)))
    assert identity(parse(with_guids(recorded.body, upper=True))) == lower
