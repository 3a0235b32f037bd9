"""Keep the hooks of accounts: where their helpdesks tell what changes, by which secrets, and whether they still do."""

from __future__ import annotations

import ipaddress
import logging
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from connectors.errors import ConfigurationError, HelpdeskError, Kind
from connectors.hooks import has_hooks, open_ear, open_hooks
from ombud.model.connector import Check, Interest
from ombud.model.hook import Kept
from ombud.model.instant import DAY, moment
from ombud.settings import secrets_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ombud.model.facts import Instant
    from ombud.model.hook import Ear, Hooks, Order
    from ombud.settings import Account
    from sync.service import Service

#: Where `ombud serve` hears hooks; the secret part of an address follows.
DOOR: Final = "/hooks/"
#: What ends sooner than this is prolonged: half of a Jira webhook's life, so that many days may fail.
_AHEAD: Final = 15 * DAY
_BYTES: Final = 32
_log = logging.getLogger(__name__)


class HookKeeper:
    """Install, look after and remove the hooks of one configuration's accounts; the addresses are told to nobody else."""

    def __init__(self, service: Service) -> None:
        """Keep the service; nothing is asked yet."""
        self._service = service

    @property
    def accounts(self) -> list[str]:
        """Give the accounts whose helpdesks can tell what changes."""
        accounts = self._service.settings.accounts
        return [name for name, told in accounts.items() if has_hooks(told.vendor)]

    def kept(self, account: str) -> Kept | None:
        """Give what is kept of an account's hook; `None` where none was installed."""
        told = self._service.store.token(_name(account))
        return None if told is None else Kept.read(told)

    def install(self, account: str, kind: str = "") -> Order | None:
        """Have an account's helpdesk tell what changes; gives what an administrator has to do by hand, if anything.

        What is there already is put right. May be repeated after an answer that was lost.

        Raises:
            ConfigurationError: no address to send to, or no such hook.
            HelpdeskError: the helpdesk refused; nothing of its words gives the address away.

        """
        hooks = self._open(account)
        base = self._base()
        with self._service.store.signing(_name(account)):
            kept = self.kept(account) or Kept(_word(), _word())
            if not kept.secret:
                kept = replace(kept, secret=_word())
            kept = replace(kept, url=f"{base}{DOOR}{kept.path}")
            # Kept before it is used: what was installed by an answer that got lost is ours all the same.
            self._keep(account, kept)
            try:
                kept, order = hooks.install(kept, kind=kind)
            except HelpdeskError as error:
                raise _discreet(error, kept) from None
            self._keep(account, kept)
        return order

    def check(self, account: str, now: Instant) -> Sequence[Check]:
        """Say whether an account's hook is there, switched on, points to us, delivers, and when it was last heard of."""
        hooks = self._open(account)
        kept = self.kept(account)
        if kept is None or not kept.kind:
            remedy = f"Run: ombud hooks install {account}"
            why = "none was installed: changes are found by the sweep alone, later"
            return [Check("Hook", ok=None, why=why, remedy=remedy)]
        found = [self._address(account, kept)]
        try:
            found += hooks.check(kept, now)
        except HelpdeskError as error:
            raise _discreet(error, kept) from None
        last = self._service.store.live.last_hint(account)
        if last is None:
            why, remedy = "nothing came yet", "Change a ticket while `ombud serve` runs"
            return [*found, Check("Last hint", ok=None, why=why, remedy=remedy)]
        return [*found, Check("Last hint", ok=True, why=f"{moment(last):%Y-%m-%d %H:%M} UTC")]

    def remove(self, account: str) -> Order | None:
        """Remove an account's hook, and forget its address; gives what is left to do by hand, if anything.

        Raises:
            ConfigurationError: none was installed.
            HelpdeskError: the helpdesk refused; the hook is still known.

        """
        hooks = self._open(account)
        with self._service.store.signing(_name(account)):
            kept = self.kept(account)
            if kept is None:
                raise ConfigurationError(f"{account}: no hook was installed by this Ombud")
            try:
                order = hooks.remove(kept)
            except HelpdeskError as error:
                raise _discreet(error, kept) from None
            self._service.store.drop_token(_name(account))
        return order

    def refresh_due(self, now: Instant) -> None:
        """Prolong the hooks that end within fifteen days; what fails is tried the next day, and told by `troubles`."""
        for account in self._service.settings.accounts:
            kept = self.kept(account)
            if kept is None or kept.until is None or kept.until - now > _AHEAD:
                continue
            try:
                with self._service.store.signing(_name(account)):
                    self._keep(account, self._open(account).refresh(kept, now))
            except HelpdeskError as error:
                _log.warning("%s: its hook was not prolonged: %s", account, _discreet(error, kept))

    def ears(self) -> dict[str, tuple[str, str, Ear]]:
        """Give for each secret path whose it is: account, vendor, and what verifies and reads its deliveries."""
        found: dict[str, tuple[str, str, Ear]] = {}
        for account, settings in self._service.settings.accounts.items():
            kept = self.kept(account) if has_hooks(settings.vendor) else None
            if kept is not None and kept.kind:
                vendor = settings.vendor
                found[kept.path] = (account, vendor, open_ear(account, vendor, kept))
        return found

    def troubles(self, account: str, now: Instant) -> list[Check]:
        """Say what is wrong with a hook that was installed: it died, was switched off or changed, or fails.

        A helpdesk that is down, or that lets us not look, is no trouble of the hook.
        """
        kept = self.kept(account)
        if kept is None or not kept.kind:
            return []
        try:
            return [each for each in self.check(account, now) if each.ok is False]
        except HelpdeskError as error:
            if error.kind in {Kind.busy, Kind.signin, Kind.permission}:
                return []
            why = error.detail or error.kind.value
            return [Check("Webhook", ok=False, why=why, remedy=error.remedy)]

    def _address(self, account: str, kept: Kept) -> Check:
        url = self._service.settings.serve.url or ""
        held = kept.url == f"{url.rstrip('/')}{DOOR}{kept.path}"
        why = "is that of [serve] url" if held else "is another than that of [serve] url"
        remedy = "" if held else f"Set [serve] url, and run: ombud hooks install {account}"
        return Check("Address", ok=held, why=why, remedy=remedy)

    def _base(self) -> str:
        url = self._service.settings.serve.url
        if url is None:
            raise ConfigurationError(
                "serve.url is not set: helpdesks have nowhere to tell us. Set it in ombud.toml to where this machine is reached from outside, https://ombud.example"
            )
        return _checked(url)

    def _keep(self, account: str, kept: Kept) -> None:
        self._service.store.keep_token(_name(account), kept.as_text(), kept.until)

    def _of(self, account: str) -> Account:
        self._service.known(account)
        return self._service.settings.accounts[account]

    def _open(self, account: str) -> Hooks:
        service, settings = self._service, self._of(account)
        return open_hooks(
            account,
            settings,
            lambda names: secrets_of(account, names, service.settings.folder),
            interest=Interest(tuple(self._projects(account))),
            clock=service.clock,
            sleep=service.sleep,
            authorizer=service.signin.authorizer(account) if has_hooks(settings.vendor) else None,
        )

    def _projects(self, account: str) -> Iterator[str]:
        """Give the projects that the account's bindings name; none where any of them may be everywhere."""
        scopes = [
            bound.scope.projects for bound in self._service.bounds if bound.account == account
        ]
        if all(scopes):
            yield from dict.fromkeys(project for scope in scopes for project in scope)


def _name(account: str) -> str:
    """Give the name under which a hook is kept; no account's name has a space in it."""
    return f"{account} hook"


def _word() -> str:
    return secrets.token_urlsafe(_BYTES)


def _checked(url: str) -> str:
    """Refuse an address that helpdesks must not send to; give it without a slash at its end."""
    parts = urlsplit(url)
    told = f"serve.url: {url!r}"
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(f"{told} is more than an address. Write https://{parts.hostname}")
    if parts.scheme == "http" and not _loopback(parts.hostname or ""):
        raise ConfigurationError(
            f"{told}: what helpdesks tell must not be read under way. Write https://{parts.hostname}"
        )
    return url.rstrip("/")


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _discreet(error: HelpdeskError, kept: Kept) -> HelpdeskError:
    """Take the secrets out of what a helpdesk said: some say an address back."""
    detail = error.detail
    for word in (kept.path, kept.secret):
        if word:
            detail = detail.replace(word, "…")
    return HelpdeskError(
        error.kind,
        error.account,
        error.operation,
        status=error.status,
        detail=detail,
        remedy=error.remedy,
        retry_after=error.retry_after,
        uncertain=error.uncertain,
    )
