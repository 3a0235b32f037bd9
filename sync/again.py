"""Judge complaints again from what is stored, without asking the helpdesk: as of any time, by any pack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ombud.model.connector import Gone
from ombud.model.event import Cause
from ombud.model.facts import Verdict
from ombud.model.mapping import STATUS
from ombud.model.scope import Decision
from ombud.store.book.ways import Move
from policies.waiver import waive
from sync.cases import Circle
from sync.findings import find, one_sided, scope_left
from sync.scoping import reason_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ombud.model.event import Event, Ref
    from ombud.model.facts import Complaint, Instant
    from ombud.model.finding import Finding
    from ombud.store import Store, TicketState
    from policies.judge import Judgement
    from policies.waiver import Waiver
    from sync.binding import Bound
    from sync.elsewhere import Elsewhere


#: Why it is unknown whether a deadline is met.
NOT_SHOWN = "the ticket is not shown any more: deleted, or hidden from us"


@dataclass(frozen=True, slots=True)
class Judged:
    """Hold a case judged again from what is stored."""

    key: str
    url: str
    complaint: Complaint
    findings: Sequence[Finding]
    judgements: Sequence[Judgement] = ()
    #: How often we moved it back, by the helpdesk's own history.
    moved_back: int = 0
    #: Every change of the native status of the ticket that leads it, in order.
    moves: Sequence[Move] = ()


@dataclass(frozen=True, slots=True)
class Folded:
    """Hold a case folded again from what is stored.

    Attributes:
        lead: the ticket whose fields and status are the case's.
        complaint: its facts.
        events: every event that was folded.
        complete: whether every history reaches back to its creation.
        circle: the other tickets, where another helpdesk has one of them.
        reason: why somebody decided that it is no complaint any more, where somebody did.

    """

    lead: TicketState
    complaint: Complaint
    events: Sequence[Event]
    complete: bool
    circle: Circle | None
    reason: str | None = None


def fold_again(
    bound: Bound,
    elsewhere: Elsewhere,
    store: Store,
    *,
    happened_by: Instant | None = None,
    known_by: Instant | None = None,
    only: Ref | None = None,
) -> Iterator[Folded]:
    """Fold the stored cases of a binding, page by page; the arguments are those of `judge_again`."""
    pages = store.complaints(bound.name) if only is None else [store.case_of(only)]
    for page in pages:
        yield from fold_page(
            bound,
            elsewhere,
            store,
            page,
            happened_by=happened_by,
            known_by=known_by,
            whole=only is None,
        )


def fold_page(
    bound: Bound,
    elsewhere: Elsewhere,
    store: Store,
    page: Sequence[TicketState],
    *,
    happened_by: Instant | None = None,
    known_by: Instant | None = None,
    whole: bool = True,
) -> Iterator[Folded]:
    """Fold the cases of one page of tickets.

    Args:
        bound: the binding to fold by.
        elsewhere: the other helpdesks.
        store: the database.
        page: tickets, those of a case together.
        happened_by: leave out what happened later.
        known_by: leave out what was known only later.
        whole: whether a case may have tickets of other bindings, which the page does not show.

    """
    cases: dict[str | None, list[TicketState]] = {}
    for state in page:
        cases.setdefault(state.case, []).append(state)
    if len(elsewhere.bounds) > 1 and whole:
        named = store.members([case for case in cases if case is not None])
        for state in store.states(sorted(named - {each.ref for each in page})).values():
            cases[state.case].append(state)
    events = store.events(
        [state.ref for states in cases.values() for state in states], known_by=known_by
    )
    for states in cases.values():
        histories = {
            state.ref: [
                event
                for event in events.get(state.ref, ())
                if happened_by is None or event.happened <= happened_by
            ]
            for state in states
        }
        told = [event for history in histories.values() for event in history]
        if not told:
            continue
        across = len({ref.account for ref, history in histories.items() if history}) > 1
        people = store.recall(states[0].case) if across and states[0].case is not None else {}
        if across:
            told = elsewhere.as_one_person(told, people)
        complete = all(state.complete for state in states)
        complaint = bound.fold.fold(told, complete=complete)
        lead = next((state for state in states if state.ref == complaint.lead), states[0])
        if lead.binding != bound.name:
            continue
        circle = None
        if across:
            circle = Circle(
                frozenset(histories),
                {ref: history for ref, history in histories.items() if ref != lead.ref},
                {state.ref: state.url for state in states},
                {state.ref: state.binding for state in states},
                people,
                complete,
            )
        gone = lead.decision is not Decision.complaint
        reason = reason_of(store, lead.ref, by=known_by) if gone else None
        yield Folded(lead, complaint, told, complete, circle, reason)


def judge_again(
    bound: Bound,
    elsewhere: Elsewhere,
    store: Store,
    waivers: Sequence[Waiver],
    *,
    now: Instant,
    happened_by: Instant | None = None,
    known_by: Instant | None = None,
    only: Ref | None = None,
) -> Iterator[Judged]:
    """Judge stored complaints again, without asking the helpdesk.

    Args:
        bound: the binding to judge by.
        elsewhere: the other helpdesks.
        store: the database.
        waivers: those in force.
        now: judge as of this instant.
        happened_by: leave out what happened later.
        known_by: leave out what was known only later.
        only: one ticket's case.

    """
    for folded in fold_again(
        bound, elsewhere, store, happened_by=happened_by, known_by=known_by, only=only
    ):
        yield judge_folded(bound, elsewhere, folded, waivers, now)


def judge_page(
    bound: Bound,
    elsewhere: Elsewhere,
    store: Store,
    waivers: Sequence[Waiver],
    page: Sequence[TicketState],
    *,
    now: Instant,
) -> Iterator[Judged]:
    """Judge the cases of one page of a binding's tickets again; the arguments are those of `fold_page`."""
    for folded in fold_page(bound, elsewhere, store, page):
        yield judge_folded(bound, elsewhere, folded, waivers, now)


def judge_folded(
    bound: Bound, elsewhere: Elsewhere, folded: Folded, waivers: Sequence[Waiver], now: Instant
) -> Judged:
    """Judge one case that was folded again, waivers applied."""
    lead, complaint = folded.lead, folded.complaint
    if lead.decision is not Decision.complaint:
        left = [scope_left(bound, complaint, url=lead.url, reason=folded.reason)]
        return Judged(lead.key, lead.url, complaint, left, [], _moved_back(folded), _moves(folded))
    judged = waive(bound.judge.judge(complaint, now), complaint, waivers, now)
    findings = find(bound, complaint, judged, url=lead.url)
    if folded.circle is not None:
        findings += one_sided(elsewhere, bound, complaint, folded.circle)
    if lead.gone is Gone.unreachable:
        findings = [_unseen(each) for each in findings]
    return Judged(
        lead.key, lead.url, complaint, findings, judged, _moved_back(folded), _moves(folded)
    )


def _moved_back(folded: Folded) -> int:
    return sum(each.cause is Cause.ourselves and each.field == STATUS for each in folded.events)


def _moves(folded: Folded) -> list[Move]:
    lead = folded.complaint.lead
    return [
        Move(each.after, each.happened)
        for each in folded.events
        if each.field == STATUS and each.ref == lead and isinstance(each.after, str)
    ]


def _unseen(finding: Finding) -> Finding:
    """Leave open what runs on for a complaint that nobody shows us: it may have been met meanwhile."""
    if finding.verdict is not Verdict.pending:
        return finding
    return finding._replace(
        verdict=Verdict.unknown,
        standing=Verdict.unknown,
        recheck=None,
        reasons=(NOT_SHOWN,),
        fixes=(),
    )
