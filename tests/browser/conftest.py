"""A real Chromium on the real server. What any page complains about (console, policy, exception) fails its test."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.support.alerts import data_factory_alert
from tests.support.live_server import ROOT, LiveServer
from tests.support.world import World, living

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 8_000


@dataclass
class Desk:
    """The running server, and one short way to make an alert reach it."""

    server: LiveServer

    def alert(self, pipeline: str = "pl_orders", **properties: str) -> str:
        """Post one alert; the id of its ticket."""
        body = data_factory_alert(str(uuid.uuid4()), PipelineName=pipeline, **properties)
        status, answer = self.server.call("/azure-monitor", body, key=self.server.api_key)
        assert status == 202, answer
        return str(answer["ticket_id"])


@dataclass
class Visit:
    """One browser window of its own, signed in; `problems` is everything it complained about."""

    page: Page
    problems: list[str] = field(default_factory=list)
    expects_outage: bool = False

    def hear(self, message: ConsoleMessage) -> None:
        is_outage = "ERR_CONNECTION" in message.text or "WebSocket connection" in message.text
        if message.type in {"error", "warning"} and not (self.expects_outage and is_outage):
            self.problems.append(f"{message.type}: {message.text}")

    def row(self, ticket_id: str) -> str:
        return f'#rows [data-id="{ticket_id}"]'


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    server = LiveServer(tmp_path).start()
    yield Desk(server)
    server.kill()


@pytest.fixture
def world() -> Iterator[World]:
    """Jira, Slack and Blob on a loopback server."""
    with living() as vendors:
        yield vendors


@pytest.fixture
def connected_desk(tmp_path: Path, world: World) -> Iterator[Desk]:
    """A desk that tells Jira and Slack, and hears from them."""
    server = LiveServer(tmp_path, environment=world.environment).start()
    yield Desk(server)
    server.kill()


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visit]]:
    """`visit("/dashboard", theme="dark", width=320)`: a new window, signed in as the first administrator."""
    visits: list[Visit] = []
    name = "connected_desk" if "connected_desk" in request.fixturenames else "desk"
    desk: Desk = request.getfixturevalue(name)

    def make(
        path: str = "/dashboard", *, theme: str = "light", width: int = 1280, sign_in: bool = True
    ) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if theme == "dark" else "light",
            base_url=desk.server.url,
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        new = Visit(page)
        page.on("console", new.hear)
        page.on("pageerror", lambda error: new.problems.append(f"exception: {error}"))
        visits.append(new)
        page.goto(f"/login?next={path}" if sign_in else path)
        if sign_in:
            page.fill("#username", "admin@example.com")
            page.fill("#password", desk.server.password)
            page.click("button[type=submit]")
            page.wait_for_url(f"**{path}")
        return new

    yield make
    complaints = [problem for each in visits for problem in each.problems]
    for each in visits:
        each.page.context.close()
    assert complaints == []


@pytest.fixture(scope="session")
def axe_source() -> str:
    """axe-core's script; `npm install` in the project's root brings it."""
    path = Path(os.environ.get("AXE_PATH") or ROOT / "node_modules" / "axe-core" / "axe.min.js")
    if not path.exists():
        pytest.skip(f"axe-core is not installed ({path}): run npm install")
    return path.read_text()
