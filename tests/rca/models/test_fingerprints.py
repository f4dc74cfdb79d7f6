"""Which failures are equal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rca.case import Case, EvidenceItem
from rca.fingerprints import fingerprint, mask

CASE = Case(
    "adf",
    "Run 0b1c2d3e-8a91-4c55-9d0e-1f2a3b4c5d6e failed at 2026-11-20T18:00:00.123Z: table 'orders' "
    "from abfss://raw@acct.dfs.core.windows.net/in/2026/11/20/orders.csv, 17 rows",
    "UserErrorX",
    "DataEng_LoadOrders",
    "pipeline",
)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0b1c2d3e-8a91-4c55-9d0e-1f2a3b4c5d6e", "ffffffff-8a91-4c55-9d0e-1f2a3b4c5d6e"),
        ("2026-11-20T18:00:00.123Z", "2026-11-21T03:10:09Z"),
        ("in/2026/11/20/orders.csv", "in/2026/11/21/part-0007.csv"),
        ("17 rows", "4200 rows"),
        ("failed at", "Failed  at"),
    ],
)
def test_what_differs_from_run_to_run_does_not_count(old: str, new: str) -> None:
    assert old in CASE.message
    assert fingerprint(replace(CASE, message=CASE.message.replace(old, new))) == fingerprint(CASE)


@pytest.mark.parametrize(
    "other",
    [
        replace(CASE, message=CASE.message.replace("'orders'", "'customers'")),
        replace(CASE, code="UserErrorY"),
        replace(CASE, resource="DataEng_LoadCustomers"),
        replace(CASE, resource="DataEng_LoadOrders_2"),
        replace(CASE, platform="synapse"),
        replace(CASE, evidence=(EvidenceItem(1, "task_error", "java.lang.OutOfMemoryError"),)),
    ],
)
def test_another_failure_has_another_fingerprint(other: Case) -> None:
    assert fingerprint(other) != fingerprint(CASE)


def test_history_and_run_clusters_do_not_count() -> None:
    history = (EvidenceItem(1, "run_history", "7 of 10 runs failed"),)
    assert fingerprint(replace(CASE, evidence=history)) == fingerprint(CASE)
    one, two = replace(CASE, resource="job-12-run-345"), replace(CASE, resource="job-12-run-346")
    assert fingerprint(one) == fingerprint(two)


def test_names_survive_the_mask() -> None:
    assert mask("Column 'amount' missing in dbo.Orders2") == "column 'amount' missing in dbo.orders#"


def test_hostile_text_is_masked_in_time() -> None:
    for text in (
        "/" * 100_000,
        "a." * 50_000,
        "1-" * 50_000,
        "x/" * 50_000,
        "http://" * 20_000,
        "0" * 100_000,
    ):
        assert len(mask(text)) < 20_000
