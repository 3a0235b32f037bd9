"""The packs in force, one pack with all it asks and where that stands, and two versions of it compared."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ombud.model.instant import moment
from ombud.web.dash.frame import framed
from ombud.web.shield import nothing
from sync.figures.coverage import rule_states
from sync.figures.packs import compared, modes_by_rule, shown_packs, sides, unused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from ombud.web.dash.ask import Ask
    from sync.figures.packs import Shown, Side


def show(ask: Ask) -> Response:
    """Show the packs in force."""
    return framed(
        ask, "packs.html", title="Packs", packs=_shown(ask), unused=unused(ask.service)
    )  # fmt: skip


def show_one(ask: Ask) -> Response:
    """Show one pack."""
    name = str(ask.request.path_params["pack"])
    found = next((each for each in _shown(ask) if each.pack.id == name), None)
    if found is None:
        return nothing()
    book = {(each.pack, each.id) for each in ask.rules.values()}
    return framed(
        ask,
        "pack.html",
        title=found.pack.title,
        told=found,
        modes=modes_by_rule(found.uses),
        states={each.id: each for each in rule_states(ask.service.bounds, book) if each.pack == name},
    )  # fmt: skip


def show_diff(ask: Ask) -> Response:
    """Show what one version asks otherwise than another; without words, the newest against the one before."""
    name = str(ask.request.path_params["pack"])
    there = sides(ask.service, name)
    if not there:
        return nothing()
    one = _chosen(there, ask.view("from"), -2 if len(there) > 1 else 0)
    other = _chosen(there, ask.view("to"), -1)
    return framed(
        ask,
        "diff.html",
        title="Compare versions",
        pack=name,
        sides=there,
        one=one,
        other=other,
        asked=(ask.view("from"), ask.view("to")),
        differences=compared(one, other) if one is not None and other is not None else None,
    )


def _chosen(there: Sequence[Side], name: str, default: int) -> Side | None:
    """Give the version that an address names; `None` for one that is not there."""
    if not name:
        return there[default]
    return next((each for each in there if each.name == name), None)


def _shown(ask: Ask) -> list[Shown]:
    return shown_packs(ask.service, moment(ask.now, ask.zone).date())
