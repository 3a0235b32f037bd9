"""Change a rule a little and see whether its examples notice: fixed operators over the plain content.

A mutant that no example tells from the rule has survived: either an example is missing, or the change makes no
difference, which `tests/survivors.yaml` beside the pack may explain.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from ombud.model.facts import MILESTONES, STAGES
from policies.example import judge_examples
from policies.pack import builder_of
from policies.wire import BODIES, UNITS
from policies.wire_condition import RESERVED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from policies.build import Builder
    from policies.example import Example
    from policies.pack import Pack
    from policies.rule import Rule
    from policies.vocabulary import Field, Path

    Tell = Callable[[int, int | None, str], None]

_SWAPPED: Final = {"business_days": "calendar_days", "calendar_days": "business_days"}
#: The comparison at the other side of the boundary value itself.
_BOUNDARY: Final = {"at_least": "at_most", "at_most": "at_least"}
_LEAF_WORDS: Final = {"present", *RESERVED}


@dataclass(frozen=True, slots=True)
class Mutant:
    """Hold a rule with one thing changed.

    Attributes:
        rule: the rule's id.
        operator: what was done, in a word.
        path: where, from the rule down.
        what: the change, for people.
        data: the changed content.

    """

    rule: str
    operator: str
    path: Path
    what: str
    data: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Name it so that it keeps its name while the rule stays as it is."""
        return f"{self.rule}:{dotted(self.path)}:{self.operator}"


@dataclass(frozen=True, slots=True)
class Tested:
    """Tell what became of a pack's mutants.

    Attributes:
        killed: ids of those that an example told from the rule.
        survived: those that no example did.
        pack: the edition they were made from.

    """

    pack: Pack
    killed: frozenset[str]
    survived: tuple[Mutant, ...]


def dotted(path: Path) -> str:
    """Write a path as deadline.within[0].hours."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def run_mutants(
    pack: Pack,
    examples: Iterable[Example],
    *,
    than: Pack | None = None,
    tell: Tell | None = None,
) -> Tested:
    """Make every mutant of a pack's rules and judge the examples by it.

    Args:
        pack: the pack.
        examples: those that are judged by this edition.
        than: a newer edition; rules that are the same there are passed over.
        tell: told how many rules are done.

    """
    content = json.loads(pack.content)
    same = (
        {rule["id"]: rule for rule in json.loads(than.content)["rules"]} if than is not None else {}
    )
    of_rule: dict[str, list[Example]] = {}
    for example in examples:
        of_rule.setdefault(example.rule, []).append(example)
    params = {name: param.default for name, param in pack.params.items()}
    builder = builder_of(content, pack.vocabulary, params)
    rules = {rule.id: rule for rule in pack.rules}
    killed: set[str] = set()
    survived: list[Mutant] = []
    for done, data in enumerate(content["rules"], 1):
        if same.get(data["id"]) != data:
            for mutant in mutants(filled(data, params), pack):
                rule = _built(builder, mutant)
                if rule is None or rule.body == rules[mutant.rule].body:
                    continue
                if all(each.ok for each in judge_examples(rule, of_rule.get(mutant.rule, ()))):
                    survived.append(mutant)
                else:
                    killed.add(mutant.id)
        if tell is not None:
            tell(done, len(content["rules"]), data["id"])
    return Tested(pack, frozenset(killed), tuple(survived))


def _built(builder: Builder, mutant: Mutant) -> Rule | None:
    """Build a changed rule; `None` where the change makes it none."""
    before = len(builder.faults)
    rule = builder.rule(mutant.data, ())
    if len(builder.faults) > before:
        del builder.faults[before:]
        return None
    return rule


def filled(data: Any, params: Mapping[str, Any]) -> Any:
    """Put parameters' values in their places."""
    if isinstance(data, dict):
        if data.keys() == {"param"}:
            return params.get(data["param"])
        return {key: filled(value, params) for key, value in data.items()}
    if isinstance(data, list):
        return [filled(each, params) for each in data]
    return data


def mutants(data: Mapping[str, Any], pack: Pack) -> Iterator[Mutant]:
    """Make every mutant of one rule's plain content, parameters filled in."""
    kind = next(each for each in BODIES if each in data)
    seen: set[str] = set()
    for operator, path, what, changed in _Changing(data, pack).changes(kind):
        mutant = Mutant(data["id"], operator, path, what, changed)
        if mutant.id not in seen:
            seen.add(mutant.id)
            yield mutant


_Change = tuple[str, "Path", str, dict[str, Any]]


class _Changing:
    """Apply the operators to one rule."""

    def __init__(self, data: Mapping[str, Any], pack: Pack) -> None:
        self.data = data
        self.pack = pack
        self.own = _field_names(data)

    def changes(self, kind: str) -> Iterator[_Change]:
        body, at = self.data[kind], (kind,)
        for name in ("when", "must"):
            if name in body:
                yield from self._condition(body[name], (*at, name))
        if "when" in body:
            yield self._without("when", (*at, "when"), "applies always")
        if "tracks" in self.data:
            yield self._without("tracks", ("tracks",), "holds for every track")
        if "entering" in body and kind in {"guard", "sequence"}:
            yield from self._neighbours(body["entering"], (*at, "entering"), STAGES)
        if kind in {"deadline", "cadence"}:
            yield from self._clock(body, at)
        if kind == "sequence":
            yield from self._fewer(body["stages"], (*at, "stages"), "stage", least=1)
        if kind == "integrity":
            yield from self._fewer(body["fields"], (*at, "fields"), "field", least=1)
        if kind == "invariant" and "allow" in body:
            yield from self._length(body["allow"], (*at, "allow"))
        if kind == "invariant":
            yield from self._ends(body, at)

    def _clock(self, body: Mapping[str, Any], at: Path) -> Iterator[_Change]:
        yield from self._ends(body, at)
        for i, term in enumerate(body["within"]):
            here = (*at, "within", i)
            if "when" in term:
                yield from self._condition(term["when"], (*here, "when"))
                # Those after a term without a condition could never be reached.
                kept = [*body["within"][:i], {k: v for k, v in term.items() if k != "when"}]
                what = f"{_words(term)} applies always"
                yield self._change("when", (*here, "when"), what, (*at, "within"), kept)
            for j, each in enumerate(term.get("any_of", ())):
                yield from self._length(each, (*here, "any_of", j))
            yield from self._length(term, here)
        for i, pause in enumerate(body.get("pauses", ())):
            named = pause if isinstance(pause, str) else next(iter(pause.values()))
            kept = [each for j, each in enumerate(body["pauses"]) if j != i]
            what = f"{named} no longer stops the clock"
            yield self._change("pause", (*at, "pauses", i), what, (*at, "pauses"), kept)
        if "extension" in body:
            extension, here = body["extension"], (*at, "extension")
            yield self._without("extension", here, "nothing lengthens it")
            yield from self._length(extension["within"], (*here, "within"))
            if "must" in extension:
                yield from self._condition(extension["must"], (*here, "must"))
                yield self._without("must", (*here, "must"), "any notice lengthens it")

    def _ends(self, body: Mapping[str, Any], at: Path) -> Iterator[_Change]:
        order = (*MILESTONES, *sorted(self.pack.milestones - set(MILESTONES)))
        for end in ("from", "until"):
            told = body.get(end)
            if isinstance(told, str) and told in order:
                yield from self._neighbours(told, (*at, end), order, body.get("from"))
            elif isinstance(told, list) and len(told) > 1:
                yield from self._fewer(told, (*at, end), "until", least=1)

    def _length(self, told: Mapping[str, Any], at: Path) -> Iterator[_Change]:
        unit = next((each for each in UNITS if each in told), None)
        if unit is None:
            return
        amount = told[unit]
        for step, sign in ((1, "+1"), (-1, "-1")):
            if amount + step > 0:
                what = f"{amount:g} {unit} become {amount + step:g}"
                yield self._change(f"amount{sign}", (*at, unit), what, (*at, unit), amount + step)
        if unit in _SWAPPED:
            other = {(_SWAPPED[k] if k == unit else k): v for k, v in told.items()}
            what = f"{unit} become {_SWAPPED[unit]}"
            yield self._change("unit", (*at, unit), what, at, other)

    def _condition(self, told: Mapping[str, Any], at: Path) -> Iterator[_Change]:
        for word in ("all", "any"):
            if word in told:
                yield from self._parts(word, told[word], at)
                return
        if "not" in told:
            yield from self._condition(told["not"], (*at, "not"))
            return
        yield self._change(
            "complement", at, f"{_said(told)} becomes its opposite", at, {"not": told}
        )
        if "present" not in told:
            ((name, test),) = told.items()
            if isinstance(test, dict):
                yield from self._test(name, test, at)
        yield from self._other_field(told, at)

    def _parts(self, word: str, parts: Sequence[Any], at: Path) -> Iterator[_Change]:
        for i, part in enumerate(parts):
            yield from self._condition(part, (*at, word, i))
        if len(parts) < 2:
            return
        other = "any" if word == "all" else "all"
        yield self._change(other, (*at, word), f"{word} becomes {other}", at, {other: list(parts)})
        if word == "all":
            for i, part in enumerate(parts):
                kept = [each for j, each in enumerate(parts) if j != i]
                what = f"{_said(part)} is no longer asked for"
                yield self._change("drop", (*at, word, i), what, (*at, word), kept)

    def _test(self, name: str, test: Mapping[str, Any], at: Path) -> Iterator[_Change]:
        ((word, value),) = test.items()
        if word in _BOUNDARY:
            changed = {"not": {name: {_BOUNDARY[word]: value}}}
            what = f"{name} {word.replace('_', ' ')} {value} no longer takes {value} itself"
            yield self._change("boundary", (*at, name), what, at, changed)
        if word == "in" and isinstance(value, list) and len(value) > 1:
            for i, each in enumerate(value):
                kept = [v for j, v in enumerate(value) if j != i]
                path = (*at, name, "in")
                yield self._change(
                    f"in-{each}", path, f"{each} is no longer among them", path, kept
                )

    def _other_field(self, told: Mapping[str, Any], at: Path) -> Iterator[_Change]:
        """Ask the same of the next field of the same type that the pack's rules use."""
        name = told.get("present") or next(iter(told))
        constants = [] if "present" in told else list(_constants(told[name]))
        other = self._next(name, constants)
        if other is None:
            return
        changed = {"present": other} if "present" in told else {other: told[name]}
        yield self._change("field", (*at, name), f"{name} becomes {other}", at, changed)

    def _next(self, name: str, constants: Sequence[Any]) -> str | None:
        vocabulary = self.pack.vocabulary
        if name in vocabulary:
            of = vocabulary[name]
            alike = [
                each
                for each in vocabulary
                if vocabulary[each].type is of.type and _takes(vocabulary[each], constants, of)
            ]
        else:
            alike = list(self.pack.milestones)
        order = sorted({each for each in alike if each in self.pack.used} | {name})
        turned = order[order.index(name) + 1 :] + order[: order.index(name)]
        return next((each for each in turned if each not in self.own), None)

    def _neighbours(
        self, told: str, at: Path, order: Sequence[str], taken: str | None = None
    ) -> Iterator[_Change]:
        here = order.index(told)
        for step in (-1, 1):
            if 0 <= here + step < len(order) and order[here + step] != taken:
                other = order[here + step]
                yield self._change(f"to-{other}", at, f"{told} becomes {other}", at, other)

    def _fewer(
        self, told: Sequence[str], at: Path, operator: str, *, least: int
    ) -> Iterator[_Change]:
        if len(told) <= least:
            return
        for i, each in enumerate(told):
            kept = [other for j, other in enumerate(told) if j != i]
            yield self._change(f"{operator}-{each}", at, f"{each} is left out", at, kept)

    def _change(self, operator: str, path: Path, what: str, at: Path, value: Any) -> _Change:
        changed = deepcopy(dict(self.data))
        here: Any = changed
        for part in at[:-1]:
            here = here[part]
        here[at[-1]] = value
        return operator, path, what, changed

    def _without(self, operator: str, at: Path, what: str) -> _Change:
        changed = deepcopy(dict(self.data))
        here: Any = changed
        for part in at[:-1]:
            here = here[part]
        del here[at[-1]]
        return f"no-{operator}", at, what, changed


def _takes(field: Field, constants: Sequence[Any], like: Field) -> bool:
    if field.values and not all(each in field.values for each in constants):
        return False
    return bool(field.ordered) or not like.ordered or not constants


def _constants(test: Any) -> Iterator[Any]:
    if not isinstance(test, dict):
        yield test
        return
    ((word, value),) = test.items()
    if word not in {"same_as", "differs_from", "not_after", "after"}:
        yield from value if isinstance(value, list) else [value]


def _field_names(data: Any) -> set[str]:
    """Give the fields that a rule's conditions name already."""
    found: set[str] = set()
    if isinstance(data, dict):
        for key, value in data.items():
            if key in {"present", "same_as", "differs_from", "not_after", "after"}:
                found.add(value)
            elif key not in _LEAF_WORDS:
                found.add(key)
            found |= _field_names(value)
    elif isinstance(data, list):
        for each in data:
            found |= _field_names(each)
    return found


def _said(told: Mapping[str, Any]) -> str:
    text = json.dumps(told, ensure_ascii=False).replace('"', "")
    return text if len(text) <= 80 else f"{text[:77]}..."


def _words(term: Mapping[str, Any]) -> str:
    return next((f"{term[unit]} {unit}" for unit in UNITS if unit in term), "the term")
