"""Take one safeguard away, in this process alone and to show that it is needed: no setting of the product does that.

Each is told with the faults that it guards against: without it a run with these has to fail.
"""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import connectors.jira.ear
import connectors.jira.reader
import connectors.jira.writer
import connectors.zendesk.ear
import ombud.store.store
import sync.live.desk
import sync.outbox
import sync.sweep
from connectors.jira.writer import Writer as JiraWriter
from connectors.zendesk.writer import Writer as ZendeskWriter
from ombud.model.connector import Outcome, Receipt
from ombud.store import engine
from ombud.store.store import Store
from ombud.store.transaction import Transaction
from ombud.web.keeping import Keeping
from sync.live.flight import Flight
from sync.reconcile import from_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ombud.model.event import Ref


class Safeguard(NamedTuple):
    """Describe a safeguard.

    Attributes:
        what: what it does.
        take: takes it away.
        faults: what it guards against, and what shows that it is gone.
        vendors: where.

    """

    what: str
    take: Callable[[], None]
    faults: tuple[str, ...]
    vendors: frozenset[str] = frozenset({"jira", "zendesk"})


def taken_away(name: str | None) -> None:
    """Take a safeguard away; nothing where none is named.

    The night goes with it: a census heals much of what is lost, a day later, and would hide that it was.
    """
    if name is not None:
        _put(sync.live.desk, "night_due", lambda *_: False)
        SAFEGUARDS[name].take()


def _put(where: object, name: str, what: object) -> None:
    setattr(where, name, what)


def _find() -> None:
    """Believe that what got no answer was done."""

    def believe(
        store: Store, connector: Any, posted: Any, epoch: int, now: Any, sent: Any, _breaker: Any
    ) -> None:
        plan = from_json(posted.plan)
        with store.begin(connector.account, epoch) as tx:
            tx.book_done(posted, moved_back=None, now=now())
        sent.done.append((plan, Receipt(Outcome.done)))

    _put(sync.outbox, "_resolve", believe)


def _overlap() -> None:
    """Ask for what changed since the last sweep, to the minute."""
    _put(connectors.jira.reader, "OVERLAP", 0)


def _fencing() -> None:
    """Let whoever lost an account write on."""

    @contextmanager
    def unfenced(self: Store, _account: str, _held: int) -> Iterator[Transaction]:
        held = vars(self)
        with engine.writing(held["_engine"]) as db:
            yield Transaction(db, held["_vault"])

    _put(Store, "begin", unfenced)


def _lease() -> None:
    """Let everybody have an account."""
    _put(ombud.store.store, "locked", lambda *_arguments, **_named: nullcontext())


def _read_back() -> None:
    """Believe a helpdesk that says yes."""

    def believe(_writer: object, plan: Any, *_more: object) -> Receipt:
        return Receipt(Outcome.done, plan.revision)

    _put(JiraWriter, "_read_back", believe)
    _put(ZendeskWriter, "_read_back", believe)


def _dedupe() -> None:
    """Write a note without looking whether it is there already."""
    _put(JiraWriter, "_find_note", lambda *_: None)


def _hold() -> None:
    """Let several threads work on one ticket."""
    _put(Flight, "hold", lambda *_: nullcontext())


def _recheck() -> None:
    """Look at tickets only when they change."""
    _put(Store, "due", lambda *_arguments, **_named: [])


def _fresh_look() -> None:
    """Write without minding what people did since the ticket was read."""
    _put(vars(connectors.jira.writer)["_Look"], "ours_since", lambda *_: True)
    _put(ZendeskWriter, "_foreign", lambda *_: False)

    def unguarded(self: ZendeskWriter, name: str, body: Any, _stamp: str) -> None:
        path = f"/api/v2/tickets/{name}"
        self.site.client.send("PUT", path, {"ticket": body}, operation="PUT /api/v2/tickets/{id}")

    _put(ZendeskWriter, "_put", unguarded)


def _outbox() -> None:
    """Forget a plan as soon as it is sent."""

    def forget(self: Transaction, ref: Ref, key: str, _now: int) -> None:
        self.drop_plan(ref, key)

    _put(Transaction, "mark_sending", forget)


def _cursor() -> None:
    """Note how far the sweep came before what it brought is stored."""
    settle = vars(sync.sweep)["settle"]

    def hasty(at: Any, connector: Any, seen: Sequence[Any], **named: Any) -> None:
        cursor = named.pop("cursor", None)
        if cursor is not None:
            with at.store.begin(at.bound.account, at.epoch) as tx:
                tx.set_cursor(at.bound.account, at.bound.name, cursor)
        settle(at, connector, seen, **named)

    _put(sync.sweep, "settle", hasty)


def _sweep() -> None:
    """Rely on hooks, once everything was looked through."""
    sweep = sync.live.desk.Desk.sweep

    def once(self: sync.live.desk.Desk, **named: Any) -> object:
        if self.service.store.cursor(self.account, self.bounds[0].name) is not None:
            return None
        return sweep(self, **named)

    _put(sync.live.desk.Desk, "sweep", once)


def _durable() -> None:
    """Acknowledge a hook before its hint is kept: it is kept with the next."""
    keep, late = Keeping.keep, []

    async def kept_later(self: Keeping, hints: Sequence[Any]) -> None:
        late.append(hints)
        if len(late) > 1:
            await keep(self, late.pop(0))

    _put(Keeping, "keep", kept_later)


def _signature() -> None:
    """Believe whoever knows the address."""
    for ear in (connectors.jira.ear, connectors.zendesk.ear):
        _put(ear, "verify", lambda *_: None)


SAFEGUARDS: Final = {
    "find": Safeguard(
        "what became of a write without an answer is looked up by its key",
        _find,
        ("killed_before_call",),
    ),
    "outbox": Safeguard(
        "a plan is kept until its answer is there", _outbox, ("killed_before_call",)
    ),
    "dedupe": Safeguard(
        "our own note is looked for before one is written",
        _dedupe,
        ("lost_reply", "half_a_reply", "killed_after_call"),
        frozenset({"jira"}),
    ),
    "read_back": Safeguard(
        "what was written is read back, whatever the answer says", _read_back, ("swallowed",)
    ),
    "fresh_look": Safeguard(
        "nothing is written over what people did meanwhile", _fresh_look, ("mended_meanwhile",)
    ),
    "hold": Safeguard("one thread at a time works on a ticket", _hold, ("all_at_once",)),
    "lease": Safeguard("one process at a time has an account", _lease, ("second_process",)),
    "fencing": Safeguard("whoever lost an account writes nothing more", _fencing, ("overtaken",)),
    "overlap": Safeguard(
        "a sweep goes back further than the search is late",
        _overlap,
        ("index_lag",),
        frozenset({"jira"}),
    ),
    "cursor": Safeguard(
        "how far a sweep came is noted with what it brought",
        _cursor,
        ("killed_after_commit", "lost"),
    ),
    "sweep": Safeguard("what no hook told is swept up", _sweep, ("lost",)),
    "recheck": Safeguard("what the clock changes is judged when it does", _recheck, ()),
    "durable": Safeguard(
        "a hook is acknowledged once its hint is kept", _durable, ("killed_after_commit",)
    ),
    "signature": Safeguard("hooks are believed by their signature", _signature, ("forged",)),
}
