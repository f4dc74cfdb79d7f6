"""What setup_azure_adf_webhooks.sh tells Azure: first run, second run, dry run, undo, bad flags, secrets."""

from typing import Any

import pytest

from tests.scripts.fakes import ENCODED_KEY, KEY, Bench, readable_only_by_owner, said

SCRIPT = "setup_azure_adf_webhooks.sh"
GROUP = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-data"
FACTORY = f"{GROUP}/providers/Microsoft.DataFactory/factories/adf-prod"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights"
ACTION_GROUP = f"{INSIGHTS}/actionGroups/aiops-desk-adf-prod"
PIPELINE_RULE = f"{INSIGHTS}/metricAlerts/aiops-desk-adf-prod-pipeline-failed"
ACTIVITY_RULE = f"{INSIGHTS}/metricAlerts/aiops-desk-adf-prod-activity-failed"
LOG_RULE = f"{INSIGHTS}/scheduledQueryRules/aiops-desk-adf-prod-run-failed"
DIAGNOSTICS = f"{FACTORY}/providers/Microsoft.Insights/diagnosticSettings/aiops-desk-logs"
FLAGS = ("--resource-group", "rg-data", "--factory", "adf-prod", "--desk-url", "https://desk.example.com/")
WITH_LOGS = (*FLAGS, "--log-workspace", WORKSPACE)
ENTRA = {
    "--aad-object-id": "0b1ec7",
    "--aad-identifier-uri": "api://c11e",
    "--aad-tenant": "7e4a47",
}
EXISTING = {
    FACTORY: {"id": FACTORY, "name": "adf-prod"},
    WORKSPACE: {"id": WORKSPACE, "location": "West Europe"},
}


@pytest.fixture
def azure(bench: Bench) -> Bench:
    bench.azure(EXISTING)
    return bench


def writes(bench: Bench) -> list[tuple[str, str]]:
    return [
        (call.method, call.url.split("?")[0])
        for call in bench.calls("az")
        if call.method in {"put", "delete"}
    ]


def resource(bench: Bench, path: str) -> Any:
    return bench.resources()[path.lower()]


def receiver(bench: Bench) -> Any:
    return resource(bench, ACTION_GROUP)["properties"]["webhookReceivers"][0]


def test_first_run_makes_the_group_and_both_metric_rules(azure: Bench) -> None:
    result = azure.run(SCRIPT, *FLAGS)

    assert result.returncode == 0, said(result)
    assert writes(azure) == [("put", ACTION_GROUP), ("put", PIPELINE_RULE), ("put", ACTIVITY_RULE)]
    assert receiver(azure) == {
        "name": "desk",
        "serviceUri": f"https://desk.example.com/azure-monitor?api_key={ENCODED_KEY}",
        "useCommonAlertSchema": True,
        "useAadAuth": False,
    }
    assert "3 created, 0 updated" in result.stdout


def test_metric_rules_are_stateless_and_split_by_name(azure: Bench) -> None:
    azure.run(SCRIPT, *FLAGS)

    for path, metric, dimensions in (
        (PIPELINE_RULE, "PipelineFailedRuns", ["Name"]),
        (ACTIVITY_RULE, "ActivityFailedRuns", ["Name", "PipelineName"]),
    ):
        properties = resource(azure, path)["properties"]
        criterion = properties["criteria"]["allOf"][0]
        assert properties["autoMitigate"] is False
        assert criterion["metricName"] == metric
        assert criterion["timeAggregation"] == "Total"
        assert [d["name"] for d in criterion["dimensions"]] == dimensions
        assert properties["actions"][0]["actionGroupId"].lower() == ACTION_GROUP.lower()


def test_log_workspace_given_adds_diagnostics_and_a_rule_that_carries_the_error(azure: Bench) -> None:
    result = azure.run(SCRIPT, *WITH_LOGS)

    assert result.returncode == 0, said(result)
    diagnostics = resource(azure, DIAGNOSTICS)["properties"]
    assert diagnostics["logAnalyticsDestinationType"] == "Dedicated"
    assert {log["category"] for log in diagnostics["logs"]} == {"PipelineRuns", "ActivityRuns", "TriggerRuns"}
    rule = resource(azure, LOG_RULE)
    criterion = rule["properties"]["criteria"]["allOf"][0]
    assert rule["location"] == "West Europe"
    assert [d["name"] for d in criterion["dimensions"]] == [
        "PipelineRunId",
        "PipelineName",
        "ActivityName",
        "ErrorCode",
        "ErrorMessage",
    ]
    # Every dimension is a column of the query's last line, and the factory's id was filled in.
    last = criterion["query"].rpartition("| project")[2]
    assert all(d["name"] in last for d in criterion["dimensions"])
    assert "_ResourceId" in last
    assert "adf-prod'" in criterion["query"]
    assert "{resource_id}" not in criterion["query"]


def test_rules_log_makes_no_metric_rule(azure: Bench) -> None:
    azure.run(SCRIPT, *WITH_LOGS, "--rules", "log")

    assert writes(azure) == [("put", ACTION_GROUP), ("put", DIAGNOSTICS), ("put", LOG_RULE)]


def test_second_run_writes_nothing_and_sends_no_test(azure: Bench) -> None:
    azure.run(SCRIPT, *WITH_LOGS)
    azure.forget()

    result = azure.run(SCRIPT, *WITH_LOGS)

    assert result.returncode == 0, said(result)
    assert writes(azure) == []
    assert not [call for call in azure.calls("az") if "test-notifications" in call.argv]
    assert "0 created, 0 updated, 5 unchanged" in result.stdout


def test_changed_key_updates_only_the_action_group(azure: Bench) -> None:
    azure.run(SCRIPT, *FLAGS)
    azure.forget()
    azure.environment["RCA_API_KEY"] = "rotated"

    azure.run(SCRIPT, *FLAGS)

    assert writes(azure) == [("put", ACTION_GROUP)]
    assert receiver(azure)["serviceUri"].endswith("?api_key=rotated")


def test_receivers_added_by_hand_survive_an_update(azure: Bench) -> None:
    azure.run(SCRIPT, *FLAGS)
    group = resource(azure, ACTION_GROUP)
    group["properties"]["emailReceivers"] = [{"name": "ann", "emailAddress": "ann@example.com"}]
    group["properties"]["webhookReceivers"].insert(
        0, {"name": "teams", "serviceUri": "https://teams.example"}
    )
    azure.put_resource(ACTION_GROUP, group)
    azure.environment["RCA_API_KEY"] = "rotated"

    azure.run(SCRIPT, *FLAGS)

    properties = resource(azure, ACTION_GROUP)["properties"]
    assert properties["emailReceivers"][0]["name"] == "ann"
    assert [r["name"] for r in properties["webhookReceivers"]] == ["teams", "desk"]


def test_basic_auth_puts_the_key_into_the_user_info(azure: Bench) -> None:
    azure.run(SCRIPT, *FLAGS, "--auth", "basic", "--basic-user", "adf")

    assert receiver(azure)["serviceUri"] == f"https://adf:{ENCODED_KEY}@desk.example.com/azure-monitor"


def test_secure_webhook_carries_entra_ids_and_no_key(azure: Bench) -> None:
    azure.environment.pop("RCA_API_KEY")

    result = azure.run(
        SCRIPT, *FLAGS, "--auth=secure-webhook", *(part for pair in ENTRA.items() for part in pair)
    )

    assert result.returncode == 0, said(result)
    assert receiver(azure) == {
        "name": "desk",
        "serviceUri": "https://desk.example.com/azure-monitor",
        "useCommonAlertSchema": True,
        "useAadAuth": True,
        "objectId": "0b1ec7",
        "identifierUri": "api://c11e",
        "tenantId": "7e4a47",
    }
    test = next(call for call in azure.calls("az") if "test-notifications" in call.argv)
    assert test.argv[test.argv.index("useaadauth") :][1:3] == ["0b1ec7", "api://c11e"]


def test_dry_run_reads_and_prints_but_writes_nothing(azure: Bench) -> None:
    before = azure.resources()

    result = azure.run(SCRIPT, *WITH_LOGS, "--dry-run")

    assert result.returncode == 0, said(result)
    assert {call.method for call in azure.calls("az") if call.argv[0] == "rest"} == {"get"}
    assert all(call.argv[0] in {"rest", "account"} for call in azure.calls("az"))
    assert azure.resources() == before
    assert result.stdout.count("az rest --method put") == 5
    assert "?api_key=***" in result.stdout
    assert "test-notifications" in result.stdout


def test_undo_removes_exactly_what_was_made(azure: Bench) -> None:
    before = azure.resources()
    azure.run(SCRIPT, *WITH_LOGS)
    azure.environment.pop("RCA_API_KEY")

    result = azure.run(SCRIPT, "--undo", "--resource-group", "rg-data", "--factory", "adf-prod")

    assert result.returncode == 0, said(result)
    assert azure.resources() == before
    assert "5 removed" in result.stdout


def test_undo_twice_finds_nothing_and_succeeds(azure: Bench) -> None:
    result = azure.run(SCRIPT, "--undo", "--resource-group", "rg-data", "--factory", "adf-prod")

    assert result.returncode == 0, said(result)
    assert writes(azure) == []


def test_undo_leaves_a_rule_of_the_same_name_that_somebody_else_made(azure: Bench) -> None:
    azure.put_resource(PIPELINE_RULE, {"id": PIPELINE_RULE, "tags": None, "properties": {}})

    result = azure.run(SCRIPT, "--undo", "--resource-group", "rg-data", "--factory", "adf-prod")

    assert PIPELINE_RULE.lower() in azure.resources()
    assert "left alone" in result.stderr


def test_undo_keeps_a_group_to_which_people_added_receivers(azure: Bench) -> None:
    azure.run(SCRIPT, *FLAGS)
    group = resource(azure, ACTION_GROUP)
    group["properties"]["emailReceivers"] = [{"name": "ann", "emailAddress": "ann@example.com"}]
    azure.put_resource(ACTION_GROUP, group)

    azure.run(SCRIPT, "--undo", "--resource-group", "rg-data", "--factory", "adf-prod")

    left = resource(azure, ACTION_GROUP)
    assert left["properties"]["webhookReceivers"] == []
    assert left["properties"]["emailReceivers"][0]["name"] == "ann"
    assert "created-by" not in left["tags"]
    assert PIPELINE_RULE.lower() not in azure.resources()


def test_dry_undo_deletes_nothing(azure: Bench) -> None:
    azure.run(SCRIPT, *FLAGS)
    before = azure.resources()

    result = azure.run(SCRIPT, "--undo", "--dry-run", "--resource-group", "rg-data", "--factory", "adf-prod")

    assert azure.resources() == before
    assert result.stdout.count("--method delete") == 3


def test_foreign_rule_of_the_same_name_stops_the_run(azure: Bench) -> None:
    azure.put_resource(PIPELINE_RULE, {"id": PIPELINE_RULE, "tags": {}, "properties": {"severity": 4}})

    result = azure.run(SCRIPT, *FLAGS)

    assert result.returncode == 1
    assert "not made by this script" in result.stderr
    assert resource(azure, PIPELINE_RULE)["properties"] == {"severity": 4}


@pytest.mark.parametrize(
    ("properties", "outcome"),
    [
        (
            {
                "logAnalyticsDestinationType": "Dedicated",
                "logs": [{"categoryGroup": "allLogs", "enabled": True}],
            },
            0,
        ),
        ({"logAnalyticsDestinationType": None, "logs": [{"category": "PipelineRuns", "enabled": True}]}, 1),
    ],
)
def test_existing_diagnostic_setting_is_respected_or_named_as_conflict(
    azure: Bench, properties: dict[str, Any], outcome: int
) -> None:
    path = f"{FACTORY}/providers/Microsoft.Insights/diagnosticSettings/theirs"
    azure.put_resource(
        path, {"id": path, "name": "theirs", "properties": {"workspaceId": WORKSPACE, **properties}}
    )

    result = azure.run(SCRIPT, *WITH_LOGS)

    assert result.returncode == outcome, said(result)
    assert "theirs" in said(result)
    assert DIAGNOSTICS.lower() not in azure.resources()


def test_key_is_in_no_argument_and_no_output_and_files_are_private(azure: Bench) -> None:
    outputs = [
        said(azure.run(SCRIPT, *WITH_LOGS, *flags))
        for flags in ((), ("--auth", "basic"), ("--dry-run", "--auth", "query"), ("--test",))
    ]
    azure.azure(EXISTING, test="fail")
    failed = azure.run(SCRIPT, *FLAGS)

    arguments = " ".join(part for call in azure.calls("az") for part in call.argv)
    for text in (*outputs, said(failed), arguments):
        assert KEY not in text
        assert ENCODED_KEY not in text
    assert failed.returncode == 1
    assert "blocked for 14 minutes" in failed.stderr
    assert readable_only_by_owner(azure.calls("az"))
    assert azure.leftovers() == []


def test_error_of_azure_that_quotes_the_address_is_printed_without_the_key(azure: Bench) -> None:
    azure.azure(EXISTING, refuse="actiongroups")

    result = azure.run(SCRIPT, *FLAGS)

    assert result.returncode == 1
    assert "Azure refused" in result.stderr
    assert KEY not in said(result)
    assert ENCODED_KEY not in said(result)
    assert "api_key=***" in result.stderr


def test_dry_run_masks_addresses_of_other_peoples_receivers(azure: Bench) -> None:
    azure.run(SCRIPT, *FLAGS)
    group = resource(azure, ACTION_GROUP)
    address = "https://flow.example/run?sig=their-secret&v=1"
    group["properties"]["logicAppReceivers"] = [{"name": "flow", "callbackUrl": address}]
    azure.put_resource(ACTION_GROUP, group)

    result = azure.run(SCRIPT, *FLAGS, "--auth", "basic", "--dry-run")

    assert "their-secret" not in said(result)
    assert "https://flow.example/run?sig=***&v=***" in result.stdout


def test_key_file_wins_over_the_environment(azure: Bench) -> None:
    file = azure.folder / "key"
    file.write_text("from-file\r\nsecond line\n", encoding="utf-8")

    azure.run(SCRIPT, *FLAGS, "--key-file", str(file))

    assert receiver(azure)["serviceUri"].endswith("?api_key=from-file")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ((), "missing --resource-group"),
        (("--resource-group", "rg-data"), "missing --factory"),
        (("--resource-group", "rg-data", "--factory", "adf-prod"), "missing --desk-url"),
        ((*FLAGS[:-1], "http://desk.example.com"), "--desk-url must look like https://"),
        ((*FLAGS[:-1], "https://me:pw@desk.example.com"), "--desk-url must look like https://"),
        ((*FLAGS, "--auth", "magic"), "--auth must be query, basic or secure-webhook, not 'magic'"),
        ((*FLAGS, "--auth", "secure-webhook"), "missing --aad-object-id"),
        ((*FLAGS, "--rules", "log"), "missing --log-workspace"),
        ((*FLAGS, "--rules", "some"), "--rules must be metric, log or both"),
        ((*FLAGS, "--log-workspace", "logs"), "--log-workspace must be a full resource id"),
        ((*FLAGS, "--name-prefix", "a/b"), "--name-prefix may hold"),
        ((*FLAGS, "--api-key", "x"), "unknown flag --api-key"),
        (("--factory", "--undo"), "--factory needs a value"),
    ],
)
def test_bad_flags_are_named_and_nothing_is_asked_of_azure(
    azure: Bench, flags: tuple[str, ...], words: str
) -> None:
    result = azure.run(SCRIPT, *flags)

    assert result.returncode == 2
    assert words in result.stderr
    assert azure.calls("az") == []


def test_no_key_anywhere_names_every_way_to_give_one(azure: Bench) -> None:
    azure.environment.pop("RCA_API_KEY")

    result = azure.run(SCRIPT, *FLAGS)

    assert result.returncode == 2
    assert "RCA_API_KEY" in result.stderr
    assert "--key-file" in result.stderr


def test_unknown_factory_is_told_before_anything_is_made(azure: Bench) -> None:
    result = azure.run(SCRIPT, *FLAGS[:2], "--factory", "typo", *FLAGS[4:])

    assert result.returncode == 1
    assert "no Data Factory 'typo'" in result.stderr
    assert writes(azure) == []


def test_missing_role_is_told_in_plain_words(azure: Bench) -> None:
    azure.azure(EXISTING, refuse="metricalerts")

    result = azure.run(SCRIPT, *FLAGS)

    assert result.returncode == 1
    assert "Monitoring Contributor" in result.stderr
