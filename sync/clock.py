"""Answer "received then, what is due when": every clock of a pack for a complaint that is only imagined."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ombud.model.facts import STAGES, UNKNOWN, Verdict
from ombud.model.instant import instant_of, iso, moment
from ombud.model.mapping import INHERENT
from policies.calendars import build_calendar
from policies.expression import Type
from policies.install import source_of
from policies.judge import Judge
from policies.load import in_force, load_editions
from policies.pack import PackCalendar
from policies.rule import Agreed, AnyOf, Cadence, Deadline
from policies.timeline import fold_events
from policies.vocabulary import PackError, Problem, nearest
from sync.binding import desk_calendar, pack_source
from sync.sum import due_words, sum_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ombud.model.calendar import Calendar
    from ombud.model.facts import Complaint, Instant
    from ombud.settings import Binding, Settings
    from policies.deadline import Timing
    from policies.judge import Judgement
    from policies.pack import Configured, Pack
    from policies.rule import Rule
    from policies.vocabulary import Field

#: The desk of a zone without anything else said: Monday to Friday, nine to five.
_WEEK = {"mon-fri": ("09:00-17:00",)}


@dataclass(frozen=True, slots=True)
class Desk:
    """Say whose hours count; without a name or a zone it is the binding's desk, or the pack's.

    Attributes:
        calendar: name of a calendar of ombud.toml, or of one that the pack brings.
        zone: IANA zone of a desk that is open Monday to Friday, 09:00 to 17:00.
        country: whose public holidays that desk keeps.
        subdivision: and of which part.

    """

    calendar: str | None = None
    zone: str | None = None
    country: str | None = None
    subdivision: str | None = None


@dataclass(frozen=True, slots=True)
class Due:
    """Say when one rule is due, and why then.

    Attributes:
        rule: the rule.
        state: "due", "in time", "late", "paused", "not started", "does not apply", "cannot be told".
        start: when its clock starts; `None` where it does not.
        stop: when it was stopped.
        due: when it is due, the extended due where a notice extended it.
        warn: the earlier of several terms.
        extended: until when a notice would extend it that is sent before it is due.
        term: the term chosen, in words.
        calendar: whose hours count.
        why: the sum in words, a sentence each.
        untold: fields and milestones that decide about it and were not told.

    """

    rule: Rule
    state: str
    start: Instant | None
    stop: Instant | None
    due: Instant | None
    warn: Instant | None
    extended: Instant | None
    term: str
    calendar: Calendar
    why: tuple[str, ...] = ()
    untold: tuple[str, ...] = ()

    def words(self, at: Instant | None) -> str:
        """Say an instant in the desk's zone, with its weekday; "" for none."""
        return "" if at is None else due_words(at, self.calendar)

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values, instants in UTC."""
        body = self.rule.body
        return {
            "rule": self.rule.id,
            "mode": self.rule.mode,
            "from": body.start if isinstance(body, Deadline | Cadence) else "",
            "until": list(_stops(self.rule)),
            "term": self.term,
            "state": self.state,
            "start": iso(self.start),
            "due": iso(self.due),
            "due_local": self.words(self.due),
            "warn": iso(self.warn),
            "extended": iso(self.extended),
            "stop": iso(self.stop),
            "zone": self.calendar.zone,
            "sum": list(self.why),
            "untold": list(self.untold),
            "sources": [f"{each.ref} ({each.status})" for each in self.rule.sources],
        }


@dataclass(frozen=True, slots=True)
class Answer:
    """Hold what is due when.

    Attributes:
        pack: the legal version that holds for that receipt.
        received: when the complaint was received.
        calendar: the desk.
        dues: its clocks, the earliest due first.

    """

    pack: Configured
    received: Instant
    calendar: Calendar
    dues: tuple[Due, ...] = field(default=())


def reckon(
    received: str,
    pack: str,
    *,
    folder: Path,
    settings: Settings | None = None,
    desk: Desk | None = None,
    facts: Mapping[str, str] | None = None,
    stops: Mapping[str, str] | None = None,
    profile: str | None = None,
) -> Answer:
    """Say when each clock of a pack is due for a complaint received then.

    Args:
        received: a day, which means its start at the desk, or a time.
        pack: its name, or a path.
        folder: where packs are looked for that come not with Ombud.
        settings: ombud.toml, if there is one; a binding with this pack lends desk, parameters and profile.
        desk: whose hours count.
        facts: fields of the complaint, known from receipt on.
        stops: milestones, and when each was reached; a day alone means its end.
        profile: which rules; without it the binding's, else all.

    Raises:
        PackError: naming what is wrong with pack, desk, time, field or milestone.
        Horizon: the receipt lies outside the years of which holidays are known.

    """
    source = pack_source(settings, pack) if settings is not None else source_of(pack, folder)
    editions = load_editions(source.source)
    bindings = settings.bindings if settings is not None else ()
    binding = next((each for each in bindings if each.pack in {pack, editions[-1].id}), None)
    chosen = desk or Desk()
    hours = _hours(editions[-1], settings, binding, chosen)
    start = _time(received, hours, "DATE")
    day = moment(start, hours.tzinfo).date()
    edition = in_force(editions, day)
    if edition is None:
        first = editions[0].effective_from
        raise _refused("DATE", f"{editions[0].id} holds from {first}", "Ask about a later day")
    laid = configured_for(edition, binding, profile)
    calendars = _calendars(edition, editions[-1], settings, hours, asked=chosen != Desk())
    complaint = _imagined(laid, start, facts or {}, stops or {}, hours)
    rules = [rule for rule in laid.rules if isinstance(rule.body, Deadline | Cadence)]
    judge = Judge(
        rules,
        calendars,
        calendar=laid.calendar,
        names=frozenset(complaint.row) | laid.milestones | frozenset(laid.vocabulary),
        stages=frozenset(STAGES),
    )
    now = max(start, *(shown.at for shown in complaint.evidence.values()))
    judged = {each.rule.id: each for each in judge.judge(complaint, now)}
    dues = [_due(rule, judged.get(rule.id), complaint, calendars, laid.calendar) for rule in rules]
    dues.sort(key=lambda each: (each.due is None, each.due or 0, each.rule.id))
    return Answer(laid, start, hours, tuple(dues))


def configured_for(pack: Pack, binding: Binding | None, profile: str | None) -> Configured:
    """Fill in a binding's parameters so far as the version knows them; every rule without a profile."""
    params = dict(binding.params) if binding is not None else {}
    known = {name: value for name, value in params.items() if name in pack.params}
    wanted = profile or (binding.profile if binding is not None else None)
    if wanted is None:
        wanted = max(pack.profiles, key=lambda name: len(pack.profiles[name]))
    return pack.configured(known, wanted)


def _hours(pack: Pack, settings: Settings | None, binding: Binding | None, desk: Desk) -> Calendar:
    """Find whose hours count: those asked for, the binding's, the pack's own, or ombud.toml's of that name."""
    if desk.zone is not None:
        told = PackCalendar(desk.zone, _WEEK, desk.country, desk.subdivision)
        return build_calendar("desk", told, file="--zone")
    if desk.country is not None or desk.subdivision is not None:
        raise _refused("--country", "says nothing of hours", "Add --zone, such as Europe/London")
    known = settings.calendars if settings is not None else {}
    if desk.calendar is not None and desk.calendar not in {*known, *pack.calendars}:
        what = f'there is no calendar "{desk.calendar}"'
        raise _refused("--calendar", what, nearest(desk.calendar, {*known, *pack.calendars}))
    name = desk.calendar or pack.calendar
    if name in pack.calendars:
        return build_calendar(name, pack.calendars[name], file=f"pack {pack.id}")
    if desk.calendar is None and binding is not None:
        name = binding.calendar
    if name in known:
        return desk_calendar(name, known[name])
    raise _refused(
        "--zone",
        f"{pack.id} brings no calendar, and no ombud.toml names one",
        "Say where the desk is, for instance --zone Europe/London --country GB --subdivision ENG",
    )


def _calendars(
    pack: Pack, newest: Pack, settings: Settings | None, desk: Calendar, *, asked: bool
) -> dict[str, Calendar]:
    """Give each calendar that rules name: the desk where one was asked for, else as a binding has them."""
    names = {pack.calendar}
    for rule in pack.rules:
        if isinstance(rule.body, Deadline | Cadence) and rule.body.calendar is not None:
            names.add(rule.body.calendar)
    found = dict.fromkeys(names, desk)
    for name in names if not asked else ():
        told = pack.calendars.get(name)
        if told is not None and name == desk.name and told == newest.calendars.get(name):
            continue  # it is the desk already
        if told is not None:
            found[name] = build_calendar(name, told, file=f"pack {pack.id}")
        elif settings is not None and name in settings.calendars:
            found[name] = desk_calendar(name, settings.calendars[name])
    return found


def _imagined(
    pack: Configured,
    received: Instant,
    facts: Mapping[str, str],
    stops: Mapping[str, str],
    desk: Calendar,
) -> Complaint:
    """Fold what was told as a helpdesk's history would be."""
    events: list[tuple[Instant, dict[str, Any]]] = []
    for name, told in facts.items():
        _check_fact(pack.vocabulary, name, told, desk)
    for name, told in stops.items():
        known = pack.milestones - INHERENT
        if name not in known:
            what = f'"{name}" is no milestone that can be reached'
            raise _refused(f"--stop {name}", what, nearest(name, known))
        # Of what people do, a day alone means its end; of a receipt, its start.
        at = _time(told, desk, f"--stop {name}", day_end=True)
        if at < received:
            what = "comes before the receipt"
            raise _refused(f"--stop {name}", what, "Write a time after DATE")
        events.append((at, {"when": told, "set": {name: "yes"}}))
    events.sort(key=lambda each: each[0])
    told_events = [{"when": "", "set": dict(facts)}, *(event for _, event in events)]
    return fold_events(
        told_events,
        (),
        pack.vocabulary,
        pack.milestones,
        desk.zone,
        [received, *(at for at, _ in events)],
        lambda _where, _what, _remedy: None,
    )


def _check_fact(vocabulary: Mapping[str, Field], name: str, told: str, desk: Calendar) -> None:
    where = f"--set {name}"
    if name not in vocabulary:
        raise _refused(where, f'there is no field "{name}"', nearest(name, vocabulary))
    of = vocabulary[name]
    if of.type is Type.instant:
        _time(told, desk, where)
    elif of.type is Type.flag and told not in {"yes", "no"}:
        raise _refused(where, f'"{told}" is no flag', "Write yes or no")
    elif of.values and told not in of.values:
        raise _refused(where, f'"{told}" is no value of "{name}"', nearest(told, of.values))
    elif of.type is Type.number:
        try:
            float(told)
        except ValueError as error:
            raise _refused(where, f'"{told}" is no number', "Write for instance 2") from error


def _time(text: str, desk: Calendar, where: str, *, day_end: bool = False) -> Instant:
    at = instant_of(text, desk.tzinfo, day_end=day_end)
    if at is None:
        what = f'"{text}" is no time of {desk.zone}'
        raise _refused(where, what, "Write 2026-04-02, 2026-04-02T10:30 or 2026-04-02T10:30+01:00")
    return at


def _refused(where: str, what: str, remedy: str) -> PackError:
    return PackError([Problem("ombud clock", 0, 0, where, what, remedy)])


def _due(
    rule: Rule,
    judged: Judgement | None,
    complaint: Complaint,
    calendars: Mapping[str, Calendar],
    default: str,
) -> Due:
    body = rule.body
    assert isinstance(body, Deadline | Cadence)
    calendar = calendars[body.calendar or default]
    timing = judged.timing if judged is not None else None
    untold = tuple(
        name for name in sorted(rule.tracked) if complaint.row.get(name, UNKNOWN) is None
    )
    if timing is None:
        started = f"starts with {body.start.replace('_', ' ')}"
        return Due(
            rule, "not started", None, None, None, None, None, "", calendar, (started,), untold
        )
    told = Due(
        rule,
        _state(timing),
        timing.start,
        timing.stop,
        timing.due,
        timing.warn,
        _extended(body, timing, calendar),
        "" if timing.length is None else str(timing.length),
        calendar,
        untold=untold,
    )
    if timing.start is None or timing.due is None:
        return told
    return _with_sum(told, timing)


def _with_sum(told: Due, timing: Timing) -> Due:
    length, start = timing.length, timing.since or timing.start
    assert start is not None
    pauses = [each[:2] for each in timing.pauses]
    if isinstance(length, Agreed):
        return replace(told, why=(f"agreed: {length}",))
    terms = length.terms if isinstance(length, AnyOf) else (length,) if length is not None else ()
    why: list[str] = []
    for term in terms:
        due = told.calendar.due_at(start, term, pauses)
        if due is not None:
            prefix = f"{term}: " if len(terms) > 1 else ""
            why += [
                f"{prefix}{line}" for line in sum_words(told.calendar, start, due, pauses, term)
            ]
    return replace(told, why=tuple(why))


def _extended(body: Deadline | Cadence, timing: Timing, calendar: Calendar) -> Instant | None:
    """Say until when a notice would lengthen a deadline that none has lengthened yet."""
    if not isinstance(body, Deadline) or body.extension is None or timing.start is None:
        return None
    if timing.due is None or timing.length == body.extension.term:
        return None
    pauses = [each[:2] for each in timing.pauses]
    return calendar.due_at(timing.start, body.extension.term, pauses)


def _state(timing: Timing) -> str:
    if timing.verdict is Verdict.not_applicable:
        return "does not apply"
    if timing.due is None:
        return "paused" if timing.verdict is Verdict.pending else "cannot be told"
    if timing.stop is not None:
        return "late" if timing.stop > timing.due else "in time"
    return "due"


def _stops(rule: Rule) -> Sequence[str]:
    body = rule.body
    if isinstance(body, Deadline):
        return body.stops
    return (body.stop,) if isinstance(body, Cadence) else ()
