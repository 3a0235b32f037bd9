"""Settle tickets: read, append, fold, judge, decide, plan. A webhook is a nightly sync of one ticket."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from ombud.model.connector import Ours
from ombud.model.event import Ref, digest
from ombud.model.scope import Decision
from ombud.store import Notice, Posting, Settled, TicketState
from policies.waiver import waive
from sync.aside import put_aside, unread, unseen
from sync.cases import Cases
from sync.closing import labels, needed_to_close
from sync.decide import ACCOUNT_SPAN, PER_TICKET, decide, standing
from sync.findings import find, one_sided, scope_left
from sync.ingest import altered, ingest
from sync.live.breaker import loops
from sync.live.notices import with_notices
from sync.mass import Masses
from sync.others import ALONE, noticed
from sync.problems import Stems
from sync.reconcile import plan, to_json
from sync.runs import labelled
from sync.scoping import reason_of, scoped
from sync.waivers import LONGEST
from sync.words import Hearing, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ombud.model.connector import Actual, Connector, Reading, Seen
    from ombud.model.event import Event
    from ombud.model.facts import Complaint, Instant, Transition
    from ombud.model.finding import Finding
    from ombud.model.mark import Desired
    from ombud.store import RunRow, Store
    from policies.judge import Judgement
    from policies.waiver import Waiver
    from sync.binding import Bound
    from sync.elsewhere import Elsewhere
    from sync.ingest import Altered, Privacy
    from sync.others import Identity
    from sync.outbox import Hold
    from sync.persons import Persons
    from sync.words import Answer

#: Tickets named in a tally.
MOST_BROUGHT = 1_000
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Tally:
    """Count what a settle did, for reports and progress."""

    seen: int = 0
    unchanged: int = 0
    read: int = 0
    complaints: int = 0
    undecided: int = 0
    outside: int = 0
    unreadable: int = 0
    quarantined: int = 0
    planned: int = 0
    #: Tickets that a machine closed again and again, though they were moved back.
    looped: list[Ref] = field(default_factory=list)
    #: Tickets of which no more is shown, and which had been shown until now.
    vanished: int = 0
    #: Tickets that another binding had before.
    moved: int = 0
    #: Tickets whose history is told otherwise than before, of those that were read again for that.
    altered: dict[Ref, Altered] = field(default_factory=dict)
    #: Tickets that were read because they had changed, some of them where there are many.
    brought: list[Ref] = field(default_factory=list)
    findings: dict[str, dict[str, int]] = field(default_factory=dict)

    def count(self, judged: Iterable[Judgement]) -> None:
        """Count verdicts per rule."""
        for each in judged:
            rule = self.findings.get(each.rule.id)
            if rule is None:
                rule = self.findings[each.rule.id] = {}
            # A verdict is its own word: asking for its value costs more than all the rest.
            verdict: str = each.verdict
            rule[verdict] = rule.get(verdict, 0) + 1


@dataclass(frozen=True, slots=True)
class Settling:
    """Hold what settling one account's tickets under one binding takes.

    Attributes:
        bound: the binding.
        elsewhere: the other helpdesks.
        store: the database.
        privacy: pseudonyms for persons and words.
        waivers: those that hold or will, as `waive` takes them.
        persons: who is who.
        acting: whether plans may be made at all; after a restore everything is only observed.
        now: the present instant.
        block_from: transitions before it are flagged and not moved back.
        epoch: fencing epoch of the lease held.
        tally: counts to add to.
        longest: the longest that a waiver may last.
        run: the run that has tickets read again, where one does: their whole history is read, and the log tells it.
        page: gives the address of a ticket's page, where there is one.
        identity: who we are among those that write to the helpdesk.
        deep: tickets to read whole again though nothing seems to have changed: histories can be changed.

    """

    bound: Bound
    elsewhere: Elsewhere
    store: Store
    privacy: Privacy
    waivers: Sequence[Waiver]
    persons: Persons
    acting: bool
    now: Instant
    block_from: Instant
    epoch: int
    tally: Tally
    longest: Instant = LONGEST
    run: RunRow | None = None
    page: Callable[[Ref], str | None] = lambda _: None
    identity: Identity = ALONE
    deep: frozenset[Ref] = frozenset()

    def digests(self, state: TicketState | None) -> str:
        """Give the digests for the log, with the run where that is why a ticket is judged otherwise."""
        if self.run is None or state is None or state.settled in {None, self.bound.digest}:
            return self.bound.digests_text
        return labelled(self.bound, self.run)


def settle(
    at: Settling,
    connector: Connector,
    seen: Sequence[Seen],
    *,
    missing: Sequence[Ref] = (),
    cursor: str | None = None,
    open_first: bool = False,
    hinted: Sequence[tuple[Ref, int]] = (),
) -> None:
    """Settle a page of tickets in one transaction, its cursor with it; no network call inside.

    Args:
        at: binding, store, time and lease.
        connector: reads the tickets that changed.
        seen: the page.
        missing: tickets asked for by name that the helpdesk no longer shows.
        cursor: where the sweep stands after this page; `None` leaves the cursor as it is.
        open_first: note tickets that may wait, to be read when the sweep has ended.
        hinted: tickets for which hints came, each with the number of the newest: these are done with.

    """
    bound, tally = at.bound, at.tally
    tally.seen += len(seen)
    states = at.store.states([*(each.ref for each in seen), *missing])
    wanted: list[Seen] = []
    outside: list[TicketState] = []
    decisions = scoped(at.store, bound, ((each.ref, each.facets) for each in seen))
    for each in seen:
        state, decision = states.get(each.ref), decisions[each.ref]
        if decision is not Decision.complaint and (state is None or state.case is None):
            if decision is Decision.undecided:
                tally.undecided += 1
            else:
                tally.outside += 1
            if (
                state is None
                or state.decision is not decision
                or state.revision != each.revision
                or state.recheck is not None
            ):
                outside.append(TicketState.outside(each, decision, bound.name))
        elif (
            state is not None
            and state.decision is decision
            and each.ref not in at.deep
            and state.rests(each.revision, bound.digest, at.now)
        ):
            tally.unchanged += 1
            tally.complaints += decision is Decision.complaint
        elif open_first and each.later and state is None:
            outside.append(TicketState.awaited(each, decision, bound.name))
            # It is seen when it is read.
            tally.seen -= 1
        else:
            stored = (
                state is not None
                and state.case is not None
                and not state.failures
                and each.ref not in at.deep
                and (at.run is None or state.settled == bound.digest)
            )
            wanted.append(each if each.stored is stored else replace(each, stored=stored))
    if len(tally.brought) < MOST_BROUGHT:
        tally.brought += [each.ref for each in wanted]
    readings = list(connector.read(wanted, bound.schema)) if wanted else []
    stems = Stems(bound, at.store, at.privacy, at.now)
    stems.meet(connector, readings)
    masses = Masses.of_page(bound, at.store, readings, since=at.block_from, now=at.now)
    settled = list(settle_readings(at, readings, states, decisions, stems, masses))
    settled += [unseen(at, states[ref]) for ref in missing if ref in states]
    settled = with_notices(at.store, settled, since=at.block_from, now=at.now)
    others = _others(at, readings)
    if not (outside or settled or hinted) and cursor is None:
        return
    with at.store.begin(bound.account, at.epoch) as tx:
        tx.put_tickets(outside, known_at=at.now)
        tx.put_settled([*stems.settled, *settled], known_at=at.now)
        for ref, told in stems.named(readings):
            tx.put_stems(ref, told)
        if hinted:
            tx.hints_done(hinted, at.now)
        for kept in (others, masses.to_keep()):
            if kept is not None:
                tx.set_meta(*kept)
        if cursor is not None:
            tx.set_cursor(bound.account, bound.name, cursor)


def _others(at: Settling, readings: Sequence[Reading]) -> tuple[str, str] | None:
    """Give what to keep of other installations that write to the tickets that were read."""
    actuals = [reading.actual for reading in readings if reading.actual is not None]
    left = {each.ref: at.identity.yields_to(each.ours.keys) for each in actuals}
    return noticed(at.store, at.bound.account, left) if left else None


def look_after_problems(at: Settling, connector: Connector, hold: Hold) -> None:
    """Read again the problems that changed, and have the complaints that stem from them settled afresh.

    `hold` keeps others of this process away from them meanwhile.
    """
    if not at.bound.mapping.stems:
        return
    known = at.store.stems(at.bound.account)
    looked = connector.look(sorted(known), at.bound.schema) if known else ()
    changed = sorted(each.ref for each in looked if each.revision != known[each.ref])
    if not changed:
        return
    with hold(changed):
        # Whoever held one before may have read it.
        stems = Stems(at.bound, at.store, at.privacy, at.now)
        stems.read(connector, list(connector.look(changed, at.bound.schema)))
        with at.store.begin(at.bound.account, at.epoch) as tx:
            tx.put_settled(stems.settled, known_at=at.now)
            for ref in changed:
                tx.stem_changed(ref, stems.revisions.get(ref, ""))


def store_readings(at: Settling, readings: Sequence[Reading]) -> None:
    """Settle tickets that were read without a sweep: a file's."""
    states = at.store.states([reading.ref for reading in readings])
    at.tally.seen += len(readings)
    decisions = scoped(
        at.store,
        at.bound,
        ((each.ref, each.actual.facets) for each in readings if each.actual is not None),
    )
    settled = list(settle_readings(at, readings, states, decisions))
    with at.store.begin(at.bound.account, at.epoch) as tx:
        tx.put_settled(settled, known_at=at.now)


def settle_readings(
    at: Settling,
    readings: Sequence[Reading],
    states: Mapping[Ref, TicketState],
    decisions: Mapping[Ref, Decision],
    stems: Stems | None = None,
    masses: Masses | None = None,
) -> Iterator[Settled]:
    """Settle tickets as read; one that cannot be judged is put aside and the others go on."""
    known = at.store.events([reading.ref for reading in readings if reading.ref in states])
    moves = at.store.moves_since(at.bound.account, at.now - ACCOUNT_SPAN)
    cases = Cases.of_page(
        at.store, at.bound, at.elsewhere, at.privacy, at.now, readings, decisions, known
    )
    page = masses or Masses(at.bound, at.store, at.block_from, at.now)
    for reading in readings:
        at.tally.read += 1
        state = states.get(reading.ref)
        decision = decisions.get(reading.ref, Decision.complaint)
        try:
            one = _settle_one(at, reading, cases, state, decision, moves, stems, page)
        except Exception as error:  # noqa: BLE001 (a poison ticket must not hold up the others)
            _log.warning(
                "%s cannot be judged: %s", reading.ref, type(error).__name__, exc_info=error
            )
            one = put_aside(
                at, reading, state, decision, f"cannot be judged: {type(error).__name__}"
            )
        if one.posting is not None and one.why == "move_back" and not page.belongs(reading.ref):
            moves += 1
        yield one


def _settle_one(
    at: Settling,
    reading: Reading,
    cases: Cases,
    state: TicketState | None,
    decision: Decision,
    moves: int,
    stems: Stems | None,
    masses: Masses,
) -> Settled:
    actual = reading.actual
    if actual is None:
        return unread(at, reading, state, decision)
    bound, now = at.bound, at.now
    acting = at.acting and not at.identity.yields_to(actual.ours.keys)
    known = cases.known.get(reading.ref, ())
    events = ingest(reading, known, at.privacy, bound.mapping, now)
    if reading.ref in at.deep:
        otherwise = altered(reading, known, at.privacy)
        if otherwise is not None:
            at.tally.altered[reading.ref] = otherwise
    stored = {event.id for event in known}
    circle = cases.circle(reading.ref, events)
    if stems is not None and bound.mapping.stems:
        lent = stems.lent(actual, events, circle.refs)
        events += [each for each in lent if each.id not in stored]
    told = [*events, *(each for other in circle.events.values() for each in other)]
    across = circle.across(reading.ref)
    if across:
        told = at.elsewhere.as_one_person(told, circle.people)
    complete = reading.complete if reading.whole or state is None else state.complete
    complaint = bound.fold.fold(told, complete=complete and circle.complete)
    # A case that another binding's ticket leads is judged where that ticket is.
    home = circle.bindings.get(complaint.lead, bound.name)
    url = circle.urls.get(complaint.lead, actual.url)
    findings: list[Finding] | None
    if decision is Decision.complaint:
        at.tally.complaints += 1
    withdrawn = None
    if home != bound.name:
        findings = None
    elif decision is Decision.complaint:
        judged = waive(bound.judge.judge(complaint, now), complaint, at.waivers, now)
        only_loud = state is None or state.case is None
        findings = find(bound, complaint, judged, url=url, only_loud=only_loud)
        if across:
            findings += one_sided(at.elsewhere, bound, complaint, circle)
        at.tally.count(judged)
    else:
        reason = reason_of(at.store, reading.ref)
        findings = [scope_left(bound, complaint, url=url, reason=reason)]
        withdrawn = "left the scope"
    words = words_of(told)
    answers, again = _answers(at, reading, complaint, words) if words else ([], False)

    decided = decide(
        bound,
        complaint,
        findings if findings is not None and decision is Decision.complaint else [],
        actual,
        now=now,
        block_from=at.block_from,
        account_moves=moves,
        refused=state.refused if state is not None else None,
        answers=answers if decision is Decision.complaint else (),
        needed=partial(needed_to_close, bound, complaint, at.waivers, now)
        if decision is Decision.complaint and acting
        else None,
        page=at.page(complaint.lead),
        language=bound.settings.language,
        mass=masses.belongs(reading.ref),
    )
    if decided.desired.move_back is not None and findings is not None:
        masses.lacks(reading.ref, labels(standing(findings)))
    if decided.insists is not None and acting and loops(complaint):
        at.tally.looped.append(reading.ref)
    former = state.case if state is not None and state.case not in {None, complaint.case} else None
    links = cases.relinked(reading.ref)
    touched: frozenset[Ref] = frozenset()
    fresh = state is None or state.case is None
    at.tally.moved += not fresh and state is not None and state.binding != bound.name
    if links is not None or former is not None or (fresh and circle.refs) or home != bound.name:
        touched = cases.touched({former, complaint.case}, circle.refs)
    return Settled(
        state=TicketState(
            ref=reading.ref,
            key=actual.key,
            url=actual.url,
            revision=actual.revision,
            decision=decision,
            binding=bound.name,
            case=complaint.case,
            settled=bound.digest,
            recheck=now if again else decided.recheck,
            refused=state.refused if state is not None else None,
            complete=complete,
        ),
        events=[event for event in events if event.id not in stored],
        people={at.privacy.person(native): told for native, told in reading.people.items()},
        findings=findings,
        posting=_posting(at, complaint, actual, decided.desired) if acting else None,
        why=decided.why if acting else "none",
        digests=at.digests(state),
        withdrawn=withdrawn or (f"now part of case {complaint.case}" if former else None),
        former=former,
        links=links,
        touched=touched,
        notices=_insisted(at, complaint, actual, decided.insists) if acting else (),
    )


def _insisted(
    at: Settling, complaint: Complaint, actual: Actual, closing: Transition | None
) -> tuple[Notice, ...]:
    """Tell whoever is in charge that somebody closed a complaint again, and that it stays closed."""
    if closing is None:
        return ()
    said = f"{actual.key} was closed again after it had been moved back {PER_TICKET} times. It stays closed."
    told = {"key": actual.key, "url": actual.url, "sentences": [said]}
    return (
        Notice(
            key=f"insists/{complaint.lead}/{closing.event}",
            kind="insists",
            ref=complaint.lead,
            binding=at.bound.name,
            rule="",
            severity="major",
            due=None,
            made=at.now,
            told=json.dumps(told, ensure_ascii=False),
        ),
    )


def _answers(
    at: Settling, reading: Reading, complaint: Complaint, words: Sequence[Event]
) -> tuple[list[Answer], bool]:
    """Carry out an agent's words, those of this ticket that are new."""
    hearing = Hearing(
        store=at.store,
        bound=at.bound,
        persons=at.persons,
        complaint=complaint,
        waivers=at.waivers,
        since=at.block_from,
        longest=at.longest,
        now=at.now,
    )
    return hearing.answers(words, {each.id: each for each in words_of(reading.events)})


def _posting(
    at: Settling, complaint: Complaint, actual: Actual, desired: Desired
) -> Posting | None:
    """Give what is to be sent, if anything; a complaint from before the policy is never touched."""
    if actual.ended:
        return None
    if at.bound.before_policy(complaint) and actual.ours == Ours():
        return None
    asked = plan(desired, actual)
    if asked.empty:
        return None
    at.tally.planned += 1
    told = to_json(asked)
    return Posting(told, at.identity.key(digest(told)), urgent=asked.move_back is not None)
