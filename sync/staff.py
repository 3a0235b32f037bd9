"""The staff: who may look at the dashboard, as what, and until when; and how somebody is let in the first time."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ombud.model.instant import DAY, MINUTE
from ombud.store import ONCE, SETUP, StaffRow, Taken, TokenRow, name_of
from sync.access_secrets import Passwords, check_password, digest_of, draw
from sync.persons import Person, Refused

if TYPE_CHECKING:
    from collections.abc import Collection

    from ombud.model.facts import Instant
    from ombud.store.access import Staffing
    from sync.service import Service

#: What somebody may be; what each of them may do stands in ombud/web/dash/viewer.py.
ROLES: Final = ("viewer", "compliance", "admin", "auditor")
#: Among somebody's groups: every restricted group.
EVERY: Final = "*"
#: How long a link signs somebody in, and how long the code of a fresh installation works.
LINK_LASTS: Final = 5 * MINUTE
SETUP_LASTS: Final = DAY
#: Before the identifier of somebody whom an issuer vouches for; no login that people choose has a colon.
VOUCHED: Final = "oidc:"
_LOGIN: Final = re.compile(r"[a-z0-9][a-z0-9._+@-]{0,99}")
_LONGEST: Final = 100


class Roster:
    """Keep the staff of one installation."""

    def __init__(self, service: Service, passwords: Passwords | None = None) -> None:
        """Keep what is needed; nothing is read yet."""
        self._service = service
        self._access = service.store.access
        self._passwords = passwords

    @property
    def passwords(self) -> Passwords:
        """Give what makes and verifies passwords; made at the first need, for that takes a while."""
        if self._passwords is None:
            self._passwords = Passwords()
        return self._passwords

    def person(self, row: StaffRow) -> Person:
        """Give who one of the staff is, for everything they do: whoever asks for a waiver cannot approve it."""
        persons = self._service.persons
        if row.person.startswith(VOUCHED) and row.person not in persons.natives:
            # What an issuer lets people call themselves must not make them one of the approvers.
            return Person(persons.named(row.person).key, row.login)
        return persons.named(row.person)

    def named(self, login: str) -> StaffRow:
        """Give one of the staff by login; raises `Refused` where there is none."""
        found = self._access.by_login(login)
        if found is None:
            raise Refused(f"There is no {login!r} among the staff. See: ombud staff list")
        return found

    def add(
        self,
        login: str,
        *,
        name: str,
        role: str,
        by: Person | None,
        person: str | None = None,
        groups: Collection[str] | None = None,
        zone: str | None = None,
        until: Instant | None = None,
        password: str | None = None,
        issuer: str | None = None,
        subject: str | None = None,
    ) -> StaffRow:
        """Take somebody on.

        Args:
            login: what they sign in as; an e-mail address is what OpenID Connect finds them by.
            name: what they are called.
            role: viewer, compliance, admin or auditor.
            by: who does it; `None` for Ombud itself.
            person: who they are: a person of ombud.toml or one of their accounts; the name without.
            groups: restricted groups they may see; without, an auditor sees all and others none.
            zone: IANA zone of their times; the desk's without.
            until: from when they are let in no more; an auditor must have an end.
            password: what they sign in with, if by that.
            issuer: who vouches for them.
            subject: as whom.

        Raises:
            Refused: something is not right, or the login is taken.

        """
        row = self._made(
            login,
            name=name,
            role=role,
            by=by,
            person=person,
            groups=groups,
            zone=zone,
            until=until,
            password=password,
            issuer=issuer,
            subject=subject,
        )
        with self._access.staffing() as staffing:
            self._put(staffing, row, "staff added", by)
        return row

    def _made(
        self,
        login: str,
        *,
        name: str,
        role: str,
        by: Person | None,
        person: str | None = None,
        groups: Collection[str] | None = None,
        zone: str | None = None,
        until: Instant | None = None,
        password: str | None = None,
        issuer: str | None = None,
        subject: str | None = None,
    ) -> StaffRow:
        login, name = login.strip().casefold(), cleaned(name)
        if not (_LOGIN.fullmatch(login) or (issuer and login.startswith(VOUCHED))):
            raise Refused(
                f"{login!r} is no login. Take letters, digits and . _ + @ -, at most {_LONGEST}"
            )
        if not name:
            raise Refused("Somebody on the staff has a name")
        if password is not None:
            check_password(password, login)
        now = self._service.now()
        if until is not None and until <= now:
            raise Refused("That end is past already. Say a later one")
        if groups is None:
            groups = [EVERY] if role == "auditor" else []
        row = StaffRow(
            id=name_of("staff", login, now, draw()),
            login=login,
            name=name,
            person=(person or name).strip(),
            role=role,
            password=None if password is None else self.passwords.hash(password),
            issuer=issuer,
            subject=subject,
            groups=_listed(groups),
            zone=zone or None,
            until=until,
            disabled=None,
            created=now,
            created_by=_name(by),
        )
        return self._checked(row)

    def change(
        self,
        staff: str,
        *,
        by: Person | None,
        role: str | None = None,
        groups: Collection[str] | None = None,
        until: Instant | None = None,
        endless: bool = False,
        zone: str | None = None,
    ) -> StaffRow:
        """Change what somebody may do and see; what is not given stays.

        Args:
            staff: whose, by identifier.
            by: who does it; `None` for Ombud itself.
            role: viewer, compliance, admin or auditor.
            groups: restricted groups they may see.
            until: from when they are let in no more.
            endless: takes their end away.
            zone: IANA zone of their times; "" is the desk's.

        Raises:
            Refused: something is not right, or nobody would be left who may do this.

        """
        with self._access.staffing() as staffing:
            row = _of(staffing, staff)
            told = row._replace(
                role=role or row.role,
                groups=row.groups if groups is None else _listed(groups),
                until=None if endless else until or row.until,
                zone=row.zone if zone is None else zone or None,
            )
            if told == row:
                return row
            self._checked(told)
            self._put(staffing, told, "staff changed", by)
            return told

    def disable(self, staff: str, *, by: Person | None) -> StaffRow:
        """Let somebody in no more, and end their sessions and tokens at once."""
        now = self._service.now()
        with self._access.staffing() as staffing:
            told = _of(staffing, staff)._replace(disabled=now)
            self._put(staffing, told, "staff disabled", by)
            staffing.end_sessions(staff)
            staffing.revoke_tokens(staff, now)
        return told

    def enable(self, staff: str, *, by: Person | None) -> StaffRow:
        """Let somebody in again; they sign in anew."""
        with self._access.staffing() as staffing:
            told = _of(staffing, staff)._replace(disabled=None)
            self._put(staffing, told, "staff enabled", by)
        return told

    def bind(self, staff: str, issuer: str, subject: str) -> StaffRow:
        """Have an issuer vouch for somebody from now on."""
        with self._access.staffing() as staffing:
            told = _of(staffing, staff)._replace(issuer=issuer, subject=subject)
            self._put(staffing, told, "staff vouched for", None)
        return told

    def set_password(
        self, staff: str, password: str, *, by: Person | None, keep: str | None = None
    ) -> None:
        """Give somebody a new password, and sign them out everywhere else.

        Args:
            staff: whose, by identifier.
            password: the new one.
            by: who does it.
            keep: the session that stays.

        Raises:
            Refused: the password is too easy to guess.

        """
        with self._access.staffing() as staffing:
            row = _of(staffing, staff)
        check_password(password, row.login)
        held = self.passwords.hash(password)
        with self._access.staffing() as staffing:
            told = _of(staffing, staff)._replace(password=held)
            self._put(staffing, told, "password set", by)
            staffing.end_sessions(staff, but=keep)

    def renew_hash(self, staff: str, password: str) -> None:
        """Make the hash of a password that was just found to fit anew, by today's parameters."""
        held = self.passwords.hash(password)
        with self._access.staffing() as staffing:
            told = _of(staffing, staff)._replace(password=held)
            self._put(staffing, told, "password kept anew", None)

    def link(self, staff: str, *, by: Person | None = None) -> str:
        """Give the path of an address that signs somebody in once, within five minutes."""
        code, now = draw(), self._service.now()
        with self._access.staffing() as staffing:
            row = _of(staffing, staff)
            if not row.let_in(now):
                raise Refused(f"{row.login} may not sign in. See: ombud staff list")
            staffing.put_token(_once(code, staff, ONCE, now, LINK_LASTS, _name(by)))
        return f"/signin/once?code={code}"

    def by_link(self, code: str) -> StaffRow | None:
        """Give whom a link signs in, and use it up; `None` where it does not work, or not any more."""
        now = self._service.now()
        with self._access.staffing() as staffing:
            spent = staffing.spend(digest_of(code), ONCE, now)
            row = None if spent is None else staffing.get(spent.staff)
        return row if row is not None and row.let_in(now) else None

    def setup_code(self) -> str | None:
        """Give a code that makes the first of the staff, in place of any before; `None` where there is staff."""
        now = self._service.now()
        with self._access.staffing() as staffing:
            if staffing.all():
                return None
            code = draw()
            staffing.revoke_tokens("", now)
            staffing.put_token(_once(code, "", SETUP, now, SETUP_LASTS, "ombud"))
        return code

    def make_first(self, code: str, *, login: str, name: str, password: str) -> StaffRow:
        """Make the first of the staff, an admin; raises `Refused` where the code does not work or there is staff."""
        row = self._made(login, name=name, role="admin", by=None, groups=[EVERY], password=password)
        with self._access.staffing() as staffing:
            if staffing.all():
                raise Refused("There is staff already. Ask an admin to take you on")
            if staffing.spend(digest_of(code), SETUP, row.created) is None:
                raise Refused(
                    "The code does not work, or not any more. Start ombud serve again for another"
                )
            self._put(staffing, row, "staff added", None)
        return row

    def _checked(self, row: StaffRow) -> StaffRow:
        """Give a row back whose parts fit together; raises `Refused`."""
        if row.role not in ROLES:
            raise Refused(f"{row.role!r} is no role. Roles are {', '.join(ROLES)}")
        if row.role == "auditor" and row.until is None:
            raise Refused("An auditor is let in for a time. Say until when, with --until")
        if row.zone is not None:
            try:
                ZoneInfo(row.zone)
            except (ZoneInfoNotFoundError, ValueError, OSError) as error:
                raise Refused(
                    f"{row.zone!r} is no IANA time zone. Write for instance Europe/Berlin"
                ) from error
        self._service.persons.named(row.person)
        return row

    def _put(self, staffing: Staffing, row: StaffRow, act: str, by: Person | None) -> None:
        """Keep a row; raises `Refused` where the login is taken, or nobody would be left to do this."""
        now = self._service.now()
        before = staffing.get(row.id)
        others = [each for each in staffing.all() if each.id != row.id]
        lost = before is not None and _rules(before, now) and not _rules(row, now)
        # An issuer that says who is what is not contradicted.
        if lost and by is not None and not any(_rules(each, now) for each in others):
            raise Refused(f"{row.login} is the last admin. Make somebody else one first")
        try:
            staffing.put(row, act=act, by=None if by is None else by.key, now=now)
        except Taken as error:
            raise Refused(
                f"{row.login} is on the staff already. For a new link: ombud staff link"
            ) from error


def cleaned(name: str) -> str:
    """Give a name without what does not show or turns others round, of at most 100 characters."""
    return "".join(each for each in name if each.isprintable()).strip()[:_LONGEST]


def _rules(row: StaffRow, now: Instant) -> bool:
    return row.role == "admin" and row.let_in(now)


def _of(staffing: Staffing, staff: str) -> StaffRow:
    row = staffing.get(staff)
    if row is None:
        raise Refused("They are not on the staff any more")
    return row


def _listed(groups: Collection[str]) -> str:
    return json.dumps(sorted({each.strip() for each in groups if each.strip()}), ensure_ascii=False)


def _name(by: Person | None) -> str:
    return "ombud" if by is None else by.name or by.key


def _once(code: str, staff: str, scope: str, now: Instant, lasts: int, by: str) -> TokenRow:
    sha256 = digest_of(code)
    return TokenRow(
        name_of("once", sha256), sha256, staff, f"made by {by}", scope, now, now + lasts
    )
