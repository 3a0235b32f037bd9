"""Whom an issuer vouches for by OpenID Connect: who they are among the staff, and as what they are let in."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from ombud.model.instant import DAY
from sync.persons import Refused
from sync.staff import ROLES, VOUCHED, cleaned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ombud.dashboard_settings import OidcSettings
    from ombud.model.facts import Instant
    from ombud.store import StaffRow
    from sync.service import Service
    from sync.staff import Roster

#: An auditor whom the issuer brings may look for so long; an admin can set another end.
_AUDITOR_LASTS: Final = 30 * DAY
#: Of several roles the first of these counts.
_ORDER: Final = ("admin", "compliance", "auditor", "viewer")
_REFUSED: Final = "You are not on the staff here. Ask whoever looks after Ombud to take you on"


def vouched(
    service: Service, roster: Roster, told: OidcSettings, claims: Mapping[str, Any]
) -> StaffRow:
    """Give the one of the staff that an issuer's claims are about, taken on where the settings say so.

    Somebody on the staff whose login is the e-mail address that the issuer has verified is found by it the first
    time, and by the issuer's subject ever after.

    Raises:
        Refused: they are nobody here, or may not sign in.

    """
    access, subject = service.store.access, str(claims["sub"])
    row = access.by_subject(told.issuer, subject)
    role, groups = _role(told, claims), _groups(told, claims)
    email = _email(claims)
    if row is None and email:
        known = access.by_login(email)
        if known is not None and known.issuer is None:
            if not known.let_in(service.now()):
                raise Refused(_REFUSED)
            row = roster.bind(known.id, told.issuer, subject)
    if row is None:
        taken = role or ("viewer" if told.unknown == "viewer" else None)
        if taken is None:
            raise Refused(_REFUSED)
        login = email or f"{VOUCHED}{hashlib.sha256(subject.encode()).hexdigest()[:16]}"
        return roster.add(
            login,
            name=cleaned(str(claims.get("name") or email or "")) or login,
            role=taken,
            by=None,
            person=f"{VOUCHED}{email or subject}",
            groups=groups,
            until=_end(taken, service.now()),
            issuer=told.issuer,
            subject=subject,
        )
    if not row.let_in(service.now()):
        raise Refused(_REFUSED)
    if told.roles and role is None:
        # The issuer says who is what, and says nothing of them any more.
        if told.unknown == "refuse":
            raise Refused(_REFUSED)
        role = "viewer"
    end = _end(role, service.now()) if row.until is None else None
    return roster.change(row.id, by=None, role=role, groups=groups, until=end)


def _end(role: str | None, now: Instant) -> Instant | None:
    """Give when somebody's time is over whom the issuer calls an auditor: an auditor has an end."""
    return now + _AUDITOR_LASTS if role == "auditor" else None


def _role(told: OidcSettings, claims: Mapping[str, Any]) -> str | None:
    """Give the role that the claims tell; of several the one that may most."""
    if told.role_claim is None:
        return None
    found = {told.roles[each] for each in _texts(claims.get(told.role_claim)) if each in told.roles}
    assert set(_ORDER) == set(ROLES)
    return next((each for each in _ORDER if each in found), None)


def _groups(told: OidcSettings, claims: Mapping[str, Any]) -> list[str] | None:
    return None if told.groups_claim is None else _texts(claims.get(told.groups_claim))


def _email(claims: Mapping[str, Any]) -> str:
    """Give the address that the issuer has verified; "" where it has not."""
    if claims.get("email_verified") is not True:
        return ""
    email = claims.get("email")
    return email.strip().casefold() if isinstance(email, str) else ""


def _texts(claim: object) -> list[str]:
    if isinstance(claim, str):
        return claim.split()
    return [each for each in claim if isinstance(each, str)] if isinstance(claim, list) else []
