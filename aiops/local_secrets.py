"""Secrets that a single machine may generate for itself, kept in `AIOPS_DATA_DIR/secrets.json` (mode 0600).

Only what the environment does not set is generated. Production sets them (`check --deploy` says so): two
machines that generate their own would not accept each other's sessions.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

GENERATED: dict[str, Callable[[], str]] = {
    "DJANGO_SECRET_KEY": lambda: secrets.token_urlsafe(50),
    "JWT_SECRET_KEY": lambda: secrets.token_urlsafe(48),
    "RCA_API_KEY": lambda: secrets.token_urlsafe(24),
    "METRICS_TOKEN": lambda: secrets.token_urlsafe(24),
}


def load(data_dir: Path) -> dict[str, str]:
    """All generated secrets, made on the first call; safe when several processes start at once.

    Raises ImproperlyConfigured with one sentence when the folder cannot be written or the file is damaged.
    """
    path = data_dir / "secrets.json"
    try:
        (data_dir / "static").mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _write_first(path)
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ImproperlyConfigured(
            f"AIOPS_DATA_DIR: expected a folder that can be written, {data_dir} cannot ({error.strerror})."
        ) from error
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{path}: expected JSON as it was generated; restore or remove it."
        ) from error
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in GENERATED):
        raise ImproperlyConfigured(
            f"{path}: expected texts named {', '.join(GENERATED)}; restore or remove it."
        )
    return found


def _write_first(path: Path) -> None:
    """Write a complete file and link it into place, so that nobody reads half of it and the first one wins."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({name: make() for name, make in GENERATED.items()}, file, indent=1)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first; its secrets count
    finally:
        draft.unlink()
