"""Clause by clause: which rules ask what of tickets, what came of it, and which documents stand beside it.

Clauses are named by their numbers and by a few words of ours. What a clause asks stands in the standard.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.facts import Verdict
from sync.figures.overview import by_rule, share_of
from sync.filters import under

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ombud.store import DocumentRow
    from ombud.store.book import Book, Filter
    from policies.rule import Rule
    from sync.binding import Bound
    from sync.figures.overview import RuleCounts, Share
    from sync.service import Service

#: The standard whose clauses are all listed, whether or not a rule answers to them.
EDITION: Final = "ISO 10002:2018"
_LEADERSHIP = "decisions of management, budgets, who is responsible"
_TRAINING = "training records, staffing"


class Named(NamedTuple):
    """Name a clause.

    Attributes:
        number: its number.
        title: what it is about, in our own words.
        papers: what documents show of it where tickets cannot.
        only: whether no ticket can show anything of it.

    """

    number: str
    title: str
    papers: str = ""
    only: bool = False


#: Where `papers` is empty, tickets can show all that a document could.
CLAUSES: Final = (
    Named("4.1", "Principles as a whole", "a policy that names them", only=True),
    Named("4.2", "Commitment", _LEADERSHIP, only=True),
    Named("4.3", "Capacity", "staffing and budgets", only=True),
    Named("4.4", "Transparency", "what is published for complainants"),
    Named("4.5", "Accessibility", "ways in, languages, aids"),
    Named("4.6", "Responsiveness"),
    Named("4.7", "Objectivity", "rules on conflicts of interest"),
    Named("4.8", "Charges", "published terms"),
    Named("4.9", "Sound information"),
    Named("4.10", "Confidentiality", "a privacy policy, access rights"),
    Named("4.11", "Care for customers", "policy, training"),
    Named("4.12", "Accountability", "who answers for what"),
    Named("4.13", "Improvement", "plans and their results"),
    Named("4.14", "Competence", _TRAINING, only=True),
    Named("4.15", "Timeliness", "published time limits"),
    Named("5.1", "Context", "an analysis of who is concerned and by what", only=True),
    Named("5.2", "Leadership", _LEADERSHIP, only=True),
    Named("5.3", "Policy", "the policy, and how people get to know it", only=True),
    Named("5.4", "Roles", "an organisation chart, descriptions of roles"),
    Named("6.1", "Planning", "the plan of how complaints are handled", only=True),
    Named("6.2", "Objectives", "objectives with their figures", only=True),
    Named("6.3", "Activities", "procedures", only=True),
    Named("6.4", "Resources", _TRAINING, only=True),
    Named("7.1", "Telling people how", "leaflets, pages, notices"),
    Named("7.2", "Receipt"),
    Named("7.3", "Tracking"),
    Named("7.4", "Acknowledgement"),
    Named("7.5", "Assessment"),
    Named("7.6", "Investigation"),
    Named("7.7", "Response"),
    Named("7.8", "Decision told"),
    Named("7.9", "Closing"),
    Named("8.1", "Collecting information", "procedures on records"),
    Named("8.2", "Root cause, action", "analyses and their results"),
    Named("8.3", "Satisfaction", "surveys and their results"),
    Named("8.4", "Monitoring", "reports on the process", only=True),
    Named("8.5", "Auditing", "audit plans and reports", only=True),
    Named("8.6", "Management review", "minutes", only=True),
    Named("8.7", "Improvement", "plans and their results"),
    Named("Annex C", "Form for complainants", "the form"),
    Named("Annex D", "Objectivity in practice"),
    Named("Annex E", "Form for following up"),
    Named("Annex F", "Kinds of responses"),
    Named("Annex G", "Escalation"),
)
_ANNEX: Final = "Annex"
#: States of a rule, from the one that shows the most.
STATES: Final = {
    "asked": "asked",
    "unmapped": "not asked: nothing maps what it reads",
    "off": "off",
    "left out": "not in the profile",
}


@dataclass(frozen=True, slots=True)
class RuleState:
    """Say whether a rule is asked, and where not, why.

    Attributes:
        id: the rule's id.
        pack: its pack.
        title: what it asks, in a few words.
        state: the best of `STATES` among bindings.
        bindings: binding -> its state there.
        missing: what nothing maps.
        judged: whether the book has a page of it.
        clauses: its clauses.

    """

    id: str
    pack: str
    title: str
    state: str
    bindings: Mapping[str, str]
    missing: tuple[str, ...]
    judged: bool
    clauses: tuple[str, ...]

    @property
    def note(self) -> str:
        """Say it in words: where it is otherwise than in general, by binding."""
        told = STATES[self.state]
        if self.state == "unmapped":
            told = f"not asked: map {', '.join(self.missing)}"
        others = [f"{name}: {STATES[state]}" for name, state in self.bindings.items() if state != self.state]  # fmt: skip
        return "; ".join([told, *others])


@dataclass(frozen=True, slots=True)
class Clause:
    """Hold one clause.

    Attributes:
        key: standard, edition and number.
        number: its number.
        title: what it is about, in our words; "" where we have none.
        papers: what documents show of it.
        only: whether no ticket can show anything of it.
        rules: rules that answer to it.
        counts: verdicts of these rules.
        documents: documents that people named for it.

    """

    key: str
    number: str
    title: str
    papers: str
    only: bool
    rules: tuple[RuleState, ...]
    counts: Mapping[Verdict, int]
    documents: tuple[DocumentRow, ...]

    @property
    def asked(self) -> int:
        """Give how many of its rules are asked."""
        return sum(each.state == "asked" for each in self.rules)

    @property
    def share(self) -> Share:
        """Give the share of checks that passed."""
        return share_of(self.counts)

    @property
    def state(self) -> str:
        """Say what shows it: "tickets", "documents", "both" or "nothing"."""
        if self.asked:
            return "both" if self.documents else "tickets"
        return "documents" if self.documents else "nothing"

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "clause": self.key,
            "title": self.title,
            "shown_by": self.state,
            "documents_could_show": self.papers,
            "documents_alone": self.only,
            "rules": [
                {"rule": each.id, "pack": each.pack, "state": each.state, "bindings": dict(each.bindings), "missing": list(each.missing)}
                for each in self.rules
            ],
            **{verdict.value: self.counts.get(verdict, 0) for verdict in Verdict},
            "passed_of": self.share.as_json(),
            "documents": [
                {"kind": each.kind, "title": each.title, "link": each.link, "owner": each.owner, "review_by": each.review_by}
                for each in self.documents
            ],
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coverage:
    """Hold clauses by standard: the one that is listed whole first.

    Attributes:
        standards: standard -> its clauses.
        documents: every document, what is overdue first.
        overdue: identifiers of those whose review is overdue.

    """

    standards: Mapping[str, Sequence[Clause]]
    documents: Sequence[DocumentRow]
    overdue: frozenset[str]

    @property
    def whole(self) -> Sequence[Clause]:
        """Give the clauses of the standard that is listed whole, without its annexes."""
        return [each for each in self.standards[EDITION] if not each.number.startswith(_ANNEX)]

    def counted(self) -> Mapping[str, int]:
        """Count these clauses by what shows them."""
        states = [each.state for each in self.whole]
        return {name: states.count(name) for name in ("tickets", "both", "documents", "nothing")}

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "standards": {
                name: [each.as_json() for each in clauses]
                for name, clauses in self.standards.items()
            },
            "reviews_overdue": len(self.overdue),
        }


def count_coverage(service: Service, book: Book, asked: Filter, today: date) -> Coverage:
    """Give every clause with its rules, what came of them, and its documents.

    Args:
        service: the service.
        book: the book.
        asked: the complaints that are counted.
        today: the day that reviews are overdue before.

    """
    counts = by_rule(book, asked)
    judged = {(each.pack, each.id) for each in book.rules.values()}
    rules = rule_states(service.bounds, judged)
    with service.store.documents.reading() as shelf:
        documents = shelf.documents()
    standards: dict[str, list[Clause]] = {
        EDITION: [
            _clause(f"{EDITION} {each.number}", each, rules, counts, documents) for each in CLAUSES
        ]
    }
    listed = {f"{EDITION} {each.number}" for each in CLAUSES}
    others = {name for rule in rules for name in rule.clauses} | {each.clause for each in documents}
    for key in sorted(others, key=_order):
        if not any(under(key, each) for each in listed):
            standard, number = parted(key)
            told = _clause(key, Named(number, ""), rules, counts, documents)
            standards.setdefault(standard, []).append(told)
    overdue = frozenset(each.id for each in documents if each.review_by < today.isoformat())
    documents.sort(key=lambda each: (each.review_by, each.title))
    return Coverage(standards, documents, overdue)


def known_clauses(service: Service) -> dict[str, str]:
    """Give the clauses that a document can be named for, in order, with their words."""
    found = {
        f"{EDITION} {each.number}": f"{EDITION} {each.number} {each.title}" for each in CLAUSES
    }
    named = {name for rule in rule_states(service.bounds, frozenset()) for name in rule.clauses}
    for key in sorted(named, key=_order):
        if not any(under(key, each) for each in found):
            found[key] = key
    return found


def parted(clause: str) -> tuple[str, str]:
    """Part a clause in standard and number: "ISO 10002:2018", "Annex C"."""
    standard, _, number = clause.rpartition(" ")
    if standard.endswith(f" {_ANNEX}"):
        return standard.removesuffix(f" {_ANNEX}"), f"{_ANNEX} {number}"
    return standard, number


def _order(key: str) -> tuple[str, list[tuple[int, str]]]:
    standard, number = parted(key)
    parts = number.replace("(", ".").split(".")
    return standard, [(int(each), "") if each.isascii() and each.isdigit() else (1 << 30, each) for each in parts]  # fmt: skip


def _clause(
    key: str,
    named: Named,
    rules: Iterable[RuleState],
    counts: Sequence[RuleCounts],
    documents: Iterable[DocumentRow],
) -> Clause:
    told = [each.counts for each in counts if any(under(name, key) for name in each.rule.clauses)]
    return Clause(
        key,
        named.number,
        named.title,
        named.papers,
        named.only,
        tuple(each for each in rules if any(under(name, key) for name in each.clauses)),
        {verdict: sum(each.get(verdict, 0) for each in told) for verdict in Verdict},
        tuple(each for each in documents if under(each.clause, key)),
    )


def rule_states(bounds: Sequence[Bound], judged: Iterable[tuple[str, str]]) -> list[RuleState]:
    """Give every rule of every pack in force, with its state in each binding that has the pack."""
    known: dict[tuple[str, str], Rule] = {}
    states: dict[tuple[str, str], dict[str, str]] = {}
    missing: dict[tuple[str, str], dict[str, None]] = {}
    for bound in bounds:
        pack = bound.parts.packs[-1]
        gaps = {each.rule.id: each.missing for each in bound.judge.gaps}
        for rule in pack.rules:
            key = (pack.id, rule.id)
            known.setdefault(key, rule)
            states.setdefault(key, {})[bound.name] = _state(bound, rule.id, gaps)
            if rule.id in gaps:
                missing.setdefault(key, {}).update(dict.fromkeys(gaps[rule.id]))
    return [
        RuleState(
            rule.id,
            pack,
            rule.title,
            min(states[pack, name].values(), key=list(STATES).index),
            states[pack, name],
            tuple(missing.get((pack, name), ())),
            (pack, name) in judged,
            rule.clause_names,
        )
        for (pack, name), rule in known.items()
    ]


def _state(bound: Bound, rule: str, gaps: Mapping[str, object]) -> str:
    if rule not in {each.id for each in bound.pack.rules}:
        return "left out"
    if bound.modes.get(rule) == "off":
        return "off"
    return "unmapped" if rule in gaps else "asked"
