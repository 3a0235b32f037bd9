"""Data health: how far each helpdesk is read, how late, what is missing, and what mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ombud.web.dash.frame import framed
from sync.completeness import span
from sync.figures.healing import NAMED, ago, desks
from sync.figures.ledger import DAYS

if TYPE_CHECKING:
    from starlette.responses import Response

    from ombud.web.dash.ask import Ask


def show(ask: Ask) -> Response:
    """Show every helpdesk."""
    told = desks(ask.service, ask.pulses, ask.keeper.book, ask.viewer.groups, ask.now)
    sound = sum(each.health.state == "fresh" for each in told)
    return framed(
        ask,
        "health.html",
        title="Data health",
        desks=told,
        sound=sound,
        days=DAYS,
        named=NAMED,
        ago=lambda at: ago(at, ask.now),
        span=span,
        shown={(each.health.account, lack.ticket) for each in told for lack in each.lacking if lack.case},
    )  # fmt: skip
