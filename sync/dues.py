"""What clocks give for each complaint, kept so that SQL only compares: judged one by one, or reckoned in batch.

A changed term moves the dues of every complaint. Where nothing but start, term and calendar decide a due
it is looked up in the term's pieces by DuckDB, all complaints at once; what pauses, extends, doubts or
agrees something is judged one by one, as ever.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import fields, is_dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ombud.model.event import digest
from ombud.model.facts import UNKNOWN, Verdict
from policies.judge import Judge
from policies.rule import Deadline, Guard
from sync.row_reading import facets_of, occurrence_of, received
from sync.tally import mondays
from sync.tried import judged_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Complaint, Instant
    from policies.judge import Judgement
    from policies.rule import Rule
    from sync.again import Folded
    from sync.binding import Bound, Edition

    Tell = Callable[[int, int | None, str], None]

#: Columns of both tables; what stands behind `t_` is what complaints are grouped by.
COMMON: Final = {
    "kase": "text",
    "account": "text",
    "ticket": "text",
    "begun": "instant",
    "week": "instant",
    "t_org_unit": "text",
    "t_owner": "text",
    "t_project": "text",
    "agent": "text",
}
#: States of waiting that a clock may pause in.
WAITING: Final = ("complainant", "third_party")
#: What a clock gave. `told` stands where comparing `due` with `stop` and with now would say otherwise;
#: from `recheck` on it is `after`, and from `again` on nobody has reckoned it.
DUES: Final = {
    "n": "instant",
    "begun": "instant",
    "m_received": "instant",
    "occurrence": "text",
    "entered": "instant",
    "due": "instant",
    "stop": "instant",
    "told": "text",
    "recheck": "instant",
    "after": "text",
    "again": "instant",
}


_STEP: Final = 200


class Need(NamedTuple):
    """Name the dues of one rule of one edition.

    Attributes:
        bound: the binding.
        edition: the edition of its pack.
        rule: the rule.
        name: digest of everything they depend on: the file's name.

    """

    bound: Bound
    edition: Edition
    rule: Rule
    name: str


def needs(bounds: Iterable[Bound]) -> Iterator[Need]:
    """Give the rules whose verdicts are no condition on one row: those that a clock or a history judges."""
    for bound in bounds:
        for edition in bound.judge.editions:
            for rule in judged_rules(edition):
                if not isinstance(rule.body, Guard):
                    span = f"{edition.effective_from} {edition.effective_to}"
                    others = [e.version for e in bound.judge.editions]
                    told = (_plain(rule.body), edition.calendar_of(rule).digest, span, others)
                    yield Need(bound, edition, rule, digest(repr(told)))


def _plain(value: object) -> object:
    """Give a value in a form whose text is the same in every run."""
    if isinstance(value, frozenset):
        return sorted(map(repr, value))
    if is_dataclass(value):
        return [type(value).__name__, *(_plain(getattr(value, f.name)) for f in fields(value))]
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return repr(value)


def number_of(case: str) -> int:
    """Give the number by which a case's dues find its facts: a digest of 63 bits, shorter than the case's own."""
    return int.from_bytes(blake2b(case.encode(), digest_size=8).digest(), "big") >> 1


def common_row(folded: Folded, zone: ZoneInfo) -> list[object]:
    """Give the values of the columns that every table has."""
    complaint = folded.complaint
    begun = received(complaint)
    facets = facets_of(complaint, folded.lead.key)
    return [
        complaint.case,
        complaint.lead.account,
        complaint.lead.id,
        begun,
        week_of(begun, zone),
        *facets.values(),
        facets["owner"],
    ]


def week_of(at: Instant | None, zone: ZoneInfo) -> Instant | None:
    """Give the local midnight that begins the week of an instant."""
    if at is None:
        return None
    edges = mondays(zone)[0]
    index = bisect_right(edges, at) - 1
    return edges[index] if index >= 0 else None


class Judging:
    """Judge complaints for the rules that clocks and histories judge, and give the rows that say so."""

    def __init__(self, wanted: Sequence[Need], now: Instant) -> None:
        """Make ready to judge those rules and no others, by binding and edition."""
        self.now = now
        names: dict[tuple[int, int], dict[str, str]] = defaultdict(dict)
        bounds: dict[int, Bound] = {}
        editions: dict[int, Edition] = {}
        rules: dict[tuple[int, int], list[Rule]] = defaultdict(list)
        for need in {need.name: need for need in wanted}.values():
            key = (id(need.bound), id(need.edition))
            bounds[key[0]], editions[key[1]] = need.bound, need.edition
            names[key][need.rule.id] = need.name
            rules[key].append(need.rule)
        self._judges = [
            (
                bounds[of],
                editions[which],
                names[of, which],
                Judge(
                    asked,
                    editions[which].calendars,
                    calendar=editions[which].calendar,
                    names=bounds[of].mapping.names,
                    stages=frozenset(),
                ).judge,
            )
            for (of, which), asked in rules.items()
        ]

    def rows(self, complaint: Complaint) -> Iterator[tuple[str, list[object]]]:
        """Give the name of a rule's dues, and a row for each judgement."""
        for bound, edition, names, judge in self._judges:
            if bound.judge.of(complaint) is edition:
                for judged in judge(complaint, self.now):
                    later = _later(judge, complaint, judged)
                    yield names[judged.rule.id], due_row(complaint, judged, later)


def _later(judge: Any, complaint: Complaint, judged: Judgement) -> Judgement | None:
    """Judge again when the clock alone may have changed a verdict; `None` where comparing tells."""
    if judged.recheck is None:
        return None
    plain = isinstance(judged.rule.body, Deadline) and judged.verdict is Verdict.pending
    if plain and not complaint.doubts and judged.due is not None:
        row = complaint.row
        if all(row.get(name, UNKNOWN) is not UNKNOWN for name in judged.rule.reads):
            return None
    for each in judge(complaint, judged.recheck):
        if each.rule is judged.rule and each.occurrence == judged.occurrence:
            found: Judgement = each
            return found
    return None


def due_row(complaint: Complaint, judged: Judgement, later: Judgement | None) -> list[object]:
    """Give the row of one judgement, its values in the order of `DUES`."""
    came = complaint.row.get("received")
    return [
        number_of(complaint.case),
        received(complaint),
        came if isinstance(came, int) else None,
        occurrence_of(judged),
        judged.entered,
        judged.due,
        judged.stop,
        None if compared(judged) else judged.verdict.value,
        judged.recheck if later is not None else None,
        later.verdict.value if later is not None else None,
        later.recheck if later is not None else None,
    ]


def compared(judged: Judgement) -> bool:
    """Tell whether a verdict is what comparing due, stop and now gives, now and later on."""
    due, stop, verdict = judged.due, judged.stop, judged.verdict
    if due is None or not isinstance(judged.rule.body, Deadline):
        return False
    if stop is None:
        return verdict in {Verdict.pending, Verdict.failed}
    return verdict is (Verdict.passed if stop <= due else Verdict.failed)
