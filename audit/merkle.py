"""A Merkle tree over SHA-256: one root for many leaves, and a short proof that one leaf is under it. Pure.

A leaf is hashed with a 0x00 in front, an inner node with a 0x01, so that neither can be passed off as the
other. The left side of a node holds the largest power of two of leaves that leaves something for the right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY = hashlib.sha256(b"").digest()
Step = tuple[str, bytes]
"""On which side the neighbour stands (`left` or `right`), and its hash."""


def leaf_hash(data: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; SHA-256 of nothing when there are none."""
    if not leaves:
        return EMPTY
    level = list(leaves)
    while len(level) > 1:
        level = _next_level(level)
    return level[0]


def proof(leaves: Sequence[bytes], index: int) -> list[Step]:
    """The neighbours on the way from leaf `index` to the root, lowest first."""
    steps: list[Step] = []
    level = list(leaves)
    while len(level) > 1:
        neighbour = index ^ 1
        if neighbour < len(level):
            steps.append(("right" if neighbour > index else "left", level[neighbour]))
        level = _next_level(level)
        index //= 2
    return steps


def _next_level(level: list[bytes]) -> list[bytes]:
    """Hash pairs; a last one without a partner goes up as it is."""
    above = [node_hash(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    if len(level) % 2:
        above.append(level[-1])
    return above
