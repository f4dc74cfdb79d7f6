from __future__ import annotations

from django.apps import AppConfig


class RemediationConfig(AppConfig):
    name = "remediation"
    verbose_name = "Remediation"

    def ready(self) -> None:
        from integrations.webhooks import presses
        from rca.findings import register_policy
        from remediation import metrics
        from remediation.facts import may_heal
        from remediation.selectors import hanging_attempts, remediation_section
        from remediation.slack_buttons import press_approve, press_reject
        from tickets import sections

        metrics.register()
        register_policy(may_heal)
        sections.register("remediation", remediation_section, hanging_attempts)
        presses.register("remediation.approve", press_approve)
        presses.register("remediation.reject", press_reject)
