"""One form for every error of the API: `{"detail", "code", "fields"}`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from django.db import InterfaceError, OperationalError
from rest_framework import status
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler as default_handler

from tickets.services import ConflictError, TransitionError

logger = logging.getLogger(__name__)

WHOLE_BODY = "non_field_errors"


class Conflict(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class DatabaseAway(APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The database is not reachable; try again."
    default_code = "database_unavailable"
    wait = 5


def error_body(detail: str, code: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"detail": detail, "code": code, "fields": dict(fields or {})}


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what the services raise into answers; anything unknown stays an error of ours."""
    if isinstance(error, TransitionError):
        body = error_body(str(error), "transition_not_allowed") | {"allowed": list(error.allowed)}
        return Response(body, status=status.HTTP_409_CONFLICT)
    if isinstance(error, ConflictError):
        error = Conflict(str(error), code="changed_meanwhile")
    if isinstance(error, OperationalError | InterfaceError):
        logger.error("The database could not answer: %s", type(error).__name__)
        error = DatabaseAway()
    response = default_handler(error, context)
    if response is None:
        return None
    response.data = _body(error, response.data)
    return response


def _body(error: Exception, data: Any) -> dict[str, Any]:
    if isinstance(error, ValidationError):
        fields = _fields(data)
        name, messages = next(iter(fields.items()))
        detail = messages[0] if name == WHOLE_BODY else f"{name}: {messages[0]}"
        return error_body(detail, "invalid", fields)
    detail = data.get("detail", "") if isinstance(data, dict) else data
    code = getattr(detail, "code", None) or getattr(error, "default_code", "error")
    return error_body(str(detail), str(code))


def _fields(data: Any, prefix: str = "") -> dict[str, list[str]]:
    """Nested errors flattened: `{"a": {"b": ["…"]}}` becomes `{"a.b": ["…"]}`."""
    if isinstance(data, Mapping):
        found: dict[str, list[str]] = {}
        for name, value in data.items():
            found |= _fields(value, f"{prefix}.{name}" if prefix else str(name))
        return found
    messages = data if isinstance(data, list) else [data]
    if any(isinstance(message, Mapping) for message in messages):
        found = {}
        for index, message in enumerate(messages):
            found |= _fields(message, f"{prefix}.{index}" if prefix else str(index))
        return found
    return {
        prefix or WHOLE_BODY: [str(message) for message in messages if isinstance(message, ErrorDetail | str)]
    }
