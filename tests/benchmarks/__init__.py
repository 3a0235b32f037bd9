"""Benchmarks: ratios in one run, interleaved, at least five runs, equal outputs asserted."""
