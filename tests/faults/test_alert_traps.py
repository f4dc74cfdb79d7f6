"""What an alert may carry to harm the desk: packed bombs, addresses to call, secrets to spread."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from ingestion import claims, pipeline
from ingestion.models import AlertEvent
from tests.conftest import API_KEY
from tests.door.conftest import face, fast_face
from tests.door.test_fuzz import megabytes
from tests.evidence.conftest import play
from tests.evidence.play import Play
from tests.faults.desk import MortalDesk, settled
from tests.rca.models.test_secrets import PARTS, SECRETS
from tests.sources.payloads import declared
from tests.support.alerts import data_factory_alert
from tests.support.faces import Face
from tests.support.posting import ADF
from tests.support.vendor_server import Answer, VendorServer, serving
from tests.support.world import living
from tickets.models import Ticket

__all__ = ["face", "fast_face", "play"]

ADDRESS = re.compile(
    r"https?://[^\s\"'<>]+|\b[\w-]+(?:\.[\w-]+)*\.(?:azuredatabricks|azure|windows|databricks)\.(?:net|com)\b"
)


def test_packed_body_is_refused_unopened_and_kept(face: Face) -> None:
    bomb = b"".join(
        gzip.compress(b" " * 10**7) for _ in range(60)
    )  # 600 MB in 600 kB: members may follow each other
    before = megabytes()
    told = face.send(ADF, bomb, {"X-Api-Key": API_KEY, "Content-Encoding": "gzip"})
    assert (told.status, json.loads(told.body)["detail"]) == (
        400, "The body is compressed (gzip); expected plain JSON in UTF-8.",
    )  # fmt: skip
    assert megabytes() - before < 64
    event = AlertEvent.objects.get()
    assert (event.outcome, bytes(event.body)) == ("malformed", bomb)


@pytest.fixture
def trap() -> Iterator[VendorServer]:
    """Whoever follows an address out of an alert comes here."""
    with serving() as server:
        yield server


def led_astray(value: Any, trap: VendorServer) -> Any:
    """The value with every address, and every host that looks like a vendor's, exchanged for the trap's."""
    if isinstance(value, dict):
        return {name: led_astray(each, trap) for name, each in value.items()} | {
            "run_page_url": f"{trap.url}/run", "workspace_url": trap.url, "host": trap.url, "callbackUrl": trap.url,
        }  # fmt: skip
    if isinstance(value, list):
        return [led_astray(each, trap) for each in value]
    if isinstance(value, str):
        return ADDRESS.sub(
            lambda found: trap.url if "://" in found[0] else trap.url.partition("://")[2], value
        )
    return value


@pytest.mark.django_db(transaction=True)
def test_no_address_in_an_alert_is_called(play: Play, trap: VendorServer, door: Client) -> None:
    """Neither what an alert names nor where a vendor's answer leads to; only the vendors of the settings are asked."""
    play.vendor.under("/", lambda _: Answer(302, headers={"Location": f"{trap.url}/elsewhere"}))
    for recorded in declared():
        body = json.dumps(led_astray(recorded.body, trap))
        told = door.post(recorded.spec.path, body, content_type="application/json")
        assert told.status_code in {202, 400}
    for ticket_id, token in claims.claim_waiting(timezone.now()):
        pipeline.process_ticket(ticket_id, token)
    assert Ticket.objects.count() > 20
    assert play.vendor.requests
    assert trap.requests == []


@pytest.mark.server
def test_secrets_of_an_alert_are_in_no_log_no_metric_no_record_and_at_no_vendor(tmp_path: Path) -> None:
    message = "\n".join(SECRETS.values())
    alert = data_factory_alert(
        ErrorMessage=message, Owner=message, PipelineName=f"pl {SECRETS['databricks']}"
    )
    with living() as world:
        desk = MortalDesk(tmp_path, {**world.environment, "LOG_LEVEL": "debug", "RECONCILE_MINUTES": "0"})
        desk.live()
        try:
            assert desk.call(ADF, alert, key=desk.api_key)[0] == 202
            assert desk.call(ADF, [alert], key=desk.api_key)[0] == 400
            settled(desk)
            token = desk.token()
            told = {
                "log": desk.log.read_text(),
                "metrics": desk.call("/metrics")[1],
                "record": json.dumps(desk.call("/api/audit-trail?limit=200", token=token)[1]),
                "Jira": json.dumps([issue.fields for issue in world.jira.issues]),
                "Slack": json.dumps(world.slack.posts),
            }
        finally:
            desk.kill()
    marks = {
        "log": "asyncio", "metrics": "aiops_", "record": "Ticket Created", "Jira": "REDACTED", "Slack": "REDACTED"
    }  # fmt: skip
    assert [place for place, mark in marks.items() if mark not in told[place]] == []
    assert {place: [part for part in PARTS if part in text] for place, text in told.items()} == {
        place: [] for place in told
    }
