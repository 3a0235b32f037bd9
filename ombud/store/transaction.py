"""The only way to write: one transaction under a lease, fenced by its epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, literal_column, update

from ombud.store.acts import Acts, blame, forget_words
from ombud.store.findings import put_findings
from ombud.store.improve import forget_triage
from ombud.store.live import LedgerRow, hints_done, put_ledger, put_notices
from ombud.store.log import append_lines
from ombud.store.problems import put_stems, stem_changed
from ombud.store.statements import Change, Clash, Put
from ombud.store.tables import cursor, event, link, meta, outbox, sent, ticket
from ombud.store.tellings import put_off, put_tellings
from ombud.store.values import event_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.store.personal import Vault
    from ombud.store.tellings import Notice, Telling
    from ombud.store.values import Posted, Posting, Settled, TicketState

_SENDING: ColumnElement[str] = literal_column("'sending'")
_UNCERTAIN: ColumnElement[str] = literal_column("'uncertain'")
_PUT_EVENT = Put(event, Clash.keep)
_PUT_TICKET = Put(ticket, Clash.replace)
_PUT_CURSOR = Put(cursor, Clash.replace)
_PUT_META = Put(meta, Clash.replace)
_PUT_SENT = Put(sent, Clash.refuse)
_PUT_OUTBOX = Put(
    outbox,
    Clash.replace,
    # What was sent and has no answer yet is resolved before anything replaces it; equal plans keep their attempts.
    only=lambda old, new: (
        (old.state != _SENDING) & (old.state != _UNCERTAIN) & (old.key != new.key)
    ),
)
_DROP_PENDING = Change(
    delete(outbox).where(
        outbox.c.account == bindparam("of"),
        outbox.c.ticket == bindparam("which"),
        outbox.c.state != _SENDING,
        outbox.c.state != _UNCERTAIN,
    ),
    ("of", "which"),
)
_UNLINK = Change(
    delete(link).where(link.c.account == bindparam("of"), link.c.ticket == bindparam("which")),
    ("of", "which"),
)
_PUT_LINK = Put(link, Clash.keep)
#: Before every instant: what is to be looked at again is due at once.
_AT_ONCE = 0
_AFRESH = Change(
    update(ticket)
    .where(ticket.c.account == bindparam("of"), ticket.c.ticket == bindparam("which"))
    .values(settled=literal_column("NULL"), recheck=literal_column(str(_AT_ONCE))),
    ("of", "which"),
)
_RECHECK = Change(
    update(ticket)
    .where(ticket.c.kase == bindparam("case"), ticket.c.gone.is_(None))
    .values(recheck=literal_column(str(_AT_ONCE))),
    ("case",),
)


class Transaction:
    """Write a page; everything or nothing."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        """Write over an open transaction."""
        self._db = connection
        self._vault = vault
        self.acts = Acts(connection, vault)

    def put_settled(self, settled: Sequence[Settled], *, known_at: Instant) -> None:
        """Store what settling a page brought."""
        if not settled:
            return
        _PUT_EVENT.rows(
            self._db, [event_row(each, known_at) for one in settled for each in one.events]
        )
        self.put_tickets([one.state for one in settled], known_at=known_at)
        self._put_links([one for one in settled if one.links is not None])
        _AFRESH.rows(self._db, [(ref.account, ref.id) for one in settled for ref in one.touched])
        people: dict[str, dict[str, Mapping[str, str]]] = {}
        for one in settled:
            if one.state.case is not None and one.people:
                people.setdefault(one.state.case, {}).update(one.people)
        self._vault.remember(self._db, people)
        append_lines(self._db, self._vault, put_findings(self._db, settled, known_at), known_at)
        self._put_postings(settled, known_at)
        self._put_told(settled)

    def put_judged(self, judged: Sequence[Settled], *, known_at: Instant) -> set[str]:
        """Store where findings judged again differ, and have those tickets looked at again; give their cases.

        That another pack says the same is no difference.
        """
        changed: set[str] = set()
        apart = frozenset({"pack_digest"})
        lines = put_findings(self._db, judged, known_at, apart=apart, changed=changed)
        append_lines(self._db, self._vault, lines, known_at)
        _RECHECK.rows(self._db, [(case,) for case in sorted(changed)])
        self._put_told(judged)
        return changed

    def _put_told(self, settled: Sequence[Settled]) -> None:
        notices = [each for one in settled for each in one.notices]
        if notices:
            put_notices(self._db, notices)

    def read_again(self, account: str, binding: str) -> None:
        """Have a binding's sweep begin anew, and every complaint of it read again."""
        self._db.execute(
            delete(cursor).where(cursor.c.account == account, cursor.c.binding == binding)
        )
        self._db.execute(
            update(ticket)
            .where(ticket.c.account == account, ticket.c.binding == binding)
            .where(ticket.c.kase.is_not(None), ticket.c.gone.is_(None))
            .values(recheck=_AT_ONCE)
        )

    def _put_links(self, settled: Sequence[Settled]) -> None:
        _UNLINK.rows(self._db, [(one.state.ref.account, one.state.ref.id) for one in settled])
        rows = [
            (
                one.state.ref.account,
                one.state.ref.id,
                one.state.ref.vendor,
                to.account,
                to.id,
                to.vendor,
            )
            for one in settled
            for to in one.links or ()
        ]
        _PUT_LINK.rows(self._db, rows)

    def put_tickets(self, states: Iterable[TicketState], *, known_at: Instant) -> None:
        """Store how tickets were left."""
        rows = [
            (
                state.ref.account,
                state.ref.id,
                state.ref.vendor,
                state.key,
                state.url,
                state.revision,
                str(state.decision),
                state.binding,
                state.case,
                state.settled,
                state.recheck,
                state.failures,
                state.trouble,
                None if state.gone is None else str(state.gone),
                state.refused,
                state.complete,
                known_at,
            )
            for state in states
        ]
        _PUT_TICKET.rows(self._db, rows)

    def _put_postings(self, settled: Sequence[Settled], now: Instant) -> None:
        rows = [
            (
                ref.account,
                ref.id,
                ref.vendor,
                posting.plan,
                posting.key,
                "pending",
                posting.urgent,
                0,
                now,
                None,
            )
            for ref, posting in ((one.state.ref, one.posting) for one in settled)
            if posting is not None
        ]
        _PUT_OUTBOX.rows(self._db, rows)
        _DROP_PENDING.rows(
            self._db,
            [(one.state.ref.account, one.state.ref.id) for one in settled if one.posting is None],
        )

    def post(self, ref: Ref, posting: Posting) -> None:
        """Have a plan sent before all others, for a ticket that is none of ours to settle."""
        row = (
            ref.account,
            ref.id,
            ref.vendor,
            posting.plan,
            posting.key,
            "pending",
            posting.urgent,
            0,
            _AT_ONCE,
            None,
        )
        _PUT_OUTBOX.rows(self._db, [row])

    def put_stems(self, ref: Ref, told: Iterable[tuple[Ref, str]]) -> None:
        """Keep which problems a complaint stems from, each with its revision when it was read."""
        put_stems(self._db, ref, told)

    def stem_changed(self, stem: Ref, revision: str) -> None:
        """Note that a problem was read at a revision, and have what stems from it settled afresh."""
        stem_changed(self._db, stem, revision)

    def set_cursor(self, account: str, binding: str, told: str) -> None:
        """Move a sweep's cursor, in the transaction that stored its page."""
        _PUT_CURSOR.rows(self._db, [(account, binding, told)])

    def hints_done(self, done: Sequence[tuple[Ref, int]], now: Instant) -> None:
        """Book that tickets were settled since their hints came, up to the number of each one's newest."""
        hints_done(self._db, done, now)

    def put_notices(self, notices: Sequence[Notice]) -> None:
        """Keep what people are to be told; an occasion that is known stays as it is."""
        put_notices(self._db, notices)

    def put_tellings(self, told: Sequence[Telling], done: Sequence[int], now: Instant) -> None:
        """Keep where people were told of notices, and which there is nothing more to tell of."""
        put_tellings(self._db, told, done, now)

    def put_off(self, later: Sequence[tuple[int, Instant]]) -> None:
        """Have notices looked at again at an instant each: it is a quiet hour, or they wait to be told together."""
        put_off(self._db, later)

    def put_ledger(self, row: LedgerRow) -> None:
        """Keep a day's line of the completeness ledger."""
        put_ledger(self._db, row)

    def set_meta(self, name: str, told: str) -> None:
        """Keep a fact about the database."""
        _PUT_META.rows(self._db, [(name, told)])

    def mark_sending(self, ref: Ref, key: str, now: Instant) -> None:
        """Note that a plan is about to be sent."""
        self._mark(ref, key, state="sending", uncertain_since=now)

    def mark_waiting(self, ref: Ref, key: str) -> None:
        """Note that a plan was not sent after all."""
        self._mark(ref, key, state="pending", uncertain_since=None)

    def mark_uncertain(self, ref: Ref, key: str, now: Instant) -> None:
        """Note that a plan was sent and has no answer."""
        self._mark(ref, key, state="uncertain", uncertain_since=now)

    def _mark(self, ref: Ref, key: str, **told: object) -> None:
        self._db.execute(
            update(outbox)
            .where(outbox.c.account == ref.account, outbox.c.ticket == ref.id, outbox.c.key == key)
            .values(**told)
        )

    def void_plan(self, ref: Ref, key: str) -> None:
        """Drop a plan that no longer fits, and have the ticket settled afresh, after a crash too."""
        self.drop_plan(ref, key)
        self._db.execute(
            update(ticket)
            .where(ticket.c.account == ref.account, ticket.c.ticket == ref.id)
            .values(settled=None, recheck=_AT_ONCE)
        )

    def drop_plan(self, ref: Ref, key: str) -> None:
        """Drop a plan that is done with."""
        self._db.execute(
            delete(outbox).where(
                outbox.c.account == ref.account, outbox.c.ticket == ref.id, outbox.c.key == key
            )
        )

    def book_done(
        self, posted: Posted, *, moved_back: str | None, now: Instant, mass: bool = False
    ) -> None:
        """Record a plan that is in place, with the transition that it undid, and whose rules asked for that.

        Where that was one of many of one cause (`mass`), it spends no budget, neither the account's nor a rule's.
        """
        self.drop_plan(posted.ref, posted.key)
        undid = "mass_back" if mass else "move_back"
        kinds = ["mark", undid] if moved_back is not None else ["mark"]
        ref = posted.ref
        if moved_back is not None and not mass:
            blame(self._db, ref, moved_back, now)
        _PUT_SENT.rows(self._db, [(ref.account, ref.vendor, ref.id, kind, now) for kind in kinds])

    def book_refused(
        self, posted: Posted, said: str, *, transition: str | None, next_try: Instant
    ) -> None:
        """Record that a helpdesk refused a plan; a refused way back is not asked for again."""
        ref = posted.ref
        if transition is not None:
            self.drop_plan(ref, posted.key)
            told: dict[str, object] = {
                "refused": transition,
                "trouble": said,
                "settled": None,
                "recheck": next_try,
            }
            self._db.execute(
                update(ticket)
                .where(ticket.c.account == ref.account, ticket.c.ticket == ref.id)
                .values(**told)
            )
            return
        self._mark(
            ref, posted.key, state="pending", attempts=posted.attempts + 1, next_try=next_try
        )

    def void_outbox(self, account: str) -> None:
        """Drop every waiting plan of an account."""
        self._db.execute(delete(outbox).where(outbox.c.account == account))

    def settle_afresh(self, account: str, binding: str) -> None:
        """Have every complaint of a binding settled afresh: what was only observed is acted upon from now on."""
        self._db.execute(
            update(ticket)
            .where(ticket.c.account == account, ticket.c.binding == binding)
            .where(ticket.c.kase.is_not(None), ticket.c.gone.is_(None))
            .values(settled=None, recheck=_AT_ONCE)
        )

    def forget(self, case: str) -> None:
        """Forget everything personal about a case; its findings stay."""
        self._vault.forget(self._db, case)
        forget_words(self._db, case)
        forget_triage(self._db, case)
