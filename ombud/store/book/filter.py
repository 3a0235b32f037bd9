"""Which complaints and findings are asked for, as a value, and as a condition in the book."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from ombud.store.book.layout import CODES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ombud.model.facts import Instant, Verdict

#: Sees every restricted complaint.
ALL_GROUPS: Final = "*"
_DATES: Final = {"received": "c.received", "due": "c.answer_due", "closed": "c.closed"}
#: Field of the filter -> column of the complaint.
COLUMNS: Final = {
    "helpdesks": "account",
    "bindings": "binding",
    "projects": "project",
    "teams": "team",
    "channels": "channel",
    "products": "product",
    "categories": "category",
    "severities": "severity",
    "stages": "stage",
    "outcomes": "outcome",
    "causes": "root_cause",
    "packs": "pack",
    "grades": "grade",
    "owners": "owner",
}
#: Stands for an empty or unknown field in a filter's values.
NONE: Final = "-"


@dataclass(frozen=True, slots=True)
class Filter:
    """Say which complaints are asked for; several values of one field mean any of them, several fields all of them.

    Attributes:
        begin: from when on; `None` from the beginning.
        end: until when, exclusive; `None` for ever.
        days: the same bounds in days since 1970-01-01, where both are midnights of the desk; `None` otherwise.
        date: what has to lie between: receipt, the answer's due, or closing.
        helpdesks: accounts.
        bindings: bindings.
        projects: projects or queues.
        teams: organisational units; "-" is none.
        channels: channels.
        products: products.
        categories: categories.
        severities: severities.
        stages: stages now.
        outcomes: decisions.
        causes: root causes.
        packs: versions of packs, as "iso10002 1.1.0".
        grades: how they stand by their major rules.
        owners: keyed identifiers of owners.
        rules: numbers of rules, one of which has a finding.
        verdicts: verdicts that such a finding has, when judged.
        standings: verdicts that it has now.
        found_due: from when to when such a finding is due; `None` for no such bound.
        undated: whether such a finding is one that has no due.
        open: open ones alone, closed ones alone, or both.
        late: those with a missed deadline that still runs, or those without.
        moved_back: those that Ombud moved back, or those that it did not.
        waived: those with a waived finding, or those without.
        enforced: "moved back" by Ombud, or left to "person".
        due: from when to when the next deadline is; `None` for no bound.
        cases: these cases alone.
        text: part of a key.
        before: whether complaints from before the policy count.
        steps: conditions on the way a complaint took, each as SQL over its number with its values.
        groups: groups whose restricted complaints are shown.

    """

    begin: Instant | None = None
    end: Instant | None = None
    days: tuple[int, int] | None = None
    date: Literal["received", "due", "closed"] = "received"
    helpdesks: tuple[str, ...] = ()
    bindings: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    packs: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    rules: tuple[int, ...] | None = None
    verdicts: tuple[Verdict, ...] = ()
    standings: tuple[Verdict, ...] = ()
    found_due: tuple[Instant | None, Instant | None] | None = None
    undated: bool = False
    open: bool | None = None
    late: bool | None = None
    moved_back: bool | None = None
    waived: bool | None = None
    due: tuple[Instant | None, Instant | None] | None = None
    cases: tuple[str, ...] = ()
    text: str = ""
    before: bool = True
    steps: tuple[tuple[str, tuple[object, ...]], ...] = ()
    groups: frozenset[str] = frozenset()

    def but(self, **changed: Any) -> Filter:
        """Give it with other values."""
        return replace(self, **changed)

    @property
    def judged(self) -> bool:
        """Tell whether it asks for certain findings."""
        return bool(
            self.rules is not None
            or self.verdicts
            or self.standings
            or self.found_due
            or self.undated
        )

    @property
    def rolled(self) -> bool:
        """Tell whether verdicts under it can be counted from the rollup alone, but for whole days of receipt."""
        kept = {"begin", "end", "days", "date", "helpdesks", "bindings", "projects", "packs", "open", "before", "groups"}  # fmt: skip
        other = any(
            getattr(self, each.name) != getattr(EVERYTHING, each.name)
            for each in fields(self)
            if each.name not in kept
        )
        bounded = self.begin is not None or self.end is not None
        return not other and (self.date == "received" or not bounded)

    def where(self, *, found: bool = True) -> tuple[str, list[object]]:
        """Give the condition on complaints `c`, and its values.

        Args:
            found: whether what is asked of findings counts; without, every finding of the complaints does.

        """
        told: list[str] = []
        values: list[object] = []
        for text, bound in self._conditions(found=found):
            told.append(text)
            values += bound
        return (" AND ".join(told) or "true"), values

    def findings(self, *, by_due: bool = False) -> tuple[str, list[object]]:
        """Give the condition on findings `v` of complaints `c`, and its values: both have to be joined.

        Args:
            by_due: the period counts for the finding's own due, not for the complaint.

        """
        of = self if not by_due else self.but(begin=None, end=None)
        told, values = of.where(found=False)
        parts = [told]
        for text, bound in self._of_finding():
            parts.append(text)
            values += bound
        if by_due:
            for text, bound in _between("v.due", self.begin, self.end):
                parts.append(text)
                values += bound
        return " AND ".join(parts), values

    def _conditions(self, *, found: bool) -> Iterator[tuple[str, list[object]]]:
        yield from _between(_DATES[self.date], self.begin, self.end)
        for name, column in COLUMNS.items():
            wanted: Sequence[str] = getattr(self, name)
            if wanted:
                yield _any_of(f"c.{column}", wanted)
        for flag, text in (
            (self.open, "c.open"),
            (self.late, "c.late_since IS NOT NULL"),
            (self.moved_back, "c.moved_back > 0"),
            (self.waived, "c.waived > 0"),
        ):
            if flag is not None:
                yield (text if flag else f"NOT ({text})"), []
        if self.due is not None:
            yield from _between("c.due", *self.due)
        if self.cases:
            yield f"c.kase IN ({_marks(self.cases)})", list(self.cases)
        if self.text:
            yield "contains(lower(c.key), lower(?))", [self.text]
        if not self.before:
            yield "NOT c.before", []
        for text, taken in self.steps:
            yield text, list(taken)
        if ALL_GROUPS not in self.groups:
            if self.groups:
                seen = sorted(self.groups)
                yield f"(c.restricted IS NULL OR c.restricted IN ({_marks(seen)}))", list(seen)
            else:
                yield "c.restricted IS NULL", []
        if found and self.judged:
            parts: list[str] = ["true"]
            values: list[object] = []
            for text, of_finding in self._of_finding():
                parts.append(text)
                values += of_finding
            yield f"c.n IN (SELECT v.n FROM verdict v WHERE {' AND '.join(parts)})", values

    def _of_finding(self) -> Iterator[tuple[str, list[object]]]:
        if self.rules is not None:
            # A rule that nobody knows has no findings.
            known = list(self.rules) or [-1]
            yield f"v.rule IN ({_marks(known)})", list(known)
        for column, wanted in (("verdict", self.verdicts), ("standing", self.standings)):
            if wanted:
                yield f"v.{column} IN ({_marks(wanted)})", [CODES[each] for each in wanted]
        if self.found_due is not None:
            yield from _between("v.due", *self.found_due)
        if self.undated:
            yield "v.due IS NULL", []


def _between(
    column: str, begin: Instant | None, end: Instant | None
) -> Iterator[tuple[str, list[object]]]:
    if begin is not None:
        yield f"{column} >= ?", [begin]
    if end is not None:
        yield f"{column} < ?", [end]


def _any_of(column: str, wanted: Sequence[str]) -> tuple[str, list[object]]:
    named = [each for each in wanted if each != NONE]
    parts = [f"{column} IN ({_marks(named)})"] if named else []
    if len(named) < len(wanted):
        parts.append(f"{column} IS NULL")
    return f"({' OR '.join(parts)})", list(named)


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))


#: Every complaint that nobody is kept from.
EVERYTHING: Final = Filter()
