"""Connectors: one folder for each helpdesk, all behind `ombud.model.connector.Connector`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from connectors.check import load_manifest, vendors
from connectors.errors import ConfigurationError
from connectors.signin import FETCHED, way_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.model.connector import Connector, Manifest
    from ombud.settings import Account

__all__ = ["ConfigurationError", "load_manifest", "manifest_of", "open_connector", "vendors"]


def manifest_of(account: str, settings: Account) -> Manifest:
    """Give the manifest of an account's vendor; raises `ConfigurationError` where there is no such vendor."""
    if settings.vendor not in vendors():
        known = ", ".join(vendors())
        raise ConfigurationError(
            f"accounts.{account}.vendor: {settings.vendor!r} is not known. Known: {known}"
        )
    return load_manifest(settings.vendor)


def secrets_for(
    account: str, settings: Account, manifest: Manifest, authorizer: Authorizer | None
) -> tuple[str, ...]:
    """Name the secrets that an account's way of signing in needs.

    Raises:
        ConfigurationError: no such way, or one that needs tokens to be kept and nobody keeps them.

    """
    way = way_of(account, settings, manifest)
    if (way in FETCHED) is not (authorizer is not None):
        raise ConfigurationError(f"accounts.{account}: sign_in = {way!r} needs tokens to be kept")
    return manifest.sign_in.get(way, ())


def open_connector(
    account: str,
    settings: Account,
    secrets: Callable[[tuple[str, ...]], Mapping[str, str]],
    *,
    clock: Clock,
    sleep: Callable[[float], None],
    on_wait: Callable[[str, float], None] | None = None,
    authorizer: Authorizer | None = None,
) -> Connector:
    """Open an account's connector.

    Args:
        account: the account's name.
        settings: its lines in ombud.toml.
        secrets: gives the secrets that the manifest names for the account's way of signing in.
        clock: tells the time.
        sleep: waits.
        on_wait: told why and how long it waits.
        authorizer: signs requests where tokens are fetched; without, the secrets do.

    Raises:
        ConfigurationError: no such vendor or way of signing in, or an address that must not be used.

    """
    manifest = manifest_of(account, settings)
    needed = secrets_for(account, settings, manifest, authorizer)
    connect = import_module(f"connectors.{settings.vendor}").connect
    connector: Connector = connect(
        account,
        settings,
        secrets(needed),
        manifest=manifest,
        clock=clock,
        sleep=sleep,
        on_wait=on_wait,
        authorizer=authorizer,
    )
    return connector
