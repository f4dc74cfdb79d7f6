from __future__ import annotations

from django.apps import AppConfig


class IngestionConfig(AppConfig):
    name = "ingestion"
    verbose_name = "Record"

    def ready(self) -> None:
        from ingestion import wakeup
        from ingestion.sections import raw_payload_of
        from ingestion.selectors import first_payload
        from ingestion.sources import registry
        from integrations import archive_source
        from tickets import sections
        from tickets.choices import add_source

        for spec in registry().values():
            add_source(spec.slug, spec.label)
        sections.register("raw_payload", raw_payload_of)
        archive_source.register(first_payload)
        wakeup.connect()
