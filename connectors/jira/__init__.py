"""Jira Cloud over REST v3."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.jira.connector import Jira

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.model.connector import Manifest
    from ombud.settings import Account

__all__ = ["Jira", "connect"]


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
) -> Jira:
    """Open an account of Jira Cloud."""
    return Jira(
        account,
        settings,
        secrets,
        manifest=manifest,
        clock=clock,
        sleep=sleep,
        on_wait=on_wait,
        authorizer=authorizer,
    )
