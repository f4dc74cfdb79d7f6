"""Every contract test of the door runs through both of its faces."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.faces import DjangoFace, Face, FastFace


@pytest.fixture
def fast_face(transactional_db: None) -> Iterator[FastFace]:
    """The writer has a connection of its own, so what a test writes must be committed for it to see."""
    face = FastFace()
    yield face
    assert face.writer.stop(5)


@pytest.fixture(params=["django", "fast"])
def face(request: pytest.FixtureRequest, fast_face: FastFace) -> Face:
    return fast_face if request.param == "fast" else DjangoFace()
