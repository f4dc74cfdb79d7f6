"""The measure of the hand-over: what it costs, and that it keeps away from a Redis in use."""

from __future__ import annotations

import os

import pytest
import redis

from bench import hand_over, servers

REDIS = os.environ.get("REDIS_URL", "")


def test_hand_over_is_the_median_of_the_pairs() -> None:
    pairs = [
        {hand_over.WITH: {"storm s": seconds}, hand_over.WITHOUT: {"storm s": 2.0}}
        for seconds in (2.0, 2.5, 9.0)
    ]
    assert hand_over.dearer(pairs, "storm s") == 1.25


@pytest.mark.skipif(not REDIS, reason="REDIS_URL is not set")
def test_redis_that_somebody_uses_is_refused() -> None:
    with redis.Redis.from_url(REDIS) as broker:
        broker.set("bench-of-somebody", 1, ex=60)
        try:
            with pytest.raises(RuntimeError, match="BENCH_REDIS_URL"):
                servers.refuse_used_redis(REDIS)
        finally:
            broker.delete("bench-of-somebody")
