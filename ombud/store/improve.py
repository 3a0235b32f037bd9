"""What people decide about tickets outside the scope, and corrective actions: rows, and the transaction that keeps them.

As with all acts, each is a line of the decision log in the same transaction; no lease is needed.
"""

from __future__ import annotations

from contextlib import contextmanager
from heapq import nsmallest
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from sqlalchemy import func, or_, select, update

from ombud.model.event import Ref
from ombud.model.scope import Decision
from ombud.store.acts import Acts
from ombud.store.engine import reading, streaming, writing
from ombud.store.improve_tables import corrective, triage, triage_answer, triage_sample
from ombud.store.migrate import check_version
from ombud.store.statements import Clash, Put
from ombud.store.tables import ticket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Engine

    from ombud.model.facts import Instant
    from ombud.store.personal import Vault

#: Tickets asked for in one query.
_PART: Final = 500
_AT_ONCE: Final = 0


class TriageRow(NamedTuple):
    """Hold what somebody decided about a ticket; its fields are the columns of `triage`, its number left out."""

    account: str
    ticket: str
    key: str
    binding: str
    decision: str
    why: str
    decided_by: str
    decided_name: str | None
    decided: Instant


class SampleRow(NamedTuple):
    """Hold a sample; its fields are the columns of `triage_sample`."""

    id: str
    account: str | None
    seed: str
    size: int
    population: int
    drawn: Instant
    drawn_by: str
    drawn_name: str | None


class SampledRow(NamedTuple):
    """Hold a ticket of a sample with its answer; its fields are the columns of `triage_answer`."""

    sample: str
    place: int
    account: str
    ticket: str
    key: str
    answer: str | None = None
    answered_by: str | None = None
    answered_name: str | None = None
    answered: Instant | None = None


class CorrectiveRow(NamedTuple):
    """Hold a corrective action; its fields are the columns of `corrective`."""

    id: str
    title: str
    root_cause: str | None
    why: str
    owner: str
    due: str
    check_due: str
    made: Instant
    made_by: str
    made_name: str | None
    done: Instant | None = None
    done_by: str | None = None
    done_name: str | None = None
    done_what: str | None = None
    checked: Instant | None = None
    checked_by: str | None = None
    checked_name: str | None = None
    effect: str | None = None
    checked_why: str | None = None
    dropped: Instant | None = None
    dropped_by: str | None = None
    dropped_name: str | None = None
    dropped_why: str | None = None


class Outside(NamedTuple):
    """Name a ticket that is no complaint, or undecided, as the helpdesk was last seen.

    Attributes:
        ref: the ticket.
        key: what people call it.
        binding: whose scope says so.
        decision: what it is.
        url: where people open it, if any ticket of its account tells how.

    """

    ref: Ref
    key: str
    binding: str
    decision: str
    url: str


Row = TypeVar("Row", bound=tuple[Any, ...])
_PUTS: Final[Mapping[type, Put]] = {
    TriageRow: Put(triage, Clash.refuse),
    SampleRow: Put(triage_sample, Clash.refuse),
    SampledRow: Put(triage_answer, Clash.replace),
    CorrectiveRow: Put(corrective, Clash.replace),
}


class Improving(Acts):
    """Read and keep, over one connection: everything or nothing where it writes."""

    def keep(self, row: tuple[Any, ...]) -> None:
        """Keep a row, in place of the one with its key."""
        _PUTS[type(row)].rows(self._db, [row])

    def said(self, refs: Sequence[Ref], *, by: Instant | None = None) -> dict[Ref, TriageRow]:
        """Give what people decided last about tickets, of those they decided anything about; or had by an instant."""
        found: dict[Ref, TriageRow] = {}
        accounts: dict[str, dict[str, Ref]] = {}
        for ref in refs:
            accounts.setdefault(ref.account, {})[ref.id] = ref
        for account, of in accounts.items():
            ids = sorted(of)
            for begin in range(0, len(ids), _PART):
                query = (
                    select(*_TOLD)
                    .where(
                        triage.c.account == account, triage.c.ticket.in_(ids[begin : begin + _PART])
                    )
                    .order_by(triage.c.seq)
                )
                if by is not None:
                    query = query.where(triage.c.decided <= by)
                found |= {of[row.ticket]: TriageRow(*row) for row in self._db.execute(query)}
        return found

    def triaged(self) -> list[TriageRow]:
        """Give everything that people decided about tickets, the oldest first."""
        return [TriageRow(*row) for row in self._db.execute(select(*_TOLD).order_by(triage.c.seq))]

    def look_again(self, ref: Ref) -> None:
        """Have a ticket looked at again at the next sync, whatever the helpdesk says of it."""
        self._db.execute(
            update(ticket)
            .where(ticket.c.account == ref.account, ticket.c.ticket == ref.id)
            .values(recheck=_AT_ONCE)
        )

    def outside(self, refs: Sequence[Ref]) -> dict[Ref, Outside]:
        """Give tickets as they were last seen, whatever they are."""
        found: dict[Ref, Outside] = {}
        for ref in refs:
            query = select(*_SEEN).where(ticket.c.account == ref.account, ticket.c.ticket == ref.id)
            found |= {each.ref: each for each in self._outside(query)}
        return found

    def undecided(self) -> list[Outside]:
        """Give the tickets that the scope leaves undecided, by account and key."""
        return self._outside(
            select(*_SEEN)
            .where(ticket.c.decision == Decision.undecided.value)
            .order_by(ticket.c.account, ticket.c.key)
        )

    def samples(self) -> list[SampleRow]:
        """Give the samples that were drawn, the newest first."""
        query = select(*triage_sample.c).order_by(triage_sample.c.drawn.desc(), triage_sample.c.id)
        return self._rows(SampleRow, query)

    def sampled(self, sample: str) -> list[SampledRow]:
        """Give the tickets of a sample in the order they were drawn."""
        query = (
            select(*triage_answer.c)
            .where(triage_answer.c.sample == sample)
            .order_by(triage_answer.c.place)
        )
        return self._rows(SampledRow, query)

    def correctives(self) -> list[CorrectiveRow]:
        """Give every corrective action, the oldest first."""
        query = select(*corrective.c).order_by(corrective.c.made, corrective.c.id)
        return self._rows(CorrectiveRow, query)

    def corrective(self, name: str) -> CorrectiveRow | None:
        """Give one corrective action."""
        return self._one(CorrectiveRow, select(*corrective.c).where(corrective.c.id == name))

    def _outside(self, query: Any) -> list[Outside]:
        addresses: dict[str, tuple[str, str]] = {}
        found = []
        for row in self._db.execute(query).all():
            if row.account not in addresses:
                addresses[row.account] = self._address(row.account)
            head, of = addresses[row.account]
            url = row.url or (head + (row.key if of == "key" else row.ticket) if head else "")
            ref = Ref(row.account, row.vendor, row.ticket)
            found.append(Outside(ref, row.key, row.binding, row.decision, url))
        return found

    def _address(self, account: str) -> tuple[str, str]:
        """Give how addresses of an account's tickets begin and what they end in, as one of its complaints tells it.

        A ticket outside the scope is never read, so that its own address is not kept.
        """
        query = (
            select(ticket.c.url, ticket.c.key, ticket.c.ticket)
            .where(ticket.c.account == account, ticket.c.url != "")
            .limit(1)
        )
        row = self._db.execute(query).first()
        if row is not None:
            for end, of in ((row.key, "key"), (row.ticket, "ticket")):
                if end and row.url.endswith(end):
                    return row.url.removesuffix(end), of
        return "", ""


_TOLD: Final = [column for column in triage.c if column.name != "seq"]
_SEEN: Final = [
    ticket.c.account, ticket.c.vendor, ticket.c.ticket, ticket.c.key, ticket.c.binding, ticket.c.decision, ticket.c.url,
]  # fmt: skip


class Improve:
    """Open the transactions."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        """Take over the store's engine."""
        self._engine = engine
        self._vault = vault

    @contextmanager
    def writing(self) -> Iterator[Improving]:
        """Keep what people decide, one after the other."""
        with writing(self._engine) as db:
            check_version(db)
            acts = Improving(db, self._vault)
            acts.in_turn()
            yield acts

    @contextmanager
    def reading(self) -> Iterator[Improving]:
        """Read what people decided."""
        with reading(self._engine) as db:
            yield Improving(db, self._vault)

    def said(self, refs: Sequence[Ref], *, by: Instant | None = None) -> dict[Ref, TriageRow]:
        """Give what people decided last about tickets, of those they decided anything about; or had by an instant."""
        with self.reading() as acts:
            return acts.said(refs, by=by)

    def unheeded(self, account: str, binding: str) -> list[Ref]:
        """Give the tickets of a binding that are not yet what somebody decided: it came while they were being read."""
        last = select(func.max(triage.c.seq)).group_by(triage.c.account, triage.c.ticket)
        query = (
            select(ticket.c.vendor, ticket.c.ticket)
            .join(triage, (triage.c.account == ticket.c.account) & (triage.c.ticket == ticket.c.ticket))
            .where(
                ticket.c.account == account,
                ticket.c.binding == binding,
                ticket.c.gone.is_(None),
                triage.c.binding == binding,
                triage.c.seq.in_(last),
                or_(
                    (triage.c.decision == Decision.complaint.value) & (ticket.c.decision != Decision.complaint.value),
                    (triage.c.decision == Decision.not_a_complaint.value) & (ticket.c.decision == Decision.undecided.value),
                ),
            )
        )  # fmt: skip
        with reading(self._engine) as db:
            return [Ref(account, row.vendor, row.ticket) for row in db.execute(query)]

    def draw(
        self, most: int, order: Callable[[str, str], str], account: str | None = None
    ) -> tuple[int, list[tuple[str, str, str]]]:
        """Count the tickets that are no complaints, and give those that come first in an order.

        Args:
            most: how many to give.
            order: account and ticket -> what they are sorted by.
            account: of this account alone; `None` for all.

        """
        of = (ticket.c.decision == Decision.not_a_complaint.value) & ticket.c.kase.is_(None)
        if account is not None:
            of &= ticket.c.account == account
        with streaming(self._engine) as db:
            total = _count(db, of)
            rows = db.execution_options(yield_per=10_000).execute(
                select(ticket.c.account, ticket.c.ticket, ticket.c.key).where(of)
            )
            chosen = nsmallest(most, rows, key=lambda row: order(row.account, row.ticket))
        return total, [(row.account, row.ticket, row.key) for row in chosen]


def forget_triage(db: Connection, case: str) -> None:
    """Forget why tickets of a case were decided as they were: it may name somebody."""
    its = select(ticket.c.account, ticket.c.ticket).where(ticket.c.kase == case)
    for account, name in db.execute(its).all():
        of = (triage.c.account == account) & (triage.c.ticket == name)
        db.execute(update(triage).where(of).values(why="(forgotten)"))


def _count(db: Connection, of: Any) -> int:
    return int(db.execute(select(func.count()).select_from(ticket).where(of)).scalar_one())
