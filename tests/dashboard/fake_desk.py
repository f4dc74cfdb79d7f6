"""The tickets, events and answers behind `fake_server`: plain dictionaries in the contract's shape."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.dashboard.fake_detail import detail_of

Ticket = dict[str, Any]
STATUS_OF_LIST = {
    "open-tickets": "open",
    "in-progress-tickets": "in_progress",
    "closed-tickets": "acknowledged",
}
SLA_SECONDS = {"P1": 900, "P2": 1800, "P3": 7200, "P4": 86400}
KINDS = [
    ("adf", "ADF-", "pl_orders_daily_load", "UserErrorSourceBlobNotExists"),
    ("databricks", "DBX-", "Nightly customer features", "DELTA_CONCURRENT_APPEND"),
    ("databricks_clusters", "DBX-ALERT-", "etl-shared-cluster", "DRIVER_NOT_RESPONDING"),
    ("synapse", "SYN-", "pl_finance_close", "UserErrorSqlOperationFailed"),
    ("azure_functions", "FUNC-", "InvoiceSplitter", "InternalServerError"),
    ("adf", "ADF-", "DataEng_ETLPipeline", "GatewayTimeout"),
]
SEVERITIES = [("Critical", "P1"), ("High", "P2"), ("Medium", "P3"), ("Low", "P4")]
TEAMS = ["DataEng", "Finance", "CustomerInsight", "Platform", "Unknown"]
PEOPLE = ["", "", "", "Ana Lima", "Bo Chen", "Dara Obi"]
HOSTILE = "<img src=x onerror=alert(1)>\"'</script><script>alert(2)</script>"


def iso(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


class Desk:
    """The whole state; `work` and `take_frame` are driven by the server's loop."""

    def __init__(self) -> None:
        self.random = random.Random(7)
        self.clear()

    def clear(self) -> None:
        self.tickets: dict[str, Ticket] = {}
        self.seq = 0
        self.log: list[dict[str, Any]] = []
        self.pending: list[dict[str, Any]] = []
        self.comments: dict[str, list[dict[str, Any]]] = {}
        self.rate = 0.0
        self.owed = 0.0
        self.silent_until = 0.0
        self.delay = 0.0
        self.refuses_sockets = False
        self.roles = ["analyst"]

    # --- making things happen -----------------------------------------------------------------------------

    def make(self, *, age: float | None = None, status: str = "open", **fields: Any) -> Ticket:
        source, prefix, pipeline, error_type = self.random.choice(KINDS)
        severity, priority = self.random.choices(SEVERITIES, weights=[1, 3, 5, 4])[0]
        sla = SLA_SECONDS[priority]
        back = self.random.uniform(0, 0.97 * sla) if age is None else age
        created = datetime.now(UTC) - timedelta(seconds=back)
        ticket: Ticket = {
            "id": f"{prefix}{created:%Y%m%dT%H%M%S}-{self.random.randrange(16**6):06x}",
            "timestamp": iso(created),
            "source": source,
            "resource_type": "pipeline",
            "pipeline": pipeline,
            "run_id": f"{self.random.randrange(16**8):08x}-5a1c",
            "error_message": "The file orders/2026/11/20/part-0001.parquet does not exist in container raw.",
            "error_code": "2200",
            "error_type": error_type,
            "rca_result": "",
            "recommendations": [],
            "confidence": "High",
            "cause_class": "missing_source_data",
            "severity": severity,
            "priority": priority,
            "status": status,
            "ack_user": "",
            "sla_seconds": sla,
            "sla_status": "Pending",
            "sla_due_at": iso(created + timedelta(seconds=sla)),
            "finops_team": self.random.choice(TEAMS),
            "occurrences": self.random.choice([1, 1, 1, 2, 4, 17]),
            "processing_state": self.random.choice(["received", "notified", "notified", "notified"]),
            "assigned_to": self.random.choice(PEOPLE),
            "version": 1,
            "related": [],
        }
        if status == "acknowledged":
            self.close(ticket, created + timedelta(seconds=back * 0.6))
        ticket.update(fields)
        self.tickets[ticket["id"]] = ticket
        return ticket

    @staticmethod
    def close(ticket: Ticket, at: datetime) -> None:
        due = datetime.fromisoformat(ticket["sla_due_at"])
        ticket.update(
            status="acknowledged",
            ack_ts=iso(at),
            ack_user="Ana Lima",
            sla_status="Met" if at <= due else "Breached",
        )

    def seed(self, n: int) -> None:
        for index in range(n):
            self.make(age=None if index > n // 100 + 3 else SLA_SECONDS["P4"] * self.random.random() * 1.1)
        for _ in range(n // 4):
            self.make(status="in_progress", assigned_to=self.random.choice(PEOPLE[3:]))
        for _ in range(n):
            self.make(status="acknowledged", age=self.random.uniform(600, 90_000))

    def announce(self, event: str, ticket: Ticket) -> None:
        self.seq += 1
        ticket["version"] += event != "new_ticket"
        entry = {"event": event, "seq": self.seq, "ticket_id": ticket["id"], "ticket": dict(ticket)}
        self.log = [*self.log[-999:], entry]
        self.pending.append(entry)

    def work(self, seconds: float) -> None:
        """Changes at the asked rate: mostly updates, some new tickets, some closed."""
        self.owed += self.rate * seconds
        ids = list(self.tickets)
        while self.owed >= 1:
            self.owed -= 1
            ticket = self.tickets[self.random.choice(ids)]
            what = self.random.random()
            if what < 0.05:
                self.announce("new_ticket", self.make(age=0))
            elif what < 0.1 and ticket["status"] == "open":
                self.close(ticket, datetime.now(UTC))
                self.announce("status_update", ticket)
            else:
                ticket["occurrences"] += 1
                self.announce("ticket_updated", ticket)

    def take_frame(self) -> list[dict[str, Any]]:
        frame, self.pending = self.pending, []
        return frame

    def since(self, seq: int) -> list[dict[str, Any]]:
        if self.log and seq < self.log[0]["seq"] - 1:
            return [{"event": "reset", "seq": self.seq}]
        missed = [entry for entry in self.log if entry["seq"] > seq]
        return [*missed, {"event": "heartbeat", "seq": self.seq}]

    def is_silent(self) -> bool:
        return time.monotonic() < self.silent_until

    def control(self, verb: str, query: dict[str, str]) -> None:
        if verb == "seed":
            self.clear()
            self.seed(int(query.get("n", "60")))
        elif verb == "emit":
            fields = {key: value for key, value in query.items() if key not in ("age", "n")}
            for _ in range(int(query.get("n", "1"))):
                self.announce("new_ticket", self.make(age=float(query.get("age", "0")), **fields))
        elif verb == "rate":
            self.rate = float(query["per_second"])
        elif verb == "silence":
            self.silent_until = time.monotonic() + float(query["seconds"])
        elif verb == "delay":
            self.delay = float(query["seconds"])
        elif verb == "refuse":
            self.refuses_sockets = query.get("on") == "1"
        elif verb == "role":
            self.roles = [query["name"]]

    # --- answering ----------------------------------------------------------------------------------------

    def answer(self, method: str, rest: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        time.sleep(self.delay)
        parts = rest.split("/")
        if rest in STATUS_OF_LIST:
            return 200, self.tickets_of(STATUS_OF_LIST[rest], query, rest)
        if parts[0] == "tickets" and parts[1] in self.tickets:
            ticket = self.tickets[parts[1]]
            if method == "GET":
                return 200, {"ticket": self.full(ticket)}
            return self.act(parts[2], ticket, json.loads(body or b"{}"))
        answers: dict[str, Callable[[], Any]] = {
            "board": self.board,
            "me": lambda: {"id": 1, "email": "ana@example.com", "full_name": "Ana Lima", "roles": self.roles},
            "audit-trail": lambda: self.audit(query),
        }
        if rest in answers:
            return 200, answers[rest]()
        if parts[0] in {"deliveries", "remediation"}:
            return 200, {}
        return 404, {"detail": "Not found."}

    def tickets_of(self, status: str, query: dict[str, str], name: str) -> dict[str, Any]:
        search = query.get("search", "").lower()
        names = {"severity": "severity", "priority": "priority", "source": "source", "team": "finops_team"}
        found = [
            ticket
            for ticket in self.tickets.values()
            if ticket["status"] == status
            and all(not query.get(key) or ticket[field] == query[key] for key, field in names.items())
            and (
                not search or search in f"{ticket['id']} {ticket['pipeline']} {ticket['error_type']}".lower()
            )
        ]
        found.sort(key=lambda ticket: str(ticket.get("ack_ts") or ticket["timestamp"]), reverse=True)
        start, limit = int(query.get("start", "0")), int(query.get("limit", "50"))
        following = f"http://elsewhere.example/api/{name}?limit={limit}&start={start + limit}"
        return {
            "tickets": found[start : start + limit],
            "next": following if start + limit < len(found) else None,
        }

    def act(self, verb: str, ticket: Ticket, body: dict[str, Any]) -> tuple[int, Any]:
        if verb == "acknowledge":
            self.close(ticket, datetime.now(UTC))
        elif verb == "start":
            ticket.update(status="in_progress", assigned_to="Ana Lima")
        elif verb == "reopen":
            ticket.update(status="open", ack_ts=None, ack_user="", sla_status="Pending")
        elif verb == "comment":
            note = {"timestamp": iso(datetime.now(UTC)), "action": "Comment Added", "actor": "Ana Lima"}
            self.comments.setdefault(ticket["id"], []).insert(0, {**note, "details": {"text": body["text"]}})
        self.announce("ticket_updated" if verb == "comment" else "status_update", ticket)
        return 200, {"ticket": self.full(ticket)}

    def full(self, ticket: Ticket) -> Ticket:
        return detail_of(ticket, self.comments.get(ticket["id"], []))

    def board(self) -> dict[str, Any]:
        now = datetime.now(UTC)
        by_status: dict[str, list[Ticket]] = {status: [] for status in STATUS_OF_LIST.values()}
        for ticket in self.tickets.values():
            by_status[ticket["status"]].append(ticket)
        return {
            "at": iso(now),
            "seq": self.seq,
            "open": {"count": len(by_status["open"]), "last_hour": min(12, len(by_status["open"]))},
            "in_progress": {"count": len(by_status["in_progress"])},
            "closed": {"count": len(by_status["acknowledged"])},
            **due_figures(by_status, now),
            "median_ack_seconds": {"value": 372 if self.tickets else None, "sample": 41, "hours": 24},
            "last_event_at": iso(now - timedelta(minutes=4)),
            **charts(now, is_empty=not self.tickets),
        }

    @staticmethod
    def actions() -> list[str]:
        return [
            "Ticket Created",
            "RCA Completed",
            "Jira Ticket Created",
            "Slack Notification Sent",
            "Ticket Closed",
        ]

    def audit(self, query: dict[str, str]) -> dict[str, Any]:
        entries = [
            {
                "timestamp": ticket["timestamp"],
                "action": action,
                "ticket_id": ticket["id"],
                "actor": "system",
                "details": {"pipeline": ticket["pipeline"], "error_type": ticket["error_type"]},
                "integrity": "sealed",
            }
            for ticket in list(self.tickets.values())[:80]
            for action in self.actions()
            if query.get("action") in (None, action) and query.get("ticket") in (None, ticket["id"])
        ]
        return {"audits": entries[:100], "next": None}


def due_figures(by_status: dict[str, list[Ticket]], now: datetime) -> dict[str, Any]:
    """How many are past their time, and how many will be in a quarter of an hour."""
    due = {
        status: sorted(datetime.fromisoformat(ticket["sla_due_at"]) for ticket in tickets)
        for status, tickets in by_status.items()
    }
    late = {status: [at for at in moments if at < now] for status, moments in due.items()}
    soon = {
        status: [at for at in moments if now <= at < now + timedelta(minutes=15)]
        for status, moments in due.items()
    }
    return {
        "breached": {
            "count": len(late["open"]),
            "in_progress": len(late["in_progress"]),
            "oldest_due_at": iso(late["open"][0]) if late["open"] else None,
        },
        "at_risk": {
            "count": len(soon["open"]),
            "in_progress": len(soon["in_progress"]),
            "next_due_at": iso(soon["open"][0]) if soon["open"] else None,
        },
    }


def charts(now: datetime, *, is_empty: bool) -> dict[str, Any]:
    """A day by hour, two weeks by day, and the rankings: the same at every call, all nothing on an empty desk."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    sample = random.Random(3)
    return {
        "per_hour": [
            {
                "hour": iso(hour - timedelta(hours=back)),
                **{
                    name: 0 if is_empty else sample.randrange(0, 4 + 3 * rank)
                    for rank, (name, _) in enumerate(SEVERITIES)
                },
            }
            for back in range(23, -1, -1)
        ],
        "sla_by_day": [
            {
                "day": f"{now - timedelta(days=back):%Y-%m-%d}",
                "met": 0 if is_empty or back in (5, 6) else sample.randrange(20, 60),
                "breached": 0 if is_empty or back in (5, 6) else sample.randrange(0, 9),
            }
            for back in range(13, -1, -1)
        ],
        "error_types": []
        if is_empty
        else [
            {"error_type": kind[3], "count": count}
            for kind, count in zip(KINDS[:5], [81, 43, 20, 9, 2], strict=True)
        ],
        "teams": [] if is_empty else sorted(TEAMS),
    }
