"""Write the facts of a binding's complaints as two wide tables, and what clocks gave for each rule beside them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from ombud.model.complaint import FOLDING, Fold
from ombud.model.facts import UNKNOWN
from ombud.model.scope import Decision
from ombud.store.facts import COMPLAINT, FIELD, MILESTONE, TRANSITION, FactsFolder, TableWriter
from policies.expression import Type
from policies.sql import encode
from sync.again import fold_again
from sync.dues import COMMON, DUES, WAITING, Judging, common_row, number_of, week_of
from sync.row_reading import agent, movable
from sync.service import database_path, is_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Change, Complaint, Instant, Row
    from sync.binding import Bound
    from sync.dues import Need
    from sync.service import Service
    from sync.tried import Asked

    Tell = Callable[[int, int | None, str], None]

_ENTERING: Final = {
    "occurrence": "text",
    "entering": "text",
    "entered": "instant",
    "until": "instant",
    "movable": "flag",
}
#: A complaint as clocks need it: odd ones are reckoned one by one.
_CLOCKED: Final = {"odd": "flag", **{f"p_{name}": "flag" for name in WAITING}}
_STEP: Final = 200
_KINDS: Final = {Type.number: "number", Type.instant: "instant"}


@dataclass(frozen=True)
class Layout:
    """Know the columns of a binding's facts.

    Attributes:
        types: canonical field or milestone -> type.
        milestones: which of them are milestones.
        tracked: fields of which the last change is kept (`c_`), and how many there were (`k_`).

    """

    types: dict[str, Type]
    milestones: frozenset[str]
    tracked: tuple[str, ...]

    @classmethod
    def of(cls, *bounds: Bound) -> Layout:
        """Lay out what the rules of any of the bindings may read; the first one's types count."""
        types: dict[str, Type] = {}
        milestones: set[str] = set()
        for bound in bounds:
            for edition in reversed(bound.judge.editions):
                milestones |= edition.pack.milestones
                for name, of in edition.pack.vocabulary.items():
                    types.setdefault(name, of.type)
        names = sorted(frozenset[str]().union(*(bound.mapping.names for bound in bounds)))
        tracked = frozenset[str]().union(*(bound.fold.tracked for bound in bounds))
        return cls(
            {n: Type.instant if n in milestones else types.get(n, Type.text) for n in names},
            frozenset(milestones),
            tuple(sorted(tracked)),
        )

    def columns(self) -> dict[str, str]:
        """Give the columns of fields and milestones with their kinds."""
        return {
            f"{MILESTONE if name in self.milestones else FIELD}{name}": _KINDS.get(type_, "text")
            for name, type_ in self.types.items()
        }

    def values(self, row: Row) -> list[object]:
        """Give a row of facts as those columns hold it."""
        return [encode(row.get(name, UNKNOWN), type_) for name, type_ in self.types.items()]

    def complaint(self) -> dict[str, str]:
        """Give the columns of the table of complaints."""
        changed = {f"{c}_{name}": "instant" for name in self.tracked for c in ("c", "k")}
        return {"n": "instant", **COMMON, **_CLOCKED, **changed, **self.columns()}

    def transition(self) -> dict[str, str]:
        """Give the columns of the table of transitions."""
        return {**COMMON, **_ENTERING, **self.columns()}


def stamp(service: Service, asked: Asked, layout: Layout) -> dict[str, Any]:
    """Say what facts are made of; a set made of anything else is stale."""
    bound = asked.bound
    return {
        "binding": bound.name,
        "mapping": bound.mapping.digest,
        "scope": bound.scope.digest,
        "columns": layout.complaint(),
        "tracked": list(layout.tracked),
        "store": service.store.digest(),
        "folding": FOLDING,
        "by": asked.until if asked.past else None,
    }


def facts_folder(service: Service, bound: Bound) -> FactsFolder:
    """Give where a binding's facts stand: beside the database, or beside ombud.toml where that is a server."""
    settings = service.settings
    beside = settings.folder if is_server(settings) else database_path(settings).parent
    return FactsFolder(beside / ".ombud" / "facts" / bound.name)


def write_facts(
    service: Service,
    asked: Asked,
    layout: Layout,
    folder: Path,
    wanted: Sequence[Need],
    *,
    tell: Tell | None = None,
) -> None:
    """Fold every stored case once, and write its rows and what clocks give for it.

    Raises:
        StoreError: the database cannot be read.

    """
    bound = replace(asked.bound, fold=Fold(asked.bound.mapping, frozenset(layout.tracked)))
    zone = bound.mapping.tzinfo
    place = FactsFolder(folder)
    with ExitStack() as files:

        def table(path: Path, columns: dict[str, str]) -> TableWriter:
            return files.enter_context(TableWriter(path, columns))

        complaints = table(folder / f"{COMPLAINT}.parquet", layout.complaint())
        transitions = table(folder / f"{TRANSITION}.parquet", layout.transition())
        writers = {need.name: table(place.dues(need.name), DUES) for need in wanted}
        judging = Judging(wanted, asked.until)
        folds = fold_again(bound, service.elsewhere, service.store, happened_by=asked.until)
        for number, folded in enumerate(folds, 1):
            if folded.lead.decision is not Decision.complaint:
                continue
            common = common_row(folded, zone)
            complaints.add(complaint_row(layout, folded.complaint, common))
            for row in transition_rows(layout, folded.complaint, common, zone):
                transitions.add(row)
            for name, row in judging.rows(folded.complaint):
                writers[name].add(row)
            if tell is not None and number % _STEP == 0:
                tell(number, None, "")


def complaint_row(layout: Layout, complaint: Complaint, common: Sequence[object]) -> list[object]:
    """Give a complaint's row."""
    waits = {each.waiting for each in complaint.waits}
    changes = complaint.changes
    return [
        number_of(complaint.case),
        *common,
        bool(complaint.doubts or complaint.beside or complaint.horizon is not None),
        *(name in waits for name in WAITING),
        *chain.from_iterable(_changed(changes.get(name, ())) for name in layout.tracked),
        *layout.values(complaint.row),
    ]


def _changed(told: Sequence[Change]) -> tuple[Instant | None, int]:
    """Give when a field changed last, and how often it did."""
    return (told[-1].at if told else None), len(told)


def transition_rows(
    layout: Layout, complaint: Complaint, common: Sequence[object], zone: ZoneInfo
) -> Iterator[list[object]]:
    """Give a row for each entering of a stage."""
    head, facets, owned = common[:4], common[5:8], str(common[8])
    for each in complaint.transitions:
        yield [
            *head,
            week_of(each.at, zone),
            *facets,
            agent(each, owned),
            each.event,
            each.entering,
            each.at,
            each.until,
            movable(each, complaint.lead),
            *layout.values(each.row),
        ]
