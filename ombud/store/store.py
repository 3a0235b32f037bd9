"""The store: what is known of tickets, what was decided, what waits to be sent."""

from __future__ import annotations

import os
import secrets
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import delete, func, or_, select

from ombud.model.connector import Gone
from ombud.model.event import Ref
from ombud.model.scope import Decision
from ombud.store import postgresql
from ombud.store.access import Access
from ombud.store.acts import Acts, stop_of
from ombud.store.documents import Documents
from ombud.store.engine import is_server, make_engine, reading, streaming, writing
from ombud.store.errors import StaleLease, StoreError
from ombud.store.facts import stored_digest
from ombud.store.findings import read_findings
from ombud.store.improve import Improve
from ombud.store.journal import Entry, Logged, entries, log_words, logged
from ombud.store.lease import account_lock, locked, opened, token_lock
from ombud.store.live import Live
from ombud.store.log import verify_lines
from ombud.store.migrate import check_version, migrate
from ombud.store.personal import Vault
from ombud.store.problems import stems
from ombud.store.queries import EPOCH, EVENTS, LINKS, MEMBERS, META, MOVES, STATES
from ombud.store.reports import Reports
from ombud.store.restored import notice_restored
from ombud.store.statements import Clash, Put
from ombud.store.tables import (
    cursor,
    decision,
    epoch,
    event,
    meta,
    outbox,
    sent,
    ticket,
    token,
)
from ombud.store.transaction import Transaction
from ombud.store.values import Posted, TicketState, Triage, event_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Engine

    from ombud.model.event import Event
    from ombud.model.facts import Instant, Verdict
    from ombud.store.acts import StopRow
    from ombud.store.values import Interval

_CHUNK = 500
_PUT_EPOCH = Put(epoch, Clash.replace)
_PUT_TOKEN = Put(token, Clash.replace)
_PUT_ONCE = Put(meta, Clash.keep)
_INSTALLATION = "installation"
#: After every instant.
_EVER = 2**62


class Store:
    """Read freely; write only within `begin`, under a lease."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        """Take over an engine whose database is of this version."""
        self._engine = engine
        self._vault = vault
        self.pseudonym = vault.pseudonym
        self.page_key = vault.page_key
        self.live = Live(engine)
        self.access = Access(engine, vault)
        self.reports = Reports(engine, vault)
        self.improve = Improve(engine, vault)
        self.documents = Documents(engine, vault)
        #: Ends with the store, closed or not.
        self._open = (
            None if is_server(engine) else weakref.finalize(self, os.close, opened(self.path))
        )

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()
        if self._open is not None:
            self._open()

    @property
    def path(self) -> Path:
        """Give the database's file; there is none of a server's."""
        return Path(self._engine.url.database or "")

    @contextmanager
    def lease(self, account: str) -> Iterator[int]:
        """Hold an account alone: a kernel file lock or one of the server, and an epoch that fences off the former holder.

        Raises:
            Busy: another process holds it.

        """
        busy = f"{account} is being synced by another process. Wait for it to end, or stop it"
        alone = (
            postgresql.held(self._engine, account, busy)
            if is_server(self._engine)
            else locked(account_lock(self.path, account), busy)
        )
        with alone:
            with writing(self._engine) as db:
                check_version(db)
                if is_server(self._engine):
                    notice_restored(db)
                number = (EPOCH.scalar(db, account) or 0) + 1
                _PUT_EPOCH.rows(db, [(account, number)])
            yield number

    @contextmanager
    def begin(self, account: str, held: int) -> Iterator[Transaction]:
        """Write in one transaction; nothing is written where the lease has been lost.

        Raises:
            StaleLease: another process has taken the account over.

        """
        with writing(self._engine) as db:
            check_version(db)
            if EPOCH.scalar(db, account) != held:
                raise StaleLease(
                    f"{account} has been taken over by another process; this one stops"
                )
            yield Transaction(db, self._vault)

    @contextmanager
    def book(self) -> Iterator[Acts]:
        """Keep what people decide, in one transaction; no lease is needed, for no helpdesk is touched."""
        with writing(self._engine) as db:
            check_version(db)
            yield Acts(db, self._vault)

    @contextmanager
    def acts(self) -> Iterator[Acts]:
        """Read what people decided."""
        with reading(self._engine) as db:
            yield Acts(db, self._vault)

    def stopped(self, account: str) -> StopRow | None:
        """Give the stop that an account is under at this very moment."""
        with reading(self._engine) as db:
            return stop_of(db, account)

    @contextmanager
    def signing(self, account: str) -> Iterator[None]:
        """Hold an account's tokens alone, in this process and among all; whoever comes second waits.

        A lock of its own: a sync, which holds the account, asks for tokens too.
        """
        busy = f"{account} is being signed in by another process. Wait for it to end, or stop it"
        alone = (
            # No account's name holds a space.
            postgresql.held(self._engine, f"{account} tokens", busy, patient=True)
            if is_server(self._engine)
            else locked(token_lock(self.path, account), busy, patient=True)
        )
        with alone:
            yield

    def token(self, account: str) -> str | None:
        """Give what signs an account's requests; `None` where nothing was kept."""
        with reading(self._engine) as db:
            sealed = db.execute(select(token.c.sealed).where(token.c.account == account)).scalar()
        return None if sealed is None else self._vault.open_token(account, sealed)

    def keep_token(self, account: str, plain: str, until: Instant | None) -> None:
        """Keep what signs an account's requests, encrypted, for good before it is used."""
        with writing(self._engine) as db:
            check_version(db)
            _PUT_TOKEN.rows(db, [(account, self._vault.seal_token(account, plain), until)])

    def drop_token(self, account: str) -> None:
        """Forget what was kept by `keep_token`."""
        with writing(self._engine) as db:
            check_version(db)
            db.execute(delete(token).where(token.c.account == account))

    def states(self, refs: Sequence[Ref]) -> dict[Ref, TicketState]:
        """Give how tickets were left, those that are known."""
        found: dict[Ref, TicketState] = {}
        if not refs:
            return found
        with reading(self._engine) as db:
            for account, ids in _by_account(refs):
                for row in STATES.all(db, account, ids):
                    state = _state(row)
                    found[state.ref] = state
        return found

    def events(
        self, refs: Sequence[Ref], *, known_by: Instant | None = None
    ) -> dict[Ref, list[Event]]:
        """Give tickets' events, oldest first; those only that were known by an instant."""
        found: dict[Ref, list[Event]] = {}
        if not refs:
            return found
        with reading(self._engine) as db:
            for account, ids in _by_account(refs):
                for row in EVENTS.all(db, account, ids, _EVER if known_by is None else known_by):
                    each = event_of(row)
                    found.setdefault(each.ref, []).append(each)
        return found

    def links(self, refs: Sequence[Ref]) -> set[tuple[Ref, Ref]]:
        """Give the links that begin or end at tickets."""
        with reading(self._engine) as db:
            return {
                (Ref(*row[:3]), Ref(*row[3:]))
                for account, ids in _by_account(refs)
                for row in LINKS.all(db, account, ids, account, ids)
            }

    def named(self, told: Ref) -> Ref | None:
        """Give the ticket of an account that goes by an id or a key; `None` where it is not known."""
        query = select(ticket.c.vendor, ticket.c.ticket).where(
            ticket.c.account == told.account,
            or_(ticket.c.ticket == told.id, ticket.c.key == told.id),
        )
        with reading(self._engine) as db:
            row = db.execute(query.limit(1)).first()
        return None if row is None else Ref(told.account, row.vendor, row.ticket)

    def stems(self, account: str) -> dict[Ref, str]:
        """Give the problems that complaints stem from, each with its revision when it was read last."""
        with reading(self._engine) as db:
            return stems(db, account)

    def members(self, cases: Sequence[str]) -> set[Ref]:
        """Give the tickets of cases."""
        with reading(self._engine) as db:
            return {Ref(*row) for row in MEMBERS.all(db, list(cases))}

    def complaints(self, binding: str, *, after: str = "") -> Iterator[list[TicketState]]:
        """Give a binding's complaints, and tickets that were one, in pages, whole cases together.

        `after` leaves out the cases up to one that was given before.
        """
        query = (
            select(ticket)
            .where(
                ticket.c.binding == binding,
                ticket.c.kase > after,
                ticket.c.gone.is_distinct_from("deleted"),
            )
            .order_by(ticket.c.kase, ticket.c.ticket)
        )
        page: list[TicketState] = []
        with (
            streaming(self._engine) as db,
            db.execution_options(yield_per=_CHUNK).execute(query) as rows,
        ):
            for row in rows:
                state = _state(row)
                if len(page) >= _CHUNK and state.case != page[-1].case:
                    yield page
                    page = []
                page.append(state)
        if page:
            yield page

    def case_of(self, ref: Ref) -> list[TicketState]:
        """Give the tickets of the case that a ticket belongs to."""
        of = select(ticket.c.kase).where(ticket.c.account == ref.account, ticket.c.ticket == ref.id)
        with reading(self._engine) as db:
            case = db.execute(of).scalar()
            if case is None:
                return []
            return [
                _state(row)
                for row in db.execute(
                    select(ticket).where(ticket.c.kase == case).order_by(ticket.c.ticket)
                )
            ]

    def changed_since(self, since: Instant) -> list[tuple[str, str, str | None, Instant]]:
        """Give account, id, case and when it was of the tickets whose rows were written at an instant or later."""
        of = ticket.c
        query = select(of.account, of.ticket, of.kase, of.changed).where(of.changed >= since)
        with reading(self._engine) as db:
            return [(row[0], row[1], row[2], row[3]) for row in db.execute(query)]

    def states_of(self, cases: Sequence[str]) -> list[TicketState]:
        """Give the tickets of cases, those of a case together."""
        query = select(ticket).where(
            ticket.c.kase.in_(cases), ticket.c.gone.is_distinct_from("deleted")
        )
        with reading(self._engine) as db:
            return [
                _state(row) for row in db.execute(query.order_by(ticket.c.kase, ticket.c.ticket))
            ]

    def find_ticket(self, told: str) -> TicketState | None:
        """Find a ticket by account:id, or by its key."""
        account, colon, name = told.rpartition(":")
        by_id = (ticket.c.account == account) & or_(ticket.c.ticket == name, ticket.c.key == name)
        with reading(self._engine) as db:
            row = db.execute(
                select(ticket).where(by_id if colon else ticket.c.key == told).limit(1)
            ).first()
        return None if row is None else _state(row)

    def due(self, account: str, binding: str, now: Instant, *, read: bool = False) -> list[Ref]:
        """Give the tickets that the clock alone has changed, or that are to be tried again.

        With `read`, only those that were read before: what a first reading left for later waits for the sweep.
        """
        query = (
            select(ticket.c.vendor, ticket.c.ticket)
            .where(
                ticket.c.account == account, ticket.c.binding == binding, ticket.c.recheck <= now
            )
            .order_by(ticket.c.recheck)
        )
        if read:
            query = query.where(ticket.c.kase.is_not(None))
        with reading(self._engine) as db:
            return [Ref(account, row.vendor, row.ticket) for row in db.execute(query)]

    def next_due(self, account: str) -> Instant | None:
        """Give when the clock alone next changes one of an account's complaints."""
        query = select(func.min(ticket.c.recheck)).where(
            ticket.c.account == account, ticket.c.kase.is_not(None)
        )
        with reading(self._engine) as db:
            return db.execute(query).scalar()

    def next_try(self, account: str) -> Instant | None:
        """Give when the next waiting plan of an account may be sent."""
        query = select(func.min(outbox.c.next_try)).where(outbox.c.account == account)
        with reading(self._engine) as db:
            return db.execute(query).scalar()

    def troubled(self) -> list[TicketState]:
        """Give the tickets that could not be read or judged the last time."""
        with reading(self._engine) as db:
            return [_state(row) for row in db.execute(select(ticket).where(ticket.c.failures > 0))]

    def triage(self) -> list[Triage]:
        """Give the tickets that the scope leaves undecided."""
        query = (
            select(ticket)
            .where(ticket.c.decision == Decision.undecided.value)
            .order_by(ticket.c.account, ticket.c.key)
        )
        with reading(self._engine) as db:
            return [
                Triage(f"{r.account}:{r.ticket}", r.key, r.binding, r.url)
                for r in db.execute(query)
            ]

    def cursor(self, account: str, binding: str) -> str | None:
        """Give where a sweep stands; `None` before its first page."""
        query = select(cursor.c.told).where(
            cursor.c.account == account, cursor.c.binding == binding
        )
        with reading(self._engine) as db:
            return db.execute(query).scalar() or None

    def posted(
        self,
        account: str,
        now: Instant,
        *,
        urgent: bool = False,
        only: Sequence[Ref] | None = None,
    ) -> list[Posted]:
        """Give the plans to send now: those whose outcome is unknown first, then what enforces something.

        With `urgent`, only what enforces something; with `only`, those of some tickets.
        """
        query = (
            select(outbox)
            .where(outbox.c.account == account, outbox.c.next_try <= now)
            .order_by(
                outbox.c.state == "pending",
                outbox.c.urgent.desc(),
                outbox.c.next_try,
                outbox.c.ticket,
            )
        )
        if urgent:
            query = query.where(outbox.c.urgent)
        if only is not None:
            query = query.where(outbox.c.ticket.in_([ref.id for ref in only]))
        with reading(self._engine) as db:
            return [
                Posted(
                    Ref(r.account, r.vendor, r.ticket),
                    r.plan,
                    r.key,
                    r.state,
                    r.attempts,
                    r.uncertain_since,
                )
                for r in db.execute(query)
            ]

    def moves_since(self, account: str, since: Instant) -> int:
        """Count our move-backs on an account since an instant."""
        with reading(self._engine) as db:
            return int(MOVES.scalar(db, account, since))

    def written(self, account: str) -> list[Ref]:
        """Give the tickets of an account that we ever wrote to."""
        query = select(sent.c.vendor, sent.c.ticket).where(sent.c.account == account).distinct()
        with reading(self._engine) as db:
            return [Ref(account, row.vendor, row.ticket) for row in db.execute(query)]

    def first_sync(self, account: str, binding: str, now: Instant, held: int) -> Instant:
        """Give when a binding was first synced; now, where this is the first time."""
        name = f"first:{account}/{binding}"
        told = self.meta(name)
        if told is not None:
            return int(told)
        with self.begin(account, held) as tx:
            tx.set_meta(name, str(now))
        return now

    def full_sync_ended(self, account: str, binding: str, held: int) -> None:
        """Note that a full sync has ended: after a restore, acting begins again."""
        observed = self.observe_only(account, binding)
        with self.begin(account, held) as tx:
            tx.set_meta(f"observe:{account}/{binding}", "")
            if observed:
                tx.settle_afresh(account, binding)

    def observe_only(self, account: str, binding: str) -> bool:
        """Tell whether nothing may be written to the helpdesk: the database was restored and not yet synced in full."""
        restored = self.meta("restored")
        return bool(restored) and self.meta(f"observe:{account}/{binding}") is None

    def meta(self, name: str) -> str | None:
        """Give a fact about the database."""
        with reading(self._engine) as db:
            return cast("str | None", META.scalar(db, name))

    def installation(self) -> str:
        """Give the name of this installation, made once: a copy of the database goes by it too."""
        held = self.meta(_INSTALLATION)
        if held is None:
            with writing(self._engine) as db:
                check_version(db)
                _PUT_ONCE.rows(db, [(_INSTALLATION, secrets.token_hex(4))])
            # Another process may have been first.
            held = self.meta(_INSTALLATION) or ""
        return held

    def recall(self, case: str) -> dict[str, dict[str, str]]:
        """Give a case's persons by keyed identifier."""
        with reading(self._engine) as db:
            return self._vault.recall(db, case)

    def logged(self, case: str, *, known_by: Instant | None = None) -> list[Logged]:
        """Give what the decision log says of a case, the oldest line first; what was written by an instant only."""
        with reading(self._engine) as db:
            return logged(db, case, known_by)

    def log_entries(self, **asked: Any) -> list[Entry]:
        """Give lines of the decision log, the newest first; what can be asked for is told by `entries`."""
        with reading(self._engine) as db:
            return entries(db, **asked)

    def log_words(self) -> tuple[int, list[str]]:
        """Give the number of lines of the decision log, and what the last of them say was done."""
        with reading(self._engine) as db:
            return log_words(db)

    def forget(self, account: str, held: int, case: str) -> None:
        """Forget everything personal about a case; its findings stay."""
        with self.begin(account, held) as tx:
            tx.forget(case)
        with reading(self._engine) as db:
            if is_server(self._engine):
                # Its key is gone from the file already; what it locked goes when the server sees fit.
                db.exec_driver_sql("VACUUM person")
            else:
                # The journal still holds what was there before.
                db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    def findings(
        self,
        *,
        account: str | None = None,
        rule: str | None = None,
        verdict: Verdict | None = None,
        known_at: Instant | None = None,
    ) -> Iterator[Interval]:
        """Give stored findings as they stand, or as they stood by what was known at an instant.

        A pass is stored only where the same key was ever otherwise.
        """
        with streaming(self._engine) as db:
            yield from read_findings(
                db, account=account, rule=rule, verdict=verdict, known_at=known_at
            )

    def verify_log(self) -> int:
        """Check the decision log from end to end; give its length.

        Raises:
            StoreError: a line was changed, or is missing.

        """
        with streaming(self._engine) as db:
            return verify_lines(db, self._vault)

    def counts(self) -> dict[str, int]:
        """Count tickets, events and log lines, for `ombud doctor`."""
        with reading(self._engine) as db:
            return {
                table.name: db.execute(select(func.count()).select_from(table)).scalar() or 0
                for table in (ticket, event, decision, outbox)
            }

    def digest(self) -> str:
        """Give a digest of what verdicts are folded from, by which facts kept beside are known to be stale."""
        with streaming(self._engine) as db:
            return stored_digest(db)

    def quick_check(self) -> str:
        """Ask the database whether it is whole: "ok", or what is wrong."""
        try:
            with reading(self._engine) as db:
                if is_server(self._engine):
                    return postgresql.check(db)
                return str(db.exec_driver_sql("PRAGMA quick_check").scalar())
        except StoreError as error:
            return str(error)

    def about(self) -> str | None:
        """Name the server's version and the database's size; `None` for a file."""
        if not is_server(self._engine):
            return None
        with reading(self._engine) as db:
            return postgresql.about(db)

    def backup(self, file: Path) -> str:
        """Copy the database while it is in use; give the copy's digest.

        Raises:
            StoreError: it cannot be copied, or is a server's.

        """
        from ombud.store.backup import back_up

        if is_server(self._engine):
            raise StoreError(f"No backup was made: {postgresql.BY_DUMP}")
        return back_up(self.path, file)


def open_store(url: str, *, key: bytes, password: str | None = None) -> Store:
    """Open a database, made or migrated where need be.

    Args:
        url: sqlite:///path or postgresql://user@host/name.
        key: OMBUD_KEY, 32 bytes.
        password: of the server's user, in place of one in the address.

    Raises:
        StoreError: damaged, of another version, not ours, not writable, or of another key.

    """
    engine = make_engine(url, password=password)
    try:
        vault = Vault(key)
        migrate(engine)
        with reading(engine) as db:
            known = db.execute(select(meta.c.told).where(meta.c.name == "key")).scalar()
        if known != vault.check:
            with writing(engine, alone=True) as db:
                vault.verify(db)
        return Store(engine, vault)
    except BaseException:
        engine.dispose()
        raise


def _state(row: Sequence[Any]) -> TicketState:
    """Read a ticket from a row of `ticket`, its columns in the table's order."""
    (account, name, vendor, key, url, revision, decided, binding, case, settled, recheck, failures, trouble, gone, refused, complete, _) = row  # fmt: skip
    return TicketState(
        Ref(account, vendor, name),
        key,
        url,
        revision,
        _DECISIONS[decided],
        binding,
        case,
        settled,
        recheck,
        failures,
        trouble,
        None if gone is None else Gone(gone),
        refused,
        bool(complete),
    )


_DECISIONS = {each.value: each for each in Decision}


def _by_account(refs: Iterable[Ref]) -> Iterable[tuple[str, list[str]]]:
    grouped: dict[str, list[str]] = {}
    for ref in refs:
        grouped.setdefault(ref.account, []).append(ref.id)
    return grouped.items()
