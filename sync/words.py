"""Answer what agents tell us in their notes: one line for each word, in the living text."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.event import Cause, Kind
from ombud.model.facts import Transition, Verdict
from ombud.model.instant import DAY, moment
from ombud.model.word import Asked, Verb, asked
from sync.findings import find
from sync.note import wall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.event import Event
    from ombud.model.facts import Complaint, Instant
    from policies.judge import Judgement
    from sync.binding import Bound

#: An answer stands in the living text for so long after its word was said.
SHOWN: Final = 7 * DAY
#: Answers shown at a time, the newest; a note has few lines.
MOST_ANSWERS: Final = 2
#: Occurrence of a closing that has not happened: what it would need is judged as if it had.
_IF_CLOSED: Final = "if-closed"
_CLOSED: Final = "closed"
#: Labels named in one line; more are counted.
_MOST_NAMED: Final = 6


class Answer(NamedTuple):
    """Hold what was done about one word.

    Attributes:
        word: the event that told it.
        line: what is said of it in the living text.

    """

    word: Event
    line: str


def words_of(events: Iterable[Event], now: Instant) -> list[Event]:
    """Give the words said within the time that answers are shown for, oldest first."""
    found = [event for event in events if event.kind is Kind.word and event.happened > now - SHOWN]
    return sorted(found, key=lambda event: event.order)


def answers_to(
    bound: Bound,
    complaint: Complaint,
    words: Sequence[Event],
    judge: Callable[[Complaint], Iterable[Judgement]],
    request: Callable[[Event, Asked], str],
) -> list[Answer]:
    """Give the answers that the living text shows: the newest, and none that a clean closing has overtaken.

    Args:
        bound: the binding.
        complaint: its facts, in which words about facts count already.
        words: those said lately, oldest first.
        judge: judges a complaint as it would stand.
        request: carries out, once, a word about a waiver or a dispute, and gives what is to be said of it.

    """
    found: list[Answer] = []
    for word in words:
        told = asked(word.field or "", _argument(word), bound.mapping.tzinfo)
        if isinstance(told, str):
            line = f"“{_written(word)}”: {told}"
        elif told.verb in {Verb.dispute, Verb.waive} and told.rule not in _rules(bound):
            line = f"“{_written(word)}”: {_no_rule(bound, told.rule)}"
        elif told.verb in {Verb.dispute, Verb.waive, Verb.approve}:
            line = request(word, told)
        else:
            line = _answer(bound, complaint, word, told, judge)
        found.append(Answer(word, line))
    return found[-MOST_ANSWERS:]


def overtaken(complaint: Complaint, answer: Answer) -> bool:
    """Tell whether the complaint was closed after a word, so that its answer has done its service."""
    last = complaint.transitions[-1] if complaint.transitions else None
    return (
        last is not None
        and last.entering == _CLOSED
        and last.until is None
        and last.at > answer.word.happened
    )


def _answer(
    bound: Bound,
    complaint: Complaint,
    word: Event,
    told: Asked,
    judge: Callable[[Complaint], Iterable[Judgement]],
) -> str:
    zone = bound.mapping.tzinfo
    said = wall(word.happened, zone)
    if told.verb is Verb.check:
        return f"Checked {said}: {_needs(bound, complaint, word, judge)}"
    if told.verb is Verb.called:
        return f"Call of {said} noted."
    if told.verb is Verb.not_complaint:
        return f"Reason of {said} why it is no complaint noted."
    recorded = complaint.row.get("recorded")
    when = told.when or 0
    if isinstance(recorded, int) and when > recorded:
        return f"Receipt stays as it was: {_day(when, zone)} is later than the ticket itself."
    return f"Receipt noted: {_day(when, zone)}."


def _needs(
    bound: Bound,
    complaint: Complaint,
    word: Event,
    judge: Callable[[Complaint], Iterable[Judgement]],
) -> str:
    """Say what closing would need, by judging the complaint as if it were closed now."""
    closing = Transition(
        event=_IF_CLOSED,
        change=_IF_CLOSED,
        ref=complaint.lead,
        leaving=complaint.stage if isinstance(complaint.stage, str) else None,
        entering=_CLOSED,
        from_status=complaint.status,
        to_status=None,
        at=max(word.happened, complaint.transitions[-1].at if complaint.transitions else 0),
        actor=word.actor,
        cause=Cause.person,
        row=complaint.row,
        until=None,
        stay=None,
    )
    earlier = (*complaint.transitions[:-1], *_ended(complaint, closing.at))
    judged = [
        each
        for each in judge(replace(complaint, transitions=(*earlier, closing)))
        if each.occurrence == _IF_CLOSED
    ]
    failed = [each for each in judged if each.verdict is Verdict.failed]
    names = list(
        dict.fromkeys(
            label
            for finding in find(bound, complaint, failed, url="")
            for label in [fix.label for fix in finding.fixes] or [finding.rule]
        )
    )
    open_ = [each.rule.id for each in judged if each.verdict is Verdict.unknown]
    more = f" Cannot be told: {', '.join(open_[:2])}." if open_ else ""
    if not names:
        return f"nothing is missing to close it.{more}"
    rest = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"to close it, see to {' · '.join(names[:_MOST_NAMED])}{rest}.{more}"


def _ended(complaint: Complaint, at: Instant) -> tuple[Transition, ...]:
    """Give the last stay as it would have ended."""
    if not complaint.transitions:
        return ()
    last = complaint.transitions[-1]
    return (last if last.until is not None else replace(last, until=at, stay=complaint.row),)


def _rules(bound: Bound) -> list[str]:
    return [rule.id for rule in bound.pack.rules]


def _no_rule(bound: Bound, told: str) -> str:
    close = get_close_matches(told, _rules(bound), n=1)
    hint = f" Did you mean {close[0]}?" if close else ""
    return f"there is no rule {told} here.{hint}"


def _argument(word: Event) -> str | None:
    return word.after if isinstance(word.after, str) else None


def _written(word: Event) -> str:
    return f"/ombud {word.field}".strip()


def _day(at: Instant, zone: ZoneInfo) -> str:
    """Write an instant with its year: a receipt may be long past."""
    here = moment(at, zone)
    return f"{here:%Y-%m-%d}" if (here.hour, here.minute) == (0, 0) else f"{here:%Y-%m-%d %H:%M}"
