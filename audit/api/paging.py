"""Keyset pages: the cursor names the last row seen, so rows that arrive meanwhile shift nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from audit.api.query import USUAL_ROWS

M = TypeVar("M", bound=Model)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST = 2**63 - 1


def encode_cursor(*numbers: int) -> str:
    return base64.urlsafe_b64encode(".".join(map(str, numbers)).encode()).decode().rstrip("=")


def decode_cursor(text: str, count: int) -> tuple[int, ...]:
    """The numbers of a cursor; raises ValidationError for one that this API did not make."""
    try:
        padded = text + "=" * (-len(text) % 4)
        numbers = tuple(int(part) for part in base64.urlsafe_b64decode(padded).decode("ascii").split("."))
    except (ValueError, binascii.Error) as error:
        raise _made_up() from error
    if len(numbers) != count or not all(0 <= number <= _LARGEST for number in numbers):
        raise _made_up()
    return numbers


def _made_up() -> ValidationError:
    return ValidationError({"cursor": ["expected the cursor of a `next` address, unchanged."]})


def microseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


def moment_of(number: int) -> datetime:
    """Back from `microseconds`; raises ValidationError for a number beyond the calendar."""
    try:
        return _EPOCH + timedelta(microseconds=number)
    except OverflowError as error:
        raise _made_up() from error


def next_url(request: Request, cursor: str, limit: int) -> str:
    """This request's full address, with the cursor of the page that follows."""
    parameters = request.query_params.copy()
    parameters["cursor"] = cursor
    parameters["limit"] = str(limit)
    return request.build_absolute_uri(f"{request.path}?{parameters.urlencode()}")


def page_by_number(
    request: Request, found: QuerySet[M], asked: Mapping[str, Any]
) -> tuple[list[M], str | None]:
    """The page that `asked` (of a `PageQuery`) names among rows that stand newest first, and the address of the next.

    None where no page follows; raises ValidationError for a cursor that this API did not make.
    """
    limit = asked.get("limit", USUAL_ROWS)
    if "cursor" in asked:
        found = found.filter(pk__lt=decode_cursor(asked["cursor"], 1)[0])
    rows = list(found[: limit + 1])
    shown = rows[:limit]
    return shown, next_url(request, encode_cursor(shown[-1].pk), limit) if len(rows) > limit else None
