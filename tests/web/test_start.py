"""What a start does without: vendors' SDKs that nobody asked for, and Python's collector while it makes what stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.parts.start import SDKS

ROOT = Path(__file__).resolve().parents[2]


def told_by(tmp_path: Path, *arguments: str, **environment: str) -> str:
    """What an interpreter of its own prints, with nothing of this one's environment."""
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={"PATH": "", "AIOPS_DATA_DIR": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    return ended.stdout.strip()


def test_embedded_desk_loads_no_sdk_that_nobody_asked_for(tmp_path: Path) -> None:
    program = (
        "import sys; import aiops.asgi, aiops.embedded, aiops.urls, aiops.web_server;"
        f"print([name for name in {SDKS!r} if name in sys.modules])"
    )
    assert told_by(tmp_path, "-c", program) == "[]"


def test_single_sign_on_and_redis_are_loaded_where_they_are_used(tmp_path: Path) -> None:
    """The names above are those of packages that the desk does use, so that the test can fail."""
    program = (
        "import sys; import django; django.setup(); import accounts.sso.provider, integrations.slack.client, redis;"
        "print(*[name for name in ('authlib', 'slack_sdk', 'redis') if name in sys.modules])"
    )
    assert (
        told_by(tmp_path, "-c", program, DJANGO_SETTINGS_MODULE="aiops.settings") == "authlib slack_sdk redis"
    )


def test_collector_works_after_the_start_and_leaves_what_stays_alone(tmp_path: Path) -> None:
    program = "import gc; print(gc.isenabled(), gc.get_freeze_count() > 100_000)"
    told = told_by(tmp_path, "manage.py", "shell", "--no-imports", "-c", program)
    assert told == "True True"
