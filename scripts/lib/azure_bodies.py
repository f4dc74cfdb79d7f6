"""JSON work for the Azure set-up scripts: build request bodies, compare them with Azure's, mask secrets.

Plain Python without packages, because it runs on an administrator's machine beside ``az``; it never talks
to a network. Secrets come from files and leave only inside a body; ``mask`` is for printing.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from azure_compare import MARK, RECEIVER, coverage, field, is_ours, load, masked, same

DIFFERENT = 3

Json = Any


def action_group(options: argparse.Namespace) -> Json:
    """The whole group: Azure's PUT replaces it, so receivers that people added by hand are carried over."""
    text = Path(options.current).read_text(encoding="utf-8")
    current = json.loads(text) if text.strip() else {}
    properties = dict(current.get("properties") or {})
    others = [r for r in properties.get("webhookReceivers") or [] if r.get("name") != RECEIVER]
    properties.pop("provisioningState", None)
    properties.setdefault("groupShortName", "aiops-desk")
    properties["enabled"] = True
    properties["webhookReceivers"] = [*others, webhook_receiver(options)]
    return {"location": "Global", "tags": {**(current.get("tags") or {}), **MARK}, "properties": properties}


def webhook_receiver(options: argparse.Namespace) -> Json:
    """The receiver with its credential in one of the three places an action group has for it."""
    key = Path(options.key_file).read_text(encoding="utf-8")
    address: str = options.address
    receiver: dict[str, Json] = {
        "name": RECEIVER,
        "serviceUri": address,
        "useCommonAlertSchema": True,
        "useAadAuth": False,
    }
    if options.auth == "query":
        receiver["serviceUri"] = f"{address}?api_key={quote(key, safe='')}"
    elif options.auth == "basic":
        login = f"{quote(options.basic_user, safe='')}:{quote(key, safe='')}"
        receiver["serviceUri"] = address.replace("https://", f"https://{login}@", 1)
    else:
        receiver["useAadAuth"] = True
        receiver["objectId"] = options.object_id
        receiver["identifierUri"] = options.identifier_uri
        receiver["tenantId"] = options.tenant
    return receiver


def without_desk(found: Json) -> Json | None:
    """The group without our receiver and mark, or None when nothing else would be left in it."""
    properties = dict(found["properties"])
    properties.pop("provisioningState", None)
    receivers = [r for r in properties.get("webhookReceivers") or [] if r.get("name") != RECEIVER]
    properties["webhookReceivers"] = receivers
    if not any(value for name, value in properties.items() if name.endswith("Receivers")):
        return None
    tags = {name: value for name, value in (found.get("tags") or {}).items() if name not in MARK}
    return {"location": found.get("location", "Global"), "tags": tags, "properties": properties}


def metric_rule(options: argparse.Namespace) -> Json:
    """A metric rule split by dimensions and stateless.

    A stateful rule (autoMitigate true, the default) says nothing about a second failure while it is fired.
    The aggregation is Total: Count would count samples, not failures.
    """
    dimensions = [{"name": name, "operator": "Include", "values": ["*"]} for name in options.dimension]
    criterion = {
        "criterionType": "StaticThresholdCriterion",
        "name": "failures",
        "metricNamespace": "Microsoft.DataFactory/factories",
        "metricName": options.metric,
        "dimensions": dimensions,
        "operator": "GreaterThan",
        "threshold": 0,
        "timeAggregation": "Total",
    }
    return {
        "location": "global",
        "tags": MARK,
        "properties": {
            "description": options.description,
            "severity": 1,
            "enabled": True,
            "scopes": [options.resource],
            "evaluationFrequency": "PT1M",
            "windowSize": "PT5M",
            "criteria": {
                "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
                "allOf": [criterion],
            },
            "autoMitigate": False,
            "actions": [{"actionGroupId": options.action_group}],
        },
    }


def log_rule(options: argparse.Namespace) -> Json:
    """A log search rule (V2) whose dimensions carry the failure, one alert per row.

    The window (30 minutes) is longer than the frequency (5 minutes) on purpose: rows reach the workspace
    minutes late, and action groups stop calling an address for 15 minutes after failed deliveries. The desk
    recognises the repeats. The query is not validated on creation: a table appears only with its first row.
    """
    query = Path(options.query_file).read_text(encoding="utf-8").replace("{resource_id}", options.resource)
    dimensions = [{"name": name, "operator": "Include", "values": ["*"]} for name in options.dimension]
    criterion = {
        "query": query.strip(),
        "timeAggregation": "Count",
        "operator": "GreaterThan",
        "threshold": 0,
        "resourceIdColumn": "_ResourceId",
        "dimensions": dimensions,
        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
    }
    return {
        "location": options.location,
        "tags": MARK,
        "kind": "LogAlert",
        "properties": {
            "displayName": options.description,
            "description": options.description,
            "severity": 1,
            "enabled": True,
            "scopes": [options.workspace],
            "evaluationFrequency": "PT5M",
            "windowSize": "PT30M",
            "criteria": {"allOf": [criterion]},
            "autoMitigate": False,
            "skipQueryValidation": True,
            "actions": {"actionGroups": [options.action_group]},
        },
    }


def diagnostics(options: argparse.Namespace) -> Json:
    """A diagnostic setting that fills the resource-specific tables, not AzureDiagnostics.

    Databricks knows resource-specific tables only and does not keep the choice, so it is not sent there.
    """
    properties: dict[str, Json] = {
        "workspaceId": options.workspace,
        "logs": [{"category": name, "enabled": True} for name in options.category],
    }
    if "clusters" not in options.category:
        properties["logAnalyticsDestinationType"] = "Dedicated"
    return {"properties": properties}


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(description=__doc__)
    commands = root.add_subparsers(dest="command", required=True)
    group = commands.add_parser("action-group")
    for name in (
        "address",
        "auth",
        "key-file",
        "basic-user",
        "object-id",
        "identifier-uri",
        "tenant",
        "current",
    ):
        group.add_argument(f"--{name}", required=True)
    metric = commands.add_parser("metric-rule")
    for name in ("resource", "metric", "action-group", "description"):
        metric.add_argument(f"--{name}", required=True)
    log = commands.add_parser("log-rule")
    for name in ("workspace", "location", "resource", "query-file", "action-group", "description"):
        log.add_argument(f"--{name}", required=True)
    for rule in (metric, log):
        rule.add_argument("--dimension", action="append", required=True)
    setting = commands.add_parser("diagnostics")
    covered = commands.add_parser("covered")
    covered.add_argument("file")
    covered.add_argument("--own-name", required=True)
    for logs in (setting, covered):
        logs.add_argument("--workspace", required=True)
        logs.add_argument("--category", action="append", required=True)
    for name, arguments in {
        "same": ("wanted", "found"),
        "ours": ("file",),
        "mask": ("file",),
        "field": ("file", "path"),
        "without-desk": ("file",),
    }.items():
        command = commands.add_parser(name)
        for argument in arguments:
            command.add_argument(argument)
    return root


def verdict(holds: bool) -> str:
    if not holds:
        raise SystemExit(DIFFERENT)
    return ""


def main() -> None:
    options = parser().parse_args()
    actions: dict[str, Callable[[], Json]] = {
        "action-group": lambda: action_group(options),
        "metric-rule": lambda: metric_rule(options),
        "log-rule": lambda: log_rule(options),
        "diagnostics": lambda: diagnostics(options),
        "covered": lambda: coverage(
            load(options.file).get("value") or [], options.workspace, options.category, options.own_name
        ),
        "same": lambda: verdict(same(load(options.wanted), load(options.found))),
        "ours": lambda: verdict(is_ours(load(options.file))),
        "mask": lambda: masked(load(options.file)),
        "field": lambda: field(options.file, options.path),
        "without-desk": lambda: without_desk(load(options.file)) or verdict(False),
    }
    result = actions[options.command]()
    sys.stdout.write(result if isinstance(result, str) else json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
