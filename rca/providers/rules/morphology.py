"""Reads a class out of a code's own name, for codes that the catalogue does not hold.

Vendors name their codes after the cause (`SqlOpenConnectionTimeout`, `DELTA_TABLE_NOT_FOUND`,
`SkuNotAvailable`). The first family whose words occur wins, so the order is the knowledge: a
`ConnectionTimeout` is a time-out before it is a connection.
"""

from __future__ import annotations

import re
from typing import Final

from tickets.choices import CauseClass

_HUMPS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
MAX_NAME: Final = 160

FAMILIES: Final[tuple[tuple[CauseClass, tuple[str, ...]], ...]] = (
    (CauseClass.OUT_OF_MEMORY, ("out of memory", "oom", "heap space", "memory exceeded")),
    (
        CauseClass.THROTTLING,
        (
            "throttl",
            "too many requests",
            "rate limit",
            "server busy",
            "request limit",
            "slow down",
            "rate exceeded",
            "too many connections",
            "rate large",
        ),
    ),
    (CauseClass.TIMEOUT, ("timeout", "timed out", "time out", "timedout", "deadline")),
    (
        CauseClass.CAPACITY_OR_QUOTA,
        (
            "quota",
            "capacity",
            "limit exceeded",
            "exceed limit",
            "exceeds limit",
            "limit reached",
            "exhaust",
            "stockout",
            "out of disk",
            "disk space",
            "too large",
            "size exceed",
            "size limit",
            "sku not available",
            "allocation failed",
            "max ",
            "insufficient resource",
            "exceed storage",
            "concurrent runs",
        ),
    ),
    (
        CauseClass.MISSING_DEPENDENCY_OR_LIBRARY,
        (
            "library",
            "module not",
            "class not found",
            "package",
            "dependency",
            "jre ",
            "driver not found",
            "assembly",
            "data source not found",
        ),
    ),
    (
        CauseClass.CONCURRENCY_CONFLICT,
        (
            "concurrent",
            "conflict",
            "lease",
            "deadlock",
            "already exist",
            "in progress",
            "precondition",
            "condition not met",
            "another operation",
            "locked",
            "being modified",
        ),
    ),
    # What a name ends with says what was done to the thing before: `…CREDENTIALS_DENIED` was refused.
    (
        CauseClass.PERMISSION_DENIED,
        ("access denied", "permission denied", "credentials denied", "forbidden "),
    ),
    (
        CauseClass.AUTHENTICATION_FAILURE,
        (
            "unauthenticated",
            "authentication failed",
            "authentication failure",
            "invalid credential",
            "credential",
            "access token",
            "authentication token",
            "invalid token",
            "token expired",
            "login",
            "password",
            "client secret",
            "account key",
            "unauthorized",
            "invalid grant",
            "invalid client",
            "auth invalid",
            "sas ",
            "aadsts",
        ),
    ),
    (
        CauseClass.PERMISSION_DENIED,
        (
            "permission",
            "forbidden",
            "access denied",
            "authorization",
            "not authorized",
            "privilege",
            "denied",
            "entitlement",
            "disallowed by policy",
        ),
    ),
    (
        CauseClass.MISSING_SOURCE_DATA,
        (
            "blob not",
            "file not",
            "path not",
            "source not",
            "path does not exist",
            "no file",
            "key not exist",
            "file missing",
        ),
    ),
    (
        CauseClass.SCHEMA_OR_TYPE_MISMATCH,
        (
            "column",
            "schema",
            "data type",
            "datatype",
            "type mismatch",
            "type not supported",
            "unsupported type",
            "supported type",
            "incompatible",
            "conversion",
            "precision",
            "arity",
            "truncat",
            "field",
            "merge type",
            "type map",
        ),
    ),
    (
        CauseClass.BAD_DATA,
        (
            "bad data",
            "malformed",
            "corrupt",
            "invalid data",
            "constraint",
            "violat",
            "cast invalid",
            "cannot parse timestamp",
            "parse datetime",
            "parsing datetime",
            "data value",
            "duplicate key",
            "divide by",
            "overflow",
            "out of range",
            "invalid file",
            "error rows",
            "not null",
            "invalid json",
        ),
    ),
    (
        CauseClass.RESOURCE_NOT_FOUND,
        (
            "not found",
            "not exist",
            "no such",
            "does not exist",
            "unknown table",
            "invalid object",
            "notfound",
            "is deleted",
        ),
    ),
    (
        CauseClass.NETWORK_CONNECTIVITY,
        (
            "connect",
            "network",
            "dns",
            "firewall",
            "tls",
            "ssl",
            "unreachable",
            "socket",
            "public access",
            "vnet",
            "endpoint unavailable",
            "unknown host",
            "host not",
        ),
    ),
    (
        CauseClass.SYNTAX_OR_CODE_ERROR,
        (
            "syntax",
            "parse",
            "expression",
            "query string",
            "invalid query",
            "incorrect query",
            "udf",
            "routine",
            "aggregat",
            "fetch xml",
            "null pointer",
            "not serializable",
        ),
    ),
    (
        CauseClass.CLUSTER_INFRASTRUCTURE_FAILURE,
        ("cluster", "driver", "executor", "node", "bootstrap", "livy", "offline", "launch fail", "pod "),
    ),
    (CauseClass.USER_CANCELLED, ("cancelled by", "canceled by", "user cancel", "user request")),
    (
        CauseClass.UPSTREAM_SERVICE_OUTAGE,
        ("internal error", "internal server", "unavailable", "service fault", "server error", "maintenance"),
    ),
    (
        CauseClass.CONFIGURATION_ERROR,
        (
            "invalid",
            "not support",
            "unsupport",
            "missing",
            "missed",
            "config",
            "setting",
            "not allow",
            "disabled",
            "required",
            "requires",
            "not set",
            "mismatch",
            "not enabled",
            "incorrect",
            "not registered",
            "unrecognized",
            "cannot",
            "not specified",
        ),
    ),
)


def words_of(code: str) -> str:
    """`SqlOpenConnectionTimeout` and `SQL_OPEN_CONNECTION_TIMEOUT` both as `sql open connection timeout`."""
    return " ".join(part.lower() for part in _HUMPS.findall(code[:MAX_NAME])) + " "


def class_of_name(code: str) -> CauseClass | None:
    """The class that the name speaks for, or None where it says nothing."""
    words = words_of(code)
    return next((cause for cause, marks in FAMILIES if any(mark in words for mark in marks)), None)
