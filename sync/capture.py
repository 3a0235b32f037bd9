"""Turn a stored ticket into an example of its pack: no name, no word and no number of it, and the same verdicts.

The ticket's history is folded change by change, and what each change did to the facts is written down in the
pack's own words. Whether that gives the same verdicts is tried before anything is written.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ombud.model.event import Cause, Kind, Side
from ombud.model.facts import UNKNOWN, Verdict
from ombud.model.instant import DAY, SECOND, moment
from ombud.model.mapping import INHERENT, RECEIVED_AT, STATUS
from policies.example import judge_example
from policies.examples import read_text
from policies.expression import Compare, Type, leaves
from policies.load import load_editions
from policies.rule import Cadence, Deadline, Guard, Integrity
from policies.vocabulary import PackError
from sync.again import fold_again
from sync.binding import pack_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ombud.model.event import Event
    from ombud.model.facts import Complaint, Instant, Value
    from ombud.settings import Settings
    from ombud.store import Store, TicketState
    from policies.expression import Expression
    from policies.judge import Judgement
    from policies.pack import Pack
    from policies.rule import Rule
    from sync.binding import Bound
    from sync.elsewhere import Elsewhere

_WEEK: Final = 7 * DAY
_SIDES: Final = {Side.agent: "agent", Side.automation: "automation"}


class NotCaptured(Exception):
    """Say why a ticket can not be written as an example with the same verdicts."""


@dataclass(frozen=True, slots=True)
class Captured:
    """Hold an example file made of a ticket.

    Attributes:
        text: the file.
        verdicts: rule -> what it says of the ticket, and of the example.

    """

    text: str
    verdicts: Mapping[str, Verdict]


def capture(
    settings: Settings,
    bound: Bound,
    elsewhere: Elsewhere,
    store: Store,
    state: TicketState,
    now: Instant,
    *,
    rules: frozenset[str] = frozenset(),
    weeks: int = 0,
) -> Captured:
    """Make a file of examples of a stored ticket, one for each rule that says something of it.

    Args:
        settings: ombud.toml.
        bound: the ticket's binding.
        elsewhere: the other helpdesks.
        store: the database.
        state: the ticket.
        now: judged as of now.
        rules: rules to write examples for; empty means every one that applies.
        weeks: move all times by so many weeks; weekdays stay, holidays and clock changes do not.

    Raises:
        NotCaptured: where the example would not give the ticket's verdicts.

    """
    now -= now % SECOND
    folded = next(fold_again(bound, elsewhere, store, only=state.ref), None)
    if folded is None:
        raise NotCaptured(f"{state.ref} has no history here")
    if not folded.complete:
        raise NotCaptured(f"{state.ref}: its history does not reach back to its creation")
    edition = bound.judge.of(folded.complaint)
    if edition is None:
        raise NotCaptured(f"{state.ref} was received before the pack holds")
    source = pack_source(settings, bound.settings.pack).source
    packs = load_editions(source)
    pack = next(each for each in packs if each.version == edition.version)
    told = _last(edition.judge.judge(folded.complaint, now))
    wanted = {
        name: each
        for name, each in told.items()
        if (name in rules if rules else each.verdict is not Verdict.not_applicable)
    }
    if not wanted:
        raise NotCaptured(f"No rule says anything of {state.ref}")
    writing = _Writing(bound, pack, folded.events, weeks * _WEEK)
    happenings = list(writing.happenings())
    shift = weeks * _WEEK
    calendar = None if pack.calendar in pack.calendars else _calendar(settings, bound, writing)
    newest = max(packs, key=lambda each: each.effective_from)
    text = "\n".join(
        _lines(
            pack,
            None if pack is newest else pack.version,
            calendar,
            writing,
            happenings,
            {name: (each.verdict, each.due) for name, each in wanted.items()},
            now + shift,
        )
    )
    _check(text, pack, wanted, shift, bound)
    return Captured(text, {name: each.verdict for name, each in wanted.items()})


def _last(judged: Iterable[Judgement]) -> dict[str, Judgement]:
    """Give each rule's last judgement, as examples take it."""
    found: dict[str, Judgement] = {}
    for each in judged:
        held = found.get(each.rule.id)
        if held is None or (each.entered or 0) > (held.entered or 0):
            found[each.rule.id] = each
    return found


def _check(
    text: str, pack: Pack, wanted: Mapping[str, Judgement], shift: Instant, bound: Bound
) -> None:
    rules = {rule.id: rule for rule in pack.rules}
    try:
        examples = read_text(text.encode(), Path("captured.yaml"), pack)
    except PackError as error:
        raise NotCaptured(f"The example can not be read: {error}") from error
    wrong = []
    for example in examples:
        outcome = judge_example(rules[example.rule], example)
        due = wanted[example.rule].due
        if outcome.verdict is not wanted[example.rule].verdict:
            wrong.append(
                f"{example.rule}: {wanted[example.rule].verdict} there, {outcome.verdict} here"
            )
        elif due is not None and outcome.due != due + shift:
            wrong.append(f"{example.rule}: due at another time")
    if wrong:
        own = ", ".join(f"{name}={value}" for name, value in bound.settings.params.items())
        because = f" The binding has parameters of its own: {own}." if own else ""
        raise NotCaptured(
            f"The example would not give the ticket's verdicts: {'; '.join(wrong)}.{because} "
            "Leave those rules out with --rule"
        )


@dataclass(slots=True)
class _Writing:
    """Write a history in the pack's words, with stand-ins for persons and texts."""

    bound: Bound
    pack: Pack
    events: Sequence[Event]
    shift: Instant
    unknown: list[str] = field(default_factory=list)
    first: Instant = 0
    _names: dict[tuple[str, object], str] = field(default_factory=dict)
    _constants: dict[str, set[object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Note what rules compare fields with: those values stay as they are."""
        for rule in self.pack.rules:
            for tree in _trees(rule):
                for leaf in leaves(tree):
                    if isinstance(leaf, Compare):
                        self._constants.setdefault(leaf.name, set()).update(leaf.values)

    def happenings(self) -> Iterator[dict[str, Any]]:
        """Give the events as an example writes them."""
        read = {name for name in self.pack.vocabulary if name in self.pack.used}
        groups = list(_groups(self.events))
        self.first = groups[0][0].happened
        so_far: list[Event] = []
        before: Complaint | None = None
        final = self.bound.fold.fold(self.events)
        for i, group in enumerate(groups):
            so_far += group
            after = self.bound.fold.fold(so_far, lead=final.lead)
            told: dict[str, Any] = {"when": self.time(group[0].happened)}
            values = self._values(before, after, final, read)
            if i == 0:
                received = final.row.get("received")
                if isinstance(received, int) and received != final.row.get("recorded"):
                    values = {RECEIVED_AT: self.time(received)} | values
            if values:
                told["set"] = values
            told |= self._message(group)
            told |= self._stage(before, after, group)
            actor = group[0].actor
            if actor is not None and "by" not in told:
                told["actor"] = self.person("agent", actor)
            if group[0].cause is not Cause.person:
                told["cause"] = group[0].cause.value
            if i == 0 or told.keys() & {"set", "said", "stage"}:
                yield told
            yield from self._by_evidence(before, after, group)
            before = after

    def time(self, at: Instant) -> str:
        """Write a time in the desk's zone, moved by whole weeks."""
        return moment(at + self.shift, self.bound.mapping.tzinfo).isoformat()

    def person(self, kind: str, value: object) -> str:
        """Give a person's stand-in: the same for the same person."""
        return self._stand_in("person", kind, value)

    def _stand_in(self, sort: str, kind: str, value: object) -> str:
        held = self._names.get((sort, value))
        if held is None:
            count = sum(name.startswith(f"{kind}-") for name in self._names.values())
            self._names[sort, value] = held = f"{kind}-{count + 1}"
        return held

    def _values(
        self, before: Complaint | None, after: Complaint, final: Complaint, read: set[str]
    ) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in sorted(read - {RECEIVED_AT}):
            was = before.row.get(name) if before is not None else None
            value = after.row.get(name)
            if value == was:
                continue
            if value is UNKNOWN:
                if before is None:
                    self.unknown.append(name)
                continue
            found[name] = "" if value is None else self._value(name, value)
        reached = set(after.evidence) - (set(before.evidence) if before is not None else set())
        for name in sorted(reached & self.pack.milestones - INHERENT):
            # What a move of ours took back later is shown by the stage alone, and goes with it.
            if final.evidence.get(name) == after.evidence[name]:
                found[name] = "yes"
        return found

    def _value(self, name: str, value: Value) -> Any:
        of = self.pack.vocabulary[name]
        if value in self._constants.get(name, ()) or value in of.values or of.type is Type.flag:
            return value
        if of.type is Type.instant and isinstance(value, int):
            return self.time(value)
        if of.type is Type.person:
            return self.person("complainant" if "complainant" in name else "agent", value)
        if of.type is Type.number:
            return value
        return self._stand_in("text", "text", value)

    def _message(self, group: Sequence[Event]) -> dict[str, Any]:
        message = group[0].message
        if group[0].kind is not Kind.message or message is None:
            return {}
        if message.public is False or message.key is not None or message.by is None:
            return {}
        by = _SIDES.get(message.by, "complainant")
        if by != "complainant" and message.to not in {Side.complainant, Side.representative}:
            return {}
        told: dict[str, Any] = {"said": sorted(message.kinds), "by": by}
        if message.automatic is not (by == "automation"):
            told["automatic"] = message.automatic
        if message.delivered is not None:
            told["delivered"] = message.delivered
        return told

    def _stage(
        self, before: Complaint | None, after: Complaint, group: Sequence[Event]
    ) -> dict[str, Any]:
        """Write the stage of a change of status, whether or not the stage is another one."""
        moved = any(each.field == STATUS and each.kind is Kind.field for each in group)
        if not isinstance(after.stage, str) or not (moved or before is None):
            return {}
        told: dict[str, Any] = {"stage": after.stage}
        last = after.waits[-1] if after.waits else None
        if last is not None and last.end is None:
            told["waiting"] = last.waiting
        return told

    def _by_evidence(
        self, before: Complaint | None, after: Complaint, group: Sequence[Event]
    ) -> Iterator[dict[str, Any]]:
        """Write the entering of a stage that no status maps to: into it by its evidence, and back by nobody."""
        known = {each.event for each in before.transitions} if before is not None else set()
        for each in after.transitions:
            by_status = any(e.id == each.event and e.field == STATUS for e in group)
            if each.event in known or by_status or each.entering == after.stage:
                continue
            yield {"when": self.time(group[0].happened), "stage": each.entering}
            if isinstance(after.stage, str):
                back = self._stage(None, after, group)
                yield {"when": self.time(group[0].happened), **back, "cause": "ourselves"}


def _groups(events: Iterable[Event]) -> Iterator[list[Event]]:
    """Group events by change as the fold does; a message that did not arrive is told so from the start."""
    ordered = sorted(
        {(event.ref, event.id): event for event in events}.values(),
        key=lambda e: (e.happened, e.kind is not Kind.message, e.seq, e.id),
    )
    lost = {(each.ref, str(each.after)) for each in ordered if each.kind is Kind.undelivered}
    groups: dict[object, list[Event]] = {}
    for event in ordered:
        told = event
        if event.message is not None and (event.ref, event.id) in lost:
            told = event._replace(message=replace(event.message, delivered=False))
        alone = event.kind is Kind.message
        groups.setdefault((event.ref, event.id if alone else event.change, alone), []).append(told)
    yield from groups.values()


def _trees(rule: Rule) -> Iterator[Expression]:
    body = rule.body
    if body.when is not None:
        yield body.when
    if isinstance(body, Deadline | Cadence):
        yield from (when for when, _ in body.terms if when is not None)
        if isinstance(body, Deadline) and body.extension is not None and body.extension.must:
            yield body.extension.must
    elif not isinstance(body, Integrity):
        yield body.must


def _calendar(settings: Settings, bound: Bound, writing: _Writing) -> dict[str, Any]:
    """Give the desk's calendar with the holidays around the ticket."""
    told = settings.calendars[bound.settings.calendar]
    year = moment(writing.first + writing.shift).year
    return {
        "zone": told.zone,
        "week": {days: list(windows) for days, windows in told.week.items()},
        "holidays": [
            day.isoformat()
            for day in sorted(bound.calendar.holidays)
            if year <= day.year <= year + 1
        ],
    }


def _lines(
    pack: Pack,
    edition: str | None,
    calendar: Mapping[str, Any] | None,
    writing: _Writing,
    happenings: Sequence[Mapping[str, Any]],
    verdicts: Mapping[str, tuple[Verdict, Instant | None]],
    as_of: Instant,
) -> Iterator[str]:
    yield f"# A complaint as {pack.id} {pack.version} judged it, names and words replaced by stand-ins."
    yield "# The verdicts are the evaluator's: work each out by hand before you rely on it."
    if edition is not None:
        yield f"edition: {edition}"
    if calendar is not None:
        yield f"calendar: {_flow(calendar)}"
    yield "examples:"
    entering = {rule.id: rule.body for rule in pack.rules}
    for rule, (verdict, due) in verdicts.items():
        body = entering[rule]
        stage = (
            f" when {body.entering} was entered"
            if isinstance(body, Guard) and body.entering
            else ""
        )
        yield f"  - rule: {rule}"
        yield f"    name: {json.dumps(f'captured, {verdict}{stage}')}"
        yield f"    expect: {verdict}"
        yield f"    as_of: {json.dumps(moment(as_of, writing.bound.mapping.tzinfo).isoformat())}"
        if due is not None:
            yield f"    due: {json.dumps(writing.time(due))}"
        if writing.unknown:
            yield f"    unknown: {_flow(writing.unknown)}"
        yield "    events:"
        for each in happenings:
            yield f"      - {_flow(each)}"
    yield ""


def _flow(told: object) -> str:
    """Write a value in YAML's flow style."""
    if isinstance(told, dict):
        return f"{{{', '.join(f'{key}: {_flow(value)}' for key, value in told.items())}}}"
    if isinstance(told, list | tuple):
        return f"[{', '.join(_flow(each) for each in told)}]"
    return json.dumps(told)
