"""Look a pack over: rules that can not do what they say, that nothing tries, that nobody vouches for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from policies.coverage import SHOWN, coverage
from policies.example import Outcome
from policies.examples import examples_beside
from policies.load import files_of, load_editions
from policies.logic import illogical
from policies.rule import Cadence, Deadline, Guard
from policies.vocabulary import PackError, Problem
from policies.wire import BODIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from policies.marked import Marked
    from policies.pack import Pack
    from policies.rule import Rule
    from policies.vocabulary import Path as Where

#: A longer sentence is read by nobody.
LONGEST_SENTENCE: Final = 280
#: That of a clock names each of its terms, pauses and the extension.
LONGEST_SUM: Final = 480
#: What of a body logic looks at.
_OF_BODY: Final = ("when", "must", "within")
#: Kinds of gaps in the examples that lint asks to be filled; `packs test` tells the rest.
_NEEDED: Final = ("pass", "fail", "not_applicable")


@dataclass(frozen=True, slots=True)
class Mapped:
    """Say what a mapping can tell of.

    Attributes:
        file: the mapping file, for people.
        names: canonical fields and milestones.
        stages: stages that can be entered.

    """

    file: str
    names: frozenset[str]
    stages: frozenset[str]


def lint(source: str | Path, mapped: Mapped | None = None) -> tuple[Problem, ...]:
    """Find what is wrong with a pack, given by name or path; nothing is raised but for a missing file.

    Args:
        source: a built-in pack's name, or a path.
        mapped: what a mapping can tell of, where rules that it can not are to be told.

    """
    try:
        files, packs = files_of(source), load_editions(source)
        examples = examples_beside(files, packs)
    except PackError as error:
        return error.problems
    pack = next(each for each in packs if each.version == files[0].content["version"])
    editions = [each for each in packs if each is not pack]
    look = _Look(pack, files)
    # What is expected counts here: whether it comes out is for `packs test`.
    outcomes = [Outcome(each, each.expect) for each in examples]
    look.examples(outcomes)
    for rule in pack.rules:
        look.rule(rule)
    for rule_id, below, what, remedy in illogical(pack.rules, pack.vocabulary):
        look.tell_rule(rule_id, below, what, remedy)
    look.words()
    if pack.authority is not None:
        look.authority()
    if mapped is not None:
        look.mapping(mapped)
    for edition in editions:
        look.edition(edition, [each for each in outcomes if each.example.pack is edition])
    return tuple(
        sorted(look.problems, key=lambda each: (each.file, each.line, each.column, each.what))
    )


@dataclass(slots=True)
class _Look:
    """Collect what is wrong with one pack, and where."""

    pack: Pack
    files: Sequence[Marked]
    problems: list[Problem] = field(default_factory=list)

    def tell(self, where: Where, what: str, remedy: str) -> None:
        """Name a problem in the pack's own file."""
        self.problems.append(self.files[0].problem(where, what, remedy))

    def tell_rule(self, rule: str, below: Where, what: str, remedy: str) -> None:
        """Name a problem in a rule, wherever it is written."""
        file, where = place(self.files, rule, below)
        self.problems.append(file.problem(where, what, remedy))

    def examples(self, outcomes: Iterable[Outcome]) -> None:
        """Tell rules that no example tries."""
        for missing in coverage(self.pack, outcomes).missing:
            if missing.kind in _NEEDED:
                kind = {"pass": "good", "fail": "bad"}.get(missing.kind)
                what = (
                    f"{missing.rule} has no {kind} example"
                    if kind is not None
                    else f"{missing.rule}: {SHOWN[missing.kind]}"
                )
                remedy = (
                    f'Add one with "expect: {missing.kind}" to a file in tests/ beside the pack'
                )
                self.tell_rule(missing.rule, (), what, remedy)

    def rule(self, rule: Rule) -> None:
        """Tell what a rule lacks for people."""
        if not rule.clauses and not rule.sources:
            what = f"{rule.id} names no clause"
            self.tell_rule(rule.id, (), what, 'Add "clauses" with standard and clause')
        length = len(rule.sentence(self.pack.vocabulary))
        longest = LONGEST_SUM if isinstance(rule.body, Deadline | Cadence) else LONGEST_SENTENCE
        if length > longest:
            what = f"{rule.id} takes a sentence of {length} characters"
            remedy = f"Split it into rules of at most {longest}"
            self.tell_rule(rule.id, (), what, remedy)

    def words(self) -> None:
        """Tell fields and parameters that nothing uses."""
        pack = self.pack
        for name in sorted(set(pack.vocabulary) - pack.used):
            what = f'no rule reads the field "{name}"'
            self.tell(("vocabulary", name), what, "Remove it, or add a rule")
        for name, param in sorted(pack.params.items()):
            if f"param {name}" not in pack.used:
                what = f'no rule uses the parameter "{name}"'
                self.tell(("params", name), what, "Remove it")
            if not param.help:
                what = f'the parameter "{name}" says nothing of itself'
                self.tell(("params", name), what, 'Add "help"')
        used = {track for rule in pack.rules for track in rule.tracks}
        if used:
            return
        for track in pack.tracks:
            self.tell(("tracks", track), "no rule names a track", 'Add "tracks" to rules')

    def authority(self) -> None:
        """Tell rules of a regulator's pack that nobody vouches for."""
        for rule in self.pack.rules:
            if not rule.sources:
                numbers = _has_number(rule, self.files)
                what = f"{rule.id} names no source" + (" for its figure" if numbers else "")
                remedy = 'Add "sources" with ref, status and verified'
                self.tell_rule(rule.id, (), what, remedy)
            elif rule.mode != "off" and any(each.status != "confirmed" for each in rule.sources):
                what = f"{rule.id} rests on a source that is not confirmed, and is not off"
                self.tell_rule(rule.id, ("mode",), what, 'Write mode: "off", or confirm the source')

    def mapping(self, mapped: Mapped) -> None:
        """Tell rules that a mapping has no data for."""
        for rule in self.pack.rules:
            lacking = sorted(rule.needs - mapped.names)
            body = rule.body
            if isinstance(body, Guard) and body.entering not in {None, *mapped.stages}:
                lacking.append(f"stage {body.entering}")
            if lacking:
                what = f"{rule.id} can not be judged: {mapped.file} has no {', '.join(lacking)}"
                remedy = "Map them, or leave the rule out of the profile"
                self.tell_rule(rule.id, (), what, remedy)

    def edition(self, edition: Pack, outcomes: Sequence[Outcome]) -> None:
        """Tell rules of an earlier or later edition that differ and are not tried there."""
        same = {rule.id: rule.body for rule in self.pack.rules}
        for missing in coverage(edition, outcomes).missing:
            rule = next(each for each in edition.rules if each.id == missing.rule)
            if missing.kind in _NEEDED and same.get(rule.id) != rule.body:
                what = f"edition {edition.version}: {missing}"
                remedy = f'Add one to a file in tests/ with "edition: {edition.version}" at its top'
                self.tell((), what, remedy)


def place(files: Sequence[Marked], rule: str, below: Where = ()) -> tuple[Marked, Where]:
    """Give the file that holds a rule, and the path to it or to a part of its body there."""
    for file in files:
        for i, told in enumerate(file.content.get("rules", ())):
            if told.get("id") == rule:
                body = next((each for each in BODIES if each in told), "")
                if below and below[0] in _OF_BODY:
                    return file, ("rules", i, body, *below)
                return file, ("rules", i, *below)
    return files[0], ()


def _has_number(rule: Rule, files: Sequence[Marked]) -> bool:
    file, where = place(files, rule.id)
    told: Any = file.content
    for part in where:
        told = told[part]
    return any(_numbers(told[body]) for body in BODIES if body in told)


def _numbers(told: Any) -> bool:
    if isinstance(told, dict | list):
        parts = told.values() if isinstance(told, dict) else told
        return any(_numbers(each) for each in parts)
    return isinstance(told, int | float) and not isinstance(told, bool)
