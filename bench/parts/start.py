"""The embedded desk from nothing: until its door opens and a first ticket is analysed, and what it holds at rest."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import closing
from pathlib import Path

from bench.alerts import alert_body
from bench.results import Aim, Context, Result, medians
from bench.servers import KEY, ROOT, Program, Started, own_environment, running

TITLE = "Start"

EMPTY, MIGRATED = "empty data folder", "migrated data folder"
IDLE_SECONDS = 20.0
LONGEST_WAIT = 20.0
SERVE = (sys.executable, "manage.py", "serve")
COMMANDS = {"import aiops.asgi": ("-c", "import aiops.asgi"), "manage.py check": ("manage.py", "check")}
SDKS = (
    "google.generativeai", "google.ai", "google.genai", "google.api_core", "grpc", "slack_sdk", "azure",
    "authlib", "redis",
)  # fmt: skip
"""Of vendors and services that an embedded desk without a key does not speak to."""
CONSOLE = ("import_export", "tablib", "openpyxl")
"""Loaded with the console, whose lists inherit from them."""


def run(context: Context) -> Result:
    """Seconds from the start of the process, by the clock; what was posted the moment the door answered."""
    result = Result(TITLE)
    starts: dict[str, list[dict[str, float]]] = {EMPTY: [], MIGRATED: []}
    commands: dict[str, list[dict[str, float]]] = {name: [] for name in COMMANDS}
    for number in range(context.rounds):
        folder = context.folder / f"start-{number}"
        for name, rounds in starts.items():
            rounds.append(_start(folder, is_left_alone=name == MIGRATED))
        for name, arguments in COMMANDS.items():
            commands[name].append(_command(folder, arguments))
    result.rows |= {name: medians(rounds) for name, rounds in {**starts, **commands}.items()}
    names = _modules_at_rest(context.folder / "start-0")
    result.rows |= {f"modules at rest, {what}": {"modules": float(count)} for what, count in names.items()}
    figures = result.rows[MIGRATED]
    result.aims += [
        Aim("first ticket analysed, seconds after the process began", figures["analysed s"], at_most=1.5),
        Aim("at rest, MB (PSS)", figures["PSS MB"], at_most=150),
        Aim("at rest, MB (RSS)", figures["RSS MB"], at_most=150),
        Aim(
            "modules of SDKs that are not needed, at rest", float(sum(names[sdk] for sdk in SDKS)), at_most=0
        ),
    ]
    result.notes.append(
        f"`analysed` by the rules, without a model. Memory after {IDLE_SECONDS:g} s of rest behind a first ticket; PSS "
        "counts a page that other processes use too in part, RSS whole. `CPU s` is the processor time until the "
        "ticket was analysed, and a command's whole."
    )
    return result


def _start(folder: Path, *, is_left_alone: bool) -> dict[str, float]:
    server = Started("start", SERVE, folder, environment={"RCA_PROVIDERS": "rules"})
    began = time.monotonic()
    with running([server]):
        ready = time.monotonic() - began
        figures = {"healthz s": ready, "CPU s until healthz": server.cpu_seconds()}
        ticket = _post(server)
        figures["alert accepted s"] = time.monotonic() - began
        _wait_until_analysed(folder, ticket)
        figures["analysed s"] = time.monotonic() - began
        figures["analysed after the door opened s"] = figures["analysed s"] - ready
        figures["CPU s"] = server.cpu_seconds()
        if is_left_alone:
            time.sleep(IDLE_SECONDS)
            figures |= server.memory()
            figures["CPU % at rest"] = (server.cpu_seconds() - figures["CPU s"]) / IDLE_SECONDS * 100
    return figures


def _post(server: Program) -> str:
    """The new ticket's key."""
    request = urllib.request.Request(f"{server.url}/azure-monitor", alert_body(), {"X-Api-Key": KEY})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["ticket_id"])


def _wait_until_analysed(folder: Path, ticket: str) -> None:
    deadline = time.monotonic() + LONGEST_WAIT
    with closing(sqlite3.connect(f"file:{folder}/aiops.sqlite3?mode=ro", uri=True)) as database:
        while time.monotonic() < deadline:
            (state,) = database.execute(
                "SELECT processing_state FROM tickets_ticket WHERE key = ?", [ticket]
            ).fetchone()
            if state in {"analysed", "notified"}:
                return
            time.sleep(0.005)
    raise RuntimeError(f"{ticket} was not analysed in {LONGEST_WAIT:g} s, but is {state}")


def _command(folder: Path, arguments: tuple[str, ...]) -> dict[str, float]:
    """A command in an interpreter of its own, from its start to its end."""
    began = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env=own_environment(folder, ""), stdout=subprocess.DEVNULL
    )
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError(f"{arguments} ended with {child.returncode}")
    return {"command s": time.monotonic() - began, "CPU s": used.ru_utime + used.ru_stime}


def _modules_at_rest(folder: Path) -> dict[str, int]:
    """How many modules of each package the desk has loaded some seconds after a first ticket."""
    told = folder / "modules"
    command = (sys.executable, "-m", "bench.at_rest", str(told), f"{IDLE_SECONDS:g}")
    server = Started("at rest", command, folder, environment={"RCA_PROVIDERS": "rules"})
    with running([server]):
        _wait_until_analysed(folder, _post(server))
        deadline = time.monotonic() + IDLE_SECONDS + LONGEST_WAIT
        while not told.exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(0.5)  # until it is written whole
    names = told.read_text().split("\n")
    counts = {"all": len(names)}
    for package in (*SDKS, *CONSOLE):
        counts[package] = sum(name == package or name.startswith(f"{package}.") for name in names)
    return counts
