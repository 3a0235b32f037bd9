"""Look a pack over: rules without good and bad examples, words nothing uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ombud.model.facts import Verdict
from policies.examples import read_examples
from policies.load import files_of, load_pack
from policies.vocabulary import PackError, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from policies.vocabulary import Path as Where

#: A longer sentence is read by nobody.
LONGEST_SENTENCE: Final = 280


def lint(source: str | Path) -> tuple[Problem, ...]:
    """Find what is wrong with a pack, given by name or path; nothing is raised but for a missing file."""
    try:
        pack, files = load_pack(source), files_of(source)
        examples = read_examples(source)
    except PackError as error:
        return error.problems
    problems: list[Problem] = []
    file = files[0]

    def tell(where: Where, what: str, remedy: str) -> None:
        problems.append(file.problem(where, what, remedy))

    expected: dict[str, set[Verdict]] = {rule.id: set() for rule in pack.rules}
    for example in examples:
        expected[example.rule].add(example.expect)
    index = {rule["id"]: i for i, rule in enumerate(file.content.get("rules", ()))}
    for rule in pack.rules:
        at: Where = ("rules", index[rule.id]) if rule.id in index else ()
        for verdict, kind in ((Verdict.passed, "good"), (Verdict.failed, "bad")):
            if verdict not in expected[rule.id]:
                remedy = f'Add one with "expect: {verdict}" to a file in tests/ beside the pack'
                tell(at, f"{rule.id} has no {kind} example", remedy)
        if not rule.clauses:
            tell(at, f"{rule.id} names no clause", 'Add "clauses" with standard and clause')
        length = len(rule.sentence(pack.vocabulary))
        if length > LONGEST_SENTENCE:
            what = f"{rule.id} takes a sentence of {length} characters"
            tell(at, what, f"Split it into rules of at most {LONGEST_SENTENCE}")
    for name in sorted(set(pack.vocabulary) - pack.used):
        tell(("vocabulary", name), f'no rule reads the field "{name}"', "Remove it, or add a rule")
    for name, param in sorted(pack.params.items()):
        if f"param {name}" not in pack.used:
            tell(("params", name), f'no rule uses the parameter "{name}"', "Remove it")
        if not param.help:
            tell(("params", name), f'the parameter "{name}" says nothing of itself', 'Add "help"')
    return tuple(problems)
