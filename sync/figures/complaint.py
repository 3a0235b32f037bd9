"""One complaint, judged now from what is stored: where it stands, whose move it is, and everything that shows why."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.event import Ref
from ombud.model.facts import UNKNOWN, Verdict
from ombud.model.instant import iso
from ombud.model.mapping import STATUS
from ombud.store.book.filter import ALL_GROUPS
from sync.again import fold_again, judge_folded
from sync.entries import RESTRICTED_TO, UNTOLD
from sync.figures.complaint_fields import fields_of
from sync.figures.complaint_findings import cards_of
from sync.figures.complaint_lanes import lanes_of
from sync.figures.complaint_log import Acts, entries_of, marks_of
from sync.figures.complaint_words import People, cut, value_of, whom
from sync.force import rebuilt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.model.facts import Complaint, Instant
    from ombud.store import Logged, WaiverRow
    from sync.again import Folded, Judged
    from sync.binding import Bound
    from sync.figures.complaint_fields import Fields
    from sync.figures.complaint_findings import Card
    from sync.figures.complaint_lanes import Lanes
    from sync.figures.complaint_log import Entry
    from sync.figures.complaint_words import Value
    from sync.service import Service

#: Milestones whose deadline is the answer's, the first that a complaint has.
_ANSWERS: Final = ("responded", "decided", "closed")


class Move(NamedTuple):
    """Say whose move it is: who, what they have to do, and by when; `None` where nothing is due."""

    who: str
    what: str
    by: Instant | None


@dataclass(frozen=True, slots=True)
class Told:
    """Hold everything that a complaint's page shows.

    Attributes:
        case: its case id.
        ref: the ticket that leads it.
        key: what people call it.
        url: where it is in the helpdesk; "" where that is no address of the web.
        vendor: the helpdesk's kind.
        binding: the binding that judges it.
        tickets: every ticket of it.
        known: what was known then; `None` for now.
        now: the instant it is judged as of.
        stage: its stage; `None` where nothing maps its status.
        since: since when.
        moved_back: whether Ombud moved it there.
        status: its native status, by its name.
        waiting: whom it waits for; "" for nobody.
        owner: whose it is.
        received: when it was received.
        channel: how it came.
        severity: how grave it is.
        severity_since: since when, where that is known.
        answer: the card of the answer's deadline; `None` where its pack has none.
        pack: the pack that judges it.
        before: whether it was received before the policy.
        complete: whether its history reaches back to its creation.
        trouble: why what is stored may be out of date; "" where it is not.
        move: whose move it is.
        cards: its findings, the failures first.
        gaps: rules that cannot be judged because nothing maps what they read.
        entries: what happened.
        lanes: the same on an axis of time.
        fields: its fields at each step.
        logged: the decision log's lines about it.
        digests: of everything a verdict depends on, by what it is.

    """

    case: str
    ref: Ref
    key: str
    url: str
    vendor: str
    binding: str
    tickets: tuple[Ref, ...]
    known: Instant | None
    now: Instant
    stage: str | None
    since: Instant | None
    moved_back: bool
    status: str
    waiting: str
    owner: Value
    received: Instant | None
    channel: Value
    severity: Value
    severity_since: Instant | None
    answer: Card | None
    pack: str
    before: bool
    complete: bool
    trouble: str
    move: Move
    cards: Sequence[Card]
    gaps: Sequence[tuple[str, tuple[str, ...]]]
    entries: Sequence[Entry]
    lanes: Lanes | None
    fields: Fields
    logged: Sequence[Logged]
    digests: dict[str, str]

    @property
    def counts(self) -> dict[str, int]:
        """Count the cards by verdict."""
        found: dict[str, int] = {}
        for card in self.cards:
            found[card.verdict.value] = found.get(card.verdict.value, 0) + 1
        return found

    def as_json(self) -> dict[str, object]:
        """Give everything for programs, with a digest over all of it; instants as ISO 8601 in UTC."""
        told: dict[str, object] = {
            "case": self.case,
            "account": self.ref.account,
            "ticket": self.ref.id,
            "key": self.key,
            "url": self.url,
            "binding": self.binding,
            "tickets": [str(each) for each in self.tickets],
            "known_at": iso(self.known),
            "judged_at": iso(self.now),
            "stage": self.stage,
            "stage_since": iso(self.since),
            "status": self.status,
            "waiting_for": self.waiting,
            "owner": self.owner.as_json(),
            "received": iso(self.received),
            "channel": self.channel.as_json(),
            "severity": self.severity.as_json(),
            "pack": self.pack,
            "before_policy": self.before,
            "history_complete": self.complete,
            "move": {"who": self.move.who, "what": self.move.what, "by": iso(self.move.by)},
            "findings": [each.as_json() for each in self.cards],
            "not_judged": [{"rule": rule, "missing": list(names)} for rule, names in self.gaps],
            "log": [each.as_json() for each in self.entries],
            "fields": self.fields.as_json(),
            "decision_log": [
                {
                    "seq": line.seq,
                    "known": iso(line.known),
                    "rule": line.rule,
                    "occurrence": line.occurrence,
                    "verdict": line.verdict,
                    "standing": line.standing,
                    "action": line.action,
                    "hash": line.hash,
                }
                for line in self.logged
            ],
            "digests": self.digests,
        }
        text = json.dumps(told, sort_keys=True, ensure_ascii=False)
        return told | {"sha256": hashlib.sha256(text.encode()).hexdigest()}


def tell(
    service: Service,
    account: str,
    ticket: str,
    groups: frozenset[str],
    *,
    known: Instant | None = None,
) -> Told | None:
    """Tell of a complaint.

    Args:
        service: what is judged, and by what.
        account: the account of one of its tickets.
        ticket: that ticket's id or key.
        groups: groups whose restricted complaints may be seen; "*" is every group.
        known: leave out what was known only later, and judge as of then, by what was in force then.

    Returns:
        `None` where there is no such complaint, where there was none then, or where it may not be seen: nobody
        can tell these apart.

    """
    named = service.elsewhere.ref(account, ticket)
    if named is None:
        return None
    ref = service.store.named(named)
    if ref is None:
        return None
    service.refresh()
    names = {each.binding for each in service.store.case_of(ref)}
    for bound in service.bounds:
        if bound.name not in names:
            continue
        for folded in fold_again(bound, service.elsewhere, service.store, only=ref):
            # Who may not see it now does not see what it was before it was restricted.
            if not may_see(bound, folded.complaint, groups):
                return None
            return _told(service, bound, folded, groups, known)
    return None


def may_see(bound: Bound, complaint: Complaint, groups: frozenset[str]) -> bool:
    """Tell whether somebody in these groups may see a complaint; where nobody can tell, few may."""
    told = complaint.row.get(RESTRICTED_TO)
    if told is UNKNOWN:
        told = UNTOLD if RESTRICTED_TO in bound.mapping.names else None
    return told is None or ALL_GROUPS in groups or str(told) in groups


def _told(
    service: Service, bound: Bound, folded: Folded, groups: frozenset[str], known: Instant | None
) -> Told | None:
    whole = folded.events
    lead = folded.lead
    now = service.now() if known is None else known
    if known is not None:
        with service.store.acts() as acts:
            row = acts.in_force(bound.name, by=known)
        if row is not None:
            bound = rebuilt(row, bound.settings, bound.steps, bound.start)
        past = next(
            fold_again(
                bound, service.elsewhere, service.store, happened_by=known, known_by=known, only=lead.ref
            ),
            None,
        )  # fmt: skip
        if past is None or not may_see(bound, past.complaint, groups):
            return None
        folded = past
    judged = judge_folded(
        bound, service.elsewhere, folded, service.waivers(bound, known_by=known), now
    )
    kept = service.store.recall(folded.complaint.case)
    people = People.of(kept, whole, folded.complaint.row.get("complainant"))
    return _assembled(service, bound, folded, judged, people, now, known)


def _assembled(
    service: Service,
    bound: Bound,
    folded: Folded,
    judged: Judged,
    people: People,
    now: Instant,
    known: Instant | None,
) -> Told:
    complaint, lead = judged.complaint, folded.lead
    edition = bound.judge.of(complaint)
    before = bound.before_policy(complaint)
    logged = service.store.logged(complaint.case, known_by=known)
    with service.store.acts() as acts:
        rows = [each for each in acts.waivers(bound.name) if each.requested <= now]
        decided = Acts(
            [_as_of(each, now) for each in rows if each.case == complaint.case],
            [each for each in acts.disputes(case=complaint.case) if each.disputed <= now],
            [each for each in acts.explanations(case=complaint.case) if each.told <= now],
        )
    cards = cards_of(bound, edition, people, judged.findings, judged.judgements, rows, now)
    marks = marks_of(bound, complaint, judged.findings, judged.judgements)
    circle = folded.circle
    sides = (
        {}
        if circle is None
        else {
            ref: service.elsewhere.bounds[name]
            for ref, name in circle.bindings.items()
            if ref.account != bound.account and name in service.elsewhere.bounds
        }
    )
    entries = entries_of(bound, people, folded.events, marks, decided, logged, sides)
    last = complaint.transitions[-1] if complaint.transitions else None
    owner = value_of(bound, people, "owner", complaint.row.get("owner", UNKNOWN))
    received = complaint.row.get("received")
    severities = complaint.changes.get("severity", ())
    status = bound.mapping.stages.get(complaint.status or "")
    stage = complaint.stage if isinstance(complaint.stage, str) else None
    waiting = next((each.waiting for each in complaint.waits if each.end is None), "")
    gaps = () if edition is None else edition.judge.gaps
    return Told(
        case=complaint.case,
        ref=complaint.lead,
        key=cut(judged.key, 80),
        url=_web(judged.url),
        vendor=lead.ref.vendor,
        binding=bound.name,
        tickets=complaint.refs,
        known=known,
        now=now,
        stage=stage,
        since=None if last is None else last.at,
        moved_back=any(
            each.happened == last.at and each.field == STATUS and each.cause == "ourselves"
            for each in folded.events
        )
        if last is not None
        else False,
        status=cut((status.name if status is not None else "") or complaint.status or "", 60),
        waiting=whom(waiting),
        owner=owner,
        received=received if isinstance(received, int) else None,
        channel=value_of(bound, people, "channel", complaint.row.get("channel", UNKNOWN)),
        severity=value_of(bound, people, "severity", complaint.row.get("severity", UNKNOWN)),
        severity_since=severities[-1].at if severities else None,
        answer=_answer(cards, judged),
        pack=bound.pack_of(complaint).title_version,
        before=before,
        complete=folded.complete and complaint.horizon is None,
        trouble=_trouble(folded),
        move=_move(cards, stage, waiting, owner),
        cards=cards,
        gaps=tuple((each.rule.id, each.missing) for each in gaps),
        entries=entries,
        lanes=lanes_of(bound, edition, complaint, folded.events, judged.judgements, entries, now),
        fields=fields_of(bound, complaint, people, judged.findings),
        logged=logged,
        digests=dict(bound.digests),
    )


def _as_of(row: WaiverRow, now: Instant) -> WaiverRow:
    """Give a waiver as it was known at an instant."""
    if row.approved is not None and row.approved > now:
        row = row._replace(approved=None, approved_by=None, approved_name=None)
    if row.ended is not None and row.ended > now:
        row = row._replace(ended=None, ended_by=None, ended_name=None, ended_why=None)
    return row


def _answer(cards: Sequence[Card], judged: Judged) -> Card | None:
    """Find the deadline of the answer: from receipt to a response, else to a decision or the closing."""
    for stop in _ANSWERS:
        rules = {
            each.rule.id
            for each in judged.judgements
            if each.timing is not None
            and getattr(each.rule.body, "start", "") == "received"
            and stop in getattr(each.rule.body, "stops", ())
        }
        for card in cards:
            if card.rule in rules and card.due is not None:
                return card
    return None


def _move(cards: Sequence[Card], stage: str | None, waiting: str, owner: Value) -> Move:
    """Say whose move it is: whoever it waits for, else whose complaint it is."""
    missing = [card for card in cards if card.standing is Verdict.failed and card.mend]
    running = [card for card in cards if card.verdict is Verdict.pending and card.due is not None]
    running.sort(key=lambda card: card.due or 0)
    by = running[0].due if running else None
    nobody = owner.kind != "text"
    who = "Somebody" if nobody else owner.text
    whose = "Nobody\u2019s name is on it" if nobody else f"{who}\u2019s move"
    if not missing and not running:
        if stage == "closed":
            return Move("Nobody\u2019s move", "it is closed, and nothing is missing that can be mended.", None)  # fmt: skip
        theirs = "whoever takes it" if nobody else "them"
        return Move(whose, f"nothing is missing; the next step after {stage or 'its status'} is for {theirs}.", None)  # fmt: skip
    said = [_first(card) for card in missing[:2]]
    if len(missing) > 2:
        said.append(f"and {len(missing) - 2} more below.")
    if not said and waiting:
        return Move(f"The {whom(waiting)}\u2019s move", f"{who} waits for them.", by)
    if not said:
        said = [running[0].mend[0] if running[0].mend else f"{running[0].title}."]
    return Move(whose, " ".join(said), by)


def _first(card: Card) -> str:
    """Give what is wrong with the first thing that mends it."""
    return f"{card.said} {card.mend[0]}" if card.said and card.said not in card.mend[0] else card.mend[0]  # fmt: skip


def _trouble(folded: Folded) -> str:
    lead = folded.lead
    if lead.gone is not None:
        return "The ticket is not shown to us any more: it was deleted, or hidden from us."
    if lead.failures:
        return "The ticket could not be read the last time. What you see is what was read before."
    return ""


def _web(url: str) -> str:
    """Give an address that may be a link; "" for anything but the web's own."""
    return url if url.startswith(("https://", "http://")) and len(url) <= 2_000 else ""
