"""Log lines with the request's id: readable text for a terminal, JSON for a collector.

Whatever a library prints, secrets are masked last: Daphne and Twisted name a request by its whole address, and
the address of a webhook may carry `?api_key=`.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from audit.context import request_id, ticket_key
from audit.redaction import redact


class TextFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", datefmt="%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        if identifier := request_id.get():
            line["request_id"] = identifier
        if ticket := getattr(record, "ticket", "") or ticket_key.get():
            line["ticket"] = ticket
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
