"""Blob: the payload as received, written once. The container refuses a second write, so no look is needed."""

from __future__ import annotations

from audit import actions
from integrations.archive_source import payload_of
from integrations.blob.client import BlobArchive, archive_name
from integrations.blob.config import BlobConfig
from integrations.deliveries.acts import Act, BaseAct, NotNeededError, Result, Work
from integrations.models import Operation


class ArchivePayload(BaseAct):
    sent_action = actions.BLOB_SAVED

    def tell(self, work: Work) -> Result:
        archive = BlobArchive(BlobConfig.from_settings())
        payload = payload_of(work.ticket)
        if payload is None:
            raise NotNeededError("No payload is kept for this ticket.")
        name = archive_name(work.ticket.key, payload.received_at)
        url = archive.put(name, payload.body)
        return Result(name, f"saved {name}", {"blob_log_url": url})


ACTS: dict[str, Act] = {Operation.ARCHIVE: ArchivePayload()}
