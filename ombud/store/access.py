"""Keep who may look at the dashboard: staff, sessions, tokens, saved views, and what was looked at."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from ombud.store.access_tables import access_token, audit, saved_view, session, staff
from ombud.store.acts import Acts
from ombud.store.engine import reading, writing
from ombud.store.migrate import check_version
from ombud.store.statements import Change, Clash, Put, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection, Engine, Select

    from ombud.model.facts import Instant
    from ombud.store.personal import Vault

#: The scope of a link that signs somebody in once, and of the code that makes the first of the staff.
ONCE: Final = "once"
SETUP: Final = "setup"


class StaffRow(NamedTuple):
    """Hold one of the staff as kept; its fields are the columns of `staff`."""

    id: str
    login: str
    name: str
    person: str
    role: str
    password: str | None
    issuer: str | None
    subject: str | None
    groups: str
    zone: str | None
    until: Instant | None
    disabled: Instant | None
    created: Instant
    created_by: str

    @property
    def circle(self) -> frozenset[str]:
        """Give the restricted groups they may see; "*" among them is every group."""
        return frozenset(json.loads(self.groups))

    def let_in(self, now: Instant) -> bool:
        """Tell whether they may sign in, and stay, at an instant."""
        return self.disabled is None and (self.until is None or now < self.until)


class SessionRow(NamedTuple):
    """Hold a session as kept; its fields are the columns of `session`."""

    id: str
    staff: str
    csrf: str
    created: Instant
    seen: Instant
    until: Instant


class TokenRow(NamedTuple):
    """Hold a token as kept; its fields are the columns of `access_token`."""

    id: str
    sha256: str
    staff: str
    name: str
    scopes: str
    created: Instant
    until: Instant
    used: Instant | None = None
    revoked: Instant | None = None

    def holds(self, now: Instant) -> bool:
        """Tell whether it lets anybody in at an instant."""
        return self.revoked is None and now < self.until


class AuditRow(NamedTuple):
    """Hold what somebody did; its fields are the columns of `audit`, its number left out."""

    happened: Instant
    staff: str | None
    what: str
    path: str
    query: str
    rows: int | None = None


class ViewRow(NamedTuple):
    """Hold a saved view as kept; its fields are the columns of `saved_view`."""

    id: str
    staff: str
    name: str
    page: str
    query: str
    shared: bool
    created: Instant


class Taken(Exception):
    """Say that somebody else has this login, or is this person of the issuer's."""


Row = TypeVar("Row", bound=tuple[Any, ...])
Told = TypeVar("Told")

_PUT_STAFF: Final = Put(staff, Clash.replace)
_PUT_SESSION: Final = Put(session, Clash.refuse)
_PUT_TOKEN: Final = Put(access_token, Clash.refuse)
_PUT_AUDIT: Final = Put(audit, Clash.refuse)
_PUT_VIEW: Final = Put(saved_view, Clash.replace)
#: Asked for every page.
_SIGNED_IN: Final = Query(
    select(*session.c, *staff.c)
    .join(staff, staff.c.id == session.c.staff)
    .where(session.c.id == bindparam("which")),
    ("which",),
)
_BY_TOKEN: Final = Query(
    select(*access_token.c, *staff.c)
    .join(staff, staff.c.id == access_token.c.staff)
    .where(access_token.c.sha256 == bindparam("which")),
    ("which",),
)
_SEEN: Final = Change(
    update(session).where(session.c.id == bindparam("which")).values(seen=bindparam("now")),
    ("now", "which"),
)
_USED: Final = Change(
    update(access_token)
    .where(access_token.c.id == bindparam("which"))
    .values(used=bindparam("now")),
    ("now", "which"),
)


class Staffing:
    """Read and change the staff, within one transaction."""

    def __init__(self, connection: Connection, vault: Vault) -> None:
        """Work over a connection."""
        self._db = connection
        self._acts = Acts(connection, vault)

    def all(self) -> list[StaffRow]:
        """Give the staff, those who may not sign in any more too, by login."""
        return _rows(self._db, StaffRow, select(*staff.c).order_by(staff.c.login))

    def get(self, name: str) -> StaffRow | None:
        """Give one of the staff by identifier."""
        return _one(self._db, StaffRow, select(*staff.c).where(staff.c.id == name))

    def put(self, row: StaffRow, *, act: str, by: str | None, now: Instant) -> None:
        """Keep one of the staff, with a line in the decision log.

        Args:
            row: it.
            act: what was done.
            by: keyed identifier of who did it; `None` for Ombud itself.
            now: when.

        Raises:
            Taken: the login is somebody else's, or the issuer's subject is.

        """
        try:
            _PUT_STAFF.rows(self._db, [row])
        except (IntegrityError, self._db.dialect.loaded_dbapi.IntegrityError) as error:
            raise Taken(row.login) from error
        self._acts.log(act, row.id, row, by=by, known_at=now)

    def end_sessions(self, of: str, *, but: str | None = None) -> None:
        """Sign somebody out everywhere, or everywhere but in one session."""
        told = delete(session).where(session.c.staff == of)
        self._db.execute(told if but is None else told.where(session.c.id != but))

    def revoke_tokens(self, of: str, now: Instant) -> None:
        """Have every token of somebody let nobody in any more."""
        its = (access_token.c.staff == of) & access_token.c.revoked.is_(None)
        self._db.execute(update(access_token).where(its).values(revoked=now))

    def spend(self, sha256: str, scope: str, now: Instant) -> TokenRow | None:
        """Use up what works once; `None` where it does not work, or not any more."""
        it = (
            (access_token.c.sha256 == sha256)
            & (access_token.c.scopes == scope)
            & access_token.c.used.is_(None)
            & access_token.c.revoked.is_(None)
            & (access_token.c.until > now)
        )
        if not self._db.execute(update(access_token).where(it).values(used=now)).rowcount:
            return None
        query = select(*access_token.c).where(access_token.c.sha256 == sha256)
        return _one(self._db, TokenRow, query)

    def put_token(self, row: TokenRow) -> None:
        """Keep a new token; links and codes that have ended are cleared away."""
        ended = access_token.c.scopes.in_([ONCE, SETUP]) & (access_token.c.until <= row.created)
        self._db.execute(delete(access_token).where(ended))
        _PUT_TOKEN.rows(self._db, [row])


class Access:
    """Read and write what needs no lease: who may look, and who looked."""

    def __init__(self, engine: Engine, vault: Vault) -> None:
        """Take over the store's engine."""
        self._engine = engine
        self._vault = vault

    @contextmanager
    def staffing(self) -> Iterator[Staffing]:
        """Change the staff, in one transaction that keeps out every other writer."""
        with writing(self._engine, alone=True) as db:
            check_version(db)
            yield Staffing(db, self._vault)

    def staff(self) -> list[StaffRow]:
        """Give the staff, those who may not sign in any more too, by login."""
        return self._read(lambda db: Staffing(db, self._vault).all())

    def by_id(self, name: str) -> StaffRow | None:
        """Give one of the staff by identifier."""
        return self._read(lambda db: Staffing(db, self._vault).get(name))

    def by_login(self, login: str) -> StaffRow | None:
        """Give one of the staff by login, in whatever case it is written."""
        query = select(*staff.c).where(staff.c.login == login.strip().casefold())
        return self._read(lambda db: _one(db, StaffRow, query))

    def by_subject(self, issuer: str, subject: str) -> StaffRow | None:
        """Give whom an issuer vouches for."""
        query = select(*staff.c).where(staff.c.issuer == issuer, staff.c.subject == subject)
        return self._read(lambda db: _one(db, StaffRow, query))

    def anybody(self) -> bool:
        """Tell whether there is any staff."""
        count = select(func.count()).select_from(staff)
        return bool(self._read(lambda db: db.execute(count).scalar()))

    def begin_session(self, row: SessionRow, *, instead: str | None = None) -> None:
        """Keep a new session, and end the one that was there before."""
        with self._writing() as db:
            if instead is not None:
                db.execute(delete(session).where(session.c.id == instead))
            # Nobody else clears away what has ended.
            db.execute(delete(session).where(session.c.until <= row.created))
            _PUT_SESSION.rows(db, [row])

    def signed_in(self, sha256: str) -> tuple[SessionRow, StaffRow] | None:
        """Give a session and whose it is, whether or not it has ended."""
        row = self._read(lambda db: _SIGNED_IN.first(db, sha256))
        return None if row is None else (SessionRow(*row[:6]), StaffRow(*row[6:]))

    def sessions(self, of: str) -> list[SessionRow]:
        """Give somebody's sessions, the newest first."""
        query = select(*session.c).where(session.c.staff == of)
        query = query.order_by(session.c.created.desc(), session.c.id)
        return self._read(lambda db: _rows(db, SessionRow, query))

    def end_session(self, name: str, of: str) -> bool:
        """End one of somebody's sessions; tell whether there was one."""
        its = (session.c.id == name) & (session.c.staff == of)
        with self._writing() as db:
            return bool(db.execute(delete(session).where(its)).rowcount)

    def by_token(self, sha256: str) -> tuple[TokenRow, StaffRow] | None:
        """Give a token and whose it is, whether or not it still lets anybody in."""
        row = self._read(lambda db: _BY_TOKEN.first(db, sha256))
        return None if row is None else (TokenRow(*row[:9]), StaffRow(*row[9:]))

    def put_token(self, row: TokenRow) -> None:
        """Keep a new token."""
        with self._writing() as db:
            _PUT_TOKEN.rows(db, [row])

    def tokens(self, of: str) -> list[TokenRow]:
        """Give somebody's API tokens, the newest first; links that work once are none."""
        query = (
            select(*access_token.c)
            .where(access_token.c.staff == of, access_token.c.scopes.not_in([ONCE, SETUP]))
            .order_by(access_token.c.created.desc(), access_token.c.id)
        )
        return self._read(lambda db: _rows(db, TokenRow, query))

    def revoke_token(self, name: str, of: str, now: Instant) -> bool:
        """Have one of somebody's tokens let nobody in any more; tell whether there was one."""
        its = (access_token.c.id == name) & (access_token.c.staff == of)
        its &= access_token.c.revoked.is_(None)
        with self._writing() as db:
            return bool(db.execute(update(access_token).where(its).values(revoked=now)).rowcount)

    def note(
        self,
        lines: Sequence[AuditRow],
        *,
        seen: Sequence[tuple[str, Instant]] = (),
        used: Sequence[tuple[str, Instant]] = (),
    ) -> None:
        """Append what people did, and note when sessions were seen and tokens used last, in one commit."""
        with self._writing() as db:
            _PUT_AUDIT.rows(db, list(lines))
            _SEEN.rows(db, [(at, name) for name, at in seen])
            _USED.rows(db, [(at, name) for name, at in used])

    def audited(
        self, *, of: str | None = None, what: str | None = None, before: int | None = None, most: int = 200
    ) -> list[tuple[int, AuditRow]]:  # fmt: skip
        """Give what people did, with its number, the newest first.

        Args:
            of: only what one of the staff did.
            what: only page, export, act, signin or denied.
            before: only lines with a lower number, for the next page.
            most: how many.

        """
        query = select(*audit.c).order_by(audit.c.seq.desc()).limit(most)
        if of is not None:
            query = query.where(audit.c.staff == of)
        if what is not None:
            query = query.where(audit.c.what == what)
        if before is not None:
            query = query.where(audit.c.seq < before)
        return self._read(lambda db: [(row[0], AuditRow(*row[1:])) for row in db.execute(query)])

    def views(self, of: str) -> list[ViewRow]:
        """Give the views somebody saved and those that others share, by name."""
        query = (
            select(*saved_view.c)
            .where((saved_view.c.staff == of) | saved_view.c.shared)
            .order_by(saved_view.c.name, saved_view.c.id)
        )
        found = self._read(lambda db: _rows(db, ViewRow, query))
        return [each._replace(shared=bool(each.shared)) for each in found]

    def put_view(self, row: ViewRow) -> None:
        """Keep a view, in place of the one with its identifier."""
        with self._writing() as db:
            _PUT_VIEW.rows(db, [row])

    def drop_view(self, name: str, of: str) -> bool:
        """Forget one of the views somebody saved; tell whether there was one."""
        its = (saved_view.c.id == name) & (saved_view.c.staff == of)
        with self._writing() as db:
            return bool(db.execute(delete(saved_view).where(its)).rowcount)

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with writing(self._engine) as db:
            check_version(db)
            yield db

    def _read(self, ask: Callable[[Connection], Told]) -> Told:
        with reading(self._engine) as db:
            return ask(db)


def _rows(db: Connection, of: type[Row], query: Select[Any]) -> list[Row]:
    return [of(*row) for row in db.execute(query)]


def _one(db: Connection, of: type[Row], query: Select[Any]) -> Row | None:
    row = db.execute(query).first()
    return None if row is None else of(*row)
