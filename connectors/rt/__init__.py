"""Request Tracker 5 over REST 2.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.rt.connector import RequestTracker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connectors.signin import Authorizer
    from ombud.model.clock import Clock
    from ombud.model.connector import Manifest
    from ombud.settings import Account

__all__ = ["RequestTracker", "connect"]


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
) -> RequestTracker:
    """Open an account of Request Tracker."""
    return RequestTracker(
        account,
        settings,
        secrets,
        manifest=manifest,
        clock=clock,
        sleep=sleep,
        on_wait=on_wait,
        authorizer=authorizer,
    )
