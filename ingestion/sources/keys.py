"""What makes two notifications the same failure: deduplication keys and fingerprints.

All keys are scoped by source, at most 200 characters long (they are unique and indexed columns), and do not
depend on the order of keys, the case of GUIDs or the wrapper around a body.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime

MAX_KEY = 200
_DIGEST = 40
_GUID = re.compile(r"\{?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\}?", re.IGNORECASE)


def canonical_id(value: str) -> str:
    """The id as it is stored and compared: GUIDs in lower case without braces, others as they are, capped."""
    match = _GUID.fullmatch(value)
    return match.group(1).lower() if match else capped(value)


def capped(key: str) -> str:
    """The key itself, or its head and a digest of the whole when it is longer than 200 characters."""
    if len(key) <= MAX_KEY:
        return key
    return f"{key[: MAX_KEY - _DIGEST - 1]}:{_digest(key)}"


def run_key(source: str, run_id: str) -> str:
    """A Data Factory or Synapse pipeline run."""
    return capped(f"{source}:run:{canonical_id(run_id)}")


def databricks_run_key(workspace_id: str, job_run_id: str) -> str:
    """A Databricks job run; the workspace is empty where the sender did not tell it."""
    return capped(f"databricks:run:{workspace_id}:{job_run_id}")


def invocation_key(invocation_id: str) -> str:
    """One invocation of an Azure Function."""
    return capped(f"azure_functions:invocation:{canonical_id(invocation_id)}")


def key_of_receipt(dedup_key: str, received_at: datetime) -> str:
    """The key of a failure whose body has no mark of its own firing: the same body later is another failure."""
    return capped(f"{dedup_key}:{received_at.astimezone(UTC):%Y%m%dT%H%M%S.%f}")


def fingerprint(source: str, *parts: str | Iterable[str]) -> str:
    """The key of a failure that names no run. Order within a list and letter case do not matter."""
    return f"{source}:fp:{_digest(_canonical(parts))}"


def family(source: str, *parts: str | Iterable[str]) -> str:
    """The key of all firings of one rule on the same targets and dimensions."""
    return f"{source}:family:{_digest(_canonical(parts))}"


def _canonical(parts: Iterable[str | Iterable[str]]) -> str:
    """JSON keeps the borders between the parts, so that ["ab", "c"] and ["a", "bc"] stay two things."""
    return json.dumps(
        [part.lower() if isinstance(part, str) else sorted({item.lower() for item in part}) for part in parts]
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:_DIGEST]
