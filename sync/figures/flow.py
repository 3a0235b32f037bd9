"""The figures of flow: what followed what, by which ways, and where complaints left the required path."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from ombud.model.facts import STAGES
from ombud.store.book import flow as ways
from ombud.store.book.flow import digest_of, edge_of, path_of
from ombud.store.book.ways import BITS
from sync.figures.flow_words import STAGE_WORDS, deviating, named
from sync.figures.overview import Share

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ombud.store.book import Book, Filter, RuleInfo
    from ombud.store.book.flow import Span, Walked

#: Of fewer times there is no median and no ninth decile.
FEWEST: Final = 5
_KINDS: Final = ("missing", "extra", "order", "late")


@dataclass(frozen=True, slots=True)
class Node:
    """Count an activity: complaints that had it, how often they did, those that began and that ended with it."""

    name: str
    complaints: int
    times: int
    begun: int
    ended: int


@dataclass(frozen=True, slots=True)
class Edge:
    """Count how often one activity followed another directly.

    Attributes:
        before: the former.
        after: the latter.
        complaints: complaints in which it did.
        times: how often it did.
        kind: "step" to the next, "skip" over some, "back" to an earlier one, or "again" to the same.
        words: what that is, for people.
        key: its name in an address.
        median: median time between the two, in microseconds; `None` of few.
        p90: nine in ten took no longer; `None` of few.
        off: closed complaints that deviated by it; the others skipped what nobody demanded, or showed it otherwise.

    """

    before: str
    after: str
    complaints: int
    times: int
    kind: str
    words: str
    key: str
    median: int | None = None
    p90: int | None = None
    off: int = 0


@dataclass(frozen=True, slots=True)
class Variant:
    """Count closed complaints that took the same way.

    Attributes:
        way: the activities in order.
        key: its name in an address.
        complaints: how many took it.
        kept: how many of them kept to the required path.
        off: how many did not; of the others it cannot be told, or nothing is demanded.
        missing: demanded stages that most of them never reached.
        turned: demanded stages that came after a later one.
        extra: stages that were entered again.
        median: from the first activity to the last, in microseconds; `None` of few.

    """

    way: tuple[str, ...]
    key: str
    complaints: int
    kept: int
    off: int
    missing: tuple[str, ...]
    turned: tuple[str, ...]
    extra: tuple[str, ...]
    median: int | None = None


@dataclass(frozen=True, slots=True)
class Deviation:
    """Count closed complaints that left the path in one manner.

    Attributes:
        kind: missing, extra, order or late.
        about: the stage, or the id of the rule whose deadline was missed.
        words: what that is, for people.
        complaints: how many; one complaint may deviate in several manners.
        before: how many in the period before; `None` without one.

    """

    kind: str
    about: str
    words: str
    complaints: int
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """Hold the figures of flow.

    Attributes:
        activity: "stage" or "status".
        complaints: all that are counted.
        open: open ones, which count neither as kept nor as off.
        path: closed ones that kept to the required path, of those of which it can be told.
        unasked: closed ones of which no rule demanded a step.
        required: the required path.
        demanded: the stages of it that some rule demands.
        nodes: activities, by how often they came first.
        edges: what followed what, the most frequent first.
        variants: ways of closed complaints, the most frequent first.
        deviations: manners of leaving the path, by kind, the most frequent first.

    """

    activity: str
    complaints: int
    open: int
    path: Share
    unasked: int
    required: tuple[str, ...]
    demanded: tuple[str, ...]
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    variants: tuple[Variant, ...] = ()
    deviations: tuple[Deviation, ...] = field(default=())

    @property
    def closed(self) -> int:
        """Give how many are closed."""
        return self.complaints - self.open

    @property
    def off(self) -> int:
        """Give how many closed ones left the required path."""
        return self.path.total - self.path.of

    @property
    def happy(self) -> Variant | None:
        """Give the way that most closed complaints took."""
        return self.variants[0] if self.variants else None

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values; times in microseconds."""
        return asdict(self) | {"closed": self.closed, "off": self.off}


def flow(
    book: Book,
    asked: Filter,
    activity: str = "stage",
    *,
    former: Filter | None = None,
    name: Callable[[str], str] | None = None,
) -> Flow:
    """Reckon the figures of flow.

    Args:
        book: the book.
        asked: which complaints.
        activity: "stage" or "status".
        former: the same of the period before, for comparison.
        name: what people call an activity.

    """
    told = figures_of(
        ways.walked(book, asked, activity),
        book.rules,
        activity,
        spans=ways.spans(book, asked, activity),
        lasted=ways.lasted(book, asked, activity),
        late=ways.late(book, asked),
        name=name,
    )
    if former is None:
        return told
    was = {
        (each.kind, each.about): each.complaints
        for each in deviations_of(ways.walked(book, former), book.rules, ways.late(book, former))
    }
    return _with(told, was)


def figures_of(
    walked: Sequence[Walked],
    rules: Mapping[int, RuleInfo],
    activity: str = "stage",
    *,
    spans: Mapping[tuple[str, str], Span] | None = None,
    lasted: Mapping[tuple[str, ...], int] | None = None,
    late: Mapping[int, int] | None = None,
    name: Callable[[str], str] | None = None,
) -> Flow:
    """Reckon the figures from counted ways.

    Args:
        walked: ways with how many took them.
        rules: rules by their numbers.
        activity: "stage" or "status".
        spans: times between two activities.
        lasted: median time that a way took.
        late: number of a deadline's rule -> closed complaints that missed it.
        name: what people call an activity.

    """
    called = name or (lambda each: STAGE_WORDS.get(each, each))
    closed = [each for each in walked if not each.open]
    asked = [each for each in closed if each.asked]
    kept = sum(each.complaints for each in asked if _kept(each))
    off = sum(each.complaints for each in asked if _off(each))
    unknown = sum(each.complaints for each in asked) - kept - off
    pairs = [(each.way, each.complaints) for each in walked if each.way]
    nodes = nodes_of(pairs)
    order = {
        each: place
        for place, each in enumerate(STAGES if activity == "stage" else (n.name for n in nodes))
    }
    return Flow(
        activity,
        sum(each.complaints for each in walked),
        sum(each.complaints for each in walked if each.open),
        Share(kept, kept + off, unknown),
        sum(each.complaints for each in closed if not each.asked),
        STAGES,
        tuple(stage for stage in path_of(rules) if stage not in {"received", "closed"}),
        tuple(nodes),
        tuple(edges_of(pairs, order, called, activity, spans or {}, _deviated(asked))),
        tuple(variants_of(closed, activity, lasted or {})),
        tuple(deviations_of(walked, rules, late or {})),
    )


def nodes_of(pairs: Iterable[tuple[Sequence[str], int]]) -> list[Node]:
    """Count activities, in the order of the place they have on average when they first come."""
    complaints: Counter[str] = Counter()
    times: Counter[str] = Counter()
    begun: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    places: Counter[str] = Counter()
    for way, count in pairs:
        for each in way:
            times[each] += count
        for each in dict.fromkeys(way):
            complaints[each] += count
            places[each] += count * way.index(each)
        begun[way[0]] += count
        ended[way[-1]] += count
    found = [Node(each, complaints[each], times[each], begun[each], ended[each]) for each in times]
    return sorted(found, key=lambda each: (places[each.name] / each.complaints, each.name))


def edges_of(
    pairs: Iterable[tuple[Sequence[str], int]],
    order: Mapping[str, int],
    called: Callable[[str], str],
    activity: str,
    spans: Mapping[tuple[str, str], Span],
    off: Mapping[tuple[str, str], int] | None = None,
) -> list[Edge]:
    """Count what followed what directly, the most frequent first."""
    times: Counter[tuple[str, str]] = Counter()
    complaints: Counter[tuple[str, str]] = Counter()
    for way, count in pairs:
        steps = list(pairwise(way))
        for step in steps:
            times[step] += count
        for step in set(steps):
            complaints[step] += count
    found = []
    for (before, after), count in sorted(times.items(), key=lambda each: (-each[1], each[0])):
        kind, words = named(before, after, order, called, of_stages=activity == "stage")
        span = spans.get((before, after))
        enough = span is not None and span.times >= FEWEST
        found.append(
            Edge(
                before, after, complaints[before, after], count, kind, words,
                edge_of(before, after, activity),
                span.median if span is not None and enough else None,
                span.p90 if span is not None and enough else None,
                (off or {}).get((before, after), 0),
            )
        )  # fmt: skip
    return found


def variants_of(
    closed: Iterable[Walked], activity: str, lasted: Mapping[tuple[str, ...], int]
) -> list[Variant]:
    """Gather ways that are the same, the most frequent first."""
    found: dict[tuple[str, ...], list[Walked]] = {}
    for each in closed:
        if each.way:
            found.setdefault(each.way, []).append(each)
    told = []
    for way, parts in found.items():
        count = sum(each.complaints for each in parts)
        lacking = {
            stage
            for stage, bit in BITS.items()
            if 2 * sum(each.complaints for each in parts if each.asked and each.missing & bit) > count
        }  # fmt: skip
        told.append(
            Variant(
                way,
                digest_of(way, activity),
                count,
                sum(each.complaints for each in parts if each.asked and _kept(each)),
                sum(each.complaints for each in parts if each.asked and _off(each)),
                tuple(stage for stage in STAGES if stage in lacking),
                _stages(parts[0].turned),
                _stages(parts[0].extra),
                lasted.get(way) if count >= FEWEST else None,
            )
        )
    return sorted(told, key=lambda each: (-each.complaints, each.way))


def deviations_of(
    walked: Iterable[Walked], rules: Mapping[int, RuleInfo], late: Mapping[int, int]
) -> list[Deviation]:
    """Group closed complaints by the manners in which they left the path."""
    counts: Counter[tuple[str, str]] = Counter()
    after: dict[str, Counter[str]] = {}
    for each in walked:
        if each.open or not each.asked:
            continue
        for kind, mask in zip(_KINDS, (each.missing, each.extra, each.turned), strict=False):
            for stage in _stages(mask):
                counts[kind, stage] += each.complaints
        seen: set[str] = set()
        for former, stage in pairwise(each.way):
            seen.add(former)
            if stage in seen and stage in BITS:
                after.setdefault(stage, Counter())[former] += each.complaints
    found = [
        Deviation(kind, stage, deviating(kind, stage, after.get(stage)), count)
        for (kind, stage), count in counts.items()
    ]
    found += [
        Deviation("late", rules[number].id, rules[number].title, count)
        for number, count in late.items()
        if count and number in rules
    ]
    return sorted(found, key=lambda each: (_KINDS.index(each.kind), -each.complaints, each.about))


def sentence(told: Flow, called: Callable[[str], str]) -> str:
    """Say which way most closed complaints took."""
    happy = told.happy
    if happy is None:
        return "No complaint that is counted here is closed yet."
    way = ", ".join(called(each) for each in happy.way)
    return f"Most often, {happy.complaints:,} of {told.closed:,} closed complaints, the way was: {way}."


def _with(told: Flow, was: Mapping[tuple[str, str], int]) -> Flow:
    return replace(
        told,
        deviations=tuple(
            replace(each, before=was.get((each.kind, each.about), 0)) for each in told.deviations
        ),
    )


def _kept(each: Walked) -> bool:
    return each.told and not _off(each)


def _off(each: Walked) -> bool:
    return bool(each.missing or each.extra or each.turned)


def _stages(mask: int) -> tuple[str, ...]:
    return tuple(stage for stage, bit in BITS.items() if mask & bit)


def _deviated(walked: Iterable[Walked]) -> Counter[tuple[str, str]]:
    """Count complaints whose step left the path: over a stage they lack or took late, or to one they had before."""
    found: Counter[tuple[str, str]] = Counter()
    for each in walked:
        for step in set(pairwise(each.way)):
            if not BITS.keys() >= set(step):
                continue
            one, other = BITS[step[0]], BITS[step[1]]
            if other <= one:
                wrong = each.extra & other
            else:
                wrong = (each.missing | each.turned) & (other - 1) & ~(2 * one - 1)
            if wrong:
                found[step] += each.complaints
    return found
