"""Comparing what we want with what Azure has, and showing bodies without their secrets.

Used by ``azure_bodies.py`` only. Everything here is a plain function over parsed JSON.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

Json = Any

MARK = {"created-by": "aiops-desk-setup"}
RECEIVER = "desk"
# Members that a request may carry and an answer may lack; they decide nothing about what exists.
NOT_ANSWERED = frozenset({"skipQueryValidation", "kind"})


def coverage(settings: list[Json], workspace: str, categories: list[str], own_name: str) -> str:
    """Which diagnostic setting sends these logs there: ``covered:NAME``, ``conflict:NAME`` or ``missing``.

    A setting of our own name counts as missing: it is compared and updated like everything we made.
    """
    for setting in settings:
        properties = setting.get("properties") or {}
        if setting.get("name") == own_name or not same(workspace, properties.get("workspaceId")):
            continue
        enabled = [log for log in properties.get("logs") or [] if log.get("enabled")]
        names = {log.get("category") for log in enabled}
        everything = any(str(log.get("categoryGroup")).lower() == "alllogs" for log in enabled)
        if not everything and not names.intersection(categories):
            continue
        dedicated = properties.get("logAnalyticsDestinationType") == "Dedicated"
        # Databricks has resource-specific tables only, whatever the setting says.
        if not dedicated and "clusters" not in categories:
            return f"conflict:{setting.get('name')}"
        if everything or names.issuperset(categories):
            return f"covered:{setting.get('name')}"
    return "missing"


def same(wanted: Json, found: Json) -> bool:
    """Whether everything wanted is there; what Azure adds by itself (ids, times, nulls) does not count.

    Resource ids are compared without regard to case: Azure changes their case between answers.
    """
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(same_key(k, v, found) for k, v in wanted.items())
    if isinstance(wanted, list):
        return (
            isinstance(found, list)
            and len(wanted) == len(found)
            and all(same(a, b) for a, b in zip(wanted, found, strict=True))
        )
    if isinstance(wanted, str) and wanted.startswith("/subscriptions/"):
        return isinstance(found, str) and wanted.casefold() == found.casefold()
    return bool(wanted == found)


def same_key(key: str, wanted: Json, found: dict[str, Json]) -> bool:
    """One member of an object. Azure writes one location as ``West Europe`` or ``westeurope``."""
    if key == "location":
        return str(wanted).replace(" ", "").lower() == str(found.get(key)).replace(" ", "").lower()
    if key == "logs":  # Azure lists every category of the resource, not only those that were asked for
        got = {log.get("category"): log.get("enabled") for log in found.get(key) or []}
        return all(got.get(log["category"]) == log["enabled"] for log in wanted)
    if key not in found:
        return key in NOT_ANSWERED
    return same(wanted, found[key])


def is_ours(found: Json) -> bool:
    """Whether a set-up run made it: by tag, or for a diagnostic setting (which has none) by name."""
    if "/diagnosticsettings/" in str(found.get("id")).lower():
        return True
    tags = found.get("tags") or {}
    return all(tags.get(name) == value for name, value in MARK.items())


def masked(body: Json) -> Json:
    """The body as a person may see it. Other people's receivers carry secrets in their addresses too."""
    if isinstance(body, dict):
        return {name: masked(value) for name, value in body.items()}
    if isinstance(body, list):
        return [masked(item) for item in body]
    return mask_address(body) if isinstance(body, str) and body.startswith(("https://", "http://")) else body


def mask_address(address: str) -> str:
    """Scheme, host and path stay; user, password and every value of the query go."""
    parts = urlsplit(address)
    login = "***:***@" if "@" in parts.netloc else ""
    names = [pair.partition("=")[0] for pair in parts.query.split("&") if pair]
    query = "?" + "&".join(f"{name}=***" for name in names) if names else ""
    return f"{parts.scheme}://{login}{parts.netloc.rpartition('@')[2]}{parts.path}{query}"


def desk_uri(body: Json) -> str:
    return next(str(r["serviceUri"]) for r in body["properties"]["webhookReceivers"] if r["name"] == RECEIVER)


def load(name: str) -> Json:
    return json.loads(Path(name).read_text(encoding="utf-8"))


def field(name: str, path: str) -> str:
    document = load(name)
    return desk_uri(document) if path == "desk-uri" else str(document[path])
