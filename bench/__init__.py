"""Benchmarks: measured ratios beside references that run in the same interleaved rounds. No part of the product."""
