"""Write the reference page of a pack from the pack: `python -m policies.reference PACK|--all [--check]`.

What stands in `about.md` beside the pack opens the page; all the rest is generated, and a test holds it current.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from policies.build import OTHERWISE
from policies.english import condition, moment
from policies.examples import examples_beside
from policies.load import built_in, files_of, load_editions, pack_path
from policies.pack import builder_of
from policies.rule import Cadence, Deadline
from policies.trial import try_pack
from policies.vocabulary import PackError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policies.example import Example
    from policies.pack import Pack
    from policies.rule import PauseRule, Rule
    from policies.trial import Trial

PAGE: Final = "README.md"
ABOUT: Final = "about.md"
#: Examples named before the rest is counted.
_MOST: Final = 6
_READING: Final = """\
## Reading the rules

A rule on a stage is judged each time a complaint enters that stage, with everything saved in the same change. A
condition over a field that was left blank counts as met, so that a blank evades nothing. What is unknown never counts
as a pass. A complaint is judged by the version that held on the day it was received. A business day ends at the close
of the desk and any other day at local midnight; what happens at that very instant is in time.
"""


def page(source: str | Path) -> str:
    """Write the page of a pack; raises `PackError` where it can not be read."""
    files, packs = files_of(source), load_editions(source)
    pack = next(each for each in packs if each.version == files[0].content["version"])
    examples = [each for each in examples_beside(files, packs) if each.pack is pack]
    about = files[0].path.parent / ABOUT
    parts = [
        [f"# Pack {pack.id}: {pack.title}"],
        [about.read_text("utf-8").strip()] if about.is_file() else [],
        list(_summary(pack, len(examples))),
        list(_sources(pack)),
        list(_editions(pack, packs)),
        list(_profiles(pack)),
        list(_params(pack)),
        list(_tracks(pack)),
        [_READING.strip()],
        ["## Rules"],
        *(list(_rule(rule, pack, examples)) for rule in pack.rules),
        list(_measures(pack)),
        list(_crosswalk(pack)),
        list(_fields(pack)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def write_page(folder: Path) -> Path:
    """Write the page into a pack's folder; gives its path."""
    path = folder / PAGE
    path.write_text(page(folder), "utf-8")
    return path


def _summary(pack: Pack, examples: int) -> Iterator[str]:
    until = f" to {pack.effective_to}" if pack.effective_to is not None else " on"
    whose = f" Authority: {pack.authority}." if pack.authority else ""
    yield (
        f"Version {pack.version}, for complaints received from {pack.effective_from}{until}."
        f"{whose} {len(pack.rules)} rules, {examples} examples beside them. This page is generated "
        "from the pack: findings say how far a desk follows it, and nothing else."
    )
    if pack.base is not None:
        yield f"It is laid over `{pack.base}`."
    for each in pack.loosened:
        yield f"- It asks less in `{each.rule}`: {each.what}. Why: {each.reason}"


def _sources(pack: Pack) -> Iterator[str]:
    if pack.sources:
        yield from _table(
            ("source", "status", "looked at", "note"),
            [
                (_link(each.standard, each.url), each.status, each.verified, each.note)
                for each in pack.sources
            ],
            "## Sources",
        )


def _editions(pack: Pack, packs: Sequence[Pack]) -> Iterator[str]:
    if len(packs) < 2:
        return
    own = {rule.id: rule.body for rule in pack.rules}
    rows = []
    for each in packs:
        theirs = {rule.id: rule.body for rule in each.rules}
        differ = [name for name in (*own, *theirs) if own.get(name) != theirs.get(name)]
        told = ", ".join(f"`{name}`" for name in dict.fromkeys(differ)) or "-"
        until = each.effective_to or "-"
        rows.append((each.version, each.effective_from, until, each.title, told))
    columns = ("version", "received from", "to", "title", "rules that differ from this page")
    yield from _table(columns, rows, "## Editions")


def _profiles(pack: Pack) -> Iterator[str]:
    if pack.profiles:
        rows = [
            (
                f"`{name}`",
                len(rules),
                "every rule"
                if len(rules) == len(pack.rules)
                else ", ".join(f"`{each}`" for each in rules),
            )
            for name, rules in pack.profiles.items()
        ]
        yield from _table(("profile", "rules", "which"), rows, "## Profiles")


def _params(pack: Pack) -> Iterator[str]:
    if pack.params:
        rows = [
            (f"`{name}`", _value(each.default), _value(each.minimum), each.help)
            for name, each in pack.params.items()
        ]
        lead = "## Parameters\n\nSet them under `[bindings.params]` in `ombud.toml`."
        yield from _table(("parameter", "default", "at least", "means"), rows, lead)


def _tracks(pack: Pack) -> Iterator[str]:
    told: Mapping[str, Any] = dict(json.loads(pack.content).get("tracks", {}))
    if not told:
        return
    params = {name: each.default for name, each in pack.params.items()}
    builder = builder_of(json.loads(pack.content), pack.vocabulary, params)
    rows = [
        (
            f"`{name}`",
            "every other complaint"
            if each == OTHERWISE
            else condition(builder.expression(each, ()), pack.vocabulary),
            sum(name in rule.tracks for rule in pack.rules),
        )
        for name, each in told.items()
    ]
    lead = "## Tracks\n\nA complaint is on the first that applies; a rule without tracks holds on each."
    yield from _table(("track", "complaints", "rules"), rows, lead)


def _rule(rule: Rule, pack: Pack, examples: Sequence[Example]) -> Iterator[str]:
    yield f"### {rule.id}"
    yield ""
    yield f"**{rule.title}.** {rule.sentence(pack.vocabulary)}"
    yield ""
    yield from _sum(rule, pack)
    if rule.clauses:
        yield f"- Clauses: {'; '.join(rule.clause_names)}"
    for source in rule.sources:
        note = f". {source.note}" if source.note else ""
        told = f"{_link(source.ref, source.url)}, {source.status} {source.verified}{note}"
        yield f"- Source: {told}"
    waived = "may be waived" if rule.waivable else "may not be waived"
    within = [name for name, rules in pack.profiles.items() if rule.id in rules]
    profiles = f"; profiles {', '.join(within)}" if within else ""
    tracks = f"; tracks {', '.join(rule.tracks)}" if rule.tracks else ""
    most = "switched off" if rule.mode == "off" else f"at most {rule.mode}"
    yield f"- {rule.severity.capitalize()}; {most}; {waived}{tracks}{profiles}"
    for verdict, word in (("pass", "Passes"), ("fail", "Fails")):
        named = [
            each.name for each in examples if each.rule == rule.id and each.expect.value == verdict
        ]
        if named:
            more = f"; and {len(named) - _MOST} more" if len(named) > _MOST else ""
            yield f"- {word}: {'; '.join(named[:_MOST])}{more}"


def _sum(rule: Rule, pack: Pack) -> Iterator[str]:
    """Write what goes into the sum of a clock, a line each."""
    body = rule.body
    if not isinstance(body, Deadline | Cadence):
        return
    for when, length in body.terms:
        applies = f" if {condition(when, pack.vocabulary)}" if when is not None else ""
        yield f"- Term: {length}{applies}"
    for pause in body.pauses:
        yield f"- Does not count: {_pause(pause)}"
    if isinstance(body, Deadline):
        if body.extension is not None:
            asks = body.extension.must
            held = f", with {condition(asks, pack.vocabulary)}" if asks is not None else ""
            by = moment(body.extension.by)
            yield f"- Extension: {body.extension.term} from the start, by a {by} before that{held}"
        if body.as_of == "first":
            yield "- Of a field that changed, the first value counts"
        if body.operational is not None:
            told = "; ".join(_pause(each) for each in body.operational)
            yield f"- The desk's own clock, which only warns, leaves out: {told or 'nothing'}"
        if body.clock == "operational":
            yield "- The desk's own clock, not a regulator's"
    if body.calendar is not None:
        yield f"- Calendar: `{body.calendar}`"


def _pause(pause: PauseRule) -> str:
    name = pause.name.replace("_", " ")
    word = {"waiting": "waiting for", "stage": "the stage", "while": "while set:"}[pause.kind]
    source = f" ({pause.source})" if pause.source else ""
    return f"{word} {name}, at most {pause.cap}{source}"


def _measures(pack: Pack) -> Iterator[str]:
    if pack.measures:
        rows = [
            (f"`{each.id}`", each.title, each.cohort, each.formula(pack.vocabulary))
            for each in pack.measures
        ]
        lead = "## Measures\n\nNumbers about many complaints; none of them is a verdict."
        yield from _table(("measure", "shows", "cohort", "formula"), rows, lead)


def _crosswalk(pack: Pack) -> Iterator[str]:
    standards = list(
        dict.fromkeys(clause.standard for rule in pack.rules for clause in rule.clauses)
    )
    if len(standards) < 2:
        return
    rows = []
    for rule in pack.rules:
        by_standard: dict[str, list[str]] = {}
        for clause in rule.clauses:
            by_standard.setdefault(clause.standard, []).append(clause.clause)
        rows.append((f"`{rule.id}`", *(", ".join(by_standard.get(s, ())) for s in standards)))
    lead = "## Crosswalk\n\nThe clause of each standard that a rule corresponds to."
    yield from _table(("rule", *standards), rows, lead)


def _fields(pack: Pack) -> Iterator[str]:
    if pack.vocabulary:
        rows = [
            (
                f"`{name}`",
                each.label,
                each.type.value,
                (" < " if each.ordered else ", ").join(each.values),
            )
            for name, each in pack.vocabulary.items()
        ]
        lead = "## Fields\n\nMap them in the mapping file; a rule without its fields is not judged."
        yield from _table(("field", "label", "type", "values"), rows, lead)


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]], lead: str) -> Iterator[str]:
    yield lead
    yield ""
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows:
        yield f"| {' | '.join(_cell(cell) for cell in row)} |"


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return " ".join(text.split()).replace("|", "\\|")


def _value(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _link(text: str, url: str | None) -> str:
    return f"[{text}]({url})" if url else text


def figures(trials: Sequence[Trial]) -> str:
    """Write the page that says how well each pack is tried."""
    rows = [
        (
            f"`{each.pack.id}`",
            each.pack.version,
            len(each.pack.rules),
            len(each.outcomes),
            f"{each.asked - len(each.gaps)} of {each.asked}",
            each.killed,
            len(each.unexplained),
            len(each.survivors) - len(each.unexplained),
            f"{each.score:.1%}" if each.score is not None else "",
        )
        for each in trials
    ]
    columns = ("pack", "version", "rules", "examples", "covered", "killed", "alive", "explained", "score")  # fmt: skip
    lead = """\
# Packs that come with Ombud, and how well they are tried

Written by `python -m policies.reference --figures FILE`, from what `ombud packs test --all --mutate` finds. Covered: of
the verdicts and moments that examples have to show, so many are shown. Killed: mutants that an example told from the
rule; alive: those that none did; explained: those of which `tests/survivors.yaml` says why they make no difference,
which the score leaves out.
"""
    return "\n".join(_table(columns, rows, lead.rstrip())) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write pages, or with --check say which are not current; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m policies.reference", description=__doc__)
    parser.add_argument("pack", nargs="?", help="a pack's name or folder")
    parser.add_argument("--all", action="store_true", help="every pack that comes with Ombud")
    parser.add_argument("--figures", type=Path, help="write how well each pack is tried")
    parser.add_argument("--check", action="store_true", help="write nothing, tell what is stale")
    told = parser.parse_args(arguments)
    if told.figures is not None:
        text = figures([try_pack(name, mutate=True) for name in built_in()])
        told.figures.write_text(text, "utf-8")
        return 0
    if told.all == (told.pack is not None):
        parser.error("name a pack, or give --all")
    stale = 0
    for name in built_in() if told.all else [told.pack]:
        try:
            source: str | Path = name if name in built_in() else Path(name)
            text, path = page(source), pack_path(source).parent / PAGE
        except PackError as error:
            sys.stderr.write(f"{error}\n")
            return 2
        if path.is_file() and path.read_text("utf-8") == text:
            continue
        stale += 1
        if not told.check:
            path.write_text(text, "utf-8")
        sys.stdout.write(f"{'Stale' if told.check else 'Wrote'}: {path}\n")
    return 1 if told.check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
