"""What the system checks say about a configuration that starts and will not do what was asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from django.core.checks import ERROR, WARNING
from pytest_django.fixtures import Settings

from aiops import checks
from aiops.alone import DataFolderTakenError, holding_data_folder
from aiops.celery import app


def test_jira_without_its_secrets_is_told_by_name(settings: Settings) -> None:
    settings.ITSM_TOOL, settings.AZURE_BLOB_ENABLED = "jira", False
    settings.JIRA_DOMAIN, settings.JIRA_USER_EMAIL = "https://x.example.com", "desk@example.com"
    settings.JIRA_API_TOKEN, settings.JIRA_PROJECT_KEY = "", "OPS"
    (found,) = checks.check_integrations_are_complete()
    assert found.msg == "ITSM_TOOL is jira, but JIRA_API_TOKEN is not set: no ticket reaches Jira."
    settings.JIRA_API_TOKEN = "token"
    assert checks.check_integrations_are_complete() == []


def test_blob_without_its_connection_is_told_by_name(settings: Settings) -> None:
    settings.ITSM_TOOL, settings.AZURE_BLOB_ENABLED, settings.AZURE_STORAGE_CONN = "none", True, ""
    (found,) = checks.check_integrations_are_complete()
    assert "AZURE_STORAGE_CONN is not set" in found.msg


@pytest.mark.parametrize(
    ("key", "https", "level"),
    [
        ("changeme", False, WARNING),
        ("changeme", True, ERROR),
        ("<your key>", True, ERROR),
        ("your-key-goes-here", True, ERROR),
        ("only-15-letters", True, WARNING),
        ("a-key-of-enough-letters", True, None),
    ],
)
def test_key_that_can_be_guessed_is_told(
    settings: Settings, key: str, https: bool, level: int | None
) -> None:
    settings.RCA_API_KEY, settings.HTTPS = key, https
    found = checks.check_service_key()
    assert [message.level for message in found] == ([level] if level else [])
    assert key not in "".join(str(message) for message in found)


def test_message_comes_back_only_after_the_longest_task(settings: Settings) -> None:
    """Redis hands an unacknowledged message to another worker after its visibility timeout."""
    app.loader.import_default_modules()
    ours = [task for name, task in app.tasks.items() if not name.startswith("celery.")]
    longest = max(task.time_limit for task in ours)
    assert all(task.time_limit and task.soft_time_limit and task.acks_late for task in ours)
    assert longest < settings.VISIBILITY_SECONDS
    assert app.conf.worker_prefetch_multiplier == 1


def test_every_queue_has_an_exchange_of_its_own() -> None:
    assert len({(queue.exchange.name, queue.routing_key) for queue in app.amqp.queues.values()}) == len(
        app.amqp.queues
    )
    routed = {app.amqp.router.route({}, name)["queue"].name for name in app.tasks}
    assert routed <= set(app.amqp.queues)


def test_second_desk_on_a_data_folder_is_refused_in_one_sentence_and_may_follow(tmp_path: Path) -> None:
    told: list[str] = []
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD.format(folder=str(tmp_path))],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(
        DataFolderTakenError, match=rf"^AIOPS_DATA_DIR: another desk \(process {holder.pid}\)"
    ):
        holding_data_folder(tmp_path, wait_seconds=0.2, tell=told.append).__enter__()
    assert len(told) == 1
    holder.kill()
    holder.communicate()
    with holding_data_folder(tmp_path, wait_seconds=5, tell=told.append):
        pass


HOLD = """
from pathlib import Path
from aiops.alone import holding_data_folder
with holding_data_folder(Path("{folder}"), wait_seconds=0, tell=print):
    print("held", flush=True)
    input()
"""
