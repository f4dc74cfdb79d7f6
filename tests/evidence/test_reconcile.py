"""Failed runs that no webhook told of get their ticket, once, and with the right workspace's token."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.models import AuditEntry
from ingestion import reconcile
from rca.models import RunMention
from tests.evidence.play import FACTORY, GOOD, Play, copy_activity, job_run, pipeline_run
from tests.evidence.test_databricks import job_ticket
from tests.evidence.test_pipelines import run_ticket
from tests.support.factories import make_ticket
from tests.support.vendor_server import ok
from tickets.models import Ticket


@pytest.fixture
def factory_known(settings: Settings) -> None:
    settings.RECONCILE_FACTORIES = (FACTORY,)


def recent(minutes: int = 60) -> Any:
    return timezone.now().replace(microsecond=0) - timedelta(minutes=minutes)


def test_missed_run_gets_a_ticket_and_a_known_one_is_left_alone(play: Play, factory_known: None) -> None:
    play.add_pipeline_run(pipeline_run("run-1", "load", started=recent()), copy_activity())
    play.add_pipeline_run(pipeline_run("run-2", "load", started=recent()), copy_activity())
    play.add_pipeline_run(pipeline_run("run-3", "load", started=recent(300)))
    known = run_ticket("run-1", dedup_key="adf:run:run-1")
    result = reconcile.reconcile(timezone.now())
    opened = Ticket.objects.exclude(pk=known.pk).get()
    assert result.opened == [opened.key]
    assert (opened.run_id, opened.processing_mode, opened.source) == ("run-2", "reconciled", "adf")
    assert opened.needs_work
    known.refresh_from_db()
    assert known.occurrences == 1
    assert reconcile.reconcile(timezone.now()).opened == []
    assert AuditEntry.objects.filter(action="Duplicate Run Detected").count() == 0


def test_missed_job_run_gets_a_ticket_that_its_late_webhook_joins(play: Play, door: Client) -> None:
    play.add_job_run(job_run(900, started=recent()))
    play.add_job_run(job_run(901, GOOD, started=recent()))
    play.add_job_run(
        job_run(902, {"life_cycle_state": "TERMINATED", "result_state": "CANCELED"}, started=recent())
    )
    play.add_job_run(job_run(903, started=recent(), run_type="WORKFLOW_RUN"))
    assert len(reconcile.reconcile(timezone.now()).opened) == 1
    ticket = Ticket.objects.get()
    assert (ticket.run_id, ticket.run_scope, ticket.pipeline) == ("900", "77", "berth-cleaning")
    body = {"event_type": "jobs.on_failure", "workspace_id": 77, "run": {"run_id": 900},
            "job": {"job_id": 5, "name": "berth-cleaning"}}  # fmt: skip
    told = door.post("/databricks-monitor", body, content_type="application/json").json()
    assert (told["status"], told["ticket_id"]) == ("duplicate_ignored", ticket.key)


def test_run_whose_webhook_named_no_workspace_is_not_opened_again(play: Play, settings: Settings) -> None:
    play.add_job_run(job_run(900, started=recent()))
    job_ticket("900", run_scope="", dedup_key="databricks:run::900")
    assert reconcile.reconcile(timezone.now()).opened == []
    settings.DATABRICKS_WORKSPACE_ID = ""
    assert reconcile.reconcile(timezone.now()).opened == []


def test_run_behind_an_activity_that_has_a_ticket_is_not_opened(play: Play) -> None:
    play.add_job_run(job_run(900, started=recent(), run_type="SUBMIT_RUN"))
    play.add_job_run(job_run(901, started=recent(6), minutes=1, run_type="SUBMIT_RUN"))
    RunMention.objects.create(ticket=make_ticket(), source="databricks", run_id="900", scope="77")
    assert reconcile.reconcile(timezone.now()).opened == []
    assert len(reconcile.reconcile(timezone.now() + timedelta(minutes=15)).opened) == 1


def test_each_workspace_is_asked_with_its_own_token(play: Play, settings: Settings, tmp_path: Path) -> None:
    known = tmp_path / "workspaces.json"
    known.write_text(json.dumps({"88": {"host": play.vendor.url, "token": "dapi-of-88"}}))
    settings.DATABRICKS_WORKSPACES_FILE = str(known)
    play.add_job_run(job_run(900, started=recent()))
    assert len(reconcile.reconcile(timezone.now()).opened) == 2
    assert set(Ticket.objects.values_list("dedup_key", flat=True)) == {
        "databricks:run:77:900",
        "databricks:run:88:900",
    }
    tokens = [request.headers["authorization"] for request in play.vendor.to("/api/2.2/jobs/runs/list")]
    assert tokens == ["Bearer dapi-token", "Bearer dapi-of-88"]


def test_factories_are_known_from_the_tickets_of_a_month(play: Play, settings: Settings) -> None:
    settings.DATABRICKS_HOST = ""
    run_ticket("run-1")
    make_ticket(run_scope=FACTORY.lower() + "-old", opened_at=timezone.now() - timedelta(days=31))
    make_ticket(run_scope="not an id")
    assert reconcile.known_factories(timezone.now()) == [FACTORY.lower()]


def test_one_vendor_away_does_not_hide_the_other(play: Play, factory_known: None) -> None:
    play.vendor.on("POST", f"{FACTORY}/queryPipelineRuns", ok({"error": {"code": "Denied"}}, 403))
    play.add_job_run(job_run(900, started=recent()))
    result = reconcile.reconcile(timezone.now())
    assert len(result.opened) == 1
    assert result.problems[0].startswith("adf-tide: datafactory")


def test_nothing_configured_asks_nobody(play: Play, settings: Settings, factory_known: None) -> None:
    settings.DATABRICKS_HOST = settings.AZURE_MANAGEMENT_TOKEN = ""
    result = reconcile.reconcile(timezone.now())
    assert (result.opened, result.problems, play.vendor.requests) == ([], [], [])


def test_turn_comes_once_per_period_however_many_clocks_run(db: None, settings: Settings) -> None:
    settings.RECONCILE_MINUTES = 10
    now = timezone.now()
    assert [reconcile.take_turn(now), reconcile.take_turn(now)] == [True, False]
    assert not reconcile.take_turn(now + timedelta(minutes=9))
    assert reconcile.take_turn(now + timedelta(minutes=10))
    settings.RECONCILE_MINUTES = 0
    assert not reconcile.take_turn(now + timedelta(days=1))


def failed_ticket(**fields: Any) -> Ticket:
    """Of the pipeline `load`, failed two hours ago."""
    ago = recent(120)
    known = {
        "pipeline": "load",
        "opened_at": ago,
        "fired_at": ago,
        "run_scope": FACTORY.lower(),
        "source": "adf",
    }
    return make_ticket(**{**known, **fields})


def test_later_run_that_the_factory_lists_as_good_is_the_recovery(play: Play, factory_known: None) -> None:
    ticket, other = failed_ticket(), failed_ticket(pipeline="other")
    elsewhere = failed_ticket(run_scope=f"{FACTORY}-2".lower())
    play.add_pipeline_run(pipeline_run("run-8", "load", "Succeeded", started=recent(60), minutes=10))
    play.add_pipeline_run(pipeline_run("run-9", "load", "Succeeded", started=recent(30), minutes=10))
    play.add_pipeline_run(
        pipeline_run("run-7", "load", "Succeeded", started=recent(125), minutes=20)
    )  # beside it
    assert reconcile.reconcile(timezone.now()).recovered == 1
    assert reconcile.reconcile(timezone.now()).recovered == 0
    for each in (ticket, other, elsewhere):
        each.refresh_from_db()
    assert ticket.recovery_seconds == pytest.approx(70 * 60, abs=5)
    assert (other.recovered_at, elsewhere.recovered_at) == (None, None)
    entry = AuditEntry.objects.get(action="Pipeline Recovered")
    assert (entry.actor, entry.details["run_id"]) == ("Reconciliation", "run-8")


def test_factory_is_not_asked_for_good_runs_where_nothing_waits_for_one(
    play: Play, factory_known: None
) -> None:
    failed_ticket(recovered_at=timezone.now())
    reconcile.reconcile(timezone.now())
    assert [query["filters"][0]["values"] for query in play.queries()] == [["Failed"]]


def test_later_or_repaired_job_run_is_the_recovery(play: Play) -> None:
    job = {"source": "databricks", "run_scope": "77", "pipeline": "berth-cleaning"}
    repaired = failed_ticket(**job, run_id="900", opened_at=recent(100), fired_at=recent(100))
    play.add_job_run(job_run(900, GOOD, started=recent(110), minutes=40))
    assert reconcile.reconcile(timezone.now()).recovered == 1
    later = failed_ticket(**job, run_id="901", opened_at=recent(60), fired_at=recent(60))
    assert reconcile.reconcile(timezone.now()).recovered == 0, "that run ended before this failure"
    play.add_job_run(job_run(902, GOOD, started=recent(50), minutes=10))
    assert reconcile.reconcile(timezone.now()).recovered == 1
    for ticket, seconds in ((repaired, 30 * 60), (later, 20 * 60)):
        ticket.refresh_from_db()
        assert ticket.recovery_seconds == pytest.approx(seconds, abs=5)
