"""The live page with a full queue under many changes: how busy the browser's main thread is."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from bench.alerts import alert_body
from bench.results import Aim, Context, Result, medians
from bench.servers import KEY, ROOT, Server, running

TITLE = "Live page"

TICKETS = 5_000
RATE = 100
"""Changes a second; nine of ten are occurrences of tickets that the page holds, the tenth is a new ticket."""
SECONDS = 15.0
PASSWORD = "bench only, thrown away"  # noqa: S105 - of a database that lives for this measurement
MAKE_SCRIPT = (
    f"from accounts.models import User; User.objects.create_superuser('bench@example.com', {PASSWORD!r})"
)
PARTS = ("TaskDuration", "ScriptDuration", "LayoutDuration", "RecalcStyleDuration")


def run(context: Context) -> Result:
    """Shares of the main thread's processor time, in percent, over SECONDS at RATE changes a second."""
    result = Result(TITLE)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        result.notes.append("Not measured: Playwright is not installed.")
        return result
    environment = {"INGESTION_QUEUE_LIMIT": str(10 * TICKETS)}
    server = Server("page", "aiops.asgi:application", context.folder / "page", environment=environment)
    with running([server]), sync_playwright() as playwright:
        _make_person(server)
        runs = [str(uuid.uuid4()) for _ in range(TICKETS)]
        with ThreadPoolExecutor(32) as senders:
            list(senders.map(lambda run_id: _post(server, run_id), runs))
        path = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = _opened(browser, server)
        rounds = [_measure(page, server, runs) for _ in range(context.rounds)]
        browser.close()
    result.rows[f"{TICKETS} tickets, {RATE} changes a second"] = medians(rounds)
    busy = medians(rounds)["TaskDuration %"]
    result.aims.append(Aim("main thread busy, % of processor time, median", busy, at_most=33))
    result.notes.append("Chromium's own account (Performance.getMetrics in thread ticks), without a GPU.")
    return result


def _make_person(server: Server) -> None:
    environment = {
        "PATH": os.environ["PATH"], "AIOPS_DATA_DIR": str(server.folder), "PUBLIC_BASE_URL": server.url,
    }  # fmt: skip
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", MAKE_SCRIPT]
    subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True)


def _post(server: Server, run_id: str) -> None:
    request = urllib.request.Request(f"{server.url}/azure-monitor", alert_body(run_id), {"X-Api-Key": KEY})
    urllib.request.urlopen(request, timeout=20).close()


def _opened(browser: Any, server: Server) -> Any:
    """The dashboard, signed in, with its first 500 rows drawn and its lists read."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=server.url).new_page()
    page.set_default_timeout(60_000)
    page.goto("/login")
    page.fill("#username", "bench@example.com")
    page.fill("#password", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("#rows tr:nth-child(500)", state="attached")
    page.wait_for_timeout(5_000)
    return page


@contextmanager
def _changes(server: Server, runs: list[str]) -> Iterator[None]:
    ended = threading.Event()

    def post_on() -> None:
        due = time.monotonic()
        with ThreadPoolExecutor(8) as senders:
            while not ended.is_set():
                run_id = random.choice(runs) if random.random() < 0.9 else str(uuid.uuid4())
                senders.submit(_post, server, run_id)
                due += 1 / RATE
                ended.wait(max(0.0, due - time.monotonic()))

    thread = threading.Thread(target=post_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _measure(page: Any, server: Server, runs: list[str]) -> dict[str, float]:
    debugger = page.context.new_cdp_session(page)
    debugger.send("Performance.setTimeDomain", {"timeDomain": "threadTicks"})
    debugger.send("Performance.enable")

    def spent() -> dict[str, float]:
        return {each["name"]: each["value"] for each in debugger.send("Performance.getMetrics")["metrics"]}

    with _changes(server, runs):
        before, began = spent(), time.monotonic()
        page.wait_for_timeout(SECONDS * 1_000)
        after, seconds = spent(), time.monotonic() - began
    debugger.detach()
    return {f"{name} %": 100 * (after[name] - before[name]) / seconds for name in PARTS}
