"""Evidence rows: numbered per ticket from 1, each thing once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone

from audit.redaction import redact
from rca.evidence.gathered import Mention, Piece
from rca.models import Analysis, Evidence, EvidenceKind, RunMention
from tickets import services as ticket_services
from tickets.models import Ticket

LONGEST_EVIDENCE = 100_000


def keep_evidence(ticket: Ticket, kind: str, title: str, text: str, source_url: str = "") -> Evidence:
    """Add one numbered piece of evidence; the same kind and text is kept once."""
    piece = Piece(kind, title, text, source_url)
    store([piece], ticket)
    return Evidence.objects.get(ticket=ticket, identity=_identity(piece))


def keep_alert_text(ticket: Ticket) -> None:
    """Keep what the alert said as evidence, before a vendor's better error takes its place on the ticket."""
    if not Evidence.objects.filter(ticket=ticket, kind=EvidenceKind.ALERT).exists():
        store_after_alert_text((), ticket)


def store_after_alert_text(pieces: Iterable[Piece], ticket: Ticket) -> int:
    """`store` in the same transaction as `keep_alert_text`, whose piece comes first and is not counted."""
    return _store(pieces, ticket, with_alert_text=bool(ticket.error_message))


def store(pieces: Iterable[Piece], ticket: Ticket) -> int:
    """Write pieces that are new, and newer texts of those with a slot; returns how many were written."""
    return _store(pieces, ticket, with_alert_text=False)


def _store(pieces: Iterable[Piece], ticket: Ticket, *, with_alert_text: bool) -> int:
    written = 0
    with transaction.atomic():
        ticket_services.queue_for(ticket.pk)
        known = {row.identity: row for row in Evidence.objects.filter(ticket=ticket)}
        if with_alert_text and not any(row.kind == EvidenceKind.ALERT for row in known.values()):
            pieces = (Piece(EvidenceKind.ALERT, "What the alert said", ticket.error_message), *pieces)
            written -= 1
        for piece in pieces:
            identity = _identity(piece)
            row = known.get(identity)
            if row is None:
                row = Evidence(ticket=ticket, identity=identity, number=len(known) + 1, kind=piece.kind)
                known[identity] = row
            elif row.text == _shown(piece):
                continue
            _fill(row, piece)
            row.save()
            written += 1
    return written


def remember_mentions(mentions: Iterable[Mention], ticket: Ticket) -> None:
    for mention in mentions:
        RunMention.objects.get_or_create(
            ticket=ticket,
            source=mention.source,
            run_id=mention.run_id[:300],
            defaults={"scope": mention.scope[:300], "is_cause": mention.is_cause},
        )


def remove_texts(evidence_ids: Iterable[int], note: str) -> None:
    """Put `note` where the texts stood. Numbers and titles stay, so that an analysis still cites what it cited.

    The prompts of those tickets held the same texts, and go. In the caller's transaction, which records it.
    """
    texts = Evidence.objects.filter(pk__in=evidence_ids)
    Analysis.objects.filter(ticket__in=texts.values("ticket")).exclude(prompt_sent="").update(prompt_sent="")
    texts.update(text=note, source_url="", is_cut=False)


def _fill(row: Evidence, piece: Piece) -> None:
    row.title = piece.title[:300]
    row.text = _shown(piece)
    row.is_cut = len(piece.text) > LONGEST_EVIDENCE
    row.source_url = piece.source_url[:1000]
    row.fetched_at = timezone.now()


def _shown(piece: Piece) -> str:
    """Everybody with the viewer's role reads evidence: secrets that a job printed are masked."""
    return redact(piece.text)[:LONGEST_EVIDENCE]


def _identity(piece: Piece) -> str:
    what = f"slot\n{piece.slot}" if piece.slot else f"{piece.kind}\n{piece.title}\n{piece.text}"
    return hashlib.sha256(what.encode("utf-8", "replace")).hexdigest()
