"""What happens as it happens: hints that wait, notices to tell people, the completeness ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from sqlalchemy import bindparam, delete, func, select, update

from ombud.model.event import Ref
from ombud.store.backlog import Backlog, count_backlog, last_look
from ombud.store.engine import reading, streaming, writing
from ombud.store.ledger import (
    Lacking,
    Standing,
    count_hidden,
    count_standing,
    list_lacking,
    longest_lag,
)
from ombud.store.live_tables import hint, ledger, notice, telling
from ombud.store.migrate import check_version
from ombud.store.statements import Change, Clash, Put, PutAtOnce
from ombud.store.tellings import (
    Notice,
    Telling,
    blocking,
    known_notices,
    next_telling,
    notices_of,
    stands_of,
    tellings_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection, Engine

    from ombud.model.facts import Instant

_PUT_HINT: Final = PutAtOnce(hint, Clash.keep)
_PUT_NOTICE: Final = Put(notice, Clash.keep)
_PUT_LEDGER: Final = Put(ledger, Clash.replace)
_HINT_DONE: Final = Change(
    update(hint)
    .where(
        hint.c.account == bindparam("of"),
        hint.c.ticket == bindparam("which"),
        hint.c.seq <= bindparam("upto"),
        hint.c.done.is_(None),
    )
    .values(done=bindparam("now")),
    ("now", "of", "which", "upto"),
)


class Hint(NamedTuple):
    """Hold one delivery of a hook: "look at this ticket". Its body is never believed, and never kept.

    Attributes:
        ref: the ticket.
        delivery: the vendor's name of the delivery, the same when it is repeated.
        arrived: when it came.

    """

    ref: Ref
    delivery: str
    arrived: Instant


class Waiting(NamedTuple):
    """Hold the open hints of one ticket as one.

    Attributes:
        ref: the ticket.
        seq: number of the newest; a settle that began after it covers them all.
        since: when the oldest came.
        hints: how many there are.

    """

    ref: Ref
    seq: int
    since: Instant
    hints: int


class LedgerRow(NamedTuple):
    """Say how complete our picture of one binding was on one day.

    Attributes:
        account: the account.
        binding: the binding.
        day: the day, as the desk counts it ("2026-11-25").
        taken: when the census ended.
        expected: complaints that the helpdesk showed or that we knew and nobody deleted.
        read: those of them that are read and judged as they stand.
        missing: known, but not shown any more: deleted or hidden.
        unreadable: shown, but the last reading failed.
        quarantined: failed so often that they are tried only now and then.
        lag: longest time from a change since the day before began to our knowing it, in microseconds; `None` where
            nothing changed.

    """

    account: str
    binding: str
    day: str
    taken: Instant
    expected: int
    read: int
    missing: int
    unreadable: int
    quarantined: int
    lag: int | None


class Live:
    """Read and write what needs no lease: whoever hears a hook may note it, and whoever tells people books that."""

    def __init__(self, engine: Engine) -> None:
        """Take over the store's engine."""
        self._engine = engine

    def put_hints(self, hints: Sequence[Hint]) -> None:
        """Keep hints for good, all in one transaction; a delivery that is known stays as it is."""
        with writing(self._engine) as db:
            check_version(db)
            _PUT_HINT.rows(
                db,
                [
                    (each.ref.account, each.ref.vendor, each.ref.id, each.delivery, each.arrived, None)
                    for each in hints
                ],
            )  # fmt: skip

    def waiting(self, account: str, *, most: int = 20_000) -> list[Waiting]:
        """Give the tickets with open hints, the one that waits longest first."""
        query = (
            select(
                hint.c.vendor,
                hint.c.ticket,
                func.max(hint.c.seq),
                func.min(hint.c.arrived).label("since"),
                func.count(),
            )
            .where(hint.c.account == account, hint.c.done.is_(None))
            .group_by(hint.c.vendor, hint.c.ticket)
            .order_by("since", hint.c.ticket)
            .limit(most)
        )
        with reading(self._engine) as db:
            return [
                Waiting(Ref(account, vendor, ticket), seq, since, count)
                for vendor, ticket, seq, since, count in db.execute(query)
            ]

    def last_hint(self, account: str) -> Instant | None:
        """Give when the last hint of an account came."""
        query = select(func.max(hint.c.arrived)).where(hint.c.account == account)
        with reading(self._engine) as db:
            return db.execute(query).scalar()

    def last_look(self, ref: Ref) -> tuple[Instant | None, Instant | None]:
        """Give since when a ticket waits to be looked at for a hint, and when it was last looked at for one."""
        with reading(self._engine) as db:
            return last_look(db, ref)

    def backlog(self) -> Backlog:
        """Count what waits, by account."""
        with reading(self._engine) as db:
            return count_backlog(db)

    def hinted(self, refs: Iterable[Ref], since: Instant) -> set[Ref]:
        """Give those of some tickets for which a hint came since an instant."""
        wanted = set(refs)
        found: set[Ref] = set()
        with reading(self._engine) as db:
            for account in {ref.account for ref in wanted}:
                query = (
                    select(hint.c.vendor, hint.c.ticket)
                    .where(hint.c.account == account, hint.c.arrived >= since)
                    .distinct()
                )
                found |= {Ref(account, row.vendor, row.ticket) for row in db.execute(query)}
        return wanted & found

    def prune(self, *, hints: Instant, notices: Instant) -> None:
        """Drop hints that were done with before an instant, and notices that were told before another."""
        with writing(self._engine) as db:
            check_version(db)
            db.execute(delete(hint).where(hint.c.done < hints))
            gone = select(notice.c.seq).where(notice.c.sent < notices)
            db.execute(delete(telling).where(telling.c.notice.in_(gone)))
            db.execute(delete(notice).where(notice.c.sent < notices))

    def put_notices(self, notices: Sequence[Notice]) -> None:
        """Keep what people are to be told; what was kept before under the same key stays."""
        if notices:
            with writing(self._engine) as db:
                check_version(db)
                put_notices(db, notices)

    def notices(self, now: Instant, *, most: int = 500) -> list[Notice]:
        """Give what is to be told now, the oldest first."""
        query = (
            select(notice)
            .where(notice.c.sent.is_(None), func.coalesce(notice.c.next_try, 0) <= now)
            .order_by(notice.c.seq)
            .limit(most)
        )
        with reading(self._engine) as db:
            return notices_of(db, query)

    def next_telling(self) -> Instant | None:
        """Give when the next notice that waits is to be looked at, 0 for at once; `None` where none waits."""
        with reading(self._engine) as db:
            return next_telling(db)

    def notices_afresh(self) -> None:
        """Have all notices that wait looked at again: who is told, and when, may have been written otherwise."""
        with writing(self._engine) as db:
            check_version(db)
            waits = notice.c.sent.is_(None) & notice.c.next_try.is_not(None)
            db.execute(update(notice).where(waits).values(next_try=None))

    def known_notices(self, keys: Sequence[str]) -> set[str]:
        """Give which of some notices are known already, by their keys."""
        with reading(self._engine) as db:
            return known_notices(db, keys)

    def tellings(self, seqs: Sequence[int]) -> list[Telling]:
        """Give where people were told of some notices already."""
        with reading(self._engine) as db:
            return tellings_of(db, seqs)

    def told_lately(self, *, most: int = 20) -> list[tuple[Notice, Instant]]:
        """Give the notices that were dealt with last, and when, the newest first."""
        query = (
            select(notice)
            .where(notice.c.sent.is_not(None))
            .order_by(notice.c.sent.desc(), notice.c.seq.desc())
            .limit(most)
        )
        with reading(self._engine) as db:
            sent = {row.seq: row.sent for row in db.execute(query)}
            return [(each, sent[each.seq]) for each in notices_of(db, query)]

    def stands_of(self, cases: Sequence[str]) -> dict[str, tuple[str, Instant | None]]:
        """Give how the findings of some cases stand by what is stored, by their keys, and when each is due."""
        with reading(self._engine) as db:
            return stands_of(db, cases)

    def blocking(self, ref: Ref, transition: str) -> list[tuple[str, str, str]]:
        """Give binding, rule and severity of each failure that asks for a way back from a transition."""
        with reading(self._engine) as db:
            return blocking(db, ref, transition)

    def ledger(self, account: str | None = None, *, since_day: str = "") -> list[LedgerRow]:
        """Give the completeness ledger, oldest day first."""
        query = select(ledger).where(ledger.c.day >= since_day)
        if account is not None:
            query = query.where(ledger.c.account == account)
        query = query.order_by(ledger.c.day, ledger.c.account, ledger.c.binding)
        with reading(self._engine) as db:
            return [LedgerRow(*row) for row in db.execute(query)]

    def lag(
        self, account: str, begin: Instant, end: Instant, *, binding: str | None = None
    ) -> int | None:
        """Give the longest time from a change within a span to our knowing it, in microseconds.

        What was already past when a binding was read first is no lag: a span must not begin before that.
        """
        with reading(self._engine) as db:
            return longest_lag(db, account, begin, end, binding)

    def standing(self, account: str, binding: str) -> Standing:
        """Count how the complaints of a binding stand with us at this moment."""
        with reading(self._engine) as db:
            return count_standing(db, account, binding)

    def lacking(self, account: str, most: int) -> list[Lacking]:
        """Give the complaints of an account that are not read as they stand, by key, at most so many."""
        with reading(self._engine) as db:
            return list_lacking(db, account, most)

    def hidden(self, account: str, binding: str) -> dict[str, tuple[int, int]]:
        """Count by project how many complaints are not shown any more, and how many there are."""
        with streaming(self._engine) as db:
            return count_hidden(db, account, binding)


def hints_done(db: Connection, done: Sequence[tuple[Ref, int]], now: Instant) -> None:
    """Book that tickets were settled since their hints came, up to a number each."""
    _HINT_DONE.rows(db, [(now, ref.account, ref.id, seq) for ref, seq in done])


def put_notices(db: Connection, notices: Sequence[Notice]) -> None:
    """Keep what people are to be told, within a transaction."""
    _PUT_NOTICE.rows(
        db,
        [
            (
                each.key,
                each.kind,
                each.ref.account,
                each.ref.vendor,
                each.ref.id,
                each.binding,
                each.rule,
                each.severity,
                each.due,
                each.made,
                each.told,
                None,
                0,
                None,
            )
            for each in notices
        ],
    )


def put_ledger(db: Connection, row: LedgerRow) -> None:
    """Keep a day's line of the ledger, in place of an earlier one of the same day."""
    _PUT_LEDGER.rows(db, [tuple(row)])
