"""Sign accounts in: which way, with which scopes, what was granted, and until when it will do."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from connectors import manifest_of, oauth
from connectors.errors import ConfigurationError
from connectors.http import Client
from connectors.oauth import OAuth, Visit, again
from connectors.redirect import Door, redirect_address
from connectors.signin import (
    CREDENTIALS,
    FETCHED,
    Fixed,
    Grant,
    asked_scopes,
    bearer,
    compare_scopes,
    way_of,
)
from ombud.model.connector import Check
from ombud.model.instant import instant, moment
from ombud.settings import secrets_of
from sync.tokens import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from connectors.oauth import Vendor
    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.model.connector import Manifest
    from ombud.settings import Account, Settings
    from ombud.store import Store

#: A refresh token that lay unused for two thirds of the time it may is foretold to end.
_TWO_THIRDS: Final = (2, 3)


class SignIn:
    """Sign the accounts of one configuration in, and say how each stands."""

    def __init__(
        self, settings: Settings, store: Store, clock: Clock, sleep: Callable[[float], None]
    ) -> None:
        """Keep what was opened; nothing is asked yet."""
        self._settings = settings
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._tokens: dict[str, Tokens] = {}

    def way(self, account: str) -> str:
        """Give the way an account signs in; raises `ConfigurationError` for one that is not known."""
        return way_of(account, self._of(account), self._manifest(account))

    def writes(self, account: str) -> bool:
        """Tell whether any binding of an account is to write to its helpdesk."""
        return any(
            # A rule's own mode never goes beyond its binding's.
            binding.mode in {"flag", "block"}
            for binding in self._settings.bindings
            if binding.account == account
        )

    @property
    def _hooks(self) -> bool:
        """Tell whether helpdesks can reach us, so that hooks may be installed."""
        return self._settings.serve.url is not None

    def authorizer(self, account: str) -> Tokens | None:
        """Give what signs an account's requests, where that is not a secret in .env."""
        way = self.way(account)
        if way not in FETCHED:
            return None
        held = self._tokens.get(account)
        if held is None:
            asks = _oauth(
                account, self._of(account), self._secrets(account), self._clock, self._sleep
            )
            scopes = asked_scopes(
                self._manifest(account), writes=self.writes(account), hooks=self._hooks
            )
            held = Tokens(account, way, scopes, self._store, asks, self._clock)
            self._tokens[account] = held
        return held

    def connect(
        self,
        account: str,
        *,
        port: int,
        tell: Callable[[str], None],
        paste: Callable[[], str] | None,
    ) -> None:
        """Sign an account in where its way has anything to fetch, and store what it gave.

        Args:
            account: the account.
            port: of this machine, at which a person comes back; it is part of what the vendor knows.
            tell: shows a person what to do.
            paste: asks for the address that they came back to, instead of listening for them.

        Raises:
            HelpdeskError: nobody was let in, or not to this account.

        """
        tokens = self.authorizer(account)
        if tokens is None:
            return
        asks, scopes = tokens.oauth, tokens.scopes
        if self.way(account) == CREDENTIALS:
            grant = asks.by_credentials(scopes)
        elif paste is not None:
            visit = Visit(redirect_address(port))
            tell(asks.address(visit, scopes))
            grant = asks.by_return(visit, paste())
        else:
            with Door(port) as door:
                visit = Visit(door.address)
                tell(asks.address(visit, scopes))
                grant = asks.by_return(visit, door.wait())
        vendor, settings = self._vendor(account), self._of(account)
        signed = Fixed(bearer(grant.access), again(account))
        client = self._client(account, vendor.place(account, settings), signed)
        with self._store.signing(account):
            tokens.keep(grant)
            tokens.keep(vendor.placed(client, settings, grant))

    def checks(self, account: str) -> Iterator[Check]:
        """Compare what was granted with what is needed, and foretell when it ends."""
        way, manifest = self.way(account), self._manifest(account)
        tokens = self.authorizer(account)
        if tokens is None:
            yield from self._of_secret(account, way, manifest)
            return
        kept = tokens.kept()
        if kept is not None:
            yield from compare_scopes(
                manifest,
                kept.scopes,
                writes=self.writes(account),
                renews=kept.refresh is not None,
                hooks=self._hooks,
            )
        yield from self.foretell(account)

    def foretell(self, account: str) -> Iterator[Check]:
        """Foretell when an account's sign-in ends; nothing is asked."""
        now, way = self._clock.now(), self.way(account)
        tokens = self.authorizer(account)
        if tokens is not None:
            yield from _foretold(tokens.kept(), account, now, self._vendor(account).IDLE)
        elif self._manifest(account).oauth:
            yield from self._vendor(account).foretell(way, self._secrets(account), now)

    def _of_secret(self, account: str, way: str, manifest: Manifest) -> Iterator[Check]:
        """Look at a token that stands in .env: one of OAuth tells what it may do."""
        if not manifest.oauth:
            return
        vendor, settings = self._vendor(account), self._of(account)
        token = vendor.lent(way, self._secrets(account))
        if token is not None:
            client = self._client(account, vendor.place(account, settings), Fixed(bearer(token)))
            # A token that may not even ask what it may do may do nothing.
            nothing = Grant(token, None, instant(self._clock.now()), None, None, frozenset())
            scopes = vendor.placed(client, settings, nothing).scopes
            yield from compare_scopes(
                manifest, scopes, writes=self.writes(account), hooks=self._hooks
            )
        yield from self.foretell(account)

    def _client(self, account: str, base: str, authorizer: Authorizer) -> Client:
        opened = _opening(account, self._of(account), self._clock, self._sleep)
        return opened(base, authorizer=authorizer)

    def _of(self, account: str) -> Account:
        return self._settings.accounts[account]

    def _manifest(self, account: str) -> Manifest:
        return manifest_of(account, self._of(account))

    def _secrets(self, account: str) -> Mapping[str, str]:
        names = self._manifest(account).sign_in[self.way(account)]
        return secrets_of(account, names, self._settings.folder)

    def _vendor(self, account: str) -> Vendor:
        return _signin_of(self._of(account).vendor)


def sign_for_once(
    account: str,
    settings: Account,
    secrets: Mapping[str, str],
    clock: Clock,
    sleep: Callable[[float], None],
) -> Authorizer | None:
    """Sign an account in to look around, before there is a database that could keep a token.

    Raises:
        ConfigurationError: its way of signing in gives tokens that have to be kept.

    """
    manifest = manifest_of(account, settings)
    way = way_of(account, settings, manifest)
    if way not in FETCHED:
        return None
    if way != CREDENTIALS:
        raise ConfigurationError(
            f"accounts.{account}: sign_in = {way!r} keeps tokens in a database. Write ombud.toml first, then run `ombud accounts connect {account}`"
        )
    asks = _oauth(account, settings, secrets, clock, sleep)
    grant = asks.by_credentials(asked_scopes(manifest, writes=False))
    return Fixed(bearer(grant.access))


def _opening(
    account: str, settings: Account, clock: Clock, sleep: Callable[[float], None]
) -> Callable[..., Client]:
    return partial(
        Client, account, headers={}, clock=clock, sleep=sleep, ca=settings.ca, proxy=settings.proxy
    )


def _oauth(
    account: str,
    settings: Account,
    secrets: Mapping[str, str],
    clock: Clock,
    sleep: Callable[[float], None],
) -> OAuth:
    provider = _signin_of(settings.vendor).provider(account, settings, secrets)
    opened = _opening(account, settings, clock, sleep)
    return OAuth(account, provider, partial(opened, explain=oauth.said), clock)


def _signin_of(vendor: str) -> Vendor:
    return cast("Vendor", import_module(f"connectors.{vendor}.signin"))


def _foretold(
    kept: Grant | None, account: str, now: datetime, idle: timedelta | None
) -> Iterator[Check]:
    name = "Token"
    if kept is None:
        yield Check(
            name,
            ok=False,
            why="nobody has signed in yet",
            remedy=f"Run: ombud accounts connect {account}",
        )
        return
    if kept.asked is not None:
        why = f"a refresh was asked for at {moment(kept.asked):%Y-%m-%d %H:%M} UTC, and its answer never came; if the next one is refused: ombud accounts connect {account}"
        yield Check("Refresh", ok=None, why=why, remedy=again(account))
    if kept.until is None:
        yield Check(name, ok=True, why="the helpdesk does not say when it ends", remedy="")
    else:
        by_itself = kept.way == CREDENTIALS or kept.refresh is not None
        over = now >= moment(kept.until)
        why = f"until {moment(kept.until):%Y-%m-%d %H:%M} UTC{', then renewed by itself' if by_itself else ''}"
        yield Check(name, ok=by_itself or not over, why=why, remedy=again(account))
    if kept.refresh is not None:
        yield from _refresh_foretold(kept, account, now, idle)


def _refresh_foretold(
    kept: Grant, account: str, now: datetime, idle: timedelta | None
) -> Iterator[Check]:
    since = moment(kept.obtained)
    end = since + idle if idle is not None else None
    if kept.refresh_until is not None:
        end = moment(kept.refresh_until)
    if end is None:
        return
    part, whole = _TWO_THIRDS
    unused = (now - since).days
    why = f"unused for {unused} days; it ends on {end:%Y-%m-%d} unless it is used"
    if now >= end:
        yield Check(
            "Refresh token", ok=False, why=f"ended on {end:%Y-%m-%d}", remedy=again(account)
        )
    elif now >= since + (end - since) * part / whole:
        yield Check(
            "Refresh token", ok=None, why=f"{why}: run `ombud sync`", remedy="Run: ombud sync"
        )
    else:
        yield Check("Refresh token", ok=True, why=why, remedy="")
