"""A Data Factory failure as Azure Monitor posts it: a log search alert (V2) in the common alert schema."""

import argparse
import json
import sys
import uuid
from datetime import UTC, datetime, timedelta

SUBSCRIPTION = "00000000-0000-0000-0000-000000000000"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-sample"
FACTORY = f"{GROUP}/providers/Microsoft.DataFactory/factories/adf-sample"
MESSAGE = (
    "ErrorCode=UserErrorSourceBlobNotExist,'Type=Microsoft.DataTransfer.Common.Shared.HybridDeliveryException,"
    "Message=The required Blob is missing. ContainerName: landing, path: sales/sample.csv.,"
    "Source=Microsoft.DataTransfer.ClientLibrary,'"
)


def essentials(now: datetime) -> dict[str, object]:
    alert = uuid.uuid4()
    return {
        "alertId": f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/{alert}",
        "alertRule": "aiops-desk-adf-sample-run-failed",
        "severity": "Sev1",
        "signalType": "Log",
        "monitorCondition": "Fired",
        "monitoringService": "Log Alerts V2",
        "alertTargetIDs": [FACTORY.lower()],
        "configurationItems": [FACTORY.lower()],
        "originAlertId": str(alert),
        "firedDateTime": f"{now:%Y-%m-%dT%H:%M:%S}.0000000Z",
        "description": "Sample: a Data Factory run failed, with its error",
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
    }


def alert(run_id: str, pipeline: str, now: datetime) -> dict[str, object]:
    dimensions = {
        "PipelineRunId": run_id,
        "PipelineName": pipeline,
        "ActivityName": "Copy_Sales",
        "ErrorCode": "2200",
        "ErrorMessage": MESSAGE,
    }
    condition = {
        "searchQuery": "ADFPipelineRun | where Status == 'Failed'",
        "metricMeasureColumn": None,
        "targetResourceTypes": "['Microsoft.DataFactory/factories']",
        "operator": "GreaterThan",
        "threshold": "0",
        "timeAggregation": "Count",
        "dimensions": [{"name": name, "value": value} for name, value in dimensions.items()],
        "metricValue": 1.0,
        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
    }
    context = {
        "conditionType": "LogQueryCriteria",
        "condition": {
            "windowSize": "PT30M",
            "allOf": [condition],
            "windowStartTime": f"{now - timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}",
            "windowEndTime": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        },
    }
    return {
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {"essentials": essentials(now), "alertContext": context},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run-id", required=True, help="empty: a new one")
    parser.add_argument("--pipeline", required=True)
    options = parser.parse_args()
    body = alert(options.run_id or str(uuid.uuid4()), options.pipeline, datetime.now(UTC))
    sys.stdout.write(json.dumps(body, indent=2) + "\n")


if __name__ == "__main__":
    main()
