from __future__ import annotations

from django.apps import AppConfig


class RcaConfig(AppConfig):
    name = "rca"
    verbose_name = "Root cause analysis"

    def ready(self) -> None:
        from integrations.deliveries.notices import register_evidence
        from rca import metrics
        from rca.notice_lines import evidence_lines
        from rca.sections import analyses_of, evidence_of, hanging_analyses, hanging_evidence
        from rca.similar import similar_section
        from tickets import sections

        metrics.connect()
        register_evidence(evidence_lines)
        sections.register("evidence", evidence_of, hanging_evidence)
        sections.register("analyses", analyses_of, hanging_analyses)
        sections.register("similar", similar_section)
