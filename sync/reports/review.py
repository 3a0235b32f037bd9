"""The management review of complaint handling, as values: seven inputs, and what the review is asked to decide.

The inputs and outputs follow clause 8.6 of ISO 10002:2018, in our own words. An input of which nothing is known says
so, and what fills it: it is never left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.instant import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ombud.model.facts import Instant


class Input(NamedTuple):
    """Name an input of the review: by its letter, its title, what it tells, and what fills it."""

    letter: str
    title: str
    asks: str
    remedy: str


#: The inputs in their order; the key is what an entry of somebody's is kept under.
INPUTS: Final[Mapping[str, Input]] = {
    "inside": Input(
        "a",
        "Changes inside the organisation",
        "What changed in people, products, systems or rules of our own that bears on complaints.",
        "Somebody who knows has to write it: open the review and choose Add to an input.",
    ),
    "outside": Input(
        "b",
        "Changes outside the organisation",
        "What changed in law, market, suppliers or what customers expect.",
        "Somebody who knows has to write it: open the review and choose Add to an input.",
    ),
    "performance": Input(
        "c",
        "Performance of the complaints process",
        "What was measured: rules, time limits, and what people who complained say of it.",
        "Read the helpdesk with ombud sync, and import a survey with ombud report survey.",
    ),
    "audits": Input(
        "d",
        "Results of audits",
        "What audits of complaint handling found, and which findings are open.",
        "Write down each audit and its findings: open the review and choose Add to an input.",
    ),
    "actions": Input(
        "e",
        "Corrective and preventive actions",
        "What was done about causes, what is overdue, and whether it helped.",
        "Write down actions with owner and date, or map the field of corrective actions.",
    ),
    "earlier": Input(
        "f",
        "What earlier reviews asked for",
        "Decisions of earlier reviews, who has them, and what came of them.",
        "It fills by itself once a review has asked for something.",
    ),
    "ideas": Input(
        "g",
        "Suggestions for improvement",
        "What staff, customers and the figures suggest.",
        "Write down suggestions: open the review and choose Add to an input.",
    ),
}
#: What a review decides; the key is what a decision is kept under.
OUTPUTS: Final[Mapping[str, str]] = {
    "process": "The complaints process",
    "product": "Products and services",
    "resources": "Resources and training",
}


@dataclass(frozen=True, slots=True)
class Number:
    """Hold a headline figure.

    Attributes:
        label: what it is.
        value: the figure in words, as "88.6 %".
        beside: what it is compared with.
        lines: of how many, unknown, and the like.
        query: the filter that gives its complaints; "" where there is none.

    """

    label: str
    value: str
    beside: str = ""
    lines: tuple[str, ...] = ()
    query: str = ""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Hold counts of verdicts, drawn as a bar."""

    fail: int = 0
    unknown: int = 0
    pending: int = 0
    waived: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True)
class Listing:
    """Hold a table.

    Attributes:
        title: its heading.
        heads: its columns' headings.
        rows: its rows, as long as `heads`; numbers are texts already.
        right: columns whose cells stand at the right.
        note: a sentence under it.

    """

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str | Verdicts, ...], ...]
    right: frozenset[int] = frozenset()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Picture:
    """Hold a chart as SVG, with its heading and the sentence that says what it shows."""

    title: str
    svg: bytes
    sentence: str


@dataclass(frozen=True, slots=True)
class Section:
    """Hold what is told under one input.

    Attributes:
        key: which of `INPUTS`.
        about: which complaints, in words.
        said: sentences.
        numbers: headline figures, three at most stand in one row.
        listings: tables.
        pictures: charts.

    """

    key: str
    about: str = ""
    said: tuple[str, ...] = ()
    numbers: tuple[Number, ...] = ()
    listings: tuple[Listing, ...] = ()
    pictures: tuple[Picture, ...] = ()

    @property
    def empty(self) -> bool:
        """Tell whether nothing is known."""
        return not (self.said or self.numbers or self.listings or self.pictures)


@dataclass(frozen=True, slots=True)
class Decision:
    """Hold what the review is asked to decide: the finding, what is proposed, who would do it, and by when."""

    kind: str
    finding: str
    proposed: str
    owner: str = ""
    by: str = ""


class Goal(NamedTuple):
    """Relate a measured figure to a target of the United Nations' goals; nothing is claimed by it."""

    goal: str
    target: str
    about: str
    figure: str
    value: str


@dataclass(frozen=True, slots=True)
class Review:
    """Hold a management review.

    Attributes:
        organisation: whose; "" where nothing says.
        period: the period, as an address has it.
        period_label: the same in words.
        zone: IANA zone of its times.
        cutoff: up to when the figures know what happened; `None` where nothing was counted.
        completeness: how complete the data are, in words.
        packs: versions of packs in force.
        digest: of packs, mapping and scope, all together.
        restated: what is otherwise than it was reported before.
        sections: what is told, by input; an input without one is empty.
        decisions: what it is asked to decide.
        goals: a page that relates figures to goals; none leaves it out.

    """

    organisation: str
    period: str
    period_label: str
    zone: str
    cutoff: Instant | None
    completeness: str
    packs: tuple[str, ...] = ()
    digest: str = ""
    restated: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    decisions: tuple[Decision, ...] = ()
    goals: tuple[Goal, ...] = ()

    def section(self, key: str) -> Section:
        """Give what is told under an input."""
        return next((each for each in self.sections if each.key == key), Section(key))

    @property
    def lacking(self) -> tuple[Input, ...]:
        """Give the inputs of which nothing is known."""
        return tuple(told for key, told in INPUTS.items() if self.section(key).empty)

    def as_json(self) -> dict[str, object]:
        """Give it for programs; charts are left out."""
        return {
            "organisation": self.organisation,
            "period": self.period,
            "cutoff": iso(self.cutoff),
            "completeness": self.completeness,
            "packs": list(self.packs),
            "digest": self.digest,
            "restated": list(self.restated),
            "inputs": [
                {
                    "input": told.letter,
                    "title": told.title,
                    "known": not self.section(key).empty,
                    **_told(self.section(key)),
                }
                for key, told in INPUTS.items()
            ],
            "decisions": [
                {
                    "about": each.kind,
                    "finding": each.finding,
                    "proposed": each.proposed,
                    "owner": each.owner,
                    "by": each.by,
                }
                for each in self.decisions
            ],
            "goals": [each._asdict() for each in self.goals],
        }


@dataclass(frozen=True, slots=True)
class Measured:
    """Hold one figure that goals can be related to: its id, what it is, and its value in words."""

    id: str
    label: str
    value: str
    told: bool = field(default=True)


#: Figure -> goal, target, and what the target is about, in our own words.
_GOALS: Final[Mapping[str, tuple[str, str, str]]] = {
    "satisfaction": ("8", "8.2", "more is made of the same work, by better ways of working"),
    "root_cause": (
        "12",
        "12.5",
        "less goes to waste: causes are removed, and not only returns paid",
    ),
    "information": ("12", "12.8", "people have the information they need to choose"),
    "answered": ("16", "16.6", "institutions answer for what they do"),
    "right": ("16", "16.3", "everybody has equal access to redress"),
    "late": ("16", "16.6", "institutions answer for what they do"),
}


def goals(measured: tuple[Measured, ...]) -> tuple[Goal, ...]:
    """Relate figures to targets of goals 8, 12 and 16; those without a value, or of no target, are left out."""
    found = [
        Goal(*_GOALS[each.id], each.label, each.value)
        for each in measured
        if each.told and each.id in _GOALS
    ]
    return tuple(sorted(found, key=lambda each: (int(each.goal), each.target)))


def _told(section: Section) -> dict[str, object]:
    return {
        "about": section.about,
        "said": list(section.said),
        "figures": [
            {"label": n.label, "value": n.value, "beside": n.beside, "lines": list(n.lines)}
            for n in section.numbers
        ],
        "tables": [
            {
                "title": each.title,
                "columns": list(each.heads),
                "rows": [[_cell(cell) for cell in row] for row in each.rows],
            }
            for each in section.listings
        ],
    }


def _cell(cell: str | Verdicts) -> object:
    if isinstance(cell, str):
        return cell
    return {
        "fail": cell.fail,
        "unknown": cell.unknown,
        "pending": cell.pending,
        "waived": cell.waived,
        "pass": cell.passed,
    }
