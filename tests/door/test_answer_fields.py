"""Contract section 2, "Answers": what stands in an answer that opened no ticket, and in `check-ticket`'s."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from ingestion.answers import noted_on
from ingestion.models import AlertEvent
from ingestion.replay import replay_event
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


RUNS: dict[str, Callable[[str], dict[str, Any]]] = {
    "/azure-monitor": lambda status: {"PipelineName": "load", "PipelineRunId": "r-1", "status": status},
    "/synapse-monitor": lambda status: {"PipelineName": "load", "PipelineRunId": "r-1", "status": status},
    "/azure-functions-monitor": lambda status: {"FunctionName": "f", "InvocationId": "r-1", "status": status},
    "/databricks-monitor": lambda status: {
        "event_type": {"Failed": "jobs.on_failure", "Succeeded": "jobs.on_success"}[status],
        "workspace_id": 7,
        "job": {"job_id": 1, "name": "load"},
        "run": {"run_id": "r-1"},
    },
}


@pytest.mark.parametrize("path", RUNS)
def test_success_of_a_run_names_the_run_and_the_tickets_it_is_noted_on(face: Face, path: str) -> None:
    def post(status: str) -> dict[str, Any]:
        told = face.send(path, json.dumps(RUNS[path](status)).encode(), {"X-Api-Key": API_KEY})
        answer: dict[str, Any] = json.loads(told.body)
        return answer

    before, failed, after = post("Succeeded"), post("Failed"), post("Succeeded")
    assert (before["run_id"], after["run_id"]) == ("r-1", "r-1")
    assert before["message"].endswith(" succeeded.")
    assert after["message"] == f"{before['message']} Noted on {failed['ticket_id']}."
    event = AlertEvent.objects.get(pk=after["event_id"])
    assert event.message == after["message"]
    assert replay_event(event.pk).message == after["message"]


@pytest.mark.parametrize(
    ("path", "body", "elsewhere"),
    [
        ("/azure-monitor", RUNS["/databricks-monitor"]("Failed"), "/databricks-monitor"),
        ("/azure-functions-monitor", RUNS["/databricks-monitor"]("Failed"), "/databricks-monitor"),
        ("/databricks-monitor", RUNS["/azure-functions-monitor"]("Failed"), "/azure-functions-monitor"),
        ("/databricks-monitor", RUNS["/azure-monitor"]("Failed"), "/azure-monitor or /synapse-monitor"),
    ],
)
def test_body_at_the_wrong_address_is_told_the_right_one(
    face: Face, path: str, body: dict[str, Any], elsewhere: str
) -> None:
    answer = json.loads(face.send(path, json.dumps(body).encode(), {"X-Api-Key": API_KEY}).body)
    assert answer["status"] == "unsupported"
    assert answer["message"].endswith(f" It would be understood at {elsewhere}.")


def test_body_of_nobody_is_sent_nowhere(face: Face) -> None:
    told = face.send("/azure-monitor", b'{"colour": "blue"}', {"X-Api-Key": API_KEY})
    assert json.loads(told.body)["message"].endswith("the body's keys are: colour.")


def test_more_tickets_than_fit_are_counted() -> None:
    keys = [f"ADF-{number}" for number in range(7)]
    told = noted_on("It is resolved.", keys)
    assert told == "It is resolved. Noted on ADF-0, ADF-1, ADF-2, ADF-3, ADF-4 and 2 more."


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
