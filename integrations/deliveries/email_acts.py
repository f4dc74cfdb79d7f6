"""E-mail: the steps of an escalation. Mail knows no look-up, so what may have been sent carries the same Message-ID."""

from __future__ import annotations

from audit import actions
from audit.times import utc
from integrations import mail
from integrations.deliveries.acts import Act, BaseAct, Result, Work
from integrations.deliveries.escalating import sentence, still_wanted
from integrations.deliveries.notices import notice_of
from integrations.models import Operation
from integrations.notice import TicketNotice
from integrations.wording import clean, one_line


class EscalateByMail(BaseAct):
    sent_action = actions.ESCALATION_SENT

    def tell(self, work: Work) -> Result:
        content = still_wanted(work)
        notice = notice_of(work.ticket)
        to = mail.addresses(str(content["target"]))
        identity = f"{work.ticket.key}.{work.delivery.part}.{work.delivery.pk}"
        work.about_to_act()
        mail.send(to=to, subject=_subject(notice), text=_body(notice, sentence(work)), identity=identity)
        return Result(identity, f"sent to {len(to)} address{'es' if len(to) > 1 else ''}")


def _subject(notice: TicketNotice) -> str:
    what = one_line(notice.pipeline, 80) or "unnamed resource"
    return f"[{notice.priority}] SLA breached: {what} - {one_line(notice.error_type, 60) or 'UnknownError'}"


def _body(notice: TicketNotice, said: str) -> str:
    facts = (
        ("Ticket", notice.ticket_id),
        ("Severity", f"{notice.severity} ({notice.priority})"),
        ("Due", utc(notice.sla_due_at) if notice.sla_due_at else ""),
        ("Run", notice.run_id),
        ("Error type", notice.error_type),
        ("Jira", notice.itsm_url or notice.itsm_ticket_id),
        ("Team", notice.finops_team),
    )
    lines = [f"{said}.", "", *(f"{name}: {one_line(value, 300)}" for name, value in facts if value)]
    if notice.root_cause:
        lines += ["", f"Root cause: {one_line(notice.root_cause, 1500)}"]
    lines += [f"- {one_line(step, 300)}" for step in notice.recommendations[:5]]
    if notice.error_message:
        lines += ["", "Error:", clean(notice.error_message)[:1500]]
    return "\n".join([*lines, "", f"Acknowledge it at {notice.dashboard_url} and this escalation stops.", ""])


ACTS: dict[str, Act] = {Operation.ESCALATE: EscalateByMail()}
