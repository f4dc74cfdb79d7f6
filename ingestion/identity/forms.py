"""The forms of one failure: as the sender told it, as it is identified by, and as the ticket that it opens."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings

from ingestion.sources.base import Failure
from ingestion.sources.keys import databricks_run_key, key_of_receipt
from tickets import services
from tickets.choices import Source
from tickets.models import Ticket


def is_databricks_run(failure: Failure) -> bool:
    return failure.source == Source.DATABRICKS and failure.dedup_key.startswith("databricks:run:")


def with_default_scope(failure: Failure) -> Failure:
    """A Databricks form without a workspace belongs to the configured one, where there is one."""
    if is_databricks_run(failure) and not failure.run_scope and settings.DATABRICKS_WORKSPACE_ID:
        scope = settings.DATABRICKS_WORKSPACE_ID
        return replace(failure, run_scope=scope, dedup_key=databricks_run_key(scope, failure.run_id))
    return failure


def with_own_firing(failure: Failure, received_at: datetime) -> Failure:
    """A body without a mark of its own firing gets the time of its receipt: it is never silenced for ever."""
    if failure.has_firing:
        return failure
    return replace(failure, dedup_key=key_of_receipt(failure.dedup_key, received_at), has_firing=True)


def ticket_of(failure: Failure, *, key_prefix: str, now: datetime) -> Ticket:
    """The ticket that a failure opens, not yet in the database."""
    new = services.NewTicket(
        dedup_key=failure.dedup_key,
        family_key=failure.family_key,
        key_prefix=key_prefix,
        source=failure.source,
        resource_type=failure.resource_type,
        pipeline=failure.name,
        severity=failure.severity,
        run_id=failure.run_id,
        run_scope=failure.run_scope,
        error_message=failure.error_message,
        error_code=failure.error_code,
        error_type=failure.error_type,
        fired_at=failure.fired_at,
        logic_app_run_id=failure.logic_app_run_id,
        processing_mode=failure.processing_mode,
        metadata=metadata_of(failure),
    )
    return services.new_ticket(new, now=now)


def metadata_of(failure: Failure) -> dict[str, Any]:
    """What the alert told, as it is kept with the ticket."""
    return {**failure.metadata, **({"is_warning": True} if failure.is_warning else {})}
