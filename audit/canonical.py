"""The bytes that are hashed: the same on SQLite, PostgreSQL and SQL Server, today and in ten years. Pure.

Format version 1, to be read together with docs/compliance.md. JSON objects with sorted keys, no blanks and
only ASCII characters; times in UTC with six digits of a second and a `Z`. A database may rewrite the numbers
of a JSON column (PostgreSQL turns 1e20 into 100000000000000000000), so a whole number is always written as an
integer, and `plain` keeps what would not survive the journey out of the record.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

SEALED_FIELDS = (
    "id",
    "created_at",
    "action",
    "ticket_key",
    "pipeline",
    "run_id",
    "actor_kind",
    "request_id",
    "personal_digest",
)
"""What a seal covers directly. It can never be changed."""

PERSONAL_FIELDS = ("actor", "actor_employee_id", "details", "remote_address", "salt", "summary")
"""What a seal covers through `personal_digest`. It can be erased, all of it at once, and not changed."""

_MAX_DIGITS = 1000
_quoted = json.encoder.encode_basestring_ascii
_dumps = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


def canonical_json(value: object) -> bytes:
    return _dumps(value).encode("ascii")


def timestamp(moment: datetime) -> str:
    """`2026-11-20T14:30:22.000512Z`; `moment` must be aware."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return f"{moment.isoformat(timespec='microseconds')[:26]}Z"


def text(value: str) -> str:
    """`value` with NUL and lone surrogates, which no database keeps, replaced by U+FFFD."""
    if value.isascii():
        return value.replace("\x00", "\ufffd")
    cleaned = value.replace("\x00", "\ufffd")
    try:
        cleaned.encode("utf-8")
    except UnicodeEncodeError:
        return cleaned.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return cleaned


def plain(value: object) -> Any:
    """A copy of nested JSON that reads back equal from every database; what is no JSON becomes its text."""
    if isinstance(value, str):
        return text(str(value))
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 10**_MAX_DIGITS else hex(value)
    if isinstance(value, float):
        return number(value)
    if isinstance(value, Mapping):
        return {text(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return text(str(value))


def number(value: float) -> float | int | str:
    if not math.isfinite(value):
        return str(value)
    return int(value) if value.is_integer() else value


def read_json(stored: str) -> Any:
    """Details as a database wrote them, with numbers in their one form."""
    return _decoder.decode(stored)


_decoder = json.JSONDecoder(parse_float=lambda digits: number(float(digits)))


def personal_digest(fields: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, over PERSONAL_FIELDS.

    The salt is erased with the rest, so that nobody can guess a name or an address from the digest that stays.
    """
    return hashlib.sha256(b"aiops-audit-personal-v1\n" + personal_bytes(fields)).hexdigest()


# The two below are on the webhook's path and run for every entry of a verification. Written out they are three
# times as fast as the encoder, and give the same bytes (a test compares); what is no text goes to the encoder.


def personal_bytes(fields: Mapping[str, Any]) -> bytes:
    """`canonical_json` of PERSONAL_FIELDS."""
    try:
        return (
            f'{{"actor":{_quoted(fields["actor"])},'
            f'"actor_employee_id":{_quoted(fields["actor_employee_id"])},'
            f'"details":{_dumps(fields["details"]) if fields["details"] != {} else "{}"},'
            f'"remote_address":{_quoted(fields["remote_address"])},'
            f'"salt":{_quoted(fields["salt"])},"summary":{_quoted(fields["summary"])}}}'
        ).encode("ascii")
    except TypeError:
        return canonical_json({name: fields[name] for name in PERSONAL_FIELDS})


def entry_bytes(fields: Mapping[str, Any]) -> bytes:
    """One entry as it is sealed: `canonical_json` of SEALED_FIELDS, the time already as text."""
    try:
        return (
            f'{{"action":{_quoted(fields["action"])},"actor_kind":{_quoted(fields["actor_kind"])},'
            f'"created_at":{_quoted(fields["created_at"])},"id":{fields["id"]:d},'
            f'"personal_digest":{_quoted(fields["personal_digest"])},"pipeline":{_quoted(fields["pipeline"])},'
            f'"request_id":{_quoted(fields["request_id"])},"run_id":{_quoted(fields["run_id"])},'
            f'"ticket_key":{_quoted(fields["ticket_key"])}}}'
        ).encode("ascii")
    except TypeError:
        return canonical_json({name: fields[name] for name in SEALED_FIELDS})
