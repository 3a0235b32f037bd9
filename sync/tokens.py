"""Keep one account's OAuth tokens: stored before they are used, refreshed by one process at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from connectors.errors import HelpdeskError, Kind
from connectors.oauth import again
from connectors.signin import CREDENTIALS, Grant, bearer
from ombud.model.instant import MINUTE, instant, moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.oauth import OAuth
    from ombud.model.clock import Clock
    from ombud.model.facts import Instant
    from ombud.store import Store

#: A token is refreshed so long before it ends, but not before three quarters of its life are over.
_AHEAD: Final = 5 * MINUTE
#: A token younger than this is not refreshed for being refused: another would be refused too.
_YOUNG: Final = 5 * MINUTE
#: Time left to a server that is busy, while the old token still signs.
_PAUSE: Final = MINUTE
_OPERATION: Final = "refresh of the sign-in"


class Tokens:
    """Sign an account's requests by tokens that are kept in the database; an `Authorizer`.

    What a refresh gives is stored before it is used. That one was asked for is stored before it is sent, so
    that an answer which never came is known of afterwards.
    """

    def __init__(
        self,
        account: str,
        way: str,
        scopes: Sequence[str],
        store: Store,
        oauth: OAuth,
        clock: Clock,
    ) -> None:
        """Prepare; nothing is read or asked yet.

        Args:
            account: the account.
            way: how it signs in, `client_credentials` or `code`.
            scopes: what to ask for where no person is asked.
            store: keeps the tokens.
            oauth: asks for them.
            clock: tells when they end.

        """
        self.account = account
        self.remedy = again(account)
        self._way = way
        self.scopes = tuple(scopes)
        self._store = store
        self.oauth = oauth
        self._clock = clock
        self._held: Grant | None = None
        self._not_before: Instant = 0

    def __repr__(self) -> str:
        return f"Tokens({self.account!r})"

    @property
    def base(self) -> str | None:
        """Give the address that the tokens are good for."""
        return self._known().base

    def headers(self) -> Mapping[str, str]:
        """Sign a request, with a new token where the one that is held is about to end."""
        held = self._known()
        if self._ageing(held):
            try:
                held = self._renewed(held)
            except HelpdeskError as error:
                # There is time yet: the old one signs until it ends.
                if error.kind is not Kind.busy or self._over(held):
                    raise
                self._not_before = self._now() + _PAUSE
        return bearer(held.access)

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Fetch a new token in place of a refused one, unless that one was new itself."""
        held = self._known()
        if bearer(held.access) == refused:
            fresh = self._renewed(held, refused=True)
            return fresh.access != held.access
        return True

    def kept(self) -> Grant | None:
        """Give what is kept in the database; `None` where nobody signed in this way yet."""
        told = self._store.token(self.account)
        grant = None if told is None else Grant.read(told)
        return grant if grant is not None and grant.way == self._way else None

    def keep(self, grant: Grant) -> None:
        """Store tokens; only then are they used."""
        self._store.keep_token(self.account, grant.as_text(), grant.until)
        self._held = grant

    def _known(self) -> Grant:
        if self._held is None:
            self._held = self.kept()
        if self._held is None:
            raise HelpdeskError(
                Kind.signin,
                self.account,
                "sign-in",
                detail="nobody has signed in yet",
                remedy=f"Run: ombud accounts connect {self.account}",
            )
        return self._held

    def _renewed(self, stale: Grant, *, refused: bool = False) -> Grant:
        """Fetch a new token, or take the one that somebody else has fetched meanwhile."""
        with self._store.signing(self.account):
            kept = self.kept() or stale
            if kept.access != stale.access:
                self._held = kept
                return kept
            if refused and self._now() - kept.obtained < _YOUNG:
                return kept
            self.keep(self._fetched(kept))
        return self._known()

    def _fetched(self, kept: Grant) -> Grant:
        if self._way == CREDENTIALS:
            try:
                return self.oauth.by_credentials(self.scopes)
            except HelpdeskError as error:
                # A token too many does no harm; whatever was to be signed has not been sent.
                error.uncertain = False
                raise
        if kept.refresh is None:
            raise self._trouble("the token has ended, and no refresh token came with it")
        self.keep(replace(kept, asked=self._now()))
        try:
            fresh = self.oauth.by_refresh(kept.refresh)
        except HelpdeskError as error:
            if error.uncertain:
                said = f"the answer to a refresh was lost ({error.detail}); it is tried once more, but the token may be spent"
                raise self._trouble(said, Kind.busy) from error
            if error.kind is Kind.signin and kept.asked is not None:
                since = f"{moment(kept.asked):%Y-%m-%d %H:%M} UTC"
                said = f"the answer to a refresh was lost at {since}, and with it the only token that is still good"
                raise self._trouble(said) from error
            # It did not happen.
            self.keep(kept)
            raise
        return replace(
            fresh,
            refresh=fresh.refresh or kept.refresh,
            scopes=fresh.scopes or kept.scopes,
            base=kept.base,
        )

    def _trouble(self, said: str, kind: Kind = Kind.signin) -> HelpdeskError:
        return HelpdeskError(kind, self.account, _OPERATION, detail=said, remedy=self.remedy)

    def _ageing(self, held: Grant) -> bool:
        if held.until is None:
            return False
        if self._now() < self._not_before and not self._over(held):
            return False
        return self._now() >= held.until - min(_AHEAD, (held.until - held.obtained) // 4)

    def _over(self, held: Grant) -> bool:
        return held.until is not None and self._now() >= held.until

    def _now(self) -> Instant:
        return instant(self._clock.now())
