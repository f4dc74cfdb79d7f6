"""Filters that every list of the console may use."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_date
from unfold.contrib.filters.admin import RangeDateFilter


class DayRangeFilter(RangeDateFilter):
    """From one day to another in UTC, both days included; unfold's own takes midnight for the last day's end."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        since, until = self.bounds()
        if since is not None:
            queryset = queryset.filter(**{f"{self.field_path}__gte": since})
        if until is not None:
            queryset = queryset.filter(**{f"{self.field_path}__lt": until})
        return queryset

    def bounds(self) -> tuple[datetime | None, datetime | None]:
        """The beginning of the first day, and that of the day after the last."""
        first, last = self._day("from"), self._day("to")
        return _midnight(first) if first else None, _midnight(last) + timedelta(days=1) if last else None

    def _day(self, end: str) -> date | None:
        """The day in the address; None when there is none, or it is no day."""
        try:
            return parse_date(str(self.used_parameters.get(f"{self.parameter_name}_{end}") or ""))
        except ValueError:
            return None


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
