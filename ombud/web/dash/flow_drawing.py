"""The drawing of flow: the required path as a straight band, skips above it, returns below; and ways as rows of dots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from ombud.model.instant import DAY, HOUR, MINUTE
from ombud.web.dash.told import lasting, number

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sync.figures.flow import Edge, Node, Variant

_WIDE: Final = 1032
_BOX, _TALL, _LEVEL = 112, 44, 32
#: Arcs drawn above and below; rarer ones stand in the table.
MOST_ARCS: Final = 8
#: Mean width of a letter of 12 px, and the space around a label.
_LETTER, _AROUND = 6.4, 8
_DOT, _FIRST = 32, 12


@dataclass(frozen=True, slots=True)
class Shown:
    """Say how an edge is shown: what stands at it, what that is in full, where it leads."""

    edge: Edge
    label: str
    title: str
    href: str


@dataclass(slots=True)
class _Arc:
    shown: Shown
    left: int
    right: int
    above: bool
    begin: float = 0.0
    end: float = 0.0
    level: int = 0

    @property
    def span(self) -> int:
        return self.right - self.left

    @property
    def label_box(self) -> tuple[float, float]:
        middle = (self.begin + self.end) / 2
        half = _text_width(self.shown.label) / 2
        middle = min(max(middle, half + 2), _WIDE - half - 2)
        return middle - half, middle + half


def brief(span: int | None) -> str:
    """Write a span of microseconds as one short number, such as "3.2 d"."""
    if span is None:
        return "\u2013"
    for unit, word in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if span >= unit:
            value = span / unit
            return f"{value:.1f}\u00a0{word}" if value < 10 else f"{value:.0f}\u00a0{word}"
    return "<\u00a01\u00a0min" if span else "0\u00a0min"


def drawn(
    nodes: Sequence[Node],
    shown: Sequence[Shown],
    *,
    called: Callable[[str], str],
    node_link: Callable[[str], str],
    by_time: bool,
    words: str,
    band: str,
) -> tuple[Markup, int]:
    """Draw activities in a row with what followed what.

    Args:
        nodes: the activities on the band, in order.
        shown: edges, the most frequent first; those of other activities are left out.
        called: what people call an activity.
        node_link: where an activity leads.
        by_time: whether lines are as wide as the median time, else as the count.
        words: what the drawing shows, for who cannot see it.
        band: what the band is.

    Returns:
        The drawing, and how many edges it leaves to the table.

    """
    place = {each.name: spot for spot, each in enumerate(nodes)}
    within = [each for each in shown if each.edge.before in place and each.edge.after in place]
    steps: list[Shown] = []
    arcs: list[_Arc] = []
    for each in within:
        one, other = place[each.edge.before], place[each.edge.after]
        if other == one + 1:
            steps.append(each)
        else:
            arcs.append(_Arc(each, min(one, other), max(one, other), other > one))
    above = [each for each in arcs if each.above][:MOST_ARCS]
    below = [each for each in arcs if not each.above][:MOST_ARCS]
    centres = _centres(len(nodes))
    box = min(_BOX, _WIDE / max(len(nodes), 1) - 24)
    _ports(above, centres, box)
    _ports(below, centres, box)
    high, low = _levels(above), _levels(below)
    top = 20 + high * _LEVEL
    bottom = top + _TALL
    height = bottom + 30 + low * _LEVEL
    most = max((_weight(each.edge, by_time=by_time) for each in within), default=1) or 1
    parts = [
        Markup('<svg class="flow" viewBox="0 0 {} {}" width="{}" height="{}" role="group" aria-label="{}">').format(
            _WIDE, height, _WIDE, height, words
        ),
        Markup('<rect class="flow-band" x="0" y="{}" width="{}" height="{}" rx="4"/>').format(top - 8, _WIDE, _TALL + 16),
        Markup('<text class="flow-note" x="0" y="{}">{}</text>').format(bottom + 24, band),
    ]  # fmt: skip
    for step in steps:
        one = place[step.edge.before]
        parts.append(
            _step(step, centres[one] + box / 2, centres[one + 1] - box / 2, top, _weight(step.edge, by_time=by_time) / most)
        )  # fmt: skip
    parts += [
        _arc(each, top, bottom, _weight(each.shown.edge, by_time=by_time) / most)
        # The nearest last: their words lie over the lines of those that go further.
        for each in sorted((*above, *below), key=lambda each: -each.level)
    ]
    parts += [
        _node(each, centres[spot], box, top, called(each.name), node_link(each.name))
        for spot, each in enumerate(nodes)
    ]
    parts.append(Markup("</svg>"))
    left = len(shown) - len(steps) - len(above) - len(below)
    return Markup("").join(parts), left


def dots(variant: Variant, stages: Sequence[str], called: Mapping[str, str]) -> Markup:
    """Draw a way as a row of dots: a cross where a demanded stage is missing, a ring where it came after a later one."""
    firsts = [each for each in dict.fromkeys(variant.way) if each in stages]
    said: list[str] = []
    marks: list[Markup] = []
    for spot, stage in enumerate(stages):
        x = _FIRST + spot * _DOT
        word = called[stage].lower()
        if stage in variant.missing:
            said.append(f"{word} missing")
            marks.append(
                Markup('<svg class="icon v-fail" x="{}" y="5" width="14" height="14"><use href="#i-fail"/></svg>').format(x - 7)
            )  # fmt: skip
        elif stage in variant.turned:
            said.append(f"{word} out of order")
            marks.append(
                Markup('<circle class="dot-ring" cx="{}" cy="12" r="8"/><text class="dot-place" x="{}" y="16">{}</text>').format(
                    x, x, firsts.index(stage) + 1
                )
            )  # fmt: skip
        elif stage in firsts:
            again = variant.way.count(stage)
            said.append(word if again == 1 else f"{word} {again} times")
            marks.append(Markup('<circle class="dot" cx="{}" cy="12" r="4.5"/>').format(x))
            if again > 1:
                marks.append(
                    Markup('<text class="dot-again" x="{}" y="9">{}</text>').format(x + 6, again)
                )
    ends = [spot for spot, stage in enumerate(stages) if stage in firsts]
    line = Markup("")
    if ends:
        line = Markup('<path class="dot-line" d="M{} 12H{}"/>').format(
            _FIRST + ends[0] * _DOT, _FIRST + ends[-1] * _DOT
        )
    return Markup('<svg class="dots" width="{}" height="24" role="img" aria-label="{}">{}{}</svg>').format(
        _FIRST * 2 + (len(stages) - 1) * _DOT, ", ".join(said), line, Markup("").join(marks)
    )  # fmt: skip


def title_of(edge: Edge) -> str:
    """Say all of an edge."""
    words = f"{edge.words}: {number(edge.complaints)} complaints"
    if edge.times != edge.complaints:
        words += f", {number(edge.times)} times"
    if edge.median is not None:
        words += f"; median {lasting(edge.median)}, nine in ten within {lasting(edge.p90)}"
    if edge.off:
        words += f"; {number(edge.off)} of them deviate by it"
    return words


def _weight(edge: Edge, *, by_time: bool) -> float:
    return float((edge.median or 0) if by_time else edge.complaints)


def _centres(count: int) -> list[float]:
    box = min(_BOX, _WIDE / max(count, 1) - 24)
    if count == 1:
        return [_WIDE / 2]
    return [box / 2 + spot * (_WIDE - box) / (count - 1) for spot in range(count)]


def _ports(arcs: Sequence[_Arc], centres: Sequence[float], box: float) -> None:
    """Give each arc its own place at both boxes, so that those from one box lie inside each other."""
    for spot, centre in enumerate(centres):
        right = sorted((each for each in arcs if each.left == spot), key=lambda each: -each.span)
        left = sorted((each for each in arcs if each.right == spot), key=lambda each: each.span)
        for side, group in ((1, right), (-1, left)):
            for rank, each in enumerate(group):
                part = 6 + (box / 2 - 14) * (rank + 1) / (len(group) + 1)
                x = centre + part if side > 0 else centre - box / 2 + part
                if side > 0:
                    each.begin = x
                else:
                    each.end = x
    for each in arcs:
        # One that leads to where it came from goes from the right of its box to the left.
        if each.span == 0:
            each.begin, each.end = min(each.begin, each.end), max(each.begin, each.end)


def _levels(arcs: Sequence[_Arc]) -> int:
    """Give each arc the lowest level on which neither it nor its label lies over another; give how many there are."""
    taken: list[list[tuple[float, float]]] = []
    for each in sorted(arcs, key=lambda arc: (arc.span, arc.left)):
        low, high = each.label_box
        low, high = min(low, each.begin) - _AROUND, max(high, each.end) + _AROUND
        # What spans another lies outside it.
        inside = [other.level for other in arcs if other is not each and other.span < each.span and other.span >= 0 and other.level and other.left >= each.left and other.right <= each.right]  # fmt: skip
        level = max(inside, default=0)
        while level < len(taken) and any(low < end and begin < high for begin, end in taken[level]):
            level += 1
        while level >= len(taken):
            taken.append([])
        taken[level].append((low, high))
        each.level = level + 1
    return len(taken)


def _step(shown: Shown, begin: float, end: float, top: int, share: float) -> Markup:
    middle, thick = top + _TALL / 2 + 5, 1.5 + 8.5 * share
    head = max(thick * 0.9, 5)
    begin, end = begin + 2, end - 2
    return _link(
        shown,
        Markup('<path class="flow-step" d="M{b:.1f} {y1:.1f}H{n:.1f}V{h1:.1f}L{e:.1f} {y:.1f}L{n:.1f} {h2:.1f}V{y2:.1f}H{b:.1f}Z"/>').format(
            b=begin, e=end, n=end - head * 1.2, y=middle, y1=middle - thick / 2, y2=middle + thick / 2, h1=middle - head, h2=middle + head
        )
        + Markup('<text class="flow-count" x="{:.1f}" y="{:.1f}">{}</text>').format((begin + end) / 2, middle - head - 4, shown.label),
    )  # fmt: skip


def _arc(arc: _Arc, top: int, bottom: int, share: float) -> Markup:
    up = arc.above
    base = top if up else bottom
    sign = -1 if up else 1
    y = base + sign * (arc.level * _LEVEL - 6)
    # Above, the arrow arrives at the right; below, at the left.
    start, stop = (arc.begin, arc.end) if up else (arc.end, arc.begin)
    turn = 8 if stop > start else -8
    thick = 1.2 + 3.3 * share
    kind = "flow-off" if arc.shown.edge.off else "flow-other"
    low, high = arc.label_box
    edge = base + sign * 2
    path = Markup(
        '<path class="flow-arc" stroke-width="{t:.1f}" d="M{a:.1f} {base:.1f}V{in_:.1f}Q{a:.1f} {y:.1f} {a2:.1f} {y:.1f}H{b2:.1f}Q{b:.1f} {y:.1f} {b:.1f} {in_:.1f}V{e:.1f}"/>'
        '<path class="flow-head" d="M{b:.1f} {tip:.1f}l-4 {d}h8z"/>'
    ).format(
        t=thick, a=start, b=stop, a2=start + turn, b2=stop - turn, y=y, in_=y - sign * 8, base=base, e=base + sign * 7, tip=edge - sign, d=8 * sign
    )  # fmt: skip
    # A label that would hide its line stands outside it.
    beside = sign * 13 if high - low > abs(stop - start) - 12 else 0
    label = Markup('<text class="flow-label" x="{:.1f}" y="{:.1f}">{}</text>').format(
        (low + high) / 2, y + 4 + beside, _bold(arc.shown.label)
    )
    return Markup('<g class="{}">{}</g>').format(kind, _link(arc.shown, path + label))


def _node(node: Node, centre: float, box: float, top: int, name: str, href: str) -> Markup:
    visits = f"{number(node.complaints)} complaints, entered {number(node.times)} times"
    count = number(node.complaints) if node.times == node.complaints else f"{number(node.complaints)} · {number(node.times)} times"  # fmt: skip
    return Markup(
        '<a href="{href}" class="flow-node"><title>{name}: {visits}</title><rect x="{x:.1f}" y="{y}" width="{w:.1f}" height="{h}" rx="3"/>'
        '<text class="flow-name" x="{c:.1f}" y="{y1}">{shown}</text><text class="flow-visits" x="{c:.1f}" y="{y2}">{count}</text></a>'
    ).format(
        href=href, name=name, visits=visits, x=centre - box / 2, y=top, w=box, h=_TALL, c=centre, y1=top + 19, y2=top + 36,
        shown=_fitting(name, box), count=count,
    )  # fmt: skip


def _link(shown: Shown, inside: Markup) -> Markup:
    return Markup('<a href="{}" class="flow-edge"><title>{}</title>{}</a>').format(
        shown.href, shown.title, inside
    )


def _bold(label: str) -> Markup:
    count, _, words = label.partition(" ")
    return Markup('<tspan class="flow-bold">{}</tspan> {}').format(count, words) if words else escape(label)  # fmt: skip


def _fitting(name: str, box: float) -> str:
    most = int((box - 8) / (_LETTER + 0.6))
    return name if len(name) <= most else f"{name[: most - 1]}\u2026"


def _text_width(text: str) -> float:
    return len(text) * _LETTER + 8
