"""Seals over what has settled; late commits, rollbacks and several sealers at once."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from audit import merkle, sealing
from audit.idranges import RangeSet, missing_from, without
from audit.models import AuditEntry, AuditSeal
from audit.proofs import prove
from audit.report import Kind
from audit.services import record
from audit.verification import verify
from tests.audit.conftest import add_entries, seal_now, tamper

needs_postgres = pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="late commits need a database with several writers"
)


@pytest.mark.django_db
def test_new_entries_wait_until_they_have_settled() -> None:
    add_entries(3)
    assert sealing.seal_entries() == []
    [seal] = sealing.seal_entries(now=timezone.now() + timedelta(seconds=11))
    assert (seal.number, seal.count, seal.previous_hash) == (1, 3, sealing.GENESIS)
    assert sealing.seal_entries(now=timezone.now() + timedelta(seconds=11)) == []


@pytest.mark.django_db
def test_seals_follow_each_other_without_a_hole() -> None:
    for _ in range(3):
        add_entries(4)
        seal_now()
    seals = list(AuditSeal.objects.order_by("number"))
    assert [seal.number for seal in seals] == [1, 2, 3]
    assert all(b.first_id == a.last_id + 1 and b.previous_hash == a.hash for a, b in pairwise(seals))


@pytest.mark.django_db
def test_large_backlog_is_sealed_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "MAX_ENTRIES", 7)
    add_entries(20)
    assert [seal.count for seal in seal_now()] == [7, 7, 6]
    assert verify().is_whole


@pytest.mark.django_db
def test_seal_of_a_number_that_another_worker_took_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    add_entries(2)
    seal_now()
    add_entries(2)
    monkeypatch.setattr(sealing, "head", sealing.Head)
    assert seal_now() == []
    assert AuditSeal.objects.count() == 1


@pytest.mark.django_db
def test_clock_that_was_put_back_keeps_the_chain_in_order() -> None:
    add_entries(1)
    seal_now()
    add_entries(1)
    sealing.seal_entries(now=timezone.now() - timedelta(hours=1), settle=-timedelta(hours=2))
    first, second = AuditSeal.objects.order_by("number")
    assert second.created_at == first.created_at
    assert verify().is_whole


@pytest.mark.django_db(transaction=True)
def test_rolled_back_entries_leave_gaps_that_are_no_fault() -> None:
    add_entries(1)
    seal_now()
    before = verify().gaps  # earlier tests used up ids
    for number in range(12):
        with transaction.atomic():
            record("Ticket Created")
            transaction.set_rollback(number % 3 == 0)
    seal_now()
    report = verify()
    assert report.is_whole
    assert report.entries == 9
    assert report.gaps - before == (4 if connection.vendor == "postgresql" else 0)


@needs_postgres
@pytest.mark.django_db(transaction=True)
def test_entry_committed_after_its_neighbours_were_sealed_goes_into_the_next_seal() -> None:
    add_entries(1)
    seal_now()
    began, finish = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with transaction.atomic():
                record("Ticket Created", summary="slow")
                began.set()
                finish.wait(10)
        finally:
            connections.close_all()

    worker = threading.Thread(target=slow)
    worker.start()
    assert began.wait(10)
    add_entries(3)
    [early] = seal_now()
    finish.set()
    worker.join(10)
    late = AuditEntry.objects.get(summary="slow")
    assert [late.pk, late.pk] in early.missing
    report = verify()
    assert (report.is_whole, report.unsealed) == (True, 1)
    [later] = seal_now()
    assert (later.late, later.count) == ([late.pk], 1)
    assert seal_now() == []
    report = verify()
    assert (report.is_whole, report.entries, report.unsealed, report.late) == (True, 5, 0, 1)
    proof = prove(late.pk)
    steps = [(side, bytes.fromhex(neighbour)) for side, neighbour in proof["path"]]
    assert root_from(bytes.fromhex(proof["leaf"]), steps).hex() == later.root
    tamper("UPDATE audit_auditentry SET action = 'x' WHERE id = %s", late.pk)
    found = verify().finding
    assert found is not None
    assert (found.kind, found.entry, found.seal) == (Kind.ENTRY_CHANGED, late.pk, 3)
    tamper("DELETE FROM audit_auditentry WHERE id = %s", late.pk)
    found = verify().finding
    assert found is not None
    assert (found.kind, found.entry, found.seal) == (Kind.ENTRY_MISSING, late.pk, 3)


@needs_postgres
@pytest.mark.django_db(transaction=True)
def test_load_with_rollbacks_and_late_commits_verifies_while_three_workers_seal() -> None:
    stop = threading.Event()
    written: list[int] = []
    finished: list[str] = []

    def write(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(60):
                is_undone = chance.random() < 0.25
                with transaction.atomic():
                    entries = [record("Ticket Created").pk for _ in range(chance.randint(1, 4))]
                    time.sleep(chance.random() * 0.03)
                    transaction.set_rollback(is_undone)
                written.extend([] if is_undone else entries)
            finished.append("writer")
        finally:
            connections.close_all()

    def seal() -> None:
        try:
            while not stop.is_set():
                seal_now()
                time.sleep(0.01)
            finished.append("sealer")
        finally:
            connections.close_all()

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(5)]
    sealers = [threading.Thread(target=seal) for _ in range(3)]
    for thread in (*writers, *sealers):
        thread.start()
    for thread in writers:
        thread.join(60)
    stop.set()
    for thread in sealers:
        thread.join(60)
    seal_now()
    assert sorted(finished) == ["sealer"] * 3 + ["writer"] * 5
    assert sorted(covered_ids()) == sorted(written)
    report = verify()
    assert report.finding is None
    assert (report.entries, report.unsealed) == (len(written), 0)
    assert report.late > 0
    assert report.seals > 3


def covered_ids() -> list[int]:
    """Every id that a seal covers, as often as one does."""
    covered: list[int] = []
    for seal in AuditSeal.objects.all():
        missing = RangeSet(seal.missing)
        covered += seal.late
        covered += [number for number in range(seal.first_id, seal.last_id + 1) if number not in missing]
    return covered


def test_missing_ranges_are_those_left_out() -> None:
    assert missing_from([], 1, 3) == [(1, 3)]
    assert missing_from([1, 2, 5, 9], 1, 9) == [(3, 4), (6, 8)]
    assert missing_from([4], 1, 6) == [(1, 3), (5, 6)]
    assert without([(1, 5), (8, 9)], [1, 3, 9]) == [(2, 2), (4, 5), (8, 8)]


def root_from(leaf: bytes, steps: Sequence[merkle.Step]) -> bytes:
    """The root that a proof leads to; as anybody reckons it who was given one."""
    for side, neighbour in steps:
        leaf = merkle.node_hash(leaf, neighbour) if side == "right" else merkle.node_hash(neighbour, leaf)
    return leaf


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13])
def test_proof_of_every_leaf_leads_to_the_root(size: int) -> None:
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(size)]
    for index in range(size):
        assert root_from(leaves[index], merkle.proof(leaves, index)) == merkle.root(leaves)
        other = merkle.leaf_hash(b"other")
        assert root_from(other, merkle.proof(leaves, index)) != merkle.root(leaves)


def test_root_of_five_leaves_is_the_left_full_tree() -> None:
    a, b, c, d, e = (merkle.leaf_hash(bytes([number])) for number in range(5))
    node = merkle.node_hash
    assert merkle.root([a, b, c, d, e]) == node(node(node(a, b), node(c, d)), e)
