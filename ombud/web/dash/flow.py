"""The page of flow: what really happened beside what the pack demands, by stages or by the helpdesk's own statuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from ombud.model.facts import STAGES
from ombud.store.book.flow import edge_of, step_of
from ombud.web.dash.flow_drawing import Shown, brief, dots, drawn, title_of
from ombud.web.dash.frame import framed
from ombud.web.dash.told import number
from sync.figures.flow import flow, sentence
from sync.figures.flow_words import STAGE_WORDS
from sync.filters import within
from sync.periods import before

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from ombud.web.dash.ask import Ask
    from sync.figures.flow import Deviation, Edge, Flow, Node, Variant

FILTERS: Final = (
    "period", "date", "helpdesk", "product", "team", "pack", "channel", "category", "severity", "project", "binding", "open", "moved",
    "before", "against", "known",
)  # fmt: skip
#: Variants and steps that are shown at first, and at most.
_FIRST: Final = 8
_MOST: Final = 500
#: Variants that one link names together.
_LINKED: Final = 100
#: Activities on the band, where they are not the stages.
_ON_BAND: Final = 7
_VIEW: Final = ("by", "tab", "show")


def show(ask: Ask) -> Response:
    """Show the flow."""
    by = "status" if ask.view("by") == "status" else "stage"
    by_time = ask.view("tab") == "time"
    whole = ask.view("show") == "all"
    called = _called(ask) if by == "status" else STAGE_WORDS.get
    compared = ask.asking.against or before(ask.asking.period, ask.zone, ask.now)
    former = None if compared is None else within(ask.asking, compared).filter
    told = flow(ask.book, ask.filter, by, former=former, name=lambda name: called(name) or name)
    names = {each.name: called(each.name) or each.name for each in told.nodes}
    band = _band(told)
    shown = [
        Shown(each, _label(each, told, by_time=by_time), title_of(each), _edge_link(ask, each))
        for each in told.edges
    ]
    drawing, left = drawn(
        band,
        shown,
        called=lambda name: names.get(name) or STAGE_WORDS.get(name, name),
        node_link=lambda name: ask.link("/complaints", step=step_of(name, by)),
        by_time=by_time,
        words="Steps that followed each other directly; the table below says the same",
        band=_required(ask, told),
    )
    most = _MOST if whole else _FIRST
    return framed(
        ask,
        "flow.html",
        title="Flow",
        filters=FILTERS,
        flow=told,
        sentence=sentence(told, lambda each: names.get(each, each)),
        commonest=_commonest(told.deviations),
        drawing=drawing if told.nodes else None,
        left=left,
        elsewhere=len(told.nodes) - sum(each.name in names for each in band),
        by=by,
        by_time=by_time,
        whole=whole,
        most=most,
        variants=told.variants[:most],
        rest=told.variants[most:],
        stages=STAGES,
        stage_words=STAGE_WORDS,
        names=names,
        compared=compared,
        here=lambda **changed: _here(ask, **changed),
        dots=lambda variant: dots(variant, STAGES, STAGE_WORDS),
        faults=_faults,
        edge_link=lambda edge: _edge_link(ask, edge),
        edge_title=title_of,
        node_link=lambda name: ask.link("/complaints", step=step_of(name, by)),
        variant_link=lambda each: ask.link("/complaints", variant=each.key, open="no"),
        rest_link=ask.link(
            "/complaints", variant=[each.key for each in told.variants[most:]], open="no"
        )
        if len(told.variants) - most <= _LINKED
        else "",
        deviation_link=lambda each: _deviation_link(ask, each),
        covered=_covered(told),
        start_key=lambda name: edge_of("", name, by),
        end_key=lambda name: edge_of(name, "", by),
    )


def _here(ask: Ask, **changed: str | None) -> str:
    """Give this page's address with another view of the same complaints."""
    view = {name: ask.view(name) for name in _VIEW} | changed
    told = [*ask.asking.words, *((name, value) for name, value in view.items() if value)]
    return f"/flow?{urlencode(told)}" if told else "/flow"


def _edge_link(ask: Ask, edge: Edge) -> str:
    return ask.link("/complaints", edge=edge.key)


def _deviation_link(ask: Ask, each: Deviation) -> str:
    if each.kind == "late":
        return ask.link("/complaints", rule=each.about, verdict="fail", open="no")
    return ask.link("/complaints", deviation=f"{each.kind}:{each.about}")


def _called(ask: Ask) -> Callable[[str], str | None]:
    """Give the names of native statuses, which some helpdesks keep as numbers."""
    known = {
        status: told.name
        for bound in ask.service.bounds
        for status, told in bound.mapping.stages.items()
        if told.name
    }
    return known.get


def _band(told: Flow) -> list[Node]:
    """Give the activities that stand on the band: every stage, or those of the commonest way, in its order."""
    from sync.figures.flow import Node

    held = {each.name: each for each in told.nodes}
    if told.activity == "stage":
        return [held.get(stage) or Node(stage, 0, 0, 0, 0) for stage in STAGES]
    happy = told.happy
    way = list(dict.fromkeys(happy.way)) if happy is not None else []
    if not way:
        way = [each.name for each in told.nodes]
    return [held[each] for each in way[:_ON_BAND] if each in held]


def _label(edge: Edge, told: Flow, *, by_time: bool) -> str:
    first = brief(edge.median).replace(" ", "\u00a0") if by_time else number(edge.complaints)
    if told.activity == "status" or edge.kind == "step":
        return first
    words = edge.words.partition(" after ")[0] if edge.kind == "back" else edge.words
    if words.startswith("reopened"):
        words = "reopened"
    return f"{first} {words}"


def _required(ask: Ask, told: Flow) -> str:
    if told.activity == "status":
        return "the commonest way"
    packs = ", ".join(dict.fromkeys(bound.pack.title_version for bound in ask.service.bounds))
    if not told.demanded:
        return f"stages in their order; {packs} demands none of them"
    return f"required path, {packs}"


def _commonest(deviations: tuple[Deviation, ...]) -> Deviation | None:
    found = [each for each in deviations if each.kind != "late"]
    return max(found, key=lambda each: each.complaints, default=None)


def _faults(variant: Variant) -> list[str]:
    """Say how a way leaves the path."""
    told = [f"{STAGE_WORDS[each].lower()} missing" for each in variant.missing]
    told += [f"{STAGE_WORDS[each].lower()} late in order" for each in variant.turned]
    if variant.extra:
        *others, last = [STAGE_WORDS[each].lower() for each in variant.extra]
        told.append(f"{', '.join(others)}{' and ' if others else ''}{last} again")
    return told


def _covered(told: Flow) -> tuple[int, float] | None:
    """Give how many of the commonest ways cover at least two thirds, and how much they cover."""
    total = sum(each.complaints for each in told.variants)
    if total < 30:
        return None
    held = 0
    for count, each in enumerate(told.variants, 1):
        held += each.complaints
        if 3 * held >= 2 * total:
            return count, held / total
    return None
