from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.conf import settings

if TYPE_CHECKING:
    from audit.export_places import ExportPlace
    from audit.publishing import Publisher
    from integrations.blob.client import BlobArchive


class IntegrationsConfig(AppConfig):
    name = "integrations"
    verbose_name = "Integrations"

    def ready(self) -> None:
        from audit import export_places, publishing
        from integrations import broadcasts
        from integrations.deliveries import escalating, metrics, watch
        from integrations.selectors import deliveries_section, hanging_deliveries
        from tickets import sections
        from tickets.escalation.services import register_sender
        from tickets.quiet.services import register_teller

        publishing.register("blob", _seals_to_blob)
        export_places.register("blob", _exports_to_blob)
        metrics.register()
        watch.connect()
        register_sender(escalating.plan_step)
        register_teller(broadcasts.plan_quiet_summary)
        sections.register("deliveries", deliveries_section, hanging_deliveries)


def _seals_to_blob() -> Publisher | None:
    """Where Blob Storage is configured, seals of the audit trail go there."""
    archive = _archive()
    if archive is None:
        return None
    from integrations.blob.seals import BlobSeals

    return BlobSeals(archive)


def _exports_to_blob() -> ExportPlace | None:
    """And the ranges that leave the trail for good."""
    archive = _archive()
    if archive is None:
        return None
    from integrations.blob.audit_exports import BlobExports

    return BlobExports(archive)


def _archive() -> BlobArchive | None:
    """The SDK is loaded only where Blob Storage is configured."""
    if not (settings.AZURE_BLOB_ENABLED and settings.AZURE_STORAGE_CONN):
        return None
    from integrations.blob.client import BlobArchive
    from integrations.blob.config import BlobConfig

    return BlobArchive(BlobConfig.from_settings())
