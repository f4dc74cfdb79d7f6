"""A body that its address does not understand may only have come to the wrong one: say which would have."""

from __future__ import annotations

from ingestion.sources import registry
from ingestion.sources.base import Failures, Json, SourceSpec, Unsupported


def with_other_address(spec: SourceSpec, body: Json, result: Unsupported) -> Unsupported:
    """The same result, its reason followed by the addresses at which the body would be a failure, if any."""
    paths = [other.path for other in registry().values() if other is not spec and _is_failure(other, body)]
    if not paths:
        return result
    return Unsupported(f"{result.reason} It would be understood at {' or '.join(paths)}.")


def _is_failure(spec: SourceSpec, body: Json) -> bool:
    try:
        return isinstance(spec.parse(body), Failures)
    except Exception:  # noqa: BLE001 - another source's fault must not cost this one its answer
        return False
