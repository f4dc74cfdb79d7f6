"""Who takes part in the webhook part: each server with what is posted to it and what it answers."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.alerts import alert_body
from bench.references import alerta, alertmanager
from bench.results import Context
from bench.servers import KEY, Program, Server, postgres_database

STORM = 1_000
PRODUCT = "aiops.asgi:application"
DJANGO = "bench.references.applications:django_application"
NOTHING = "bench.references.applications:nothing"
REFERENCE_SETTINGS = {"DJANGO_SETTINGS_MODULE": "bench.references.settings"}
# Nobody works the tickets off in most of these servers, and 503 is not what is measured.
ENDLESS_QUEUE = {"INGESTION_QUEUE_LIMIT": "10000000"}

DOOR = "fast door"
WITH_WORKER = "fast door with the worker inside"
ON_UVICORN = "fast door on uvicorn"
STOCK = "stock DRF view"
SYNCHRONOUS = "synchronous design"
FLOOR = "nothing (the server's floor)"
FLOOR_OF_UVICORN = "nothing, on uvicorn"
ALERTA = "Alerta"
ALERTMANAGER = "Alertmanager, in memory only"

Make = Callable[[str, Path, str], Program]
"""Name, folder, address of the database (empty: none, or SQLite in the folder)."""


@dataclass(frozen=True, eq=False)
class Contender:
    """`storm`: alerts of a storm. `holds_rate`: whether 100/s are posted as well, which slow ones cannot answer.
    `key`: sent with each alert; empty where nobody is asked for one.
    """

    name: str
    make: Make
    path: str = "/azure-monitor"
    body: Callable[[str], bytes] = alert_body
    accepted: int = 202
    key: str = KEY
    storm: int = STORM
    holds_rate: bool = True

    def server(self, context: Context, stack: ExitStack, database: str) -> Program:
        """Not started yet; its database goes with the stack."""
        label = "".join(c if c.isalnum() else "_" for c in f"bench_{database}_{self.name}".lower())[:60]
        url = ""
        if database == "postgresql":
            url = stack.enter_context(postgres_database(context.postgres_url, label))
        return self.make(self.name, context.folder / label, url)


def asgi(
    application: str,
    environment: dict[str, str] | None = None,
    *,
    worker: bool = False,
    behind: str = "daphne",
) -> Make:
    def make(name: str, folder: Path, url: str) -> Server:
        variables = {**ENDLESS_QUEUE, **(environment or {})}
        return Server(name, application, folder, url, worker, variables, behind)

    return make


def contenders(database: str) -> list[Contender]:
    """All that can take part beside this database on this machine."""
    return [contender for contender, reason in _all(database) if not reason]


def absent(database: str) -> list[str]:
    """A sentence for each that cannot, for the report."""
    return [f"{contender.name}: not measured, {reason}." for contender, reason in _all(database) if reason]


def _all(database: str) -> Iterator[tuple[Contender, str]]:
    """Each with the reason why it stays away; empty where it does not."""
    yield Contender(DOOR, asgi(PRODUCT)), ""
    yield Contender(WITH_WORKER, asgi(PRODUCT, worker=True)), ""
    no_uvicorn = "" if importlib.util.find_spec("uvicorn") else "uvicorn is not installed"
    yield Contender(ON_UVICORN, asgi(PRODUCT, behind="uvicorn")), no_uvicorn
    yield Contender(STOCK, asgi(DJANGO, REFERENCE_SETTINGS)), ""
    yield (
        Contender(
            SYNCHRONOUS, asgi(DJANGO, REFERENCE_SETTINGS), path="/synchronous", storm=150, holds_rate=False
        ),
        "",
    )
    if database == "postgresql":
        yield (
            Contender(
                ALERTA, alerta.Alerta, alerta.PATH, alerta.alert, alerta.ACCEPTED, "", holds_rate=False
            ),
            "" if alerta.is_installed() else "`make bench-references` installs it",
        )
    yield (
        Contender(
            ALERTMANAGER,
            lambda name, folder, _url: alertmanager.Alertmanager(name, folder),
            alertmanager.PATH,
            alertmanager.alert,
            alertmanager.ACCEPTED,
            "",
        ),
        "" if alertmanager.is_installed() else "there is no program of that name",
    )
    yield Contender(FLOOR, asgi(NOTHING, REFERENCE_SETTINGS)), ""
    yield Contender(FLOOR_OF_UVICORN, asgi(NOTHING, REFERENCE_SETTINGS, behind="uvicorn")), no_uvicorn
