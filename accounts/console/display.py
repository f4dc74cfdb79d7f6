"""Badges, times and durations as the console writes them. All text given to these functions is escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.times import utc_second


def badge(text: object, kind: str, title: str = "") -> SafeString:
    """A word on a coloured ground; `kind` names the colour in `console.css`."""
    return format_html('<span class="badge badge--{}" title="{}">{}</span>', kind, title, text)


def unbroken(text: object) -> SafeString:
    """An id that stays on one line."""
    return format_html('<span class="when">{}</span>', text)


def stacked(first: object, second: object) -> SafeString:
    """Two lines in one cell, the second muted."""
    return format_html(
        '<span class="stacked"><span>{}</span><span class="muted">{}</span></span>', first, second
    )


def told(first: object, second: object) -> SafeString:
    """As `stacked`, where the second line is a sentence that takes the room it needs."""
    return format_html(
        '<span class="stacked stacked--wide"><span class="when">{}</span><span class="muted">{}</span></span>',
        first,
        second,
    )


def moment(value: datetime | None) -> SafeString:
    """A time in UTC that does not wrap."""
    if value is None:
        return format_html('<span class="muted">{}</span>', "–")
    return format_html(
        '<time class="when" datetime="{}" title="UTC">{}</time>',
        value.isoformat(),
        value.strftime("%Y-%m-%d %H:%M:%S"),
    )


def short_moment(value: datetime) -> SafeString:
    """Day and minute, for narrow columns; the whole time is its title."""
    return format_html(
        '<time class="when" datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        utc_second(value),
        value.strftime("%d %b %H:%M"),
    )


def action_button(label: str, action: str, record: models.Model) -> SafeString:
    """A button inside a record's page that sends the list's bulk action for this one record, by POST.

    It stands in the page's own form, so the token is that form's; the list's action decides who may.
    """
    meta = record._meta
    return format_html(
        '<input type="hidden" name="action" value="{}"><button type="submit" class="button" formaction="{}" '
        'formnovalidate name="{}" value="{}">{}</button>',
        action,
        reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
        ACTION_CHECKBOX_NAME,
        record.pk,
        label,
    )


def numbers(values: Iterable[object]) -> str:
    """Evidence numbers as the texts cite them: `[1], [3]`."""
    return ", ".join(f"[{value}]" for value in values) or "–"


def as_json(value: Any) -> SafeString:
    """JSON as a block of text."""
    text = json.dumps(value, indent=2, ensure_ascii=False, default=str)
    return format_html('<pre class="textblock" tabindex="0">{}</pre>', text)


def as_text(value: str) -> SafeString:
    return (
        format_html('<pre class="textblock" tabindex="0">{}</pre>', value)
        if value
        else format_html("{}", "–")
    )
