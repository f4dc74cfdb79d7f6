"""The custom JSON of an old log rule, whose body the customer wrote: `{"text": "… fired with 18 records"}`.

Such rules post only when they fire, so a text or a rule's name is an alert. There is no id and no time in it.
"""

from __future__ import annotations

import re

from ingestion.sources import keys
from ingestion.sources.alerts import severity_of
from ingestion.sources.base import Failure, Failures, Json
from ingestion.sources.fields import Fields, body_as_message, compact
from tickets.choices import ResourceType

_NUMBERS = re.compile(r"[0-9]+")


def custom_alert(body: Json, source: str) -> Failures | None:
    """One failure for a body with an `alertname` or a `text`; None for anything else."""
    fields = Fields.of(body)
    rule = fields.scalar("alertname", "alertrulename")
    text = fields.scalar("text", limit=4000)
    if not (rule or text):
        return None
    series = rule or _NUMBERS.sub("#", text)
    link = fields.scalar("linktosearchresults", limit=4000)
    failure = Failure(
        source=source,
        resource_type=ResourceType.OTHER,
        name=rule or text[:120],
        dedup_key=keys.fingerprint(source, "custom", rule, text, link),
        family_key=keys.family(source, "custom", series),
        error_message=text or fields.scalar("description", limit=4000) or body_as_message(body),
        severity=severity_of(fields.scalar("severity")),
        has_firing=bool(link),
        metadata=compact(alert_rule=rule, link_to_results=link),
    )
    return Failures("custom-json", (failure,), alert_rule=rule)
