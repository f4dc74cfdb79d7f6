"""What every place for seals promises."""

from __future__ import annotations

import pytest

from audit.publishing import PublishConflictError, Publisher


def assert_never_written_over(publisher: Publisher) -> None:
    """The same seal again changes nothing, another one of that number is a conflict; an unknown number is None."""
    publisher.put(1, b"one")
    publisher.put(1, b"one")
    with pytest.raises(PublishConflictError):
        publisher.put(1, b"other")
    assert publisher.get(1) == b"one"
    assert publisher.get(2) is None
