"""The reading of a condition as a sentence: what a rule asks, and the smallest reason why it fails."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias, assert_never

from ombud.model.facts import UNKNOWN
from policies.expression import (
    All,
    Any,
    Compare,
    Expression,
    Not,
    Operator,
    Present,
    Type,
    normal_form,
)
from policies.row import compile_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ombud.model.facts import Row
    from policies.expression import Constant


class Labelled(Protocol):
    """Anything with a name for people."""

    @property
    def label(self) -> str:
        """Give that name."""


Vocabulary: TypeAlias = "Mapping[str, Labelled]"
#: What is wrong with a field.
Wrong: TypeAlias = Literal["empty", "not_reached", "not_empty", "value", "unknown"]


@dataclass(frozen=True, slots=True)
class Reason:
    """Name one thing that keeps a condition from holding.

    Attributes:
        field: canonical field or milestone.
        wrong: what is wrong with it.
        sentence: the same for people; it holds no value of the complaint's.
        operator: the comparison that fails; `None` for presence.
        values: the constants it compares with.
        other: the field it compares with.
        milestone: whether it is a milestone, not a field.
        ways: where any of several things will do, the reason of each; this one is then the first of them.

    """

    field: str
    wrong: Wrong
    sentence: str
    operator: Operator | None = None
    values: tuple[Constant, ...] = ()
    other: str | None = None
    milestone: bool = False
    ways: tuple[Reason, ...] = ()


#: What has happened once a milestone is reached, and what has not before.
_REACHED: Final = {
    "received": "the complaint has been received",
    "recorded": "the complaint has been recorded",
    "acknowledged": "the complaint has been acknowledged",
    "assessed": "the complaint has been assessed",
    "investigated": "the investigation has been recorded",
    "responded": "the complaint has been answered",
    "holding_sent": "a holding notice has been sent",
    "decided": "the decision has been taken",
    "decision_told": "the complainant has been told the decision",
    "remedy_done": "the remedy has been carried out",
    "closed": "the complaint has been closed",
    "reopened": "the complaint has been reopened",
    "escalated": "the complaint has been escalated",
    "last_update": "the complainant has been kept informed",
}
#: The clock's start and stop, as nouns.
_MOMENT: Final = {
    "received": "receipt",
    "recorded": "recording",
    "acknowledged": "acknowledgement",
    "assessed": "assessment",
    "investigated": "end of the investigation",
    "responded": "response",
    "holding_sent": "holding notice",
    "decided": "decision",
    "decision_told": "telling the decision",
    "remedy_done": "carrying out the remedy",
    "closed": "closing",
    "reopened": "reopening",
    "escalated": "escalation",
    "last_update": "last update",
}
_ENTERING: Final = {
    "received": "When a complaint is received",
    "acknowledged": "When a complaint is acknowledged",
    "assessed": "When a complaint is assessed",
    "investigating": "Before a complaint is investigated",
    "responded": "When a complaint is answered",
    "decided": "When a complaint is decided",
    "closed": "Before a complaint is closed",
}
_WAITING: Final = {"complainant": "the complainant", "third_party": "a third party"}
#: Being in a stage.
_STAYING: Final = {
    "received": "received",
    "acknowledged": "acknowledged",
    "assessed": "assessed",
    "investigating": "under investigation",
    "responded": "answered",
    "decided": "decided",
    "closed": "closed",
}


#: Reasons are asked for the same few trees again and again.
_closure = lru_cache(maxsize=4096)(compile_row)


def reasons(
    tree: Expression, row: Row, vocabulary: Vocabulary, labels: Mapping[str, str] | None = None
) -> list[Reason]:
    """Give the smallest list of reasons why `must` does not hold of a row; empty where it holds.

    Of an alternative it names the one that takes the least to mend. What fails comes before what is
    unknown, and the unknown is named only where nothing fails.

    Args:
        tree: what must hold.
        row: the facts.
        vocabulary: names the fields for people.
        labels: the helpdesk's own names, which go before those of the vocabulary.

    """
    found = _reasons(normal_form(tree), row, _Words(vocabulary, labels or {}))
    return list({(reason.field, reason.sentence): reason for reason in found}.values())


def allowed(tree: Expression, field: str, known: Iterable[str]) -> tuple[str, ...]:
    """Give those of the known values of a field with which `must` can still hold, whatever the others are."""
    holds = _closure(tree, "must")
    return tuple(value for value in known if holds({field: value}) is not False)


def condition(tree: Expression, vocabulary: Vocabulary) -> str:
    """Say a condition in words, without a full stop."""
    return _said(normal_form(tree), _Words(vocabulary, {}))


def guard_sentence(
    entering: str | None, when: Expression | None, must: Expression, vocabulary: Vocabulary
) -> str:
    """Say in one sentence what a guard asks."""
    opening = "At any time" if entering is None else _ENTERING[entering]
    applies = f", if {condition(when, vocabulary)}" if when is not None else ""
    return f"{opening}{applies}: {condition(must, vocabulary)}."


def deadline_sentence(
    start: str,
    stops: Sequence[str],
    terms: Sequence[tuple[Expression | None, str]],
    pauses: Iterable[tuple[str, str]],
    extension: tuple[str, str, Expression | None] | None,
    when: Expression | None,
    vocabulary: Vocabulary,
) -> str:
    """Say in one sentence what a deadline asks.

    Args:
        start: milestone or field that starts the clock.
        stops: what stops it, the earliest counts.
        terms: condition and length of each term.
        pauses: kind and name of what does not count.
        extension: milestone and length of the extension, and what its notice has to hold.
        when: whether it applies.
        vocabulary: names the fields for people.

    """
    words = _Words(vocabulary, {})
    until = " or ".join(words.point(stop) for stop in stops)
    sentence = (
        f"{_if(when, vocabulary)}rom {words.point(start)} to {until}: {_lengths(terms, vocabulary)}"
    )
    if extension is not None:
        by, length, must = extension
        holding = f", where {condition(must, vocabulary)}," if must is not None else ""
        sentence += f"; {length} once a {words.point(by)}{holding} went out before that"
    return f"{sentence}{_not_counted(pauses, words)}."


def cadence_sentence(
    start: str,
    stop: str,
    kinds: Iterable[str],
    terms: Sequence[tuple[Expression | None, str]],
    pauses: Iterable[tuple[str, str]],
    when: Expression | None,
    vocabulary: Vocabulary,
) -> str:
    """Say in one sentence how often the complainant must hear from us; arguments as of a deadline."""
    words = _Words(vocabulary, {})
    told = sorted(each.replace("_", " ") for each in kinds)
    of = f" ({', '.join(told)})" if told else ""
    return (
        f"{_if(when, vocabulary)}rom {words.point(start)} to {words.point(stop)} the complainant hears from us{of} "
        f"at least every {_lengths(terms, vocabulary)}{_not_counted(pauses, words)}."
    )


def invariant_sentence(
    start: str,
    stop: str | None,
    when: Expression | None,
    must: Expression,
    allow: str | None,
    vocabulary: Vocabulary,
) -> str:
    """Say in one sentence what must hold at every moment, and how long it may fail at a time."""
    words = _Words(vocabulary, {})
    until = f" to {words.point(stop)}" if stop is not None else " on"
    allowed = f", but for at most {allow} at a time" if allow is not None else ""
    return f"At every moment from {words.point(start)}{until}{_applies(when, vocabulary)}: {condition(must, vocabulary)}{allowed}."


def integrity_sentence(
    fields: Sequence[str], reason: str, when: Expression | None, vocabulary: Vocabulary
) -> str:
    """Say in one sentence which values are not rewritten without a reason."""
    words = _Words(vocabulary, {})
    told = [words.inner(each) for each in fields]
    listed = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    verb = "is" if len(told) == 1 else "are"
    return f"Once written{_applies(when, vocabulary)}, {listed} {verb} not rewritten unless {words.inner(reason)} is given in the same change."


def _applies(when: Expression | None, vocabulary: Vocabulary) -> str:
    return f", if {condition(when, vocabulary)}" if when is not None else ""


def _if(when: Expression | None, vocabulary: Vocabulary) -> str:
    """Begin a sentence that goes on with "rom"."""
    return "F" if when is None else f"If {condition(when, vocabulary)}, f"


def _lengths(terms: Sequence[tuple[Expression | None, str]], vocabulary: Vocabulary) -> str:
    lengths = []
    for when, length in terms:
        if when is not None:
            lengths.append(f"{length} if {condition(when, vocabulary)}")
        else:
            lengths.append(f"{length} otherwise" if lengths else length)
    return ", ".join(lengths)


def _not_counted(pauses: Iterable[tuple[str, str]], words: _Words) -> str:
    told = list(pauses)
    waits = sorted(_WAITING.get(name, name) for kind, name in told if kind == "waiting")
    others = sorted(
        f"being {_STAYING.get(name, name)}" if kind == "stage" else f"while {words.inner(name)}"
        for kind, name in told
        if kind != "waiting"
    )
    parts = [f"waiting for {' or '.join(waits)}"] if waits else []
    parts += others
    return f"; {', '.join(parts)} does not count" if parts else ""


def moment(milestone: str) -> str:
    """Give a milestone as a noun."""
    return _MOMENT.get(milestone, milestone.replace("_", " "))


def _word(value: Constant) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).replace("_", " ")


def _list(values: Sequence[Constant], joined: str) -> str:
    words = [_word(value) for value in values]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {joined} {words[-1]}"


@dataclass(frozen=True, slots=True)
class _Words:
    vocabulary: Vocabulary
    labels: Mapping[str, str]

    def label(self, name: str) -> str:
        """Give a field's name for the start of a sentence."""
        known = self.vocabulary.get(name)
        return (
            self.labels.get(name)
            or (known.label if known is not None else "")
            or name.replace("_", " ").capitalize()
        )

    def inner(self, name: str) -> str:
        """Give a field's name for the middle of a sentence."""
        label = self.label(name)
        return label[0].lower() + label[1:] if label[1:2].islower() else label

    def reached(self, name: str) -> str:
        """Say that a milestone has been reached."""
        return _REACHED.get(name, f"“{name.replace('_', ' ')}” has been reached")

    def point(self, name: str) -> str:
        """Give a milestone, or a field that holds an instant, as a noun."""
        return self.inner(name) if name in self.vocabulary else moment(name)

    def is_milestone(self, leaf: Present | Compare) -> bool:
        """Tell a milestone from a field of type instant."""
        return leaf.type is Type.instant and leaf.name not in self.vocabulary


def _reasons(tree: Expression, row: Row, words: _Words) -> list[Reason]:
    told = _closure(tree, "must")(row)
    if told:
        return []
    match tree:
        case Present() | Compare():
            return [_atom(tree, row, words, unknown=told is None)]
        case All(parts):
            at_fault = [part for part in parts if _closure(part, "must")(row) is told]
            return [reason for part in at_fault for reason in _reasons(part, row, words)]
        case Any(parts):
            at_fault = [part for part in parts if _closure(part, "must")(row) is told]
            return _alternatives([_reasons(part, row, words) for part in at_fault])
        case Not():
            raise ValueError("a condition in normal form holds no negation")
        case _:
            assert_never(tree)


def _alternatives(ways: Sequence[list[Reason]]) -> list[Reason]:
    """Give the shortest way; where several take one thing each, name them in one sentence."""
    shortest = min(ways, key=len, default=[])
    others = [way[0] for way in ways if len(way) == 1]
    if len(shortest) != 1 or len(others) == 1:
        return shortest
    told = list({other.sentence: other for other in others}.values())
    if len(told) == 1:
        return told
    texts = [each.sentence.removesuffix(".") for each in told]
    said = ", or ".join([texts[0], *(text[0].lower() + text[1:] for text in texts[1:])])
    leaves = {leaf.sentence: leaf for each in told for leaf in each.ways or (each,)}
    return [
        replace(
            told[0],
            sentence=f"One of these must be mended: {said}.",
            ways=tuple(leaves.values()),
        )
    ]


def _atom(leaf: Present | Compare, row: Row, words: _Words, *, unknown: bool) -> Reason:
    milestone = words.is_milestone(leaf)
    label = words.point(leaf.name).capitalize() if milestone else words.label(leaf.name)
    operator = leaf.operator if isinstance(leaf, Compare) else None
    values = leaf.values if isinstance(leaf, Compare) else ()
    other = leaf.other if isinstance(leaf, Compare) else None
    if unknown:
        at = leaf.name
        if other is not None and row.get(leaf.name, UNKNOWN) is not UNKNOWN:
            at, milestone = other, False
        said = (
            f"Whether {words.reached(at)} is not known."
            if milestone
            else f"{words.label(at)} is not known."
        )
        return Reason(at, "unknown", said, operator, values, other, milestone)
    if isinstance(leaf, Present) and leaf.negated:
        said = (
            f"It must not be that {words.reached(leaf.name)}."
            if milestone
            else f"{label} must be left empty."
        )
        return Reason(leaf.name, "not_empty", said, milestone=milestone)
    if row.get(leaf.name, UNKNOWN) is None:
        if milestone:
            said = words.reached(leaf.name).replace(" has ", " has not ", 1) + "."
            said = said[0].upper() + said[1:]
            return Reason(leaf.name, "not_reached", said, operator, values, other, milestone)
        return Reason(leaf.name, "empty", f"{label} is empty.", operator, values, other)
    if other is not None and row.get(other, UNKNOWN) is None:
        said = f"{words.label(other)} is empty."
        if milestone:
            said = words.reached(other).replace(" has ", " has not ", 1) + "."
            said = said[0].upper() + said[1:]
        wrong: Wrong = "not_reached" if milestone else "empty"
        return Reason(other, wrong, said, operator, values, other, milestone)
    if not isinstance(leaf, Compare):
        raise TypeError(f"{leaf.name} is present, and yet its presence fails")
    return Reason(
        leaf.name,
        "value",
        f"{label} must {_wanted(leaf, words)}.",
        operator,
        values,
        other,
        milestone,
    )


def _wanted(leaf: Compare, words: _Words) -> str:
    """Say what a field must be, after "must"."""
    values = leaf.values
    match leaf.operator:
        case Operator.equals:
            return f"be {_word(values[0])}"
        case Operator.equals_not:
            return f"not be {_word(values[0])}"
        case Operator.one_of:
            return f"be {_list(values, 'or')}"
        case Operator.none_of:
            return f"not be {_list(values, 'or')}"
        case Operator.same_as:
            return f"be the same as {words.inner(leaf.other or '')}"
        case Operator.differs_from:
            return f"differ from {words.inner(leaf.other or '')}"
        case Operator.not_after | Operator.after:
            return f"be {leaf.operator.value} {words.point(leaf.other or '')}"
        case _:
            return f"be {leaf.operator.value} {_word(values[0])}"


def _said(tree: Expression, words: _Words) -> str:
    match tree:
        case Present(name, _, negated):
            if words.is_milestone(tree):
                return (
                    words.reached(name).replace(" has ", " has not ", 1)
                    if negated
                    else words.reached(name)
                )
            return f"{words.inner(name)} is {'empty' if negated else 'filled in'}"
        case Compare(name, operator, values, other):
            label = words.inner(name)
            match operator:
                case Operator.equals | Operator.one_of:
                    return f"{label} is {_list(values, 'or')}"
                case Operator.equals_not | Operator.none_of:
                    return f"{label} is not {_list(values, 'or')}"
                case Operator.same_as:
                    return f"{label} is the same as {words.inner(other or '')}"
                case Operator.differs_from:
                    return f"{label} differs from {words.inner(other or '')}"
                case Operator.not_after | Operator.after:
                    return f"{words.point(name)} is {operator.value} {words.point(other or '')}"
                case _:
                    return f"{label} is {operator.value} {_word(values[0])}"
        case All(parts):
            return _joined(parts, words, "and")
        case Any(parts):
            return _joined(parts, words, "or")
        case Not():
            raise ValueError("a condition in normal form holds no negation")
        case _:
            assert_never(tree)


def _joined(parts: Sequence[Expression], words: _Words, conjunction: str) -> str:
    if not parts:
        return "always" if conjunction == "and" else "never"
    said = [
        f"({_said(part, words)})" if isinstance(part, All | Any) else _said(part, words)
        for part in parts
    ]
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} {conjunction} {said[-1]}"
