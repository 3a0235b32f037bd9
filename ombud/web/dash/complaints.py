"""The table of complaints that everything leads to: filtered, counted, narrowed down, in an order, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast
from urllib.parse import quote

from ombud.model.facts import STAGES, Verdict
from ombud.store.book.listing import ASIDE, GRAVE
from ombud.web.dash.frame import framed, shown_value
from sync.figures.complaints import SIZE, list_complaints
from sync.filters import GRADE_WORDS, TITLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.responses import Response

    from ombud.store.book.listing import Order
    from ombud.web.dash.ask import Ask
    from sync.figures.complaints import Listed

#: Filters that stand on the line; the others are under "+ Filter".
ON_LINE: Final = ("period", "date", "helpdesk", "product", "team", "rule", "verdict", "q")  # fmt: skip
FILTERS: Final = (
    *ON_LINE, "severity", "stage", "standing", "grade", "open", "late", "channel", "category", "project", "outcome", "cause",
    "waived", "moved", "enforced", "before", "binding", "pack", "known",
)  # fmt: skip
ORDERS: Final = ("received", "due", "severity", "key")
#: Words that say which complaints a list is of, before it is narrowed down.
_COHORT: Final = frozenset({"period", "date", "known"})
#: Values of a facet that are shown; the others are under the filter.
_MOST: Final = 5
_VERDICTS: Final = (Verdict.failed, Verdict.unknown, Verdict.pending, Verdict.waived, Verdict.passed)  # fmt: skip
_FACETS: Final = (
    ("severities", "severity", "Severity of complaint"),
    ("stages", "stage", "Stage"),
    ("channels", "channel", "Channel"),
    ("teams", "team", "Team"),
    ("helpdesks", "helpdesk", "Helpdesk"),
)


class Choice(NamedTuple):
    """Offer one way to narrow the list down, or to take that back."""

    label: str
    number: int
    href: str
    chosen: bool
    verdict: str = ""


class Facet(NamedTuple):
    """Offer the values of one field; `rest` says how many values more there are, and how many complaints have them."""

    title: str
    choices: Sequence[Choice]
    rest: tuple[int, int] | None = None

    @property
    def most(self) -> int:
        """Give the largest number."""
        return max((each.number for each in self.choices), default=0)


class Head(NamedTuple):
    """Head a column: its word, where it leads, and which way it is ordered now."""

    label: str
    href: str
    way: str


def show(ask: Ask) -> Response:
    """Show the complaints that the address filters."""
    order, down = order_of(ask)
    show = ask.view("show")
    show = show if show in ASIDE else ""
    told = list_complaints(
        ask.book, ask.filter, order=order, down=down, page=_page(ask), now=ask.as_of, show=show
    )
    return framed(
        ask,
        "complaints.html",
        title="Complaints",
        filters=FILTERS,
        on_line=ON_LINE,
        # A file holds what the filter names; what stands aside is named by no filter.
        export="" if show else "complaints",
        told=told,
        show=show,
        words=_words(ask),
        unfiltered=ask.link(
            "/complaints",
            **{n.replace("-", "_"): None for n, _ in ask.asking.words if n not in _COHORT},
        ),
        also=_also(ask, told),
        facets=[each for each in _facets(ask, told) if len(each.choices) > 1 or _chosen(each)],
        heads={name: _head(ask, name, order, down=down, show=show) for name in ORDERS},
        href=lambda row: ask.link(complaint_href(row.account, row.ticket)),
        previous=_at(ask, told.page - 1, show) if told.page > 1 else "",
        following=_at(ask, told.page + 1, show) if told.page < told.pages else "",
        size=SIZE,
        ends=told.page == told.pages and told.last < told.total,
        shown_value=shown_value,
        several=len(ask.service.settings.accounts) > 1,
        never=ask.book.cutoff is None,
        undated=_aside(ask, "undated"),
        before=_aside(ask, "before"),
        zones=len({bound.mapping.tzinfo.key for bound in ask.service.bounds}),
    )


def complaint_href(account: str, ticket: str) -> str:
    """Give the address of a complaint's page."""
    return f"/complaint/{quote(account, safe='')}/{quote(ticket, safe='')}"


def order_of(ask: Ask) -> tuple[Order, bool]:
    """Read what the list is ordered by; what is not understood is the usual order: the newest first."""
    told = ask.view("sort", "-received")
    name = told.removeprefix("-")
    if name not in ORDERS:
        return "received", True
    return cast("Order", name), told.startswith("-")


def _page(ask: Ask) -> int:
    told = ask.view("page", "1")
    return int(told) if told.isascii() and told.isdigit() and len(told) < 9 else 1


def _words(ask: Ask) -> list[str]:
    """Say what is asked for besides the period, a part each."""
    grouped: dict[str, list[str]] = {}
    titles = {each.id: each.title for each in ask.rules.values()}
    for name, value in ask.asking.words:
        if name in _COHORT | {"against"}:
            continue
        word = titles.get(value, value) if name == "rule" else shown_value(value, name)
        if name == "grade":
            word = GRADE_WORDS.get(value, value)
        grouped.setdefault(TITLES.get(name, name), []).append(word)
    return [f"{name} {' or '.join(values)}" for name, values in grouped.items()]


def _also(ask: Ask, told: Listed) -> list[tuple[str, str]]:
    """Say which verdicts are not in this list, where it asks for some: words and where they lead."""
    wanted = ask.filter.verdicts
    if not wanted:
        return []
    return [
        (f"{count:,} {words}", ask.link("/complaints", verdict=verdict.value))
        for verdict, words in ((Verdict.failed, "failed"), (Verdict.unknown, "unknown"), (Verdict.pending, "pending"))
        if verdict not in wanted and (count := told.facets.verdicts.get(verdict, 0))
    ]  # fmt: skip


def _facets(ask: Ask, told: Listed) -> Iterator[Facet]:
    yield _rules(ask, told)
    held = {value for name, value in ask.asking.words if name == "verdict"}
    yield Facet(
        "Verdict",
        [
            Choice(
                shown_value(each.value),
                count,
                _toggled(ask, "verdict", each.value, chosen=each.value in held),
                each.value in held,
                each.value,
            )
            for each in _VERDICTS
            if (count := told.facets.verdicts.get(each, 0))
        ],
    )
    for field, name, title in _FACETS:
        values = list(told.facets.columns[field])
        if name in _ORDERED:
            values.sort(key=lambda one: _place(_ORDERED[name], one[0]))
        held = {value for word, value in ask.asking.words if word == name}
        choices = [
            Choice(shown_value(value, name), count, _toggled(ask, name, value, chosen=value in held and len(values) == 1), value in held)
            for value, count in values[:_most(name)]
        ]  # fmt: skip
        rest = values[_most(name) :]
        yield Facet(title, choices, (len(rest), sum(each[1] for each in rest)) if rest else None)


_ORDERED: Final = {"severity": GRAVE, "stage": STAGES}


def _most(name: str) -> int:
    return len(STAGES) + 1 if name in _ORDERED else _MOST


def _place(order: Sequence[str], value: str) -> tuple[int, str]:
    return (order.index(value) if value in order else len(order), value)


def _rules(ask: Ask, told: Listed) -> Facet:
    """Name the rules that failed most; versions of a rule are one."""
    counts: dict[str, int] = {}
    titles: dict[str, str] = {}
    for number, count in told.facets.rules.items():
        info = ask.rules[number]
        counts[info.id] = counts.get(info.id, 0) + count
        titles[info.id] = info.title
    ranked = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    held = {value for name, value in ask.asking.words if name == "rule"}
    choices = [
        Choice(titles[rule], count, ask.link("/complaints", rule=rule, verdict="fail"), rule in held)
        for rule, count in ranked[:_MOST]
    ]  # fmt: skip
    rest = ranked[_MOST:]
    return Facet("Failing rule", choices, (len(rest), 0) if rest else None)


def _toggled(ask: Ask, name: str, value: str, *, chosen: bool) -> str:
    return ask.link("/complaints", **{name: None if chosen else value})


def _chosen(facet: Facet) -> bool:
    return any(each.chosen for each in facet.choices)


def _head(ask: Ask, name: str, order: str, *, down: bool, show: str) -> Head:
    """Head a column: a second look turns the order round; the gravest, the newest and the next due come first."""
    mine = name == order
    first_down = name == "received"
    turned = not down if mine else first_down
    href = _with(ask, show, sort=f"-{name}" if turned else name)
    label = {"received": "Received", "due": "Due", "severity": "Severity", "key": "Key"}[name]
    return Head(label, href, ("down" if down else "up") if mine else "")


def _at(ask: Ask, page: int, show: str) -> str:
    sort = ask.view("sort")
    return _with(ask, show, page=str(page), **({"sort": sort} if sort else {}))


def _with(ask: Ask, show: str, **view: str) -> str:
    return ask.link("/complaints", **view, **({"show": show} if show else {}))


def _aside(ask: Ask, word: str) -> str:
    return ask.link("/complaints", show=word, **({"before": None} if word == "before" else {}))
