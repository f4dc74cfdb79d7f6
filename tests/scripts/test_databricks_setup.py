"""What setup_databricks_webhooks.sh tells Databricks (real HTTP on loopback, real curl) and Azure."""

import base64
from typing import Any

import pytest

from tests.scripts.fake_workspace import Workspace
from tests.scripts.fakes import KEY, Bench, readable_only_by_owner, said

SCRIPT = "setup_databricks_webhooks.sh"
GROUP = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-dbx"
DATABRICKS = f"{GROUP}/providers/Microsoft.Databricks/workspaces/dbx-prod"
LOGS = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights"
ACTION_GROUP = f"{INSIGHTS}/actionGroups/aiops-desk-dbx-prod-clusters"
LOG_RULE = f"{INSIGHTS}/scheduledQueryRules/aiops-desk-dbx-prod-cluster-failed"
DESK = ("--desk-url", "https://desk.example.com")
CLUSTERS = ("--databricks-workspace-id", DATABRICKS, "--log-workspace", LOGS)
EXISTING = {DATABRICKS: {"id": DATABRICKS}, LOGS: {"id": LOGS, "location": "westeurope"}}
OURS = [{"id": "dest-1"}]


@pytest.fixture
def desk(bench: Bench, workspace: Workspace) -> Bench:
    bench.environment |= {"DATABRICKS_HOST": workspace.url, "DATABRICKS_TOKEN": "dapi-good"}
    bench.azure(EXISTING)
    return bench


def notifications(workspace: Workspace, job_id: int) -> Any:
    return workspace.jobs[job_id]["settings"].get("webhook_notifications")


def test_first_run_makes_a_basic_webhook_destination_and_attaches_the_job(
    desk: Bench, workspace: Workspace
) -> None:
    result = desk.run(SCRIPT, *DESK, "--job-id", "11")

    assert result.returncode == 0, said(result)
    assert workspace.secrets == [
        {
            "generic_webhook": {
                "url": "https://desk.example.com/databricks-monitor",
                "username": "databricks",
                "password": KEY,
            }
        }
    ]
    assert notifications(workspace, 11) == {
        "on_failure": OURS,
        "on_duration_warning_threshold_exceeded": OURS,
    }
    assert notifications(workspace, 13) == {"on_failure": [{"id": "a"}, {"id": "b"}, {"id": "c"}]}


def test_existing_notifications_are_kept(desk: Bench, workspace: Workspace) -> None:
    desk.run(SCRIPT, *DESK, "--job-id", "12")

    assert notifications(workspace, 12) == {
        "on_success": [{"id": "theirs"}],
        "on_failure": [{"id": "theirs"}, {"id": "others"}, *OURS],
        "on_duration_warning_threshold_exceeded": OURS,
    }


def test_all_jobs_walks_every_page_and_names_the_job_that_is_full(desk: Bench, workspace: Workspace) -> None:
    result = desk.run(SCRIPT, *DESK, "--all-jobs")

    assert result.returncode == 1
    assert "job 13 (full) has 3 destinations for on_failure already; Databricks allows 3" in result.stderr
    updated = [body["job_id"] for _, path, body in workspace.writes() if path.endswith("/jobs/update")]
    assert updated == [11, 12]


def test_second_run_writes_nothing(desk: Bench, workspace: Workspace) -> None:
    desk.run(SCRIPT, *DESK, "--job-id", "11", "--job-id", "12", *CLUSTERS)
    workspace.requests.clear()
    desk.forget()

    result = desk.run(SCRIPT, *DESK, "--job-id", "11", "--job-id", "12", *CLUSTERS)

    assert result.returncode == 0, said(result)
    assert workspace.writes() == []
    assert [call.argv for call in desk.calls("az") if call.method != "get"] == []
    assert "already attached: 2" in result.stdout


def test_update_destination_sends_the_new_key_to_the_same_destination(
    desk: Bench, workspace: Workspace
) -> None:
    desk.run(SCRIPT, *DESK)
    desk.environment["RCA_API_KEY"] = "rotated"

    desk.run(SCRIPT, *DESK, "--update-destination")

    assert [request[:2] for request in workspace.writes()] == [
        ("POST", "/api/2.0/notification-destinations"),
        ("PATCH", "/api/2.0/notification-destinations/dest-1"),
    ]
    assert workspace.secrets[-1]["generic_webhook"]["password"] == "rotated"


def test_dry_run_writes_nothing_and_masks_the_password(desk: Bench, workspace: Workspace) -> None:
    result = desk.run(SCRIPT, *DESK, "--all-jobs", "--create-test-job", *CLUSTERS, "--dry-run")

    assert workspace.writes() == []
    assert [call for call in desk.calls("az") if call.method != "get"] == []
    assert '"password": "***"' in result.stdout
    assert "would run: POST /api/2.2/jobs/update" in result.stdout
    assert "Dry run: nothing was changed." in result.stdout


def test_undo_gives_every_job_back_its_own_notifications(desk: Bench, workspace: Workspace) -> None:
    before = notifications(workspace, 12)
    azure = desk.resources()
    desk.run(SCRIPT, *DESK, "--job-id", "11", "--job-id", "12", "--create-test-job", *CLUSTERS)
    desk.environment.pop("RCA_API_KEY")

    result = desk.run(SCRIPT, "--undo", "--databricks-workspace-id", DATABRICKS)

    assert result.returncode == 0, said(result)
    after = {event: entries for event, entries in notifications(workspace, 12).items() if entries}
    assert after == before
    assert not any(notifications(workspace, 11).values())
    assert workspace.destinations == []
    assert sorted(workspace.jobs) == [11, 12, 13]
    assert workspace.files == []
    assert desk.resources() == azure


def test_undo_leaves_a_job_of_the_test_jobs_name_without_our_tag(desk: Bench, workspace: Workspace) -> None:
    workspace.jobs[77] = {"job_id": 77, "settings": {"name": "aiops-desk test: fails on purpose"}}

    desk.run(SCRIPT, "--undo")

    assert 77 in workspace.jobs


def test_test_job_raises_is_attached_and_started_once(desk: Bench, workspace: Workspace) -> None:
    desk.run(SCRIPT, *DESK, "--create-test-job", "--test-cluster-id", "0101-abc")
    again = desk.run(SCRIPT, *DESK, "--create-test-job")

    job = workspace.jobs[900]["settings"]
    imported = next(body for _, path, body in workspace.writes() if path.endswith("/workspace/import"))
    assert job["webhook_notifications"]["on_failure"] == OURS
    assert job["tasks"][0]["existing_cluster_id"] == "0101-abc"
    assert job["tasks"][0]["notebook_task"]["notebook_path"] == imported["path"]
    assert "raise RuntimeError" in base64.b64decode(imported["content"]).decode()
    assert workspace.started == [900]
    assert "unchanged  test job 900" in again.stdout


def test_notes_tell_of_missing_duration_rule_and_of_bundles(desk: Bench, workspace: Workspace) -> None:
    workspace.jobs[11]["settings"]["deployment"] = {"kind": "BUNDLE"}

    result = desk.run(SCRIPT, *DESK, "--job-id", "11", "--job-id", "12")

    assert "job 11 (bare): no RUN_DURATION_SECONDS health rule" in result.stdout
    assert "job 11 (bare): deployed by a bundle" in result.stdout
    assert "job 12 (has its own)" not in result.stdout


def test_cluster_rule_carries_what_identifies_a_termination(desk: Bench) -> None:
    result = desk.run(SCRIPT, *DESK, *CLUSTERS)

    assert result.returncode == 0, said(result)
    resources = desk.resources()
    receiver = resources[ACTION_GROUP.lower()]["properties"]["webhookReceivers"][0]
    assert receiver["serviceUri"].startswith("https://desk.example.com/azure-monitor-alert?api_key=")
    rule = resources[LOG_RULE.lower()]["properties"]
    criterion = rule["criteria"]["allOf"][0]
    assert [d["name"] for d in criterion["dimensions"]] == [
        "ClusterId",
        "ClusterName",
        "TerminationCode",
        "State",
        "LastEvent",
    ]
    assert all(f"{d['name']} = " in criterion["query"] for d in criterion["dimensions"])
    assert "ActionName == 'deleteResult'" in criterion["query"]
    assert rule["autoMitigate"] is False
    # Clusters have no notifications of their own; nothing may try to give them any.
    assert "workspace-conf" not in said(result)


def test_profile_speaks_through_the_cli(desk: Bench, workspace: Workspace) -> None:
    desk.environment.pop("DATABRICKS_TOKEN")
    desk.environment.pop("DATABRICKS_HOST")
    desk.environment["FAKE_WORKSPACE"] = workspace.url

    result = desk.run(SCRIPT, *DESK, "--job-id", "11", "--profile", "prod")

    assert result.returncode == 0, said(result)
    assert desk.calls("curl") == []
    assert all(call.argv[-1] == "prod" or "prod" in call.argv for call in desk.calls("databricks"))
    assert notifications(workspace, 11)["on_failure"] == OURS


def test_secrets_are_in_no_argument_and_no_output(desk: Bench, workspace: Workspace) -> None:
    desk.environment["FAKE_WORKSPACE"] = workspace.url
    outputs = [
        said(desk.run(SCRIPT, *DESK, "--all-jobs", *flags))
        for flags in (("--dry-run",), (), ("--profile", "p", "--update-destination"))
    ]
    workspace.status["/api/2.0/notification-destinations"] = 403
    outputs.append(said(desk.run(SCRIPT, *DESK)))

    calls = [*desk.calls("curl"), *desk.calls("databricks"), *desk.calls("az")]
    arguments = " ".join(part for call in calls for part in call.argv)
    for text in (*outputs, arguments):
        assert KEY not in text
        assert "dapi-good" not in text
    assert readable_only_by_owner(calls)
    assert desk.leftovers() == []


def test_refusal_stops_the_run_with_the_servers_words(desk: Bench, workspace: Workspace) -> None:
    workspace.status["/api/2.0/notification-destinations"] = 403

    result = desk.run(SCRIPT, *DESK, "--job-id", "11")

    assert result.returncode == 1
    assert "Databricks answered 403" in result.stderr
    assert "the server's own words" in result.stderr
    assert workspace.writes() == []


def test_destination_of_another_kind_is_not_touched(desk: Bench, workspace: Workspace) -> None:
    workspace.destinations.append({"id": "mail", "display_name": "aiops-desk", "destination_type": "EMAIL"})

    result = desk.run(SCRIPT, *DESK)

    assert result.returncode == 1
    assert "--destination-name" in result.stderr
    assert workspace.writes() == []


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ((), "missing --desk-url"),
        ((*DESK, "--job-id", "abc"), "--job-id must be a number, not 'abc'"),
        ((*DESK, "--job-id", "1", "--all-jobs"), "--all-jobs or --job-id, not both"),
        ((*DESK, *CLUSTERS[:2]), "missing --log-workspace"),
        ((*DESK, *CLUSTERS[2:]), "missing --databricks-workspace-id"),
        ((*DESK, "--host", "https://x/path"), "--host must be https://<workspace>"),
        ((*DESK, "--password", "x"), "unknown flag --password"),
    ],
)
def test_bad_flags_are_named_and_nothing_is_sent(
    desk: Bench, workspace: Workspace, flags: tuple[str, ...], words: str
) -> None:
    result = desk.run(SCRIPT, *flags)

    assert result.returncode == 2
    assert words in result.stderr
    assert workspace.requests == []


def test_missing_token_names_every_way_to_give_one(desk: Bench) -> None:
    desk.environment.pop("DATABRICKS_TOKEN")

    result = desk.run(SCRIPT, *DESK)

    assert result.returncode == 2
    assert "DATABRICKS_TOKEN" in result.stderr
    assert "--token-file" in result.stderr
