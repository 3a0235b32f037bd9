"""What happened to one complaint, in its order: in the helpdesk, by people's decisions, and by Ombud."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.event import Cause, Kind, Side
from ombud.model.facts import Verdict
from ombud.model.instant import iso
from ombud.model.mapping import STATUS
from policies.rule import Deadline
from sync.figures.complaint_words import cut, value_of, whom
from sync.findings import label_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ombud.model.event import Event, Message, Ref
    from ombud.model.facts import Complaint, Instant
    from ombud.model.finding import Finding
    from ombud.store import DisputeRow, ExplanationRow, Logged, WaiverRow
    from policies.judge import Judgement
    from sync.binding import Bound
    from sync.figures.complaint_words import People

#: Entries that a page shows: the first and the last; a file has all of them.
MOST: Final = 160
_OMBUD: Final = "Ombud"
_ACCOUNT: Final = "an account of the helpdesk"
#: Things that one entry names; more are only counted.
_MOST_NAMED: Final = 4


class Mark(NamedTuple):
    """Say what came of something: a verdict, and what it is about."""

    verdict: Verdict
    words: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold one thing that happened.

    Attributes:
        at: when.
        what: what, in words.
        who: by whom; "" where nobody knows.
        lane: "helpdesk", "people" or "ombud".
        marks: what came of it.
        lines: numbers of the lines in the decision log.

    """

    at: Instant
    what: str
    who: str
    lane: str
    marks: tuple[Mark, ...] = ()
    lines: tuple[int, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Give it for programs; the instant as ISO 8601 in UTC."""
        return {
            "at": iso(self.at),
            "what": self.what,
            "who": self.who,
            "lane": self.lane,
            "verdicts": [[each.verdict.value, each.words] for each in self.marks],
            "decision_log": list(self.lines),
        }


class Acts(NamedTuple):
    """Hold what people decided about a complaint."""

    waivers: Sequence[WaiverRow]
    disputes: Sequence[DisputeRow]
    explanations: Sequence[ExplanationRow]


def entries_of(
    bound: Bound,
    people: People,
    events: Sequence[Event],
    marks: Mapping[str, Sequence[Mark]],
    acts: Acts,
    logged: Sequence[Logged],
    sides: Mapping[Ref, Bound],
) -> list[Entry]:
    """Give everything that happened, the earliest first; `sides` gives the binding of each ticket that has another."""
    by_act: dict[tuple[str, Instant, str], list[int]] = defaultdict(list)
    for line in logged:
        by_act[line.action, line.known, line.rule].append(line.seq)
    found = [
        *_in_helpdesk(bound, people, events, marks, sides),
        *_by_people(acts, by_act),
        *_by_ombud(logged),
    ]
    found.sort(key=lambda each: each.at)
    return found


def marks_of(
    bound: Bound,
    complaint: Complaint,
    findings: Iterable[Finding],
    judgements: Iterable[Judgement],
) -> dict[str, list[Mark]]:
    """Give what came of events, by the event: rules that failed on it, and deadlines that it met or missed."""
    found: dict[str, list[Mark]] = defaultdict(list)
    for each in judgements:
        body, timing = each.rule.body, each.timing
        if isinstance(body, Deadline) and timing is not None and timing.stop is not None:
            for stop in body.stops:
                shown = complaint.evidence.get(stop)
                if shown is not None and shown.at == timing.stop:
                    mark = Mark(each.verdict, label_of(bound, stop))
                    if mark not in found[shown.event]:
                        found[shown.event].append(mark)
                    break
    failed: dict[str, list[str]] = defaultdict(list)
    for finding in findings:
        # A deadline's failure has no event of its own: it is marked where it was stopped.
        if finding.verdict is Verdict.failed and finding.due is None:
            failed[finding.occurrence].append(finding.rule)
    for event, rules in failed.items():
        words = rules[0] if len(rules) == 1 else f"{len(rules)} rules"
        found[event].insert(0, Mark(Verdict.failed, words))
    return found


def _in_helpdesk(
    bound: Bound,
    people: People,
    events: Sequence[Event],
    marks: Mapping[str, Sequence[Mark]],
    sides: Mapping[Ref, Bound],
) -> Iterator[Entry]:
    groups: dict[tuple[Instant, str, str], list[Event]] = defaultdict(list)
    for event in sorted(events, key=lambda each: each.order):
        groups[event.happened, str(event.ref), event.change].append(event)
    several = len({event.ref for event in events}) > 1
    for (at, ref, _), group in groups.items():
        first = group[0]
        ours = first.cause is Cause.ourselves
        side = sides.get(first.ref, bound)
        said = [each for each in _said(side, people, group) if each]
        told = tuple(mark for event in group for mark in marks.get(event.id, ()))
        if not said:
            continue
        more = len(said) - _MOST_NAMED
        what = "; ".join(said[:_MOST_NAMED]) + (f"; {more} more" if more > 0 else "")
        if several:
            what = f"{what} ({cut(ref, 40)})"
        who = _OMBUD if ours else people.name(first.actor)
        if first.cause in {Cause.rule, Cause.automation} and not ours:
            who = f"{who or 'the helpdesk'}, by a rule"
        yield Entry(at, f"{what[:1].upper()}{what[1:]}", who, "ombud" if ours else "helpdesk", told)


def _said(bound: Bound, people: People, group: Sequence[Event]) -> Iterator[str]:
    created = any(event.kind is Kind.created for event in group)
    if created:
        yield "ticket created"
    names = {of.id: name for name, of in bound.mapping.fields.items()}
    filled: list[str] = []
    others = 0
    for event in group:
        match event.kind:
            case Kind.message:
                if event.message is not None:
                    yield message_words(event.message)
            case Kind.field | Kind.observed | Kind.lent:
                field = event.field or ""
                if field == STATUS:
                    yield _status(bound, event)
                elif field in names:
                    if created and event.after is None:
                        continue
                    label = label_of(bound, names[field])
                    filled.append(label if created else _changed(bound, people, names[field], label, event))  # fmt: skip
                else:
                    others += 1
            case Kind.merged:
                yield "merged into another ticket"
            case Kind.deleted:
                yield "deleted in the helpdesk"
            case Kind.undelivered:
                yield "a message did not arrive"
            case Kind.word:
                yield f"told Ombud: {cut(event.field or '', 40)}"
            case Kind.created:
                pass
    if created and filled:
        yield f"filled in: {', '.join(filled)}"
    elif filled:
        yield from filled
    if others and not created:
        yield f"{others} {'field' if others == 1 else 'fields'} that no rule reads"


def _changed(bound: Bound, people: People, name: str, label: str, event: Event) -> str:
    of = bound.mapping.fields[name]
    told = value_of(bound, people, name, bound.mapping.value(of, event.after))
    if told.kind == "empty":
        return f"{label} emptied"
    if told.kind == "kept":
        return f"{label} written"
    if told.kind == "instant":
        return f"{label} set"
    return f"{label}: {told.text}"


def _status(bound: Bound, event: Event) -> str:
    native = event.after if isinstance(event.after, str) else ""
    of = bound.mapping.stages.get(native)
    if of is None:
        return f"status {cut(native, 40) or 'unknown'}, which nothing maps"
    waiting = f", waiting for the {whom(of.waiting)}" if of.waiting else ""
    named = f" ({cut(of.name, 40)})" if of.name and of.name.casefold() != of.stage else ""
    verb = "moved back to" if event.cause is Cause.ourselves else "stage"
    return f"{verb} {of.stage}{named}{waiting}"


def message_words(message: Message) -> str:
    """Say what a message was, without a word of it."""
    kinds = ", ".join(sorted(each.replace("_", " ") for each in message.kinds))
    marked = f", marked as {kinds}" if kinds else ""
    lost = ", which did not arrive" if message.delivered is False else ""
    if message.key is not None:
        return "Ombud\u2019s note written"
    if message.public is False:
        return f"internal note{marked}"
    if message.by in {Side.complainant, Side.representative}:
        return f"message from the customer{marked}{lost}"
    what = "automatic message" if message.automatic else "message"
    to = " to the customer" if message.to in {Side.complainant, Side.representative} else ""
    unsure = ", whose author cannot be told" if message.by is None else ""
    return f"{what}{to}{marked}{unsure}{lost}"


def _by_people(
    acts: Acts, by_act: Mapping[tuple[str, Instant, str], Sequence[int]]
) -> Iterator[Entry]:
    def entry(
        at: Instant, act: str, rule: str, what: str, who: str | None, *marks: Mark
    ) -> Entry:  # fmt: skip
        lines = tuple(by_act.get((act, at, rule), ()))
        return Entry(at, what, who or _ACCOUNT, "people", marks, lines)

    for row in acts.waivers:
        yield entry(row.requested, "waiver requested", row.rule, f"Waiver of {row.rule} asked for: {cut(row.why)}", row.requested_name)  # fmt: skip
        if row.approved is not None:
            yield entry(row.approved, "waiver approved", row.rule, f"Waiver of {row.rule} approved", row.approved_name, Mark(Verdict.waived, row.rule))  # fmt: skip
        if row.ended is not None:
            act = "waiver refused" if row.approved is None else "waiver revoked"
            yield entry(row.ended, act, row.rule, f"{act.capitalize()}, of {row.rule}: {cut(row.ended_why or '')}", row.ended_name)  # fmt: skip
    for dispute in acts.disputes:
        yield entry(dispute.disputed, "disputed", dispute.rule, f"Finding of {dispute.rule} disputed: {cut(dispute.why)}", dispute.disputed_name)  # fmt: skip
        if dispute.decided is not None:
            yield entry(dispute.decided, f"dispute {dispute.outcome}", dispute.rule, f"Dispute {dispute.outcome}: {cut(dispute.decided_why or '')}", dispute.decided_name)  # fmt: skip
    for told in acts.explanations:
        yield entry(told.told, "explained", told.rule, f"Breach of {told.rule} explained: {cut(told.why)}", told.told_name)  # fmt: skip


#: What Ombud decided to do, in words.
_DONE: Final[Mapping[str, str]] = {
    "move_back": "move it back",
    "insists": "leave it closed: somebody insists",
    "budget": "leave it: it was moved back often enough",
    "refused": "leave it: the helpdesk refuses",
}


def _by_ombud(logged: Sequence[Logged]) -> Iterator[Entry]:
    """Give what was judged and decided, what was written at one moment together."""
    groups: dict[Instant, list[Logged]] = defaultdict(list)
    for line in logged:
        if not line.action.startswith(("waiver", "dispute", "explained")):
            groups[line.known].append(line)
    for at, lines in groups.items():
        told = [each for each in lines if each.rule != "-"]
        marks = {(each.rule, each.verdict): each for each in told if each.verdict in _VERDICTS}
        shown = tuple(
            Mark(_VERDICTS[verdict], f"{rule}, mended" if _mended(line) else rule)
            for (rule, verdict), line in list(marks.items())[:_MOST_NAMED]
        )
        done = dict.fromkeys(_DONE[each.action] for each in lines if each.action in _DONE)
        parts = []
        if told:
            gone = sum(each.verdict == "withdrawn" for each in told)
            judged = len(told) - gone
            if judged:
                parts.append(f"{judged} {'verdict' if judged == 1 else 'verdicts'} noted")
            if gone:
                parts.append(f"{gone} withdrawn")
        parts += [f"decided to {each}" for each in done]
        if parts:
            what = "; ".join(parts)
            seqs = tuple(each.seq for each in lines)
            yield Entry(at, f"{what[:1].upper()}{what[1:]}", _OMBUD, "ombud", shown, seqs)


def _mended(line: Logged) -> bool:
    failed = Verdict.failed.value
    return line.verdict == failed and line.standing != failed


_VERDICTS: Final = {each.value: each for each in Verdict}
