"""Contract section 7: a value that cannot be used stops the start, naming the variable and what was expected."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aiops import env
from tests.support.live_server import ROOT

JSON_LIST = "[1, 2]"


@pytest.mark.parametrize(
    "value",
    ["desk.example.com", "ftp://desk", "https://", "https://desk:abc", "https://desk:99999", "https://[x"],
)
def test_url_that_is_none_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SOME_URL", value)
    with pytest.raises(
        env.EnvironmentValueError, match=r"^SOME_URL: expected a full URL \(http or https\)\.$"
    ):
        env.url("SOME_URL")


def test_url_with_a_placeholder_for_the_workspace_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_URL", "https://{workspace}.dev.example.net")
    assert env.url("SOME_URL") == "https://{workspace}.dev.example.net"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("", ""),
        ("adb-1.7.example.net/", "https://adb-1.7.example.net"),
        ("http://127.0.0.1:81", "http://127.0.0.1:81"),
    ],
)
def test_host_with_or_without_its_scheme_becomes_a_url(
    monkeypatch: pytest.MonkeyPatch, value: str, expected: str
) -> None:
    monkeypatch.setenv("SOME_HOST", value)
    assert env.host_url("SOME_HOST") == expected


@pytest.mark.parametrize("value", ["ftp://adb", "adb 1", "adb:port"])
def test_host_that_is_none_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SOME_HOST", value)
    with pytest.raises(env.EnvironmentValueError, match=r"^SOME_HOST: expected a host name or a full URL"):
        env.host_url("SOME_HOST")


@pytest.mark.parametrize("content", [None, "", "{", JSON_LIST, "\udcff"])
def test_file_without_a_json_object_is_refused_by_the_variables_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "held.json"
    if content is not None:
        path.write_bytes(content.encode("utf-8", "surrogateescape"))
    monkeypatch.setenv("SOME_FILE", str(path))
    with pytest.raises(env.EnvironmentValueError, match=r"^SOME_FILE: expected the path of a readable file"):
        env.json_object_path("SOME_FILE")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AZURE_SYNAPSE_ENDPOINT", "nope"),
        ("DATABRICKS_HOST", "https://adb:port"),
        ("DATABRICKS_WORKSPACES_FILE", "/no/such/file.json"),
        ("JIRA_DOMAIN", "https://desk:abc"),
        ("DATABASE_URL", "sqlite:///no/such/folder/desk.sqlite3"),
        ("DATABASE_URL", "sqlite://:memory:"),
    ],
)
def test_start_with_a_bad_value_ends_with_one_sentence(tmp_path: Path, name: str, value: str) -> None:
    inherited = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    ended = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "serve"],
        cwd=ROOT, env={**inherited, "AIOPS_DATA_DIR": str(tmp_path), name: value},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.startswith(f"aiops: {name}: expected ")
    assert ended.stderr.count("\n") == 1
    assert value not in ended.stderr


@pytest.mark.parametrize(
    ("named", "served"),
    [("aiops", "aiops aiops.clock"), ("aiops.slow", "aiops.slow"), ("aiops.clock", "aiops.clock")],
)
def test_worker_that_works_for_people_looks_at_the_clock_too(tmp_path: Path, named: str, served: str) -> None:
    """Also one whose WORKER_QUEUES was written before the clock had a queue of its own."""
    script = "import django; django.setup(); from django.conf import settings; print(*settings.WORKER_QUEUES)"
    variables = {
        "PATH": os.environ["PATH"], "AIOPS_DATA_DIR": str(tmp_path), "WORKER_QUEUES": named,
        "DJANGO_SETTINGS_MODULE": "aiops.settings",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=variables, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == served


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (lambda: env.integer("SOME_NUMBER", 3, minimum=1, maximum=9), "", 3),
        (lambda: env.integer("SOME_NUMBER", 3, minimum=1, maximum=9), "9", 9),
        (lambda: env.seconds("SOME_NUMBER", 1.0), "2.5", 2.5),
        (lambda: env.amount("SOME_NUMBER", 1.0), "0.50", 0.5),
    ],
)
def test_number_within_its_bounds_is_taken(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], float], value: str, expected: float
) -> None:
    monkeypatch.setenv("SOME_NUMBER", value)
    assert read() == expected


@pytest.mark.parametrize("value", ["0", "10", "2.5", "ten"])
def test_whole_number_outside_its_bounds_stops_the_start(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SOME_NUMBER", value)
    with pytest.raises(
        env.EnvironmentValueError, match=r"^SOME_NUMBER: expected a whole number from 1 to 9\.$"
    ):
        env.integer("SOME_NUMBER", 3, minimum=1, maximum=9)


@pytest.mark.parametrize("read", [env.seconds, env.amount])
@pytest.mark.parametrize("value", ["nan", "inf", "-1", "ten"])
def test_number_that_counts_nothing_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[str, float], float], value: str
) -> None:
    monkeypatch.setenv("SOME_NUMBER", value)
    with pytest.raises(env.EnvironmentValueError, match=r"^SOME_NUMBER: expected an? (number|amount) of"):
        read("SOME_NUMBER", 1.0)
