"""What stands around every page: the rail, the filters, what the figures rest on; and pages that have nothing to show."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ombud.store.book.filter import NONE
from ombud.store.book.options import options
from ombud.web.dash.alone import GROUP, own_pages
from ombud.web.dash.notice import notice_of
from ombud.web.pages import page as rendered
from sync.filters import GRADE_WORDS, TITLES, read_filter
from sync.periods import OFFERED, read_period

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from starlette.requests import Request
    from starlette.responses import Response

    from ombud.model.facts import Instant
    from ombud.web.dash.ask import Ask
    from ombud.web.dash.routes import Dashboard
    from ombud.web.dash.viewer import Viewer
    from sync.book import Progress

#: Months offered as periods, besides those named by what is last.
_MONTHS: Final = 12
#: Values of one filter that are offered; the others can be written into the address.
_MOST: Final = 40
#: Titles of pages that have no figures.
_STATES: Final = {"refused": "Not understood", "preparing": "Being prepared", "failed": "Not at the moment"}  # fmt: skip
THEMES: Final = ("auto", "light", "dark")
_KINDS: Final = (("csv", "CSV"), ("xlsx", "Excel"), ("json", "JSON"))
#: Filters that stand on the line; the others are under "+ Filter".
_ON_LINE: Final = frozenset({"period", "date", "helpdesk", "product", "team", "pack", "q", "verdict", "rule"})  # fmt: skip


class Option(NamedTuple):
    """Offer one value of a filter."""

    value: str
    label: str
    checked: bool
    complaints: int | None = None


@dataclass(frozen=True, slots=True)
class FilterMenu:
    """Offer one filter.

    Attributes:
        name: its word in an address.
        label: what people call it.
        value: what it is set to, in words.
        options: what it can be set to.
        kind: "many" values or "one"; or a field to write in, "text" or "date".
        typed: what stands in the field.
        hint: what can be written.
        free: name of a field beside the options.
        more: whether it stands under "+ Filter".
        right: whether it stands at the right end.

    """

    name: str
    label: str
    value: str
    options: tuple[Option, ...] = ()
    kind: str = "many"
    typed: str = ""
    hint: str = ""
    free: str = ""
    more: bool = False
    right: bool = False


class Link(NamedTuple):
    """Name a page in the rail."""

    href: str
    label: str
    waiting: int | None
    current: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """Hold what stands around a page; templates/dash/base.html says where.

    Attributes:
        title: the page's heading.
        path: where the page is.
        zone_name: the zone times are read in.
        desk_zone_name: the desk's.
        section: the page's name in the rail.
        pages: the rail: groups with their links.
        organisation: whose complaints these are; "" where nothing says.
        viewer: who reads; `None` before signing in.
        theme: auto, light or dark.
        filters: filters that are offered; none where the page has no use for them.
        kept: the filter's words that no menu shows.
        filter_words: the filter in words.
        query: the filter's words as they stand in an address.
        clear_href: the page without filters.
        views: saved views of the reader.
        save_to: where a view is saved.
        exports: what of the page can be taken along.
        csrf: goes into every form.
        cutoff: up to when the figures know what happened; `None` where nothing was counted.
        completeness: how complete the data are, in words.
        packs: versions of packs in force.
        known: what past day is shown; `None` for now.
        known_href: leads back to now.
        building: how far the figures are being brought up to date; `None` where they are.
        notice: what was just done.
        refused: whether it was not done.

    """

    title: str
    path: str
    zone_name: str
    desk_zone_name: str
    section: str = ""
    pages: tuple[tuple[str, tuple[Link, ...]], ...] = ()
    organisation: str = ""
    viewer: Viewer | None = None
    theme: str = "auto"
    filters: tuple[FilterMenu, ...] = ()
    kept: tuple[tuple[str, str], ...] = ()
    filter_words: str = ""
    query: str = ""
    clear_href: str = ""
    views: tuple[tuple[str, str], ...] = ()
    save_to: str = ""
    exports: tuple[tuple[str, str], ...] = ()
    csrf: str = ""
    cutoff: Instant | None = None
    completeness: str = ""
    packs: tuple[str, ...] = ()
    known: str | None = None
    known_href: str = ""
    building: Progress | None = None
    notice: str | None = None
    refused: bool = False


def framed(
    ask: Ask,
    template: str,
    *,
    title: str,
    filters: Sequence[str] = (),
    on_line: Collection[str] = _ON_LINE,
    export: str = "",
    status: int = 200,
    **told: object,
) -> Response:
    """Give a page in its frame.

    Args:
        ask: the question.
        template: name of the template under templates/dash/.
        title: the heading.
        filters: words of the filters that the page offers, in their order.
        on_line: those that stand on the line; the others are under "+ Filter".
        export: name under which what it shows is exported; "" where it is not.
        status: the answer's status.
        told: what the template needs besides `frame` and `ask`.

    """
    path = ask.request.url.path
    about = ask.keeper.about
    query = ask.asking.query
    frame = Frame(
        title=title,
        path=path,
        zone_name=ask.zone.key,
        desk_zone_name=ask.service.zone.key,
        section=next((each.title for each in ask.pages if each.path == path), ""),
        pages=_rail(ask),
        organisation=ask.service.settings.dashboard.organisation,
        viewer=ask.viewer,
        theme=theme_of(ask.request),
        filters=tuple(replace(_menu(ask, name), more=name not in on_line) for name in filters),
        kept=tuple(each for each in ask.asking.words if each[0] not in filters),
        filter_words=" · ".join(ask.asking.in_words()),
        query=query,
        clear_href=path if query else "",
        views=ask.views,
        save_to="/views" if filters else "",
        exports=tuple(
            (f"/export/{export}.{kind}{'?' + query if query else ''}", label)
            for kind, label in _KINDS
        )
        if export
        else (),
        csrf=ask.csrf,
        cutoff=ask.book.cutoff,
        completeness="completeness unknown"
        if about.share is None
        else f"{about.share:.1f} % complete",
        packs=about.packs,
        known=_known(ask),
        known_href=ask.link(path, known=None),
        building=ask.keeper.building if ask.asking.known is None else None,
        notice=notice_of(ask),
    )
    return rendered(f"dash/{template}", status=status, frame=frame, ask=ask, **told)


def refused(
    dash: Dashboard, request: Request, viewer: Viewer, problems: Sequence[str], *, status: int = 400
) -> Response:
    """Say which words of an address are not understood, or why something is not done."""
    return _state(dash, request, viewer, "refused", status, problems=list(problems))


def preparing(dash: Dashboard, request: Request, viewer: Viewer, progress: Progress) -> Response:
    """Say that what was known then is being judged, and how far it is."""
    found = _state(dash, request, viewer, "preparing", 503, progress=progress)
    found.headers["retry-after"] = "3"
    found.headers["refresh"] = "3"
    return found


def failed(dash: Dashboard, request: Request, viewer: Viewer, why: str) -> Response:
    """Say that the database does not answer."""
    return _state(dash, request, viewer, "failed", 503, why=why)


def theme_of(request: Request) -> str:
    """Give the theme that a reader chose."""
    told = request.cookies.get("theme", "auto")
    return told if told in THEMES else "auto"


def _state(
    dash: Dashboard, request: Request, viewer: Viewer, state: str, status: int, **told: Any
) -> Response:
    """Give a page that has no figures; nothing of the address's filter is taken over."""
    from ombud.web.dash.ask import Ask

    now = dash.service.now()
    asking = read_filter((), rules={}, now=now, zone=viewer.zone, groups=viewer.groups)
    ask = Ask(
        request, viewer, asking, dash.keeper.book, dash.keeper, dash.service, dash.pulses, now,
        dash.guard.csrf_of(request), dash.pages,
    )  # fmt: skip
    return framed(ask, "state.html", title=_STATES[state], status=status, state=state, **told)


def _rail(ask: Ask) -> tuple[tuple[str, tuple[Link, ...]], ...]:
    groups: dict[str, list[Link]] = {}
    # One complaint lies under the list of them.
    here = re.sub("^/complaint/", "/complaints/", ask.request.url.path)
    counts = ask.keeper.about.counts_for(ask.service, ask.keeper.book, ask.viewer.groups)
    shown = [each for each in ask.pages if each.title and ask.viewer.may(each.action)]
    above = [each.path for each in shown if here == each.path or here.startswith(f"{each.path}/")]
    # Of a page and one above it, one is current.
    nearest = max(above, key=len, default="")
    for each in shown:
        current = each.path == nearest
        href = ask.link(each.path) if each.group in {"", "Look closer"} else each.path
        groups.setdefault(each.group, []).append(
            Link(href, each.title, counts.get(each.path), current)
        )
    told = [(name, tuple(links)) for name, links in groups.items()]
    return (*told, (GROUP, own_pages(ask.viewer, here)))


def _menu(ask: Ask, name: str) -> FilterMenu:
    chosen = [value for told, value in ask.asking.words if told == name]
    label = TITLES.get(name, name).capitalize()
    if name in {"period", "against", "known"}:
        return _period_menu(ask, name, label, chosen)
    if name == "q":
        typed = chosen[-1] if chosen else ""
        return FilterMenu(name, label, typed or "any", kind="text", typed=typed)
    if name == "date":
        held = ask.filter.date
        dates = tuple(Option(each, each, each == held) for each in ("received", "due", "closed"))
        return FilterMenu(name, label, held, dates, "one")
    if name == "rule":
        told = sorted({each.id: each.title for each in ask.rules.values()}.items())
        shown = tuple(Option(each, f"{title} ({each})", each in chosen) for each, title in told)
        named = " or ".join(each.value for each in shown if each.checked)
        return FilterMenu(name, label, named or "all", shown)
    kind = "many"
    offered: list[tuple[str, int | None]]
    if name in _CHOICES:
        values, kind = _CHOICES[name]
        offered = [(each, None) for each in values]
    else:
        offered = [*options(ask.book, ask.filter.groups).get(name, ())[:_MOST]]
    known = {value for value, _ in offered}
    offered += [(each, None) for each in chosen if each not in known]
    shown = tuple(Option(v, shown_value(v, name), v in chosen, count) for v, count in offered)
    value = " or ".join(each.label for each in shown if each.checked) or "all"
    if kind == "one":
        shown = (Option("", "all", not chosen), *shown)
    return FilterMenu(name, label, value, shown, kind, more=name not in _ON_LINE)


_CHOICES: Final[dict[str, tuple[tuple[str, ...], str]]] = {
    "verdict": (("fail", "unknown", "pending", "waived", "pass"), "many"),
    "standing": (("fail", "unknown", "pending", "waived", "pass"), "many"),
    "grade": (("failing", "unknown", "pending", "after", "first", "none"), "many"),
    "open": (("yes", "no"), "one"),
    "late": (("yes", "no"), "one"),
    "waived": (("yes", "no"), "one"),
    "moved": (("yes", "no"), "one"),
    "before": (("yes", "no"), "one"),
    "enforced": (("moved-back", "person"), "one"),
}


def _period_menu(ask: Ask, name: str, label: str, chosen: list[str]) -> FilterMenu:
    now, zone = ask.now, ask.zone
    keys: list[str] = []
    if name == "known":
        keys = [read_period("last-month", now, zone).key, "last-quarter"]
    else:
        keys = ["before"] if name == "against" else list(OFFERED)
        keys += _months(ask)
    keys += [each for each in chosen if each not in keys]
    held = chosen[-1] if chosen else (ask.asking.period.key if name == "period" else "")
    if name == "against":
        value = ask.asking.against.label if ask.asking.against is not None else "nothing"
    elif name == "known":
        value = read_period(held, now, zone).label if held else "now"
    else:
        value = ask.asking.period.label
    shown = [
        Option(key, "the period before" if key == "before" else read_period(key, now, zone).label, key == held)
        for key in keys
    ]  # fmt: skip
    if name != "period":
        shown.insert(0, Option("", "now" if name == "known" else "nothing", not held))
    hint = "A day, a month or a quarter, such as 2026-03-31." if name == "known" else "Such as 2026-10, 2026-q3, last-90d, or 2026-10-01..2026-10-31."  # fmt: skip
    return FilterMenu(
        name, label, value, tuple(shown), "one", hint=hint, free=name, right=name != "period"
    )


def _months(ask: Ask) -> list[str]:
    from ombud.model.instant import moment

    today = moment(ask.now, ask.zone).date()
    number = today.year * 12 + today.month - 1
    return [f"{each // 12}-{each % 12 + 1:02d}" for each in range(number - 1, number - 1 - _MONTHS, -1)]  # fmt: skip


def shown_value(value: str, name: str = "") -> str:
    """Say a canonical value to people."""
    if value == NONE:
        return "none"
    if name == "grade":
        return GRADE_WORDS.get(value, value)
    if value.startswith("p:"):
        return f"not kept in words ({value[2:8]})"
    return (
        value.replace("_", " ").replace("-", " ") if name in _CHOICES else value.replace("_", " ")
    )


def _known(ask: Ask) -> str | None:
    told = [value for name, value in ask.asking.words if name == "known"]
    if not told:
        return None
    label = read_period(told[-1], ask.now, ask.zone).label
    return f"You see what was known at the end of {label}, judged by what was in force then."
