"""FinOps tags out of a resource's name (contract, section 11). Nothing found is `Unknown`, never a guess."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

UNKNOWN = "Unknown"
LONGEST_NAME = 1_000


@dataclass(frozen=True, slots=True)
class FinOpsTags:
    team: str = UNKNOWN
    owner: str = UNKNOWN
    cost_center: str = UNKNOWN


def tags_from_name(
    name: str, *, team: Iterable[str], owner: Iterable[str], cost_center: Iterable[str]
) -> FinOpsTags:
    """Apply the patterns (each with a group called `value`) to a name; the first that matches wins."""
    text = name[:LONGEST_NAME]
    return FinOpsTags(
        team=_first(text, tuple(team)),
        owner=_first(text, tuple(owner)),
        cost_center=_first(text, tuple(cost_center)),
    )


_SPELLINGS: dict[str, tuple[str, ...]] = {
    "team": ("team", "teamname", "owningteam", "squad"),
    "owner": ("owner", "ownedby", "owneremail", "businessowner", "contact"),
    "cost_center": ("costcenter", "costcentre", "costcentercode", "costcode", "cc"),
}


def tags_from_resource(*tag_sets: Mapping[str, str]) -> FinOpsTags:
    """Real tags of a factory, job or cluster, whatever the spelling (`cost-center`, `CostCentre`).

    Of several sets the first that has a tag gives it.
    """
    found: dict[str, str] = {}
    for tags in tag_sets:
        plain = {re.sub(r"[^a-z0-9]", "", name.lower()): value.strip() for name, value in tags.items()}
        for field, spellings in _SPELLINGS.items():
            value = next((plain[name] for name in spellings if plain.get(name)), "")
            if value:
                found.setdefault(field, value)
    return FinOpsTags(**found)


def _first(text: str, patterns: tuple[str, ...]) -> str:
    for pattern in patterns:
        if match := _compiled(pattern).search(text):
            return match["value"]
    return UNKNOWN


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)
