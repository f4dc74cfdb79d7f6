"""JSON work for the Databricks set-up script: destinations, a job's webhook notifications, the test job.

Plain Python without packages; it never talks to a network. ``jobs/update`` replaces ``webhook_notifications``
as a whole, so what is sent back is always what was read, with our destination added or taken out.
"""

import argparse
import base64
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

EVENTS = ("on_failure", "on_duration_warning_threshold_exceeded")
MOST_DESTINATIONS = 3  # per event of a job, a limit of Databricks
NOTHING_TO_DO = 3
TOO_MANY = 4
TEST_JOB_NAME = "aiops-desk test: fails on purpose"
TEST_FOLDER = "/Shared/aiops-desk-test"
MARK = {"created_by": "aiops-desk-setup"}
TEST_NOTEBOOK = """# Databricks notebook source
# Made by setup_databricks_webhooks.sh to prove that a failed run reaches the desk.
raise RuntimeError("aiops-desk test: this job fails on purpose")
"""

Json = Any


class NothingToDoError(Exception):
    """The job is already as wished."""


class TooManyError(Exception):
    """Databricks would refuse a fourth destination; the message names job and event."""


def load(name: str) -> Json:
    return json.loads(Path(name).read_text(encoding="utf-8"))


def next_page(name: str) -> str:
    """The next page's token, ready for a query string; empty at the end (also when has_more is false)."""
    page = load(name)
    return "" if page.get("has_more") is False else quote(page.get("next_page_token") or "", safe="")


def join(key: str, names: list[str]) -> Json:
    return [item for name in names for item in load(name).get(key) or []]


def destination_id(destinations: Json, display_name: str) -> str:
    """The id of the webhook destination of that name; empty when there is none."""
    found = [d for d in destinations if d.get("display_name") == display_name]
    if any(d.get("destination_type") != "WEBHOOK" for d in found):
        raise SystemExit(
            f"destination '{display_name}' exists and is not a generic webhook; choose --destination-name"
        )
    if len(found) > 1:
        raise SystemExit(
            f"{len(found)} destinations are called '{display_name}'; rename or delete all but one"
        )
    return str(found[0]["id"]) if found else ""


def destination(display_name: str, url: str, username: str, key_file: str) -> Json:
    """A generic webhook with HTTP Basic: the one credential that every Databricks workspace can send."""
    password = Path(key_file).read_text(encoding="utf-8")
    return {
        "display_name": display_name,
        "config": {"generic_webhook": {"url": url, "username": username, "password": password}},
    }


def label(job: Json) -> str:
    return f"job {job['job_id']} ({(job.get('settings') or {}).get('name', 'no name')})"


def attached(job: Json, destination: str) -> Json:
    """The body of ``jobs/update`` that adds the destination to both events and keeps all that is there."""
    settings = job.get("settings") or {}
    notifications = dict(settings.get("webhook_notifications") or {})
    before = dict(notifications)
    for event in EVENTS:
        entries = list(notifications.get(event) or [])
        if any(entry.get("id") == destination for entry in entries):
            continue
        if len(entries) >= MOST_DESTINATIONS:
            raise TooManyError(
                f"{label(job)} has {len(entries)} destinations for {event} already; Databricks allows "
                f"{MOST_DESTINATIONS}. Take one out, then run this again."
            )
        notifications[event] = [*entries, {"id": destination}]
    if notifications == before:
        raise NothingToDoError
    return update(job, notifications)


def detached(job: Json, destination: str) -> Json:
    """The body of ``jobs/update`` without the destination, whichever events carry it."""
    before = dict((job.get("settings") or {}).get("webhook_notifications") or {})
    after = {
        event: [e for e in entries or [] if e.get("id") != destination] for event, entries in before.items()
    }
    if all(len(after[event]) == len(entries or []) for event, entries in before.items()):
        raise NothingToDoError
    return update(job, after)


def update(job: Json, notifications: Json) -> Json:
    return {"job_id": job["job_id"], "new_settings": {"webhook_notifications": notifications}}


def notes(job: Json) -> str:
    """What the person should know of this job: no duration rule, or settings that a bundle owns."""
    settings = job.get("settings") or {}
    lines = []
    rules = (settings.get("health") or {}).get("rules") or []
    if not any(rule.get("metric") == "RUN_DURATION_SECONDS" for rule in rules):
        lines.append("no RUN_DURATION_SECONDS health rule: it will never send a duration warning")
    if (settings.get("deployment") or {}).get("kind") == "BUNDLE":
        lines.append(
            "deployed by a bundle: the next deployment drops this; put the destination's id into the bundle"
        )
    return "".join(f"           {label(job)}: {line}\n" for line in lines)


def test_job(destination: str, cluster: str) -> Json:
    """A job with one notebook that raises; serverless unless a cluster is named."""
    task: dict[str, Json] = {
        "task_key": "fail",
        "notebook_task": {"notebook_path": f"{TEST_FOLDER}/fail", "source": "WORKSPACE"},
        "max_retries": 0,
    }
    if cluster:
        task["existing_cluster_id"] = cluster
    return {
        "name": TEST_JOB_NAME,
        "tags": MARK,
        "tasks": [task],
        "webhook_notifications": {event: [{"id": destination}] for event in EVENTS},
    }


def test_notebook() -> Json:
    content = base64.b64encode(TEST_NOTEBOOK.encode()).decode()
    return {
        "path": f"{TEST_FOLDER}/fail",
        "format": "SOURCE",
        "language": "PYTHON",
        "content": content,
        "overwrite": True,
    }


def test_job_ids(jobs: Json) -> str:
    """Ids of the jobs that are ours by name and by tag."""
    ours = [
        str(job["job_id"])
        for job in jobs
        if (job.get("settings") or {}).get("name") == TEST_JOB_NAME
        and ((job.get("settings") or {}).get("tags") or {}).get("created_by") == MARK["created_by"]
    ]
    return "".join(f"{job_id}\n" for job_id in ours)


def describe(text: str, key: str) -> str:
    """What a healthy answer shows: who is asking, or how many items the first page has."""
    try:
        answer = json.loads(text)
    except ValueError:
        raise SystemExit(1) from None
    if not isinstance(answer, dict):
        raise SystemExit(1)
    return (
        f": {len(answer.get(key) or [])} on the first page"
        if key
        else f": {answer.get('userName', 'accepted')}"
    )


def masked(body: Json) -> Json:
    if isinstance(body, dict):
        return {k: "***" if k == "password" else masked(v) for k, v in body.items()}
    return [masked(item) for item in body] if isinstance(body, list) else body


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(description=__doc__)
    commands = root.add_subparsers(dest="command", required=True)
    shapes: dict[str, tuple[str, ...]] = {
        "next-page": ("file",),
        "find": ("file", "--name"),
        "destination": ("--name", "--url", "--username", "--key-file"),
        "attach": ("file", "--destination"),
        "detach": ("file", "--destination"),
        "notes": ("file",),
        "ids": ("file",),
        "describe": ("file", "--key"),
        "field": ("file", "path"),
        "test-job": ("--destination", "--cluster"),
        "test-job-ids": ("file",),
        "test-notebook": (),
        "mask": ("file",),
    }
    for name, arguments in shapes.items():
        command = commands.add_parser(name)
        for argument in arguments:
            if argument.startswith("--"):
                command.add_argument(argument, required=True)
            else:
                command.add_argument(argument)
    pages = commands.add_parser("join")
    pages.add_argument("--key", required=True)
    pages.add_argument("files", nargs="+")
    return root


def main() -> None:
    options = parser().parse_args()
    actions: dict[str, Callable[[], Json]] = {
        "next-page": lambda: next_page(options.file),
        "find": lambda: destination_id(load(options.file), options.name),
        "destination": lambda: destination(options.name, options.url, options.username, options.key_file),
        "attach": lambda: attached(load(options.file), options.destination),
        "detach": lambda: detached(load(options.file), options.destination),
        "notes": lambda: notes(load(options.file)),
        "ids": lambda: "".join(f"{job['job_id']}\n" for job in load(options.file)),
        "describe": lambda: describe(Path(options.file).read_text(encoding="utf-8"), options.key),
        "field": lambda: str(load(options.file)[options.path]),
        "test-job": lambda: test_job(options.destination, options.cluster),
        "test-job-ids": lambda: test_job_ids(load(options.file)),
        "test-notebook": test_notebook,
        "mask": lambda: masked(load(options.file)),
        "join": lambda: join(options.key, options.files),
    }
    try:
        result = actions[options.command]()
    except NothingToDoError:
        raise SystemExit(NOTHING_TO_DO) from None
    except TooManyError as problem:
        sys.stderr.write(f"error: {problem}\n")
        raise SystemExit(TOO_MANY) from None
    sys.stdout.write(result if isinstance(result, str) else json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
