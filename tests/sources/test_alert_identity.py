"""What makes two Azure Monitor alerts one failure, and what keeps them apart."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sources.builders import (
    FACTORY,
    SERIES_ORIGIN,
    common,
    failure,
    ignored,
    log_alert,
    metric_alert,
)

RUN = "0c6f1a2b-3d4e-4f50-8162-738495a6b7c8"


def test_series_origin_of_a_metric_alert_firing_again_gives_a_new_key_in_the_same_family() -> None:
    first = failure("adf", metric_alert("CPU", alertId="a1", originAlertId=SERIES_ORIGIN))
    again = failure("adf", metric_alert("CPU", alertId="a2", originAlertId=SERIES_ORIGIN))
    assert first.dedup_key != again.dedup_key
    assert first.family_key == again.family_key


def test_origin_id_of_a_log_alert_decides_whatever_the_alert_id_is() -> None:
    first = failure("adf", log_alert("T", {"A": "1"}, alertId="a1", originAlertId="o1"))
    again = failure("adf", log_alert("T", {"A": "1"}, alertId="a2", originAlertId="o1"))
    assert first.dedup_key == again.dedup_key


@pytest.mark.parametrize(
    "change",
    [
        {"alertRule": "another rule"},
        {"alertTargetIDs": [FACTORY + "2"]},
        {"alertId": "another alert"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_rule_target_or_firing_gives_another_key(change: dict[str, Any]) -> None:
    assert (
        failure("adf", metric_alert("CPU")).dedup_key
        != failure("adf", metric_alert("CPU", **change)).dedup_key
    )


def test_another_dimension_gives_another_family() -> None:
    one, two = (failure("adf", metric_alert("CPU", {"Name": name})) for name in ("pl_a", "pl_b"))
    assert one.dedup_key != two.dedup_key
    assert one.family_key != two.family_key


def test_common_and_plain_schema_of_one_rule_share_the_family() -> None:
    plain = {
        "schemaId": "AzureMonitorMetricAlert",
        "data": {
            "status": "Activated",
            "context": {
                "timestamp": "2026-04-01T03:00:01Z",
                "name": "late-ships",
                "resourceId": FACTORY.upper(),
                "conditionType": "SingleResourceMultipleMetricCriteria",
                "condition": {
                    "allOf": [{"metricName": "CPU", "dimensions": [{"name": "Name", "value": "pl_a"}]}]
                },
            },
        },
    }
    assert (
        failure("adf", plain).family_key == failure("adf", metric_alert("CPU", {"Name": "pl_a"})).family_key
    )


def test_one_run_in_rows_dimensions_and_simple_form_has_one_key() -> None:
    bodies = [
        log_alert("ADFActivityRun", {"PipelineRunId": RUN.upper(), "PipelineName": "pl_a"}),
        {"pipeline": "pl_a", "run_id": RUN, "error": "it broke"},
        {"essentials": {"PipelineName": "pl_a", "RunId": "{" + RUN + "}"}},
        common({"properties": {"PipelineName": "pl_a", "PipelineRunId": RUN}}),
    ]
    assert {failure("adf", body).dedup_key for body in bodies} == {f"adf:run:{RUN}"}


def test_one_run_number_at_two_sources_has_two_keys() -> None:
    body = {"pipeline": "pl_a", "run_id": RUN, "error": "it broke"}
    assert failure("adf", body).dedup_key != failure("synapse", body).dedup_key


def test_service_health_updates_of_one_incident_share_the_key() -> None:
    def notice(alert_id: str, stage: str) -> dict[str, Any]:
        properties = {"incidentType": "Incident", "trackingId": "VK2M-9Z0", "stage": stage}
        return common({"properties": properties}, monitoringService="ServiceHealth", alertId=alert_id)

    assert failure("adf", notice("a1", "Active")).dedup_key == failure("adf", notice("a2", "RCA")).dedup_key


@pytest.mark.parametrize(
    "body",
    [
        {"pipeline": "pl_a", "error": "it broke"},
        {"text": "late ships fired with 3 records"},
        {"data": {"essentials": {"alertRule": "late-ships"}}},
    ],
    ids=["simple", "custom", "rule-only"],
)
def test_body_without_any_mark_of_its_firing_says_so_and_has_a_family(body: dict[str, Any]) -> None:
    found = failure("adf", body)
    assert not found.has_firing
    assert found.family_key


def test_custom_text_with_another_count_stays_in_the_family() -> None:
    one, two = (failure("adf", {"text": f"late ships fired with {n} records"}) for n in (3, 14))
    assert one.family_key == two.family_key
    assert one.dedup_key != two.dedup_key


def test_resolved_alert_names_the_run() -> None:
    dimensions = {"PipelineRunId": RUN}
    fired = failure("adf", log_alert("ADFActivityRun", dimensions))
    result = ignored("adf", log_alert("ADFActivityRun", dimensions, monitorCondition="Resolved"))
    assert fired.dedup_key in result.dedup_keys
    assert result.audit_action == "Alert Resolved"


def test_resource_available_again_is_a_resolution() -> None:
    properties = {"currentHealthStatus": "Available", "previousHealthStatus": "Degraded"}
    result = ignored("adf", common({"properties": properties}, monitoringService="Resource Health"))
    assert result.audit_action == "Alert Resolved"


@pytest.mark.parametrize("kind", ["Maintenance", "Informational", "ActionRequired", "Security"])
def test_service_health_notice_that_is_no_incident_is_ignored(kind: str) -> None:
    result = ignored("adf", common({"properties": {"incidentType": kind}}, monitoringService="ServiceHealth"))
    assert kind in result.reason
    assert not result.audit_action


@pytest.mark.parametrize("service", ["Administrative", "Policy", "Autoscale", "Security", "Recommendation"])
def test_activity_log_is_ignored(service: str) -> None:
    ignored("adf", common({"eventSource": service}, monitoringService=f"Activity Log - {service}"))
