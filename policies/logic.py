"""Find rules that can not do what they were written for: never apply, never pass, never fail, or fight another."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from policies.expression import names
from policies.reach import Question, TooMany
from policies.rule import Cadence, Deadline, Guard, Integrity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from policies.expression import Expression
    from policies.rule import Rule
    from policies.vocabulary import Field

    #: Rule, part of it, what is wrong, remedy.
    Found = tuple[str, tuple[str | int, ...], str, str]


def illogical(rules: Iterable[Rule], vocabulary: Mapping[str, Field]) -> Iterator[Found]:
    """Give what is wrong with rules and pairs of rules, whatever complaints there may be.

    A condition over an empty field counts as applying; here that does not make a rule reachable: a rule that
    only a blank field brings into play was written for something else.
    """
    rules = tuple(rules)
    for rule in rules:
        yield from _alone(rule, vocabulary)
    yield from _pairs(rules, vocabulary)


def _alone(rule: Rule, vocabulary: Mapping[str, Field]) -> Iterator[Found]:
    body = rule.body
    if body.when is not None:
        possible = _ask(lambda: Question(vocabulary).wants(body.when, True))
        if possible is False:
            yield (
                rule.id,
                ("when",),
                f"{rule.id} never applies: its condition contradicts itself or its tracks",
                "Mend the condition, or remove the rule",
            )
            return
        if possible is None:
            yield _given_up(rule.id, ("when",), "whether it can apply")
    if isinstance(body, Deadline | Cadence):
        yield from _terms(rule, body, vocabulary)
    elif not isinstance(body, Integrity):
        yield from _must(rule, body.when, body.must, vocabulary)


def _must(
    rule: Rule, when: Expression | None, must: Expression, vocabulary: Mapping[str, Field]
) -> Iterator[Found]:
    passes = _ask(lambda: Question(vocabulary).wants(when, True).wants(must, True))
    if passes is False:
        yield (
            rule.id,
            ("must",),
            f"{rule.id} can not be met: what it asks contradicts itself or its own condition",
            'Mend "must", or the condition under which it applies',
        )
        return
    fails = _ask(lambda: Question(vocabulary).wants(when, True, "when").wants(must, False))
    if fails is False:
        yield (
            rule.id,
            ("must",),
            f"{rule.id} can not fail: what it asks holds wherever it applies",
            "Ask for something, or remove the rule",
        )
    elif passes is None or fails is None:
        yield _given_up(rule.id, ("must",), "whether it can be met and missed")


def _terms(
    rule: Rule, body: Deadline | Cadence, vocabulary: Mapping[str, Field]
) -> Iterator[Found]:
    for i, (when, _) in enumerate(body.terms):
        if not i and when is None:
            continue

        def question(i: int = i, when: Expression | None = when) -> Question:
            asked = Question(vocabulary).wants(body.when, True).wants(when, True)
            for earlier, _ in body.terms[:i]:
                asked.wants(earlier, False, "when")
            return asked

        possible = _ask(question)
        place = ("within", i)
        if possible is False:
            yield (
                rule.id,
                place,
                f"{rule.id} never comes to its term {i + 1}: those before it take every complaint",
                "Remove it, or mend the conditions of those before it",
            )
        elif possible is None:
            yield _given_up(rule.id, place, f"whether term {i + 1} can count")


def _pairs(rules: Iterable[Rule], vocabulary: Mapping[str, Field]) -> Iterator[Found]:
    """Find guards of one stage that apply together and can not be met together."""
    by_stage: dict[str | None, list[tuple[Rule, Guard, frozenset[str]]]] = {}
    for rule in rules:
        if isinstance(rule.body, Guard):
            by_stage.setdefault(rule.body.entering, []).append(
                (rule, rule.body, names(rule.body.must))
            )
    for stage, guards in by_stage.items():
        for (one, first, asked), (other, second, asked_too) in combinations(guards, 2):
            if not asked & asked_too:
                continue

            def applies(first: Guard = first, second: Guard = second) -> Question:
                return Question(vocabulary).wants(first.when, True).wants(second.when, True)

            def both(
                applies: Callable[[], Question] = applies,
                first: Guard = first,
                second: Guard = second,
            ) -> Question:
                return applies().wants(first.must, True).wants(second.must, True)

            met = _ask(both)
            if met is False and _ask(applies):
                where = f"when {stage} is entered" if stage is not None else "at any time"
                yield (
                    other.id,
                    ("must",),
                    f"{other.id} and {one.id} can not both be met {where}",
                    "Mend one of them, or keep their conditions apart",
                )
            elif met is None:
                yield _given_up(other.id, ("must",), f"whether it goes together with {one.id}")


def _ask(question: Callable[[], Question]) -> bool | None:
    """Answer a question; `None` where it takes too long."""
    try:
        return question().possible()
    except TooMany:
        return None


def _given_up(rule: str, place: tuple[str | int, ...], what: str) -> Found:
    return (
        rule,
        place,
        f"{rule}: {what} was given up, as its conditions have too many cases",
        "Split the rule, or the condition",
    )
