"""The record's clock: sealing each minute, verification each day, the counts of the audit summary."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from audit import counts, integrity, publishing, sealing
from audit.verification import verify

logger = logging.getLogger(__name__)

VERIFY_LIMIT_SECONDS = (
    3000  # below the broker's visibility timeout, or a second worker would begin it as well
)


@shared_task(name="audit.seal")
def seal() -> int:
    """Seal what has settled and publish it; returns how many seals were made."""
    made = sealing.seal_entries()
    publishing.publish_seals()
    return len(made)


@shared_task(name="audit.verify", time_limit=VERIFY_LIMIT_SECONDS + 60, soft_time_limit=VERIFY_LIMIT_SECONDS)
def verify_all() -> bool:
    """Verify everything, against what was published too, and keep the result.

    A place that cannot be read today is no break of the record: it is logged, the rest is verified without it.
    """
    try:
        report = verify(against=publishing.publishers())
    except publishing.PublishError as error:
        logger.warning("Published seals could not be read: %s", error)
        report = verify()
    integrity.keep_result(report)
    if report.finding:
        logger.error("The audit trail does not verify: %s", report.finding.message)
    return report.is_whole


@shared_task(name="audit.settle_counts")
def settle_counts() -> int:
    """Bring the totals of the audit summary up to the settled entries."""
    settled = 0
    while step := counts.settle(timezone.now()):
        settled += step
    return settled
