"""The page of one ticket: tabs by address, so that each costs only its own reads; changes leave it by POST."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from audit.times import duration, utc_second
from tickets import resource_links
from tickets.admin import panels
from tickets.admin.columns import severity_badge, sla_badge, status_badge
from tickets.admin.verbs import VERBS, Verb
from tickets.models import Ticket
from tickets.steps import steps_of

MOST_JOINED_RUNS = 10


@dataclass(frozen=True, slots=True)
class Button:
    """A verb that this ticket can take, with its form: empty, or as it was refused."""

    verb: Verb
    form: forms.Form
    is_open: bool = False


def detail_context(request: HttpRequest, ticket: Ticket, *, can_act: bool) -> dict[str, Any]:
    """What every tab shows (head, links, buttons) and the panels of the tab in the address."""
    known = panels.tabs()
    tab = panels.chosen(request)
    return {
        "title": ticket.key,
        "ticket": ticket,
        "severity": severity_badge(ticket),
        "status": status_badge(ticket),
        "sla": sla_badge(ticket, timezone.now()),
        "links": outside_links(ticket),
        "tabs": known,
        "tab": tab,
        "panels": panels.read_tab(tab, request, ticket),
        "steps": steps_of(ticket) if tab == panels.OVERVIEW else [],
        "can_act": can_act,
        "facts": facts(ticket) if tab == panels.OVERVIEW else [],
        "buttons": buttons(ticket) if can_act else [],
    }


def buttons(ticket: Ticket, refused: Button | None = None) -> list[Button]:
    found = []
    for verb in VERBS.values():
        if refused is not None and refused.verb is verb:
            found.append(refused)
        elif verb.fits(ticket):
            initial = {"person": ticket.assigned_to_id or ""}
            found.append(Button(verb, verb.form(initial=initial, auto_id=f"{verb.name}_%s")))
    return found


def outside_links(ticket: Ticket) -> list[tuple[str, str]]:
    """Where else this failure can be looked at; only web addresses come out of `resource_links`."""
    run = resource_links.run_url(ticket.source, ticket.current_run_id, ticket.metadata)
    issue = resource_links.itsm_url(settings.JIRA_DOMAIN, ticket.itsm_ticket_id)
    named = (
        (f"Run in {ticket.get_source_display()}", run),
        (f"Jira {ticket.itsm_ticket_id}", issue),
        ("Live dashboard", f"/dashboard?ticket={ticket.key}"),
    )
    return [(title, address) for title, address in named if address]


def joined_runs(ticket: Ticket) -> str:
    """The runs that came again and joined it, the newest first; "" for a ticket that was never reopened."""
    if not ticket.reopened_count:
        return ""
    found = ticket.flaps.order_by("-id")[:MOST_JOINED_RUNS]
    return "; ".join(f"{flap.run_id or 'unnamed'} at {flap.seen_at:%Y-%m-%d %H:%M} UTC" for flap in found)


def facts(ticket: Ticket) -> list[tuple[str, list[tuple[str, Any]]]]:
    """The ticket's fields in groups, as label and value; empty ones are left out."""
    ack = f"{ticket.ack_user} after {duration(ticket.ack_seconds or 0)}" if ticket.is_closed else ""
    groups: list[tuple[str, list[tuple[str, Any]]]] = [
        (
            "Failure",
            [
                ("Source", ticket.get_source_display()),
                ("Resource", f"{ticket.get_resource_type_display()} {ticket.pipeline}"),
                ("Run id", ticket.run_id),
                ("Runs that reopened it", joined_runs(ticket)),
                ("Error code", ticket.error_code),
                ("Affected", ticket.affected_entity),
                ("Transient", {True: "yes", False: "no", None: ""}[ticket.is_transient]),
                ("Seen", f"{ticket.occurrences}×, last {utc_second(ticket.last_seen_at)}"),
            ],
        ),
        (
            "Handling",
            [
                ("Owner", ticket.assigned_to or "Unassigned"),
                ("Opened", utc_second(ticket.opened_at)),
                ("Due", f"{utc_second(ticket.sla_due_at)} ({duration(ticket.sla_seconds)})"),
                ("Acknowledged", ack),
                ("Employee id", ticket.ack_employee_id),
                ("Resolution", ticket.resolution_note),
                ("Reopened", f"{ticket.reopened_count}×" if ticket.reopened_count else ""),
                ("Processing", ticket.get_processing_state_display()),
                ("Problem", ticket.processing_error),
            ],
        ),
        (
            "FinOps",
            [
                ("Team", ticket.finops_team),
                ("Owner", ticket.finops_owner),
                ("Cost centre", ticket.finops_cost_center),
            ],
        ),
        (
            "Elsewhere",
            [
                ("Jira issue", ticket.itsm_ticket_id),
                ("Slack", f"#{ticket.slack_channel} {ticket.slack_ts}" if ticket.slack_ts else ""),
                ("Archived payload", ticket.blob_log_url),
                ("Logic App run", ticket.logic_app_run_id),
            ],
        ),
    ]
    kept = [(title, [(label, value) for label, value in rows if value]) for title, rows in groups]
    return [(title, rows) for title, rows in kept if rows]
