"""The error types there are (contract, section 10): vendors' own codes, and the closed list for the rest. Pure."""

from __future__ import annotations

from typing import Final

from rca.case import Case
from rca.catalogue import Entry, load_catalogue
from rca.providers.rules.codes import find_codes
from rca.providers.rules.text import own_code, window

CLOSED_LIST: Final = (
    "GatewayTimeout",
    "HttpConnectionFailed",
    "InternalServerError",
    "ThrottlingError",
    "AuthenticationError",
    "UserErrorSourceBlobNotExists",
    "UserErrorColumnNameInvalid",
    "UserErrorInvalidDataType",
    "UserErrorSqlOperationFailed",
    "DatabricksClusterStartFailure",
    "DatabricksJobExecutionError",
    "DatabricksNotebookExecutionError",
    "DatabricksLibraryInstallationError",
    "DatabricksPermissionDenied",
    "DatabricksResourceExhausted",
    "DatabricksDriverNotResponding",
    "DatabricksSparkException",
    "DatabricksTableNotFound",
    "DatabricksAuthenticationError",
    "DatabricksTimeoutError",
    "UnknownError",
    "RunDurationExceeded",
    "StreamingBacklogExceeded",
)
_KEPT_CODES: Final = 12
_LOOK_AT: Final = 6


def codes_in(case: Case) -> tuple[str, ...]:
    """The vendor codes that the case carries: the one given apart first, then those of its texts."""
    found = [own_code(case.code)] if case.code else []
    catalogue = load_catalogue()
    for text in (case.message, *(item.text for item in case.evidence[:_LOOK_AT])):
        found += [
            seen.code
            for seen in find_codes(window(text), catalogue, case.platform)
            if not seen.is_empty and not seen.is_exception and not (seen.entry and seen.entry.is_label)
        ]
    return tuple(dict.fromkeys(found))[:_KEPT_CODES]


def known_entries(codes: tuple[str, ...]) -> tuple[Entry, ...]:
    """What the catalogue knows of these codes, one entry each."""
    catalogue = load_catalogue()
    return tuple(entries[0] for code in codes if (entries := catalogue.find(code)))


def is_error_type(name: str, codes: tuple[str, ...]) -> bool:
    """Whether `name` may stand as an error type for a case that carries `codes`."""
    if name in CLOSED_LIST or name.lower() in {code.lower() for code in codes}:
        return True
    return any(not entry.is_label for entry in load_catalogue().find(name))
