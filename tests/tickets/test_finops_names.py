"""Contract section 11: tags out of a resource's name by the patterns in the settings; never a guess."""

from __future__ import annotations

import pytest
from django.conf import settings

from tickets.finops import FinOpsTags, tags_from_name

OWNER = "john.doe@company.com"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("DataEng_ETLPipeline", FinOpsTags(team="DataEng")),
        (f"load-owner-{OWNER}", FinOpsTags(owner=OWNER)),
        (f"load-owner_{OWNER}", FinOpsTags(owner=OWNER)),
        (f"load-owner-{OWNER}-nightly", FinOpsTags(owner=OWNER)),
        (f"load-owner-{OWNER}-cc-IT-12345", FinOpsTags(owner=OWNER, cost_center="IT-12345")),
        (f"owner_{OWNER}", FinOpsTags(owner=OWNER)),
        ("cc_IT-12345", FinOpsTags(cost_center="IT-12345")),
        ("pl-cc-IT-12345-x", FinOpsTags(cost_center="IT-12345")),
        (f"DataEng_Load_owner-{OWNER}_cc-IT-12345", FinOpsTags("DataEng", OWNER, "IT-12345")),
        ("plain", FinOpsTags()),
        ("success-IT-1", FinOpsTags()),
    ],
)
def test_name_with_tags_gives_exactly_them(name: str, expected: FinOpsTags) -> None:
    found = tags_from_name(
        name,
        team=settings.FINOPS_TEAM_PATTERNS,
        owner=settings.FINOPS_OWNER_PATTERNS,
        cost_center=settings.FINOPS_COST_CENTER_PATTERNS,
    )
    assert found == expected
