"""The error answers that addresses have in common, for the schema."""

from __future__ import annotations

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse

from audit.api.serializers import ConflictSerializer, ErrorSerializer

_ERRORS = {
    400: OpenApiResponse(ErrorSerializer, "The input cannot be used; `fields` says where and why."),
    401: OpenApiResponse(ErrorSerializer, "No credential, or one that is no longer good."),
    403: OpenApiResponse(ErrorSerializer, "The role does not allow it."),
    404: OpenApiResponse(ErrorSerializer, "There is no such thing."),
    409: OpenApiResponse(
        ConflictSerializer, "The transition does not exist, or the ticket was changed meanwhile."
    ),
    413: OpenApiResponse(ErrorSerializer, "The body is too large."),
    415: OpenApiResponse(ErrorSerializer, "The body is not declared as application/json."),
    429: OpenApiResponse(ErrorSerializer, "Too many attempts; `Retry-After` says when to try again."),
}


def answers(success: Any, *, status: int = 200, errors: tuple[int, ...] = ()) -> dict[int, Any]:
    """One success and the errors that may come instead; 401 and 403 belong to every address."""
    found: dict[int, Any] = {status: success}
    found.update({code: _ERRORS[code] for code in sorted({*errors, 401, 403})})
    return found


def conditional_answers(success: Any, *, errors: tuple[int, ...] = ()) -> dict[int, Any]:
    """The answers of a `ConditionalView`."""
    unchanged = OpenApiResponse(description="The caller already holds this body (If-None-Match).")
    return {**answers(success, errors=errors), 304: unchanged}


def csv_answers() -> dict[Any, Any]:
    """An address whose success is CSV; its errors stay JSON."""
    return _file_answers(
        "text/csv", OpenApiResponse(OpenApiTypes.STR, "A line of column names, then one line per row.")
    )


def zip_answers() -> dict[Any, Any]:
    """The same for a ZIP."""
    return _file_answers("application/zip", OpenApiResponse(OpenApiTypes.BINARY, "A CSV and its manifest."))


def _file_answers(content_type: str, success: OpenApiResponse) -> dict[Any, Any]:
    errors = answers(None, errors=(400,))
    del errors[200]
    return {
        (200, content_type): success,
        **{(code, "application/json"): answer for code, answer in errors.items()},
    }


def public_answers(success: Any, *, status: int = 200, errors: tuple[int, ...] = ()) -> dict[int, Any]:
    """The same for addresses that need no credential."""
    found: dict[int, Any] = {status: success}
    found.update({code: _ERRORS[code] for code in sorted(set(errors))})
    return found
