"""Numbers that are codes: HTTP statuses, SQL Server, SQLSTATE, Oracle, sockets, exit codes, HRESULTs.

A number counts only where the text says that it is a code (`Msg 208`, `SQLSTATE: 42501`, `status code 403`);
a bare number in a sentence is a row count, a port or a size. What each means stands in `number_tables`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from rca.providers.rules.number_tables import GRPC, HANA, HTTP, MYSQL, ORACLE, SQL_SERVER, SQLSTATE
from rca.providers.rules.signals import CODE, MENTIONED_CODE, SETUP, STRONG, Signal
from tickets.choices import CauseClass as C

_GRPC = re.compile(r"(?:rpc error: code ?= ?|statuscode\.|rpcexception: status\(statuscode=')([a-z_]{5,20})")
_HTTP = re.compile(
    r"(?:status[ _]?code|statuscode|http status|http/\d\.\d|http error|http|status|response code|code=|error code|error"
    r"|failed with|responded with|rejected with|returned)"
    r"[ :='\"(\-]{0,5}(?:code|of|is|with|error)?[ :='\"(\-]{0,4}([45]\d\d)(?!\d|[.,]\d)"
    r"|\(([45]\d\d)\)"
    r"|\b([45]\d\d)(?: -)? (?:unprocessable|client error|server error|error response|forbidden|not found|unauthorized"
    r"|bad request|conflict|too many"
    r"|service unavailable|internal server|bad gateway|gateway)"
)
_SQL_SERVER = re.compile(
    r"(?:sqlerrornumber|errornumber|error number|sql error|native error|msg|error:|error|sqlcode|errorcode)"
    r"(?: is)?[ :=]{1,3}(-?\d{2,6})(?!\d)"
)
_SURELY_SQL_SERVER = ("sqlerrornumber", "msg")
_SQLSTATE = re.compile(
    r"sqlstate[ :=']{0,4}([0-9a-z]{5})(?![0-9a-z])|\[([0-9a-z]{2}[0-9a-z]\d\d)\]|\berror \[([0-9a-z]{5})\]"
)
_ORACLE = re.compile(r"\bora-0{0,4}(\d{1,5})")
_HANA = re.compile(r"(?:sap dbtech|hdbodbc|libodbchdb)[^\[;]{0,80}(?:\[|;)(?:\w{1,5}\] )?(-?\d{1,5})\b")
_MYSQL = re.compile(r"\berror (\d{4}) \([0-9a-z]{5}\)|error: \((\d{4}), '|\bmysql[^.;]{0,60}\((\d{4})\)")
_SOCKET = re.compile(r"(?:tcp|socket|winsock|wsa)[a-z ]{0,12}error[a-z ]{0,8}[ :=]{0,3}(100\d\d|110\d\d)")


def number_signals(plain: str, *, speaks_sql: bool) -> Iterator[Signal]:
    """Signals of all numbers that stand in the context of a code. `speaks_sql`: the text is about a SQL
    Server.
    """
    for match in _HTTP.finditer(plain):
        number = int(match[1] or match[2] or match[3])
        if number in HTTP:
            cause, transient, weight = HTTP[number]
            yield Signal(cause, weight, f"HTTP status {number}", match.start(), transient)
    for match in _GRPC.finditer(plain):
        if status := GRPC.get(match[1].replace("_", "")):
            yield Signal(status[0], SETUP, f"gRPC status {match[1]}", match.start(), status[1])
    for match in _SQLSTATE.finditer(plain):
        state = (match[1] or match[2] or match[3]).upper()
        known = SQLSTATE.get(state) or SQLSTATE.get(state[:2])
        if known:
            yield Signal(known[0], STRONG, f"SQLSTATE {state}", match.start(), known[1], state)
    yield from _of_databases(plain)
    for match in _SOCKET.finditer(plain):
        yield Signal(C.NETWORK_CONNECTIVITY, CODE, f"socket error {match[1]}", match.start(), None, match[1])
    if speaks_sql:
        yield from _sql_server(plain)


def _of_databases(plain: str) -> Iterator[Signal]:
    """Oracle, SAP HANA and MySQL: whose number it is stands beside it."""
    for pattern, table, weight, name in (
        (_ORACLE, ORACLE, CODE, "ORA-{:05d}"),
        (_HANA, HANA, CODE, "SAP HANA error {}"),
        (_MYSQL, MYSQL, MENTIONED_CODE, "MySQL error {}"),
    ):
        for match in pattern.finditer(plain):
            number = int(next(group for group in match.groups() if group))
            if known := table.get(number):
                label = name.format(number)
                code = label if pattern is _ORACLE else str(number)
                yield Signal(known[0], weight, label, match.start(), known[1], code)


def _sql_server(plain: str) -> Iterator[Signal]:
    for match in _SQL_SERVER.finditer(plain):
        if known := SQL_SERVER.get(int(match[1])):
            yield Signal(
                known[0],
                CODE if match[0].startswith(_SURELY_SQL_SERVER) else MENTIONED_CODE - 2,
                f"SQL Server error {match[1]}",
                match.start(),
                known[1],
                match[1],
            )


def number_code(plain: str) -> str:
    """The first Oracle, SQLSTATE or socket code of the text, for want of a better name; "" when there is
    none.
    """
    if match := _ORACLE.search(plain):
        return f"ORA-{int(match[1]):05d}"
    if match := _SQLSTATE.search(plain):
        return (match[1] or match[2] or match[3]).upper()
    match = _SOCKET.search(plain)
    return match[1] if match else ""


def sql_number_signal(code: str) -> Signal | None:
    """The signal of a SQL Server number that came as the case's own code."""
    if not code.lstrip("-").isdigit() or not (known := SQL_SERVER.get(int(code[:9]))):
        return None
    return Signal(known[0], MENTIONED_CODE, f"SQL Server error {code}", -1, known[1], code)
