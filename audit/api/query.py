"""Query parameters of the API: fields that say what they expected, and a form that knows its own names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from drf_spectacular.drainage import set_override
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

MOST_ROWS = 500
USUAL_ROWS = 100
LONGEST_SHOWN = 60

# "For ever" is written as the calendar's first or last day; arithmetic needs room around it.
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9998, 12, 31, tzinfo=UTC)

# A "+" that was not percent-encoded arrives as a blank; the time zone it began is still there to see.
_BLANK_BEFORE_ZONE = re.compile(r"(?<=\d) (?=\d\d:?\d\d$)")


def shown(value: object) -> str:
    """A value as it may stand in an error: its kind and, for text, its first characters."""
    if isinstance(value, str):
        cut = value if len(value) <= LONGEST_SHOWN else f"{value[:LONGEST_SHOWN]}…"
        return f"text {cut!r}"
    return type(value).__name__


class OneOf(serializers.ChoiceField):
    """One of a closed list; what is refused is told the list."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            raise ValidationError(f"expected one of {', '.join(map(str, self.choices))}, not {shown(data)}.")
        return super().to_internal_value(data)


class Choices(serializers.Field[tuple[str, ...], str, str, Any]):
    """One of a closed list or several, separated by commas, without regard to case."""

    def __init__(self, choices: Iterable[str], **kwargs: Any) -> None:
        self.choices = {choice.lower(): choice for choice in choices}
        super().__init__(**kwargs)
        one = "|".join(self.choices.values())
        set_override(self, "field", {"type": "string", "pattern": f"^({one})(,({one}))*$"})

    def to_internal_value(self, data: str) -> tuple[str, ...]:
        words = [word.strip() for word in data.split(",")]
        if not all(word.lower() in self.choices for word in words):
            expected = ", ".join(self.choices.values())
            raise ValidationError(f"expected one or more of {expected}, not {shown(data)}.")
        return tuple(dict.fromkeys(self.choices[word.lower()] for word in words))

    def to_representation(self, value: tuple[str, ...]) -> str:
        return ",".join(value)


@extend_schema_field({"type": "string", "format": "date-time"})
class Moment(serializers.Field[datetime, str, str, Any]):
    """An ISO 8601 date or date and time; without a zone it is UTC."""

    def to_internal_value(self, data: str) -> datetime:
        text = _BLANK_BEFORE_ZONE.sub("+", data.strip())
        try:
            day = parse_date(text)
            moment = datetime.combine(day, time()) if day else parse_datetime(text)
            if moment is not None:
                utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
                return min(max(utc, EARLIEST), LATEST)
        except (ValueError, OverflowError):
            pass
        expected = "a date (2025-11-29) or a date and time (2025-11-29T14:30:00Z)"
        raise ValidationError(f"expected {expected}, not {shown(data)}.")

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


@extend_schema_field({"type": "integer", "minimum": 1, "default": USUAL_ROWS})
class RowLimit(serializers.Field[int, str, int, Any]):
    """How many rows; more than MOST_ROWS are cut to MOST_ROWS."""

    def to_internal_value(self, data: str) -> int:
        if not (data.isascii() and data.isdigit() and len(data) < 20 and int(data) > 0):
            raise ValidationError(f"expected a whole number from 1 to {MOST_ROWS}, not {shown(data)}.")
        return min(int(data), MOST_ROWS)

    def to_representation(self, value: int) -> int:
        return value


class Words(serializers.CharField):
    """Free text to look for; what no database could hold is refused here."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 200)
        super().__init__(allow_blank=True, **kwargs)


class Query(serializers.Serializer[Any]):
    """The parameters of one address. A misspelt filter must not return everything: unknown names are refused."""

    @classmethod
    def read(cls, request: Request) -> dict[str, Any]:
        """The values given, empty ones left out; raises ValidationError naming the parameter."""
        given = {name: values[-1] for name, values in request.query_params.lists() if values[-1] != ""}
        form = cls(data=given)
        unknown = sorted(set(request.query_params) - set(form.fields))
        if unknown:
            expected = ", ".join(form.fields)
            raise ValidationError({unknown[0][:LONGEST_SHOWN]: [f"no such parameter; expected {expected}."]})
        form.is_valid(raise_exception=True)
        return dict(form.validated_data)


class PageQuery(Query):
    limit = RowLimit(
        required=False, help_text=f"Rows per page; more than {MOST_ROWS} are cut to {MOST_ROWS}."
    )
    cursor = serializers.CharField(
        required=False, max_length=100, help_text="From the `next` of the page before; not to be made up."
    )
