"""The generic webhook: a signed POST for whatever calls people where you are.

`X-Aiops-Signature` is `sha256=` and the HMAC, by ESCALATION_SIGNING_SECRET, of the timestamp, a full stop and the
body's bytes; `X-Aiops-Timestamp` is that timestamp in Unix seconds: a receiver refuses old ones.
`X-Aiops-Delivery` stays the same over repeats.
"""

from __future__ import annotations

import json
from typing import Any

from django.utils import timezone

from audit import actions
from integrations import http
from integrations.deliveries.acts import Act, BaseAct, Result, Work
from integrations.deliveries.escalating import sentence, still_wanted
from integrations.deliveries.notices import notice_of
from integrations.models import Operation
from integrations.public_address import public_addresses
from integrations.signatures import sign
from integrations.webhook_config import VENDOR, WebhookConfig

DEADLINE_SECONDS = 15.0


class EscalateByWebhook(BaseAct):
    sent_action = actions.ESCALATION_SENT

    def tell(self, work: Work) -> Result:
        config = WebhookConfig.from_settings()
        content = still_wanted(work)
        url = str(content["target"])
        addresses = public_addresses(VENDOR, url, config.allowed_hosts)
        body = json.dumps(_document(work), ensure_ascii=False).encode("utf-8", "replace")
        stamp = str(int(timezone.now().timestamp()))
        work.about_to_act()
        answer = http.request(
            VENDOR,
            "POST",
            url,
            headers={
                "Content-Type": "application/json",
                "X-Aiops-Timestamp": stamp,
                "X-Aiops-Signature": sign(config.secret, stamp.encode() + b"." + body),
                "X-Aiops-Delivery": str(work.delivery.pk),
            },
            data=body,
            retries=0,
            idempotent=False,
            max_bytes=64 * 1024,
            deadline=DEADLINE_SECONDS,
            shown_as="the webhook",
            addresses=addresses,
        )
        return Result(str(work.delivery.pk), f"answered {answer.status}")


def _document(work: Work) -> dict[str, Any]:
    ticket, notice = work.ticket, notice_of(work.ticket)
    return {
        "event": "ticket.escalated",
        "delivery": work.delivery.pk,
        "step": work.delivery.content.get("step"),
        "message": sentence(work),
        "ticket": {
            "id": notice.ticket_id,
            "pipeline": notice.pipeline,
            "source": ticket.source,
            "run_id": notice.run_id,
            "severity": notice.severity,
            "priority": notice.priority,
            "status": notice.status,
            "error_type": notice.error_type,
            "error_message": notice.error_message[:2000],
            "rca_result": notice.root_cause,
            "finops_team": notice.finops_team,
            "sla_due_at": ticket.sla_due_at.isoformat(),
            "itsm_ticket_id": notice.itsm_ticket_id,
            "url": notice.dashboard_url,
        },
    }


ACTS: dict[str, Act] = {Operation.ESCALATE: EscalateByWebhook()}
