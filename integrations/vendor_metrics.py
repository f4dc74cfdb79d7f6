"""Prometheus metrics of every call that leaves the project, by vendor."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

CALL_SECONDS = Histogram(
    "aiops_vendor_call_seconds",
    "Duration of each attempt to call a vendor; outcome is the status class, 429, timeout or network.",
    ["vendor", "outcome"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40),
)
REFUSED_BY_BREAKER = Counter(
    "aiops_vendor_calls_refused_total",
    "Calls not made because the vendor's circuit breaker was open.",
    ["vendor"],
)


def observe_call(vendor: str, outcome: str, seconds: float) -> None:
    """Record one attempt. `outcome` comes from `status_outcome`, or is `timeout` or `network`."""
    CALL_SECONDS.labels(vendor, outcome).observe(seconds)


def status_outcome(status: int) -> str:
    """`429` by itself, because throttling is not a mistake of ours; else the class, e.g. `5xx`."""
    return "429" if status == 429 else f"{status // 100}xx"
