"""Contract section 2, "Answers": what stands in an answer that opened no ticket, and in `check-ticket`'s."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.conftest import API_KEY
from tests.support.faces import Face

COLUMNS = ["ClusterId", "ClusterName", "TerminationCode", "TerminationType", "State", "LastEvent"]
ENDED_WELL = ["1120-a", "etl", "INACTIVITY", "SUCCESS", "TERMINATED", "2026-11-20T18:00:00Z"]


def cluster_alert(rows: list[list[str]], condition: str = "Fired") -> dict[str, Any]:
    table = {"columns": [{"name": name, "type": "string"} for name in COLUMNS], "rows": rows}
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {"alertRule": "clusters-ended", "monitorCondition": condition},
            "alertContext": {"SearchResults": {"tables": [table]}},
        },
    }


@pytest.mark.parametrize(
    ("body", "status", "rule"),
    [
        (cluster_alert([ENDED_WELL]), "ignored", "clusters-ended"),
        (cluster_alert([]), "ignored", "clusters-ended"),
        (cluster_alert([ENDED_WELL], "Resolved"), "ignored", "clusters-ended"),
        ({"body": cluster_alert([])}, "ignored", "clusters-ended"),
        ({"nothing": "known"}, "unsupported", ""),
    ],
)
def test_cluster_alert_without_a_failure_still_tells_rule_and_counts(
    face: Face, body: dict[str, Any], status: str, rule: str
) -> None:
    told = face.send("/azure-monitor-alert", json.dumps(body).encode(), {"X-Api-Key": API_KEY})
    answer = json.loads(told.body)
    assert answer["status"] == status
    counts = {name: answer[name] for name in ("alert_rule", "total_failures", "tickets_created")}
    assert counts == {"alert_rule": rule, "total_failures": 0, "tickets_created": 0}


def test_ignored_alert_elsewhere_has_no_counts(face: Face) -> None:
    body = cluster_alert([], "Resolved")
    told = face.send("/azure-monitor", json.dumps(body).encode(), {"X-Api-Key": API_KEY})
    assert "total_failures" not in json.loads(told.body)


def test_check_ticket_with_an_unknown_source_names_the_known_ones(db: None) -> None:
    answer = Client().get("/check-ticket/1?source=adff", headers={"X-Api-Key": API_KEY})
    assert answer.status_code == 400
    assert "source: expected one of adf, " in answer.json()["detail"]


def test_open_door_is_open_to_alerts_only(db: None, settings: Settings) -> None:
    settings.WEBHOOK_AUTH = "off"
    assert Client().get("/check-ticket/1").status_code == 401
    assert Client().get("/check-ticket/1", headers={"X-Api-Key": API_KEY}).status_code == 200


def test_check_ticket_by_post_is_405_and_names_get(db: None) -> None:
    answer = Client(enforce_csrf_checks=True).post("/check-ticket/1", headers={"X-Api-Key": API_KEY})
    assert (answer.status_code, answer["Allow"]) == (405, "GET")
