"""Tickets a second through settle: in pages of a hundred, one at a time, and unchanged."""

from __future__ import annotations

from sync.settle import settle
from tests.benchmarks.desk import Prepared, readings, scratch, seen_of, service, settling
from tests.benchmarks.runs import RUNS, Figure, at_least, timed


def measure(count: int) -> list[Figure]:
    """Settle fresh tickets into a database on the disk, then the same ones unchanged."""
    pages, single, unchanged, share = [], [], [], max(count // 10, 50)
    for _ in range(RUNS):
        with service(scratch()) as opened, opened.store.lease("sandbox") as epoch:
            at = settling(opened, epoch)
            seen = [seen_of(each) for each in readings(count)]

            def paged(at=at, seen=seen):
                for start in range(0, len(seen), 100):
                    settle(at, Prepared(), seen[start : start + 100], cursor=str(start))

            pages.append(count / timed(paged))
            assert at.tally.complaints == count
            unchanged.append(count / timed(paged))
            assert at.tally.unchanged == count
            others = [seen_of(each) for each in readings(share, first=count)]

            def one_by_one(at=at, others=others):
                for each in others:
                    settle(at, Prepared(), [each], cursor="x")

            single.append(share / timed(one_by_one))
    return [
        at_least("settle: tickets a second, pages of 100", pages, 2000),
        at_least("settle: tickets a second, one at a time", single, 500),
        at_least("settle: unchanged tickets a second", unchanged, 20_000),
    ]
