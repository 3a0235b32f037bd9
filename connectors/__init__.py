"""Connectors: one folder for each helpdesk, all behind `ombud.model.connector.Connector`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from connectors.check import load_manifest, vendors
from connectors.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ombud.model.clock import Clock
    from ombud.model.connector import Connector
    from ombud.settings import Account

__all__ = ["ConfigurationError", "load_manifest", "open_connector", "vendors"]


def open_connector(
    account: str,
    settings: Account,
    secrets: Callable[[tuple[str, ...]], Mapping[str, str]],
    *,
    clock: Clock,
    sleep: Callable[[float], None],
    on_wait: Callable[[str, float], None] | None = None,
) -> Connector:
    """Open an account's connector.

    Args:
        account: the account's name.
        settings: its lines in ombud.toml.
        secrets: gives the secrets that the manifest names.
        clock: tells the time.
        sleep: waits.
        on_wait: told why and how long it waits.

    Raises:
        ConfigurationError: no such vendor, or an address that must not be used.

    """
    if settings.vendor not in vendors():
        known = ", ".join(vendors())
        raise ConfigurationError(
            f"accounts.{account}.vendor: {settings.vendor!r} is not known. Known: {known}"
        )
    manifest = load_manifest(settings.vendor)
    connect = import_module(f"connectors.{settings.vendor}").connect
    connector: Connector = connect(
        account,
        settings,
        secrets(manifest.secrets),
        manifest=manifest,
        clock=clock,
        sleep=sleep,
        on_wait=on_wait,
    )
    return connector
