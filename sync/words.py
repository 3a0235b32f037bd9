"""Answer what agents tell us in their notes: one line for each word, in the living text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.event import Kind
from ombud.model.facts import Verdict
from ombud.model.instant import DAY
from ombud.model.word import CALLED_BY, VERBS, Asked, Malformed, Verb, asked
from ombud.store import WordRow
from sync.closing import CLOSED, findings_of, judge_closing, labels
from sync.note import MOST_NAMED
from sync.persons import Refused
from sync.waivers import NotWaivable, approve, dispute, explain_breach, request_waiver

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ombud.model.event import Event
    from ombud.model.facts import Complaint, Instant
    from ombud.store import Acts, Store
    from policies.waiver import Waiver
    from sync.binding import Bound
    from sync.persons import Person, Persons

#: An answer stands in the living text for so long after its word was said.
SHOWN: Final = 7 * DAY
#: Answers shown at a time, the newest; a note has few lines.
MOST_ANSWERS: Final = 2
#: Rules named that cannot be told.
_MOST_OPEN: Final = 2
#: Words that ask for something which others decide, or which others asked for.
REQUESTS: Final = frozenset({Verb.dispute, Verb.waive, Verb.approve})
#: How a word ended.
DONE: Final = "done"
REFUSED: Final = "refused"
#: Asked of every event of every ticket: a look-up in the enumeration costs more than the comparison.
_WORD: Final = Kind.word


class Answer(NamedTuple):
    """Hold what was done about one word.

    Attributes:
        word: the event that told it.
        line: what is said of it in the living text.

    """

    word: Event
    line: str


def words_of(events: Iterable[Event]) -> list[Event]:
    """Give the words among a case's events."""
    return [event for event in events if event.kind is _WORD]


@dataclass(frozen=True, slots=True)
class Hearing:
    """Hold what carrying out a ticket's words takes.

    Attributes:
        store: keeps which were carried out, and what was said of them.
        bound: the binding of the ticket.
        persons: who is who.
        complaint: the case's facts, in which words about facts count already.
        waivers: those that hold or will.
        since: words about waivers and disputes from before are history: nobody said them to us.
        longest: the longest that a waiver may last.
        now: the present instant.

    """

    store: Store
    bound: Bound
    persons: Persons
    complaint: Complaint
    waivers: Sequence[Waiver]
    since: Instant
    longest: Instant
    now: Instant

    def answers(
        self, told: Sequence[Event], fresh: Mapping[str, Event]
    ) -> tuple[list[Answer], bool]:
        """Carry out the words that are new, each once; give the answers to show, and whether to judge again at once.

        Args:
            told: the words of the whole case, as stored.
            fresh: words of the ticket that was read, by their event's id: only these have what stands behind the verb.

        """
        with self.store.acts() as acts:
            known = {each.order: acts.word(each.ref, each.id) for each in told}
        new = [each for each in told if known[each.order] is None and each.id in fresh]
        if new:
            with self.store.book() as acts:
                for word in new:
                    row = self._carry_out(acts, word, fresh[word.id])
                    acts.put(row)
                    known[word.order] = row
        shown = []
        for word in sorted(told, key=lambda each: each.order):
            held = known[word.order]
            if held is not None and word.happened > self.now - SHOWN:
                again = held.verb == Verb.check and held.state == DONE
                shown.append(Answer(word, self._checked(word) if again else held.answer))
        return shown[-MOST_ANSWERS:], any(word.field in REQUESTS for word in new)

    def _carry_out(self, acts: Acts, word: Event, fresh: Event) -> WordRow:
        argument = fresh.after if isinstance(fresh.after, str) else None
        verb, tongue = word.field or "", self.bound.tongue
        told = asked(verb, argument, self.bound.mapping.tzinfo)
        if isinstance(told, Malformed):
            state, line = REFUSED, tongue.malformed(told, VERBS)
        elif told.verb in REQUESTS:
            try:
                state, line = DONE, self._request(acts, word, told)
            except Refused as error:
                state, line = REFUSED, error.said(tongue)
        else:
            state, line = self._answer(word, told)
        if state == REFUSED:
            line = tongue.answer.format(word=f"{CALLED_BY} {verb}".strip(), line=line)
        return WordRow(
            account=word.ref.account,
            ticket=word.ref.id,
            event=word.id,
            vendor=word.ref.vendor,
            verb=verb,
            argument=argument,
            actor=word.actor,
            happened=word.happened,
            state=state,
            answer=line,
        )

    def _request(self, acts: Acts, word: Event, told: Asked) -> str:
        """Carry out a word about a waiver or a dispute; raises `Refused`."""
        if word.actor is None or word.happened < self.since:
            raise Refused(
                "It was said before this helpdesk was read first. Say it again", kind="early"
            )
        by = self.persons.account(word.actor)
        if told.verb is Verb.approve:
            if by.name is None:
                raise Refused(
                    "Your account is linked to no person, so nobody can tell whether somebody else asked. "
                    "An admin links it in [persons] of ombud.toml",
                    kind="unlinked",
                )
            approve(acts, told.id, by=by, persons=self.persons, now=self.now)
            return self.bound.tongue.approved.format(id=told.id, who=by.name)
        if told.verb is Verb.dispute:
            name = dispute(
                acts,
                self.bound,
                rule=told.rule,
                case=self.complaint.case,
                why=told.reason,
                by=by,
                now=self.now,
                event=word.id,
            )
            return self.bound.tongue.disputed.format(id=name, rule=told.rule)
        return self._waive(acts, word, told, by)

    def _waive(self, acts: Acts, word: Event, told: Asked, by: Person) -> str:
        until, tongue = told.when or 0, self.bound.tongue
        try:
            name = request_waiver(
                acts,
                self.bound,
                rule=told.rule,
                case=self.complaint.case,
                why=told.reason,
                requested_by=by,
                until=until,
                now=self.now,
                longest=self.longest,
                event=word.id,
            )
        except NotWaivable:
            explain_breach(
                acts,
                self.bound,
                rule=told.rule,
                case=self.complaint.case,
                why=told.reason,
                by=by,
                now=self.now,
                event=word.id,
            )
            return tongue.not_waivable.format(rule=told.rule)
        last = tongue.dated(until - 1, self.bound.mapping.tzinfo, whole_day=True)
        return tongue.asked_for.format(rule=told.rule, day=last, id=name)

    def _answer(self, word: Event, told: Asked) -> tuple[str, str]:
        zone, tongue = self.bound.mapping.tzinfo, self.bound.tongue
        said = tongue.wall(word.happened, zone)
        if told.verb is Verb.check:
            return DONE, self._checked(word)
        if told.verb is Verb.called:
            return DONE, tongue.called.format(when=said)
        if told.verb is Verb.not_complaint:
            return DONE, tongue.reason_noted.format(when=said)
        recorded = self.complaint.row.get("recorded")
        when = told.when or 0
        day = tongue.dated(when, zone)
        if isinstance(recorded, int) and when > recorded:
            return REFUSED, tongue.receipt_later.format(day=day)
        return DONE, tongue.receipt_noted.format(day=day)

    def _checked(self, word: Event) -> str:
        """Say what closing would need, by judging the complaint as if it were closed now."""
        tongue = self.bound.tongue
        said = tongue.wall(word.happened, self.bound.mapping.tzinfo)
        judged = judge_closing(self.bound, self.complaint, self.waivers, self.now)
        names = labels(findings_of(self.bound, self.complaint, judged))
        open_ = [each.rule.id for each in judged if each.verdict is Verdict.unknown]
        line = tongue.checked_clear.format(when=said)
        if names:
            line = tongue.checked_lacks.format(when=said, labels=tongue.listed(names, MOST_NAMED))
        if open_:
            line += f" {tongue.checked_open.format(rules=', '.join(open_[:_MOST_OPEN]))}"
        return line


def overtaken(complaint: Complaint, answer: Answer) -> bool:
    """Tell whether the complaint was closed after a word, so that its answer has done its service."""
    last = complaint.transitions[-1] if complaint.transitions else None
    return (
        last is not None
        and last.entering == CLOSED
        and last.until is None
        and last.at > answer.word.happened
    )
