"""What must hold for any answer of any parser, however broken the body was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from ingestion.sources.base import Failure, Failures, Ignored, ParseResult, Unsupported
from tickets.choices import ProcessingMode, ResourceType, Severity, source_choices

SEVERITIES = {"", *Severity.values}


def assert_sound(result: ParseResult) -> None:
    """One of the declared outcomes, and nothing in it that a database or JSON would refuse."""
    assert isinstance(result, (Failures, Ignored, Unsupported))
    plain = asdict(result)
    json.dumps(plain, default=as_iso, ensure_ascii=False).encode("utf-8")
    assert not any("\x00" in text for text in texts(plain))
    assert len(getattr(result, "event", "")) <= 80
    if isinstance(result, Failures):
        assert result.items
        assert len({item.dedup_key for item in result.items}) == len(result.items)
        for failure in result.items:
            assert_sound_failure(failure)
    elif isinstance(result, Ignored):
        assert result.reason
        assert all(0 < len(key) <= 200 for key in result.dedup_keys)
    else:
        assert result.reason


def texts(value: Any) -> Iterator[str]:
    """Every string in a plain value, names included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)


def assert_sound_failure(failure: Failure) -> None:
    assert failure.source in dict(source_choices())
    assert failure.resource_type in ResourceType.values
    assert failure.processing_mode in ProcessingMode.values
    assert failure.severity in SEVERITIES
    assert failure.dedup_key.startswith(f"{failure.source}:")
    assert 0 < len(failure.dedup_key) <= 200
    assert len(failure.family_key) <= 200
    assert failure.run_id or failure.family_key, "a failure without a run needs a family"
    assert failure.has_firing or failure.family_key
    assert failure.name.strip()
    assert failure.error_message.strip()
    limits = {"name": 300, "run_id": 300, "run_scope": 300, "logic_app_run_id": 200, "error_code": 200}
    too_long = [name for name, limit in limits.items() if len(getattr(failure, name)) > limit]
    assert not too_long, "longer than the ticket's columns"
    assert failure.fired_at is None or failure.fired_at.utcoffset() == timedelta(0)


def as_iso(value: Any) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()
