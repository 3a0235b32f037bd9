"""Try a pack: its examples, what they cover, and the mutants that they let live."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policies.coverage import Coverage, coverage
from policies.example import Outcome, judge_example
from policies.examples import SURVIVORS, examples_beside
from policies.lint import place
from policies.load import files_of, load_editions
from policies.marked import MAXIMUM_BYTES, Unreadable, read
from policies.mutation import run_mutants
from policies.vocabulary import PackError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from policies.marked import Marked
    from policies.mutation import Mutant
    from policies.pack import Pack

    Tell = Callable[[int, int | None, str], None]


@dataclass(frozen=True, slots=True)
class Survivor:
    """Tell of a mutant that no example told from its rule.

    Attributes:
        id: its id; that of another edition than the newest begins with its version.
        mutant: the mutant.
        place: where the changed part stands.
        reason: why it makes no difference, by `tests/survivors.yaml`; `None` where nobody says.

    """

    id: str
    mutant: Mutant
    place: Problem
    reason: str | None

    def __str__(self) -> str:
        told = f"{self.place.file}:{self.place.line}:{self.place.column}: {self.id}: {self.mutant.what}"
        return f"{told} ({self.reason})" if self.reason is not None else told


@dataclass(slots=True)
class Trial:
    """Hold what a trial of a pack found.

    Attributes:
        pack: the newest edition.
        outcomes: what became of each example.
        coverage: by edition, the newest first.
        killed: how many mutants an example told from their rule; `None` where none were made.
        survivors: mutants that no example did, explained or not.
        problems: what is wrong with the explanations.

    """

    pack: Pack
    outcomes: tuple[Outcome, ...]
    coverage: Mapping[str, Coverage]
    killed: int | None = None
    survivors: tuple[Survivor, ...] = ()
    problems: list[Problem] = field(default_factory=list)

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Give the examples that did not come out."""
        return tuple(each for each in self.outcomes if not each.ok)

    @property
    def gaps(self) -> tuple[str, ...]:
        """Give what no example shows."""
        return tuple(
            str(missing) if version == self.pack.version else f"edition {version}: {missing}"
            for version, told in self.coverage.items()
            for missing in told.missing
        )

    @property
    def asked(self) -> int:
        """Give how many things examples are asked to show."""
        return sum(told.asked for told in self.coverage.values())

    @property
    def unexplained(self) -> tuple[Survivor, ...]:
        """Give the survivors of which nobody says that they make no difference."""
        return tuple(each for each in self.survivors if each.reason is None)

    @property
    def score(self) -> float | None:
        """Give the share of the mutants that were killed, those explained left out; `None` where there are none."""
        if self.killed is None or not self.killed + len(self.unexplained):
            return None
        return self.killed / (self.killed + len(self.unexplained))

    @property
    def ok(self) -> bool:
        """Tell whether nothing is left to be done."""
        return not (self.failed or self.gaps or self.unexplained or self.problems)


def try_pack(source: str | Path, *, mutate: bool = False, tell: Tell | None = None) -> Trial:
    """Try a pack by its parameters' defaults; raises `PackError` where it can not be read."""
    files, packs = files_of(source), load_editions(source)
    newest = next(each for each in packs if each.version == files[0].content["version"])
    ordered = [newest, *(each for each in packs if each is not newest)]
    examples = examples_beside(files, packs)
    rules = {(each.version, rule.id): rule for each in packs for rule in each.rules}
    outcomes = tuple(judge_example(rules[each.pack.version, each.rule], each) for each in examples)
    told = {each.version: coverage(each, outcomes) for each in ordered}
    for each in ordered[1:]:
        told[each.version] = _new_in(each, newest, told[each.version])
    trial = Trial(newest, outcomes, told)
    if mutate:
        _mutate(trial, files, ordered, tell)
    return trial


def _new_in(edition: Pack, newest: Pack, told: Coverage) -> Coverage:
    """Ask another edition's rules for examples only where they differ: the newest's try the others."""
    same = {rule.id: rule.body for rule in newest.rules}
    differ = {rule.id for rule in edition.rules if same.get(rule.id) != rule.body}
    missing = tuple(each for each in told.missing if each.rule in differ)
    return Coverage(told.asked - len(told.missing) + len(missing), missing)


def _mutate(
    trial: Trial, files: Sequence[Marked], packs: Sequence[Pack], tell: Tell | None
) -> None:
    newest, explained = packs[0], _explained(files[0].path.parent / "tests" / SURVIVORS)
    reasons: Mapping[str, str] = explained.content if explained is not None else {}
    examples = [outcome.example for outcome in trial.outcomes]
    killed: set[str] = set()
    survivors: list[Survivor] = []
    for pack in packs:
        done = run_mutants(
            pack,
            [each for each in examples if each.pack is pack],
            than=None if pack is newest else newest,
            tell=tell,
        )
        prefix = "" if pack is newest else f"{pack.version}/"
        killed |= {prefix + each for each in done.killed}
        for mutant in done.survived:
            name = prefix + mutant.id
            if pack is newest:
                file, where = place(files, mutant.rule, mutant.path)
            else:
                file, where = files[0], ()
            survivors.append(Survivor(name, mutant, file.problem(where, "", ""), reasons.get(name)))
    trial.killed, trial.survivors = len(killed), tuple(survivors)
    if explained is not None:
        alive = {each.id for each in survivors}
        for name in reasons:
            if name not in alive:
                what = "is killed by an example" if name in killed else "is no mutant of this pack"
                trial.problems.append(explained.problem((name,), what, "Remove it from the file"))


def _explained(path: Path) -> Marked | None:
    """Read why mutants make no difference; `None` where nothing is said; raises `PackError`."""
    if not path.is_file():
        return None
    with path.open("rb") as handle:
        text = handle.read(MAXIMUM_BYTES + 1)
    try:
        file = read(text, path)
    except Unreadable as error:
        raise PackError([error.problem]) from error
    problems = list(file.problems)
    remedy = 'Write "mutant id: reason", as `ombud packs test --mutate` names them'
    if not isinstance(file.content, dict):
        problems.append(file.problem((), "is no mapping of mutants to reasons", remedy))
    else:
        problems += [
            file.problem((name,), "has no reason", remedy)
            for name, reason in file.content.items()
            if not isinstance(reason, str) or len(reason) < 10
        ]
    if problems:
        raise PackError(problems)
    return file
