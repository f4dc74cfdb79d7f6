"""What Jira is told about a ticket: summary, labels, priority, description, comments. Pure.

A field of Jira takes 32,767 characters. The description is measured as JSON, which is more than what Jira
counts, and its texts are cut further until it fits.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from audit.times import utc
from integrations.jira import adf
from integrations.notice import EvidenceLine, TicketNotice
from integrations.wording import cut, is_web_address, one_line

MAX_SUMMARY = 255
MAX_DOCUMENT = 32_000
_MAX_ITEMS = 10
_SCALES = (1.0, 0.5, 0.2, 0.05)

COMMON_LABEL = "aiops"
PRIORITY_NAMES = {"P1": "Highest", "P2": "High", "P3": "Medium", "P4": "Low"}
_PANELS = {"Critical": "error", "High": "warning", "Medium": "note", "Low": "info"}


def summary(notice: TicketNotice) -> str:
    """`AIOps Alert: {pipeline} failed - {error_type}`, one line of at most 255 characters."""
    what = one_line(notice.pipeline, 160) or "unnamed resource"
    return one_line(
        f"AIOps Alert: {what} failed - {one_line(notice.error_type, 200) or 'UnknownError'}", MAX_SUMMARY
    )


def unique_label(ticket_id: str) -> str:
    """The label that only this ticket's issue carries, by which a lost answer is found again. Without blanks,
    as Jira demands."""
    return cut("aiops-" + "-".join(ticket_id.split()), 255)


def issue_fields(notice: TicketNotice, *, project_key: str, issue_type: str) -> dict[str, Any]:
    """The `fields` of a new issue. A priority unknown to the desk leaves Jira's own default in place."""
    fields: dict[str, Any] = {
        "project": {"key": project_key},
        "issuetype": {"name": issue_type},
        "summary": summary(notice),
        "labels": [COMMON_LABEL, "auto-generated", unique_label(notice.ticket_id)],
        "description": description(notice),
    }
    if notice.priority in PRIORITY_NAMES:
        fields["priority"] = {"name": PRIORITY_NAMES[notice.priority]}
    return fields


def description(notice: TicketNotice) -> adf.Node:
    """The description of the issue: what failed, why, on what evidence, what to do, and the way back."""
    return _fitting(
        lambda scale: adf.document(
            [
                _headline(notice),
                *_links(notice),
                *_cause(notice, scale),
                *_evidence(notice.evidence, scale),
                *_recommendations(notice.recommendations, scale),
                *_error(notice, scale),
                adf.heading("Ticket"),
                adf.table(_details(notice, scale)),
            ]
        )
    )


def analysis_comment(notice: TicketNotice) -> adf.Node:
    """The comment that brings a better analysis to an issue that exists."""
    return _fitting(
        lambda scale: adf.document(
            [
                adf.paragraph(adf.strong("A new analysis of"), adf.text(one_line(notice.ticket_id, 100))),
                *_cause(notice, scale),
                *_evidence(notice.evidence, scale),
                *_recommendations(notice.recommendations, scale),
            ]
        )
    )


def plain_comment(note: str) -> adf.Node:
    """A comment of a person, as plain text."""
    return adf.document([adf.paragraph(adf.text(cut(note, 20_000)) or adf.text("(no text)"))])


def _fitting(build: Callable[[float], adf.Node]) -> adf.Node:
    """The fullest form of a document that Jira takes."""
    built: adf.Node = {}
    for scale in _SCALES:
        built = build(scale)
        if len(json.dumps(built, ensure_ascii=False)) <= MAX_DOCUMENT:
            break
    return built


def _headline(notice: TicketNotice) -> adf.Node | None:
    rank = " · ".join(filter(None, [one_line(notice.severity, 40), one_line(notice.priority, 20)]))
    what = one_line(notice.pipeline, 200) or "An unnamed resource"
    failed = f"{what} failed: {one_line(notice.error_type, 200) or 'UnknownError'}"
    when = f"First seen {utc(notice.opened_at)}"
    if notice.occurrences > 1:
        when += f", reported {notice.occurrences} times"
    if notice.sla_due_at is not None:
        when += f", to be acknowledged by {utc(notice.sla_due_at)}"
    return adf.panel(
        _PANELS.get(notice.severity, "info"),
        [adf.paragraph(adf.strong(" · ".join(filter(None, [rank, failed])))), adf.paragraph(adf.text(when))],
    )


def _links(notice: TicketNotice) -> list[adf.Node | None]:
    pairs = (("Open in the dashboard", notice.dashboard_url), ("Open the failed run", notice.run_url))
    parts: list[list[adf.Node]] = []
    for label, url in pairs:
        if is_web_address(url.strip()):
            parts += [adf.text("·"), adf.link(label, url)] if parts else [adf.link(label, url)]
    return [adf.paragraph(*parts)]


def _cause(notice: TicketNotice, scale: float) -> list[adf.Node | None]:
    cause = adf.paragraph(adf.text(cut(notice.root_cause, int(6_000 * scale))))
    if cause is None:
        return [adf.heading("Root cause"), adf.paragraph(adf.text("Not analysed yet."))]
    origin = ", ".join(
        filter(
            None,
            [
                notice.confidence and f"confidence {one_line(notice.confidence, 40).lower()}",
                notice.provider and f"suggested by {one_line(notice.provider, 60)}",
            ],
        )
    )
    return [
        adf.heading("Root cause"),
        cause,
        adf.paragraph(adf.text(origin[:1].upper() + origin[1:], {"type": "em"})),
    ]


def _evidence(lines: tuple[EvidenceLine, ...], scale: float) -> list[adf.Node | None]:
    items = []
    for line in lines[:_MAX_ITEMS]:
        words = adf.text(cut(line.text, int(900 * scale)))
        if words:
            source = adf.link("(source)", line.source_url) if is_web_address(line.source_url) else []
            items.append(adf.paragraph(adf.strong(f"[{line.number}]"), words, source))
    return _section("Evidence", adf.bullet_list(items), left_out=len(lines) - _MAX_ITEMS)


def _recommendations(steps: tuple[str, ...], scale: float) -> list[adf.Node | None]:
    items = [adf.paragraph(adf.text(cut(step, int(600 * scale)))) for step in steps[:_MAX_ITEMS]]
    return _section("Recommendations", adf.ordered_list(items), left_out=len(steps) - _MAX_ITEMS)


def _error(notice: TicketNotice, scale: float) -> list[adf.Node | None]:
    return _section("Error", adf.code_block(cut(notice.error_message, int(8_000 * scale))))


def _section(title: str, body: adf.Node | None, *, left_out: int = 0) -> list[adf.Node | None]:
    if body is None:
        return []
    more = adf.paragraph(adf.text(f"and {left_out} more in the dashboard")) if left_out > 0 else None
    return [adf.heading(title), body, more]


def _details(notice: TicketNotice, scale: float) -> list[tuple[str, list[adf.Node]]]:
    limit = max(int(500 * scale), 60)
    plain = (
        ("Ticket", notice.ticket_id),
        ("Resource", notice.pipeline),
        ("Source", notice.source),
        ("Run", notice.run_id),
        ("Error type", notice.error_type),
        ("Severity", notice.severity),
        ("Priority", notice.priority),
        ("Affected", notice.affected_entity),
        ("Related", notice.related),
        ("FinOps team", notice.finops_team),
        ("FinOps owner", notice.finops_owner),
        ("FinOps cost centre", notice.finops_cost_center),
    )
    return [(name, adf.text(one_line(value, limit))) for name, value in plain]
