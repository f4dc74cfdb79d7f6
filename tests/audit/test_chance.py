"""Random texts: never the same twice, in no thread and in no child of a fork."""

from __future__ import annotations

import os
import threading

import pytest

from audit import chance
from audit.chance import PIECE_BYTES, random_hex


def test_size_is_in_bytes_and_nothing_comes_twice_across_pieces() -> None:
    texts = [random_hex(16) for _ in range(3 * PIECE_BYTES // 16)]
    assert {len(text) for text in texts} == {32}
    assert len(set(texts)) == len(texts)


def test_sizes_that_do_not_fill_a_piece_are_never_cut() -> None:
    assert {len(random_hex(size)) for size in (3, 8, 16) for _ in range(1_000)} == {6, 16, 32}


def test_threads_have_supplies_of_their_own() -> None:
    told: list[str] = []
    threads = [
        threading.Thread(target=lambda: told.extend(random_hex(8) for _ in range(200))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(told)) == 1_600


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_child_of_a_fork_does_not_repeat_its_parent() -> None:
    random_hex(8)  # a piece is there, and most of it unused
    assert chance._supply.piece
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # nothing of the test run may go on in here
        os.write(writing, random_hex(8).encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 16).decode() != random_hex(8)
    os.close(reading)
    os.close(writing)
