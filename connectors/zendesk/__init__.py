"""Zendesk Support over its API v2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.zendesk.connector import Zendesk

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.model.connector import Manifest
    from ombud.settings import Account

__all__ = ["Zendesk", "connect"]


def connect(
    account: str,
    settings: Account,
    secrets: Mapping[str, str],
    *,
    manifest: Manifest,
    clock: Clock,
    sleep: Callable[[float], None],
    on_wait: Callable[[str, float], None] | None = None,
    authorizer: Authorizer | None = None,
) -> Zendesk:
    """Open an account of Zendesk."""
    return Zendesk(
        account,
        settings,
        secrets,
        manifest=manifest,
        clock=clock,
        sleep=sleep,
        on_wait=on_wait,
        authorizer=authorizer,
    )
