"""Which Databricks workspaces there are, and whose token may be shown to which of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from integrations.databricks.links import workspace_id_of
from integrations.errors import IntegrationError

VENDOR = "databricks"
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True)
class DatabricksConfig:
    """One workspace. `host` has a scheme and no path; without a `token` an Entra token is used."""

    host: str
    token: str = field(default="", repr=False)
    workspace_id: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "host", checked_host(self.host))
        if not self.workspace_id:
            object.__setattr__(self, "workspace_id", workspace_id_of(self.host))


@dataclass(frozen=True, slots=True)
class Workspaces:
    """The default workspace (DATABRICKS_HOST) and those of DATABRICKS_WORKSPACES_FILE by their id."""

    default: DatabricksConfig | None = None
    by_id: Mapping[str, DatabricksConfig] = field(default_factory=dict)

    @classmethod
    def from_settings(cls) -> Workspaces:
        """Raises IntegrationError that names the setting which cannot be used."""
        default = None
        if settings.DATABRICKS_HOST:
            default = DatabricksConfig(
                settings.DATABRICKS_HOST, settings.DATABRICKS_TOKEN, settings.DATABRICKS_WORKSPACE_ID
            )
        path = settings.DATABRICKS_WORKSPACES_FILE
        return cls(default, read_workspaces_file(Path(path)) if path else {})

    def for_id(self, workspace_id: str) -> DatabricksConfig | None:
        """The workspace with that id, or None when no token of ours belongs to it.

        An event that names no workspace is the default's. The default answers for another id only while its
        own is not known, neither from DATABRICKS_WORKSPACE_ID nor from its host name.
        """
        if workspace_id in self.by_id:
            return self.by_id[workspace_id]
        default = self.default
        if default and (not workspace_id or default.workspace_id in {"", workspace_id}):
            return default
        return None

    def for_host(self, host: str) -> DatabricksConfig | None:
        """The workspace at exactly that host name; for addresses that come out of somebody's output."""
        known = [*([self.default] if self.default else []), *self.by_id.values()]
        return next((item for item in known if urlsplit(item.host).hostname == host.lower()), None)

    def all(self) -> tuple[DatabricksConfig, ...]:
        known = [*([self.default] if self.default else []), *self.by_id.values()]
        return tuple(dict.fromkeys(known))


def checked_host(value: str) -> str:
    """`https://name`, without a path. Raises IntegrationError unless it is https, or http on loopback."""
    text = value.strip().rstrip("/")
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        is_loopback = parts.scheme == "http" and parts.hostname in _LOOPBACK
        is_usable = (
            bool(parts.hostname) and "@" not in parts.netloc and (parts.scheme == "https" or is_loopback)
        )
        is_usable = is_usable and (parts.port is None or parts.port > 0)
    except ValueError:
        is_usable = False
    if not is_usable:
        raise _unusable(
            "the host is not an https address",
            "Set DATABRICKS_HOST to the workspace's address, e.g. https://adb-1234567890123456.7.azuredatabricks.net.",
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def read_workspaces_file(path: Path) -> dict[str, DatabricksConfig]:
    """Read `{"<workspace id>": {"host": …, "token": …}}`. Raises IntegrationError; quotes no token."""
    advice = (
        'DATABRICKS_WORKSPACES_FILE must hold JSON: {"<workspace id>": {"host": "https://…", "token": "…"}}.'
    )
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _unusable("DATABRICKS_WORKSPACES_FILE cannot be read as a JSON object", advice)
    found = {}
    for workspace_id, entry in document.items():
        host, token = (entry.get("host"), entry.get("token", "")) if isinstance(entry, dict) else (None, None)
        if not isinstance(host, str) or not isinstance(token, str):
            raise _unusable(
                f"workspace {workspace_id[:40]!r} has no host, or a token that is no text", advice
            )
        found[workspace_id] = DatabricksConfig(host, token.strip(), workspace_id)
    return found


def _unusable(what: str, advice: str) -> IntegrationError:
    return IntegrationError(
        f"{VENDOR}: {what}", vendor=VENDOR, permanent=True, code="bad_configuration", advice=advice
    )
