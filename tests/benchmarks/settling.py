"""Tickets a second through settle: in pages of a hundred, one at a time, and unchanged; over each kind of database."""

from __future__ import annotations

from collections.abc import Callable

from sync.service import Service
from sync.settle import settle
from tests import postgresql_server
from tests.benchmarks.desk import Prepared, readings, scratch, seen_of, service, settling
from tests.benchmarks.runs import RUNS, Figure, at_least, timed


def measure(count: int) -> list[Figure]:
    """Settle fresh tickets into a database on the disk, then the same ones unchanged."""
    figures = _over("SQLite", count, (2000, 500, 20_000), lambda _: service(scratch()))
    if postgresql_server.programs() is None:
        return figures
    server = postgresql_server.start(durable=True)

    def opened(run: int) -> Service:
        return service(scratch(), postgresql_server.ensure(server, f"run{run}"))

    try:
        return figures + _over("PostgreSQL", count, (1500, 150, 15_000), opened)
    finally:
        postgresql_server.stop(server)


def _over(
    kind: str, count: int, goals: tuple[int, int, int], opening: Callable[[int], Service]
) -> list[Figure]:
    pages, single, unchanged, share = [], [], [], max(count // 10, 50)
    for run in range(RUNS):
        with opening(run) as opened, opened.store.lease("sandbox") as epoch:
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
        at_least(f"settle into {kind}: tickets a second, pages of 100", pages, goals[0]),
        at_least(f"settle into {kind}: tickets a second, one at a time", single, goals[1]),
        at_least(f"settle into {kind}: unchanged tickets a second", unchanged, goals[2]),
    ]
