"""Replay: stored events and files through the same door, without a second ticket for a known failure."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from audit.models import AuditEntry
from ingestion.exported import export_event
from ingestion.management.commands.replay_alerts import Command as ReplayAlerts
from ingestion.models import AlertEvent, EventTicket
from ingestion.sources import adf, registry
from ingestion.sources.base import SourceSpec
from tests.sources.builders import metric_alert
from tests.support.posting import ADF, DATABRICKS, job_failed, pipeline_failed, post
from tickets.models import Ticket

RUN = "7d3c2a90-51f4-4e0d-8a6b-2f9d10c4e5a1"


def replay(*arguments: Any) -> str:
    out = StringIO()
    call_command("replay_alerts", *map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


def newest() -> AlertEvent:
    event = AlertEvent.objects.order_by("-pk").first()
    assert event is not None
    return event


ALERTS = {
    "run": (ADF, pipeline_failed(RUN)),
    "alert without a run": (ADF, metric_alert("CPU")),
    "body without a firing": (ADF, pipeline_failed()),
    "Databricks run": (DATABRICKS, job_failed(901)),
    "Databricks run without a workspace": (DATABRICKS, job_failed(901, None)),
}


@pytest.mark.parametrize(("path", "body"), ALERTS.values(), ids=ALERTS)
@pytest.mark.parametrize("state", ["open", "acknowledged"])
def test_replayed_event_finds_its_ticket_however_late(
    door: Client, path: str, body: dict[str, Any], state: str
) -> None:
    post(door, path, body)
    post(door, path, body)
    long_ago = timezone.now() - timedelta(days=30)
    Ticket.objects.update(last_seen_at=long_ago, opened_at=long_ago, status=state, acknowledged_at=long_ago)
    for event in AlertEvent.objects.all():
        assert "1 replayed: 0 created, 1 duplicate, 0 ignored, 0 failed." in replay("--event", event.pk)
    ticket = Ticket.objects.get()
    assert (ticket.occurrences, ticket.status) == (2, state)
    assert EventTicket.objects.count() == 2
    assert AlertEvent.objects.count() == 2


def test_replayed_event_takes_the_new_outcome_and_is_audited(
    door: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with broken_parser(monkeypatch):
        answer = post(door, ADF, pipeline_failed(RUN))
    assert answer["status"] == "unsupported"
    broken = newest()
    assert (broken.outcome, "parser gave up" in broken.failure_trace) == ("failed", True)
    assert "1 created" in replay("--status", "failed")
    mended = newest()
    assert (mended.pk, mended.outcome, mended.failure_trace, mended.replay_count) == (
        broken.pk, "accepted", "", 1,
    )  # fmt: skip
    assert mended.ticket_key == Ticket.objects.get().key
    entry = AuditEntry.objects.get(action="Event Replayed")
    assert entry.summary == f"Event {broken.pk} was replayed: accepted"
    assert entry.actor == "replay_alerts"


class broken_parser:  # noqa: N801 - a context manager that reads as a phrase
    """While inside, the Data Factory parser fails on everything."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._context = monkeypatch.context()

    def __enter__(self) -> None:
        def give_up(body: Any) -> Any:
            raise KeyError("parser gave up")

        spec = registry()["adf"]
        broken = SourceSpec(spec.slug, spec.label, spec.path, spec.key_prefix, give_up, spec.events)
        self._context.__enter__().setitem(registry(), "adf", broken)

    def __exit__(self, *error: Any) -> None:
        self._context.__exit__(None, None, None)
        assert registry()["adf"] is adf.SOURCE


def test_event_that_still_fails_makes_the_command_fail(door: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    post(door, ADF, pipeline_failed(RUN))
    with broken_parser(monkeypatch), pytest.raises(CommandError, match="1 of 1 failed"):
        replay("--event", newest().pk)
    assert newest().outcome == "failed"


def test_resolution_replayed_is_noted_on_its_ticket_once(door: Client) -> None:
    fired = metric_alert("CPU")
    post(door, ADF, fired)
    fired["data"]["essentials"]["monitorCondition"] = "Resolved"
    post(door, ADF, fired)
    assert "1 ignored" in replay("--event", newest().pk)
    assert AuditEntry.objects.filter(action="Alert Resolved").count() == 1


def test_dry_run_tells_and_changes_nothing(door: Client, tmp_path: Path) -> None:
    post(door, ADF, pipeline_failed(RUN))
    path = tmp_path / "new.json"
    path.write_text(json.dumps(pipeline_failed("0c6f1a2b-3d4e-4f50-8162-738495a6b7c8")))
    before = (AuditEntry.objects.count(), Ticket.objects.count(), AlertEvent.objects.count())
    assert "Dry run, nothing was changed: 1 replayed: 0 created, 1 duplicate" in replay(
        "--source", "adf", "--dry-run"
    )
    assert "1 created" in replay("--file", path, "--source", "adf", "--dry-run")
    assert (AuditEntry.objects.count(), Ticket.objects.count(), AlertEvent.objects.count()) == before
    assert newest().replay_count == 0


@pytest.fixture
def three_events(door: Client) -> list[AlertEvent]:
    """Two of Data Factory and one of Databricks, received on three days."""
    post(door, ADF, pipeline_failed(RUN))
    post(door, ADF, {"properties": {"PipelineName": "p", "PipelineRunId": RUN, "Status": "Succeeded"}})
    post(door, DATABRICKS, job_failed(901))
    events = list(AlertEvent.objects.order_by("pk"))
    for day, event in enumerate(events, 1):
        event.received_at = event.received_at.replace(year=2026, month=3, day=day, hour=12)
        event.save()
    return events


SELECTIONS = {
    "since": (["--since", "2026-03-02"], [1, 2]),
    "until is exclusive": (["--until", "2026-03-02T12:00:00Z"], [0]),
    "since is inclusive": (["--since", "2026-03-02T12:00:00", "--until", "2026-03-03"], [1]),
    "source": (["--source", "databricks"], [2]),
    "status": (["--status", "ignored"], [1]),
    "two statuses": (["--status", "ignored", "accepted", "--source", "adf"], [0, 1]),
}


@pytest.mark.parametrize(("arguments", "chosen"), SELECTIONS.values(), ids=SELECTIONS)
def test_events_are_chosen_by_time_source_and_status(
    three_events: list[AlertEvent], arguments: list[str], chosen: list[int]
) -> None:
    moments = [e.received_at.replace(minute=0, second=0, microsecond=0) for e in three_events]
    for event, moment in zip(three_events, moments, strict=True):
        AlertEvent.objects.filter(pk=event.pk).update(received_at=moment)
    replay(*arguments)
    replayed = AlertEvent.objects.filter(replay_count=1).order_by("pk").values_list("pk", flat=True)
    assert list(replayed) == [three_events[index].pk for index in chosen]


@pytest.mark.parametrize("wrong", [
    [], ["--event", "999"], ["--since", "yesterday"], ["--rate", "0"], ["--source", "nothing"],
    ["--status", "new"], ["--file", "/does/not/exist"], ["--file", "x", "--event", "1"],
])  # fmt: skip
@pytest.mark.django_db
def test_unusable_arguments_are_told_and_replay_nothing(wrong: list[str]) -> None:
    with pytest.raises((CommandError, SystemExit)):
        replay(*wrong)


def test_exported_event_is_replayed_from_its_file_without_a_source(door: Client, tmp_path: Path) -> None:
    opened = post(door, ADF, pipeline_failed(RUN))
    path = tmp_path / "event.json"
    path.write_text(export_event(newest()))
    Ticket.objects.all().delete()
    assert "1 created" in replay("--file", path)
    assert "1 duplicate" in replay("--file", path)
    assert Ticket.objects.get().key != opened["ticket_id"]
    assert bytes(newest().body) == json.dumps(pipeline_failed(RUN)).encode()


@pytest.mark.parametrize("body", [b'{"a": "\xc3\xa4"}', b"\xff\xfe{", b'{"a":\n 1}', b'{"a": "\\ud800"}'])
@pytest.mark.django_db
def test_exported_bytes_come_back_as_they_were(body: bytes, tmp_path: Path) -> None:
    event = AlertEvent.objects.create(source="adf", body=body, body_size=len(body), outcome="malformed")
    path = tmp_path / "event.json"
    path.write_text(export_event(event))
    with suppress(CommandError):  # what is malformed stays so
        replay("--file", path)
    assert bytes(newest().body) == body


@pytest.mark.django_db
def test_folder_is_replayed_file_by_file_and_failures_are_named(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "a.json").write_text(json.dumps(pipeline_failed(RUN)))
    (tmp_path / "deep" / "b.json").write_text(json.dumps(pipeline_failed(RUN.upper())))
    (tmp_path / "c.json").write_text("{no json")
    (tmp_path / "readme.txt").write_text("not an alert")
    out = StringIO()
    with pytest.raises(CommandError, match="1 of 3 failed"):
        call_command(
            "replay_alerts", "--file", str(tmp_path), "--source", "adf", stdout=out, stderr=StringIO()
        )
    assert "3 replayed: 1 created, 1 duplicate, 0 ignored, 1 failed." in out.getvalue()
    assert f"{tmp_path}/c.json: failed: The body is not JSON" in out.getvalue()


@pytest.mark.django_db
def test_file_that_is_no_exported_event_needs_a_source(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(pipeline_failed(RUN)))
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("replay_alerts", "--file", str(path), stdout=out, stderr=StringIO())
    assert f"{path}: failed: is no exported event, so --source is needed" in out.getvalue()
    assert not AlertEvent.objects.exists()


@pytest.mark.django_db
def test_file_larger_than_a_body_may_be_is_refused(tmp_path: Path, settings: Settings) -> None:
    settings.INGESTION_MAX_BODY_BYTES = 1024
    for name, size in (("a", 1025), ("b", 5000)):
        (tmp_path / f"{name}.json").write_bytes(b" " * size)
    out = StringIO()
    with pytest.raises(CommandError, match="2 of 2 failed"):
        call_command(
            "replay_alerts", "--file", str(tmp_path), "--source", "adf", stdout=out, stderr=StringIO()
        )
    assert out.getvalue().count("is larger than") == 2


def test_export_command_prints_the_event_without_key_and_address(door: Client) -> None:
    post(door, ADF, pipeline_failed(RUN))
    out = StringIO()
    call_command("export_event", str(newest().pk), stdout=out)
    exported = json.loads(out.getvalue())
    assert set(exported) == {"source", "event_id", "received_at", "content_type", "body"}
    assert json.loads(exported["body"]) == pipeline_failed(RUN)


@pytest.mark.django_db
def test_body_that_is_no_text_is_exported_as_base64() -> None:
    event = AlertEvent.objects.create(source="adf", body=b"\xff", body_size=1, outcome="malformed")
    assert json.loads(export_event(event))["body_base64"] == base64.b64encode(b"\xff").decode()


@pytest.mark.parametrize(
    ("option", "value"), [("--since", "yesterday"), ("--until", "25:00"), ("--rate", "0")]
)
def test_option_that_cannot_be_read_ends_with_a_sentence_and_no_traceback(
    capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        ReplayAlerts().run_from_argv(["manage.py", "replay_alerts", option, value])
    assert ended.value.code == 2
    assert f"argument {option}: " in capsys.readouterr().err
