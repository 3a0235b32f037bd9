"""Teams, channels, helpdesks: each held against what chance allows for its size; persons only where that is switched on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ombud.store.book.filter import NONE
from ombud.store.book.options import options
from ombud.store.book.teams import GROUPED
from ombud.web.dash.charts import Group, funnel
from ombud.web.dash.charts.plot import nothing as nothing_drawn
from ombud.web.dash.frame import framed, shown_value
from sync.figures.overview import FEW
from sync.figures.teams import OFFERED, PERSON, NotByPerson, count_groups

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from ombud.web.dash.ask import Ask
    from ombud.web.dash.charts import Look, Spec
    from sync.figures.teams import GroupFigures, GroupLine

FILTERS: Final = (
    "period", "date", "helpdesk", "product", "team", "pack", "channel", "category", "severity", "project", "binding", "stage", "outcome",
    "waived", "enforced", "before", "known",
)  # fmt: skip
_TITLES: Final = {
    "team": "Teams",
    "channel": "Channels",
    "helpdesk": "Helpdesks",
    "project": "Projects and queues",
    "product": "Products",
    "owner": "Agents",
}
#: Lines shown; a file of complaints has all.
_MOST: Final = 100


def show(ask: Ask) -> Response:
    """Show groups of one kind."""
    ask, by = grouped_by(ask)
    by_person = ask.service.settings.dashboard.figures_by_agent
    tabs = [
        (ask.link("/teams", by=each), _TITLES[each], "", each == by)
        for each in (*OFFERED, *([PERSON] if by_person or by == PERSON else []))
    ]
    try:
        told = count_groups(ask.book, ask.filter, by, by_person=by_person)
    except NotByPerson:
        return framed(
            ask, "teams.html", title="Teams and channels", tabs=tabs, by=by, told=None, status=403
        )
    unmapped = all(each.counts.name is None for each in (*told.large, *told.small))
    return framed(
        ask,
        "teams.html",
        title="Teams and channels",
        filters=FILTERS,
        export="teams",
        tabs=tabs,
        by=by,
        of=_TITLES[by].lower(),
        word=_TITLES[by].removesuffix("s").replace("s and queue", " or queue"),
        told=told,
        unmapped=unmapped,
        large=told.large[:_MOST],
        small=told.small[:_MOST],
        more=max(0, len(told.large) - _MOST) + max(0, len(told.small) - _MOST),
        named=lambda each: group_words(each.counts.name, by),
        link=_Links(ask, by),
        chance=_chance,
        sentence=_in_words(told),
        rows=[[group_words(each.counts.name, by), each.share.of, each.share.total, f"{100 * each.share.of / each.share.total:.1f} %", _chance(each)] for each in told.large],
    )  # fmt: skip


def chart(ask: Ask, look: Look) -> Spec:
    """Draw groups by size and by their share without a major failure."""
    ask, by = grouped_by(ask)
    try:
        told = count_groups(
            ask.book, ask.filter, by, by_person=ask.service.settings.dashboard.figures_by_agent
        )
    except NotByPerson:
        return nothing_drawn(look)
    groups = [
        Group(group_words(each.counts.name, by), each.share.of, each.share.total)
        for each in (*told.large, *told.small)
    ]
    return funnel(groups, "complaints that can be judged", look)


def group_words(name: str | None, by: str) -> str:
    """Say a group to people; a person is the pseudonym that the book keeps."""
    if name is None:
        return {"owner": "nobody"}.get(by, "none")
    if by == PERSON:
        return f"agent {name.removeprefix('p:')[:6]}"
    return shown_value(name)


class _Links:
    """Lead from a number to its complaints."""

    def __init__(self, ask: Ask, by: str) -> None:
        self._ask, self._by = ask, by

    def of(self, line: GroupLine, **words: str | Sequence[str]) -> str:
        """Lead to a group's complaints."""
        name = line.counts.name
        told = {self._by: name if name is not None else NONE} | words
        return self._ask.link("/complaints", **({"by": None} | told))

    def all(self, **words: str | Sequence[str]) -> str:
        """Lead to the complaints of all groups."""
        return self._ask.link("/complaints", **({"by": None} | words))


def grouped_by(ask: Ask) -> tuple[Ask, str]:
    """Give the question with what it is grouped by among its words."""
    by = ask.view("by")
    if by not in GROUPED:
        teams = options(ask.book, ask.filter.groups).get("team", [])
        by = "team" if any(name != NONE for name, _ in teams) else "project"
    words = (*(each for each in ask.asking.words if each[0] != "by"), ("by", by))
    return replace(ask, asking=replace(ask.asking, words=words)), by


def _chance(line: GroupLine) -> str:
    if line.beyond is None:
        return "within the limits"
    limit, above = line.beyond
    return f"{'above' if above else 'below'} the {limit} % limit"


def _in_words(told: GroupFigures) -> str:
    if not told.large:
        return f"No group has {FEW} complaints that can be judged, so there is no rate; the table has the counts."
    names = [group_words(each.counts.name, told.by) for each in told.outside]
    count = len(told.large)
    if not names:
        return f"All {count} with {FEW} complaints or more lie within the outer limit: their differences may be chance."
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    lies = "lies" if len(names) == 1 else "lie"
    return f"{listed} {lies} outside the outer limit, which chance alone hardly explains; the other {count - len(names)} lie within it."
