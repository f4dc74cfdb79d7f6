"""Which errors of SQL Server and Azure SQL pass by themselves. Pure.

mssql-django looks for the error's number in its text. That holds for pyodbc; `mssql-python` gives the text of
the message alone, so each number has here the words of its message too.
Source: "Troubleshoot transient connection errors in SQL Database" and the list of system messages.
"""

from __future__ import annotations

import re

MESSAGES = {
    926: "cannot be opened. It has been marked SUSPECT by recovery",
    1205: "was deadlocked on",
    1222: "Lock request time out period exceeded",
    4060: "Cannot open database",
    4221: "Login to read-secondary failed due to long wait on",
    10928: "limit for the database is",
    10929: "minimum guarantee is",
    40143: "The service has encountered an error processing your request",
    40197: "The service has encountered an error processing your request",
    40501: "The service is currently busy",
    40613: "is not currently available",
    49918: "Not enough resources to process request",
    49919: "Too many create or update operations in progress",
    49920: "Too many operations in progress",
}
LINK_IS_DOWN = ("Communication link failure", "TCP Provider", "Client unable to establish connection")
_NUMBER = re.compile(r"(?<!\d)(?:" + "|".join(map(str, MESSAGES)) + r")(?!\d)")


def is_transient(message: str) -> bool:
    """Whether the same statement, or the same attempt to connect, may well succeed in a few seconds."""
    if any(words in message for words in (*MESSAGES.values(), *LINK_IS_DOWN)):
        return True
    # Drivers that give the number put it in brackets or behind a word of its own; text of ours is not in there.
    return bool(_NUMBER.search(message)) and "SQL Server" in message
