"""Open what hears an account's hook, and what installs it; a vendor without a hook.py has none."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from connectors import manifest_of, secrets_for
from connectors.check import load_manifest
from connectors.errors import ConfigurationError
from ombud.model.connector import Capability

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.model.connector import Interest
    from ombud.model.hook import Ear, Hooks, Kept
    from ombud.settings import Account

#: What stands before an account's name in the name of its hook, so that people see whose it is.
PREFIX = "Ombud "


def has_hooks(vendor: str) -> bool:
    """Tell whether a vendor's helpdesk can tell what changes."""
    return Capability.hooks in load_manifest(vendor).capabilities


def open_ear(account: str, vendor: str, kept: Kept) -> Ear:
    """Open what verifies and reads an account's deliveries, by what was kept when its hook was installed."""
    ear: Ear = import_module(f"connectors.{vendor}.hook").ear(account, vendor, kept)
    return ear


def open_hooks(
    account: str,
    settings: Account,
    secrets: Callable[[tuple[str, ...]], Mapping[str, str]],
    *,
    interest: Interest,
    clock: Clock,
    sleep: Callable[[float], None],
    on_wait: Callable[[str, float], None] | None = None,
    authorizer: Authorizer | None = None,
) -> Hooks:
    """Open what installs, looks after and removes an account's hook.

    Args:
        account: the account's name.
        settings: its lines in ombud.toml.
        secrets: gives the secrets that the manifest names for the account's way of signing in.
        interest: projects or queues that matter, where the vendor can tell of these alone.
        clock: tells the time.
        sleep: waits.
        on_wait: told why and how long it waits.
        authorizer: signs requests where tokens are fetched; without, the secrets do.

    Raises:
        ConfigurationError: no such vendor, way of signing in or hook, or an address that must not be used.

    """
    manifest = manifest_of(account, settings)
    if not has_hooks(settings.vendor):
        raise ConfigurationError(
            f"accounts.{account}: {manifest.title} tells nobody what changes; it is swept instead"
        )
    needed = secrets_for(account, settings, manifest, authorizer)
    hooks: Hooks = import_module(f"connectors.{settings.vendor}.hook").hooks(
        account,
        settings,
        secrets(needed),
        interest=interest,
        clock=clock,
        sleep=sleep,
        on_wait=on_wait,
        authorizer=authorizer,
    )
    return hooks
