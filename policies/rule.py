"""A rule as a value: a guard on a stage or on the complaint as a whole, or a deadline."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from policies.english import deadline_sentence, guard_sentence
from policies.expression import Expression, names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ombud.model.calendar import Term
    from policies.english import Labelled

Severity: TypeAlias = Literal["major", "minor", "observation"]
Mode: TypeAlias = Literal["off", "observe", "flag", "block"]


@dataclass(frozen=True, slots=True)
class Clause:
    """Name the place in a standard that a rule answers to.

    Attributes:
        standard: "ISO 10002:2018" and the like.
        clause: its number.

    """

    standard: str
    clause: str

    def __str__(self) -> str:
        return f"{self.standard} {self.clause}"


@dataclass(frozen=True, slots=True)
class Guard:
    """Ask what must hold when a stage is entered, or of the complaint at any time.

    Attributes:
        entering: the stage; `None` makes it a standing condition of the complaint.
        when: whether it applies; `None` means always.
        must: what must hold.

    """

    entering: str | None
    when: Expression | None
    must: Expression


@dataclass(frozen=True, slots=True)
class Extension:
    """Lengthen a deadline once, by a notice sent before it is due.

    Attributes:
        by: the milestone that extends it.
        term: the new length, from the same start.

    """

    by: str
    term: Term


@dataclass(frozen=True, slots=True)
class Deadline:
    """Ask that one milestone follow another within a term.

    Attributes:
        start: milestone that starts the clock.
        stop: milestone that stops it.
        terms: the first whose condition applies counts; the last has none.
        calendar: its calendar's name; `None` means the binding's.
        pauses: states of waiting that do not count.
        extension: how it may be lengthened.

    """

    start: str
    stop: str
    terms: tuple[tuple[Expression | None, Term], ...]
    calendar: str | None = None
    pauses: frozenset[str] = frozenset()
    extension: Extension | None = None


@dataclass(frozen=True)
class Rule:
    """State one requirement of a pack; its id is never used again for another.

    Attributes:
        id: "close.with_root_cause" and the like.
        title: what it asks, in a few words.
        clauses: where that stands.
        severity: how grave a breach is.
        mode: how far it may act, at most.
        waivable: whether a breach may be waived.
        body: guard or deadline.

    """

    id: str
    title: str
    clauses: tuple[Clause, ...]
    severity: Severity
    mode: Mode
    waivable: bool
    body: Guard | Deadline

    @property
    def names(self) -> frozenset[str]:
        """Give the canonical fields and milestones that judging it reads."""
        body = self.body
        if isinstance(body, Guard):
            return names(body.must) | (names(body.when) if body.when is not None else frozenset())
        asked = {body.start, body.stop}
        if body.extension is not None:
            asked.add(body.extension.by)
        for when, _ in body.terms:
            if when is not None:
                asked |= names(when)
        return frozenset(asked)

    @cached_property
    def clause_names(self) -> tuple[str, ...]:
        """Give its clauses as text."""
        return tuple(str(clause) for clause in self.clauses)

    def sentence(self, vocabulary: Mapping[str, Labelled]) -> str:
        """Say in one sentence what the rule asks; `vocabulary` names the fields for people."""
        body = self.body
        if isinstance(body, Guard):
            return guard_sentence(body.entering, body.when, body.must, vocabulary)
        extended = body.extension
        return deadline_sentence(
            body.start,
            body.stop,
            [(when, str(term)) for when, term in body.terms],
            body.pauses,
            (extended.by, str(extended.term)) if extended is not None else None,
            vocabulary,
        )
