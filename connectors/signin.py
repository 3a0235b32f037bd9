"""Sign requests: what a client asks for before each, and the tokens that stand behind it."""

from __future__ import annotations

import base64
import difflib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

from connectors.errors import ConfigurationError
from ombud.model.connector import Check

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ombud.model.connector import Manifest
    from ombud.model.facts import Instant
    from ombud.settings import Account

#: The ways of signing in whose tokens are fetched and refreshed, and so kept in the database.
CREDENTIALS = "client_credentials"
CODE = "code"
#: The scope that brings a refresh token.
_OFFLINE = "offline_access"
FETCHED = frozenset({CREDENTIALS, CODE})


class Authorizer(Protocol):
    """Sign an account's requests."""

    @property
    def base(self) -> str | None:
        """Give the address that tokens are good for; `None` where it is the account's own."""
        ...

    @property
    def remedy(self) -> str:
        """Say what to do where the helpdesk takes us for nobody."""
        ...

    def headers(self) -> Mapping[str, str]:
        """Give the headers that sign the next request; raises `HelpdeskError` where there is nothing to sign with."""
        ...

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Take note that the helpdesk refused these headers with 401; tell whether others are to be tried."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """Sign every request alike, by a secret that stands in the environment or in .env."""

    signed: Mapping[str, str] = field(repr=False)
    remedy: str = ""
    base: str | None = None

    def headers(self) -> Mapping[str, str]:
        """Give the same headers every time."""
        return self.signed

    def renew(self, refused: Mapping[str, str]) -> bool:  # noqa: ARG002 (part of the protocol)
        """Know no others."""
        return False


def basic(name: str, word: str) -> dict[str, str]:
    """Give the header of HTTP's basic sign-in."""
    return {"Authorization": f"Basic {base64.b64encode(f'{name}:{word}'.encode()).decode()}"}


def bearer(token: str) -> dict[str, str]:
    """Give the header of an access token."""
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True, slots=True)
class Grant:
    """Hold what a sign-in gave; never printed, and stored encrypted only.

    Attributes:
        access: the access token.
        refresh: the token that fetches the next ones, each good for one use.
        obtained: when they were given.
        until: when the access token ends, if the helpdesk says.
        refresh_until: when the refresh token ends, if the helpdesk says.
        scopes: what they allow.
        base: the address they are good for, where it is not the account's own.
        way: the way of signing in that gave them.
        asked: when a refresh was asked for whose answer is not here; `None` where none is out.

    """

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    obtained: Instant
    until: Instant | None
    refresh_until: Instant | None
    scopes: frozenset[str]
    base: str | None = None
    way: str = CODE
    asked: Instant | None = None

    def as_text(self) -> str:
        """Write it as a text to be sealed."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(told | {"scopes": sorted(self.scopes)})

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `as_text` wrote."""
        told = json.loads(text)
        return cls(**(told | {"scopes": frozenset(told["scopes"])}))


def way_of(account: str, settings: Account, manifest: Manifest) -> str:
    """Give the way an account signs in: `sign_in` of its options, else the vendor's first.

    Raises:
        ConfigurationError: the vendor knows no such way.

    """
    told = str(settings.options.get("sign_in") or next(iter(manifest.sign_in), ""))
    if manifest.sign_in and told not in manifest.sign_in:
        known = ", ".join(manifest.sign_in)
        raise ConfigurationError(
            f"accounts.{account}.options.sign_in: {told!r} is not known for {manifest.vendor}. Known: {known}"
        )
    return told


def asked_scopes(manifest: Manifest, *, writes: bool, hooks: bool = False) -> tuple[str, ...]:
    """Give the scopes to ask for: those for reading alone, unless something is to be written or hooks installed."""
    asked = [name for name in manifest.oauth if writes or not _for_writing(name)]
    if hooks:
        # A scope of all resources (`write`) has that of each (`webhooks:write`) in it.
        asked += [
            name for name in manifest.hooks if ":" in name and name.rpartition(":")[2] not in asked
        ]
    return tuple(asked)


def compare_scopes(
    manifest: Manifest,
    granted: frozenset[str],
    *,
    writes: bool,
    renews: bool = False,
    hooks: bool = False,
) -> Iterator[Check]:
    """Compare the scopes that were granted with those that are needed; name the missing and the misspelt.

    Args:
        manifest: names those that are needed, each with its reason.
        granted: what the helpdesk says was granted.
        writes: whether anything is to be written.
        renews: whether a refresh token came with the token, of whose scope no vendor speaks afterwards.
        hooks: whether hooks may be installed; without their scope everything else goes on.

    """
    reasons = {**manifest.hooks, **manifest.oauth}
    asked = asked_scopes(manifest, writes=writes, hooks=hooks)
    for name in asked:
        have = name in granted or (renews and name == _OFFLINE)
        why = reasons[name] if have else f"was not granted; needed {reasons[name]}"
        remedy = "" if have else "Add it to the OAuth client, then run `ombud accounts connect`"
        ok = have or (None if name in manifest.hooks else False)
        yield Check(f"Scope {name}", ok=ok, why=why, remedy=remedy)
    for name in sorted(granted - set(asked)):
        if name in manifest.hooks:
            continue
        if name in manifest.oauth:
            why = "was granted, and is not needed to observe"
            yield Check(f"Scope {name}", ok=None, why=why, remedy="Take it away to be on the safe side")  # fmt: skip
            continue
        near = difflib.get_close_matches(name, [each for each in asked if each not in granted], 1)
        if near:
            why = f"was granted, but is no scope that is known: {near[0]} misspelt?"
            remedy = f"Ask for {near[0]}: a misspelt scope gives a token that may do nothing"
            yield Check(f"Scope {name}", ok=False, why=why, remedy=remedy)


def _for_writing(scope: str) -> bool:
    return scope.partition(":")[0] == "write"
