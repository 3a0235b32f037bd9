"""Say findings to agents in the desk's language, where that is not English: built anew from the conditions, not translated."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ombud.model.facts import UNKNOWN, Verdict
from ombud.model.finding import Spoken
from policies.english import allowed, reasons
from policies.rule import Cadence, Deadline, Guard, Integrity, Invariant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ombud.model.facts import Row
    from ombud.model.mapping import FieldOf
    from ombud.model.mapping import Mapping as Meaning
    from ombud.tongue import Reading, Tongue
    from policies.english import Reason
    from policies.expression import Constant, Expression
    from policies.judge import Judgement
    from policies.rule import Rule
    from policies.vocabulary import Field

#: Words of a choice that a note names; more are counted.
MOST_CHOICES: Final = 12
#: Sentences kept for reuse; more kinds of facts than this are forgotten and told anew.
_MOST_KEPT: Final = 20_000
_SPEAKING: Final = (Verdict.failed, Verdict.pending)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Speak the language of one desk about one pack and one helpdesk.

    Attributes:
        tongue: the language.
        reading: how reasons are said in it.
        mapping: has the helpdesk's own names, which go before all others.
        vocabulary: the pack's fields.
        kept: sentences of guards already said, by rule and facts.

    """

    tongue: Tongue
    reading: Reading
    mapping: Meaning
    vocabulary: Mapping[str, Field]
    kept: dict[tuple[object, ...], tuple[Spoken, ...]] = field(default_factory=dict)

    def tell(self, judged: Judgement) -> tuple[Spoken, ...]:
        """Say what is wrong by one judgement, and how to mend it; empty where nothing can be mended."""
        body = judged.rule.body
        match body:
            case Deadline():
                return () if judged.stop is not None else (self._act(body.stops[0]),)
            case Cadence():
                return () if judged.stop is not None else (self._act("last_update"),)
            case Integrity():
                return (self._act(body.reason),) if judged.standing is Verdict.failed else ()
            case Guard() | Invariant():
                if judged.standing is Verdict.failed:
                    return self._guard(judged.rule, body.must, judged.now)
                if judged.verdict is Verdict.failed and isinstance(body, Guard):
                    return self._guard(judged.rule, body.must, judged.row)
                return ()

    def sides(self, closed: Iterable[str], still: Iterable[str]) -> Spoken:
        """Say that a complaint is closed in some helpdesks and open in others."""
        said = self.reading.sides.format(closed=", ".join(closed), open=", ".join(still))
        return Spoken("", said)

    def label(self, name: str) -> str:
        """Give what people call a field, or the act that reaches a milestone."""
        of = self.mapping.fields.get(name)
        if of is not None and of.name:
            return of.name
        if name in self.reading.milestones:
            return self.reading.milestones[name]
        known = self.vocabulary.get(name)
        label = known.label if known is not None and known.label else _words(name)
        return self.reading.labels.get(label, label)

    def sentence(self, reason: Reason) -> str:
        """Say what keeps a condition from holding."""
        reading = self.reading
        if reason.ways:
            said = [self.sentence(way).removesuffix(".") for way in reason.ways]
            rest = [reading.inner(each) for each in said[1:]]
            return reading.ways.format(sentences=f", {reading.either} ".join([said[0], *rest]))
        label = self._quoted(self.label(reason.field))
        match reason.wrong:
            case "empty":
                return reading.empty.format(label=label)
            case "not_reached":
                plain = reading.not_reached.get(reason.field)
                return plain or reading.not_reached_yet.format(label=label)
            case "not_empty":
                of = reading.reached_early if reason.milestone else reading.left_empty
                return of.format(label=label)
            case "unknown":
                of = reading.reached_unknown if reason.milestone else reading.not_known
                return of.format(label=label)
            case "value":
                wanted = reading.wanted[reason.operator.name if reason.operator else ""]
                other = self._quoted(self.label(reason.other)) if reason.other is not None else ""
                words = self._either(reason.field, reason.values)
                return wanted.format(label=label, other=other, words=words)

    def fix(self, reason: Reason, must: Expression) -> str:
        """Say what keeps a condition from holding, and how to mend it."""
        of = self.mapping.fields.get(reason.field)
        if of is None and not reason.ways:
            advice = self.reading.advice.get(reason.field)
            return advice if advice and reason.wrong == "not_reached" else self.sentence(reason)
        reading, said = self.reading, self.sentence(reason)
        if of is None or reason.wrong == "unknown":
            return said
        if reason.wrong == "not_empty":
            return reading.clear.format(sentence=said)
        words = words_of(of, self.vocabulary.get(reason.field))
        choices = self._choices(of, allowed(must, reason.field, words))
        if choices:
            return reading.choose.format(sentence=said, choices=choices)
        wanted = reading.change if reason.wrong == "value" else reading.fill_in
        return wanted.format(sentence=said)

    def _guard(self, rule: Rule, must: Expression, row: Row) -> tuple[Spoken, ...]:
        key = (id(rule), *(row.get(name, UNKNOWN) for name in rule.reads))
        held = self.kept.get(key)
        if held is None:
            found = {each.field: each for each in reasons(must, row, self.vocabulary)}
            held = tuple(
                Spoken(self.label(name), self.fix(each, must)) for name, each in found.items()
            )
            if len(self.kept) >= _MOST_KEPT:
                self.kept.clear()
            self.kept[key] = held
        return held

    def _act(self, name: str) -> Spoken:
        """Say that something has to be filled in, or done."""
        label, reading = self.label(name), self.reading
        of = self.mapping.fields.get(name)
        if of is None:
            yet = reading.not_reached_yet.format(label=self._quoted(label))
            return Spoken(label, reading.advice.get(name, yet))
        empty = reading.empty.format(label=self._quoted(label))
        choices = self._choices(of, words_of(of, self.vocabulary.get(name)))
        if choices:
            return Spoken(label, reading.choose.format(sentence=empty, choices=choices))
        return Spoken(label, reading.fill_in.format(sentence=empty))

    def _quoted(self, word: str) -> str:
        return self.reading.quoted.format(word=word)

    def _choices(self, of: FieldOf, words: Iterable[str]) -> str:
        named = choices_of(of, words, self.reading.values)
        rest = len(named) - MOST_CHOICES
        more = [self.reading.more_choices.format(count=rest)] if rest > 0 else []
        return " · ".join([*named[:MOST_CHOICES], *more])

    def _either(self, name: str, values: Iterable[Constant]) -> str:
        of = self.mapping.fields.get(name)
        told = [self._word(of, value) for value in values]
        return (
            f"{', '.join(told[:-1])} {self.reading.either} {told[-1]}"
            if len(told) > 1
            else "".join(told)
        )

    def _word(self, of: FieldOf | None, value: Constant) -> str:
        if not isinstance(value, str):
            return self.tongue.number(value)
        named = choices_of(of, [value], self.reading.values) if of is not None else []
        return self._quoted(named[0] if named else self.reading.values.get(value, _words(value)))


def words_of(of: FieldOf, known: Field | None) -> list[str]:
    """Give a choice's words in the order that the pack gives them, else by the alphabet.

    The mapping's own order is not kept where a configuration in force is.
    """
    order = {word: place for place, word in enumerate(known.values)} if known is not None else {}
    return sorted(set(of.values.values()), key=lambda word: (order.get(word, len(order)), word))


def choices_of(of: FieldOf, words: Iterable[str], called: Mapping[str, str]) -> list[str]:
    """Give a choice's values by the helpdesk's own names; where the mapping has none, as they are called, else by their word.

    Args:
        of: the field.
        words: canonical words.
        called: what people call them.

    """
    told: dict[str, None] = {}
    for word in words:
        names = [
            of.names[native] for native, w in of.values.items() if w == word and native in of.names
        ]
        told.update(dict.fromkeys(names or [called.get(word) or _words(word)]))
    return list(told)


def _words(name: str) -> str:
    plain = name.replace("_", " ")
    return plain[:1].upper() + plain[1:]
