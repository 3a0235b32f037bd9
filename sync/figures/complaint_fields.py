"""The fields of one complaint as they stood at each of its steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.event import Cause
from ombud.model.facts import UNKNOWN, Verdict
from ombud.model.instant import iso
from sync.figures.complaint_words import value_of
from sync.findings import label_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ombud.model.facts import Complaint, Instant
    from ombud.model.finding import Finding
    from sync.binding import Bound
    from sync.figures.complaint_words import People, Value

#: Steps that are shown: the first, and the last before now.
MOST_STEPS: Final = 6
#: Fields that say something of Ombud's own working and not of the complaint.
_LEFT_OUT: Final = frozenset({"received_at", "restricted_to"})


class StepHead(NamedTuple):
    """Head a column: the stage, when it was entered, and whether Ombud moved it there; `None` as time is now."""

    stage: str
    at: Instant | None
    ours: bool


class FieldCell(NamedTuple):
    """Hold a field's value at a step, whether it changed since the step before, and whether a rule fails for it."""

    value: Value
    changed: bool
    fails: bool


class FieldRow(NamedTuple):
    """Hold one field at every step."""

    name: str
    label: str
    cells: Sequence[FieldCell]


class Fields(NamedTuple):
    """Hold the table of fields.

    Attributes:
        steps: its columns, the last of which is now.
        rows: its rows.
        left_out: steps in between that are not shown.

    """

    steps: Sequence[StepHead]
    rows: Sequence[FieldRow]
    left_out: int

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "steps": [
                {"stage": each.stage, "entered": iso(each.at), "by_ombud": each.ours}
                for each in self.steps
            ],
            "left_out": self.left_out,
            "fields": {row.name: [cell.value.as_json() for cell in row.cells] for row in self.rows},
        }


def fields_of(
    bound: Bound, complaint: Complaint, people: People, findings: Iterable[Finding]
) -> Fields:
    """Give the fields that the mapping reads, at each step and now."""
    every = complaint.transitions
    left_out = max(0, len(every) - MOST_STEPS)
    shown = [*every[:1], *every[1 + left_out :]] if left_out else list(every)
    failing = _failing(findings)
    names = [name for name in bound.mapping.fields if name not in _LEFT_OUT]
    stage = complaint.stage
    heads = [
        StepHead(each.entering, each.at, each.cause is Cause.ourselves) for each in shown
    ] + [StepHead(stage if isinstance(stage, str) else "unknown", None, ours=False)]  # fmt: skip
    occurrences = [each.event for each in shown] + [""]
    rows = [*(each.row for each in shown), complaint.row]
    found = []
    for name in names:
        values = [value_of(bound, people, name, row.get(name, UNKNOWN)) for row in rows]
        cells = [
            FieldCell(
                value,
                (values[place - 1] != value) if place else value.kind not in {"empty", "unknown"},
                (name, occurrences[place]) in failing,
            )
            for place, value in enumerate(values)
        ]
        found.append(FieldRow(name, label_of(bound, name), cells))
    return Fields(heads, found, left_out)


def _failing(findings: Iterable[Finding]) -> set[tuple[str, str]]:
    """Give field and step of what fails; what fails still does so now, whose step has no name."""
    found = set()
    for each in findings:
        if each.verdict is Verdict.failed:
            found |= {(fix.field, each.occurrence) for fix in each.fixes}
        if each.standing is Verdict.failed:
            found |= {(fix.field, "") for fix in each.fixes}
    return found
