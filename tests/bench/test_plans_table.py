"""The document of the plans: what is dear has its reason, and what has none is named."""

from __future__ import annotations

from typing import Any

from bench.plans.table import EVERY_PAGE, OFTEN, markdown, unexplained


def plan(way: str, rows: int, name: str = "a") -> dict[str, Any]:
    return {"name": name, "ways": [way], "indexes": [way], "whole": [], "rows": rows, "pages": 1}


def test_dear_statement_has_its_reason_beneath_the_table() -> None:
    review = {
        "exports: closed tickets": [plan("ticket_closed", 9_000)],
        "worker: idle": [plan("ticket_work", 3)],
    }
    told = markdown({"postgresql": review}, 1_000, ["ticket_work", "ticket_run"])
    assert "| closed tickets (1) | ticket_closed 9,000 |" in told
    assert "1. the work is 500 rows of 40 columns" in told
    assert "| idle | ticket_work 3 |" in told
    assert "| ticket_work | 1 |\n| ticket_run | – |" in told
    assert unexplained({"postgresql": review}) == []


def test_dear_statement_without_a_reason_is_named() -> None:
    review = {"worker: a new task": [plan("scan of ticket", 200_000)]}
    assert unexplained({"postgresql": review}) == ["PostgreSQL: worker: a new task"]
    assert "**not explained**" in markdown({"postgresql": review}, 1_000, [])


def test_what_most_pages_ask_is_told_once() -> None:
    review = {f"pages: {number}": [plan("ticket_opened", 2, "common")] for number in range(OFTEN)}
    told = markdown({"postgresql": review}, 1_000, [])
    assert told.count("ticket_opened 2") == 1
    assert f"| {EVERY_PAGE.partition(': ')[2]} | ticket_opened 2 |" in told


def test_index_that_django_named_is_told_without_app_and_hash() -> None:
    review = {
        "worker: a": [plan("integrations_delivery_ticket_id_07f69f51", 1)],
        "worker: b": [plan("ticket_pipeline", 1)],
    }
    told = markdown({"postgresql": review}, 1_000, [])
    assert "| a | delivery_ticket_id 1 |" in told
    assert "| b | ticket_pipeline 1 |" in told
