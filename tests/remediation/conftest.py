"""An estate of vendors with a memory, and a desk whose worker the test turns by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from integrations import breaker, http
from rca.services import analyse_ticket
from remediation import claims, services
from remediation.models import Attempt, Decision
from remediation.playbooks import finding
from remediation.states import ACTIVE
from remediation.tasks import decide
from tests.support.estate import FACTORY, SCOPE, WORKSPACE, Estate
from tests.support.factories import make_ticket
from tests.support.vendor_server import serving
from tickets.models import Ticket


@dataclass
class Desk:
    """Turns the worker: `decide` takes up every decision, `step` one step of every attempt, all made due."""

    estate: Estate

    def decide(self) -> list[Attempt]:
        Decision.objects.filter(is_waiting=True).update(due_at=timezone.now() - timedelta(seconds=1))
        for ticket_id, token in claims.claim_decisions(timezone.now()):
            decide(ticket_id, token)
        return list(Attempt.objects.order_by("id"))

    def step(self, times: int = 1) -> list[str]:
        for _ in range(times):
            breaker.reset_all()
            Attempt.objects.filter(state__in=ACTIVE).update(due_at=timezone.now() - timedelta(seconds=1))
            for attempt_id, token in claims.claim_attempts(timezone.now()):
                services.step(attempt_id, token)
        return [attempt.state for attempt in Attempt.objects.order_by("id")]

    def take(self, ticket: Ticket) -> list[Attempt]:
        """What the pipeline does with a ticket, then the decision."""
        analyse_ticket(ticket.pk)
        services.consider(ticket.pk)
        return self.decide()

    def pipeline_ticket(self, run_id: str = "run-0", **fields: Any) -> Ticket:
        known = {
            "source": "adf", "resource_type": "pipeline", "pipeline": "load", "run_id": run_id, "run_scope": SCOPE,
            "error_message": "GatewayTimeout: the call did not succeed.", "error_code": "GatewayTimeout",
            "finops_team": "DataEng",
        }  # fmt: skip
        return make_ticket(**{**known, **fields})

    def job_ticket(self, run_id: str = "900", **fields: Any) -> Ticket:
        known = {
            "source": "databricks", "resource_type": "job", "pipeline": "berths", "run_id": run_id,
            "run_scope": WORKSPACE, "error_message": "The run did not succeed.", "error_code": "",
            "finops_team": "DataEng",
        }  # fmt: skip
        return make_ticket(**{**known, **fields})

    def cluster_ticket(self, resource_type: str = "cluster", **fields: Any) -> Ticket:
        known = {
            "source": "databricks", "resource_type": resource_type, "pipeline": "shared", "run_id": "c-1",
            "run_scope": WORKSPACE, "metadata": {"cluster_id": "c-1"}, "error_message": "The cluster ended.",
            "finops_team": "DataEng",
        }  # fmt: skip
        return make_ticket(**{**known, **fields})


def point_at(settings: Settings, url: str) -> None:
    settings.AZURE_MANAGEMENT_ENDPOINT = url
    settings.AZURE_MANAGEMENT_TOKEN = "arm-token"
    settings.DATABRICKS_HOST, settings.DATABRICKS_TOKEN = url, "dapi-token"
    settings.DATABRICKS_WORKSPACE_ID = WORKSPACE
    settings.AUTO_REMEDIATION_ENABLED = True
    settings.REMEDIATION_MODE = "automatic"
    settings.REMEDIATION_FACTORIES = (FACTORY,)
    settings.RCA_PROVIDERS = ("rules",)


@pytest.fixture
def estate(settings: Settings, monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[Estate]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setattr(http, "_sleep", lambda seconds: None)
    monkeypatch.setattr(finding, "LIST_LAG", timedelta(0))
    breaker.reset_all()
    with serving() as vendor:
        point_at(settings, vendor.url)
        yield Estate(vendor)
    breaker.reset_all()


@pytest.fixture
def desk(estate: Estate) -> Desk:
    return Desk(estate)


@pytest.fixture
def mode(settings: Settings) -> Callable[[str], None]:
    def put(name: str) -> None:
        settings.REMEDIATION_MODE = name

    return put


def latest_reasons() -> str:
    return " ".join(Decision.objects.latest("decided_at").reasons)
