"""The same events in any order, doubled or delayed, give the same complaint: its values, changes and messages."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ombud.model.complaint import Fold
from ombud.model.event import KINDS, Cause, Event, Kind, Message, Nature, Ref, Side
from ombud.model.facts import UNKNOWN
from ombud.model.mapping import STATUS, FieldEvidence, FieldOf, Mapping, MessageEvidence, StageOf

REFS = (Ref("acme", "jira", "1"), Ref("acme", "jira", "2"))
MAPPING = Mapping(
    stages={
        "1": StageOf("received"),
        "2": StageOf("investigating", "complainant"),
        "3": StageOf("responded"),
        "4": StageOf("closed"),
    },
    fields={
        "root_cause": FieldOf("cf1"),
        "received_at": FieldOf("cf2", type="instant"),
        "language": FieldOf("cf3"),
    },
    milestones={
        "holding_sent": (MessageEvidence(by=Side.agent, to=Side.complainant, kind="holding"),),
        "remedy_done": (FieldEvidence("root_cause", "x"),),
    },
    languages={"holding": frozenset({"en"})},
)
TRACKED = frozenset({"root_cause", "received_at"})
BASE = 1_800_000_000_000_000
VALUES = {
    "status": ["1", "2", "3", "4", "77"],
    "cf1": [None, "x", "y", UNKNOWN],
    "cf2": [None, "2026-01-01", "2027-01-01T00:00:00Z", "nonsense"],
    "cf3": [None, "en", "de", UNKNOWN],
}
WORDS = [("called", None), ("received", "2026-11-23"), ("not-complaint", "no"), ("waive", "x")]
SIDES = st.sampled_from([Side.agent, Side.complainant, Side.automation, None])


@st.composite
def messages(draw: st.DrawFn) -> Message:
    return Message(
        public=draw(st.sampled_from([True, True, False, None])),
        by=draw(SIDES),
        to=draw(SIDES),
        automatic=draw(st.booleans()),
        kinds=frozenset(draw(st.lists(st.sampled_from(KINDS), max_size=2))),
        key=draw(st.sampled_from([None, None, "k1"])),
        delivered=draw(st.sampled_from([None, True, False])),
    )


@st.composite
def histories(draw: st.DrawFn, *, together: bool = True) -> list[Event]:
    """One or two tickets of a case; what shares a change happens at one instant, or anywhere."""
    events = [
        Event("created", ref, "created", 0, at, at, "a", Cause.person, Kind.created)
        for at, ref in zip((BASE, BASE + 1_000_000), REFS, strict=True)
    ][: draw(st.integers(1, 2))]
    refs = [event.ref for event in events]
    for index in range(draw(st.integers(0, 14))):
        moment = draw(st.integers(0, 6))
        kinds = [Kind.field] * 4 + [Kind.message] * 3 + [Kind.observed, Kind.lent, Kind.word]
        kind = draw(st.sampled_from([*kinds, Kind.undelivered, Kind.merged]))
        name: str | None = draw(st.sampled_from(sorted(VALUES)))
        before, after = (draw(st.sampled_from(VALUES[name or ""])) for _ in range(2))
        message = draw(messages()) if kind is Kind.message else None
        if kind is Kind.word:
            name, after = draw(st.sampled_from(WORDS))
        elif kind in {Kind.message, Kind.merged}:
            name, before, after = None, None, "2" if kind is Kind.merged else None
        elif kind is Kind.undelivered:
            name, before, after = None, None, f"e{draw(st.integers(0, 13))}"
        events.append(
            Event(
                id=f"e{index}",
                ref=draw(st.sampled_from(refs)),
                change=f"ch{moment if together else draw(st.integers(0, 5))}",
                seq=draw(st.integers(0, 1)),
                happened=BASE + moment * 500_000,
                recorded=BASE + moment * 500_000,
                actor=draw(st.sampled_from(["a", "b"])),
                cause=draw(st.sampled_from([Cause.person, Cause.ourselves, Cause.rule])),
                kind=kind,
                field=name,
                before=before,
                after=after,
                message=message,
            )
        )
    return events


@given(histories(together=False), st.randoms(use_true_random=False), st.booleans())
def test_any_order_and_doubles_give_the_same_complaint(
    events: list[Event], random: object, complete: bool
) -> None:
    shuffled = [*events, *events[::2]]
    random.shuffle(shuffled)
    fold = Fold(MAPPING, TRACKED)
    one, other = (fold.fold(each, complete=complete) for each in (shuffled, events))
    assert one == other
    # Told one by one, so that what is new cannot drop out of the comparison unseen.
    assert (one.changes, one.said, one.beside) == (other.changes, other.said, other.beside)


@given(histories(), st.booleans())
def test_changes_and_messages_stand_in_their_order_and_end_with_what_holds(
    events: list[Event], complete: bool
) -> None:
    found = Fold(MAPPING, TRACKED).fold(events, complete=complete)
    told = {event.id for event in events} | {"-"}
    for name, changes in found.changes.items():
        assert all(a.at <= b.at for a, b in pairwise(changes))
        assert all(a.value != b.value or a.value is UNKNOWN for a, b in pairwise(changes))
        assert {each.event for each in changes} <= told
        words = [event for event in events if event.kind is Kind.word]
        if name != "received_at" or not words:
            assert changes[-1].value == found.row[name]
    assert [said.at for said in found.said] == sorted(said.at for said in found.said)
    lost = {(e.ref, e.after) for e in events if e.kind is Kind.undelivered}
    expected = [
        event
        for event in events
        if event.message is not None
        and event.message.public
        and event.message.key is None
        and event.message.delivered is not False
        and (event.ref, event.id) not in lost
    ]
    calls = sum(event.kind is Kind.word and event.field == "called" for event in events)
    assert len(found.said) == len(expected) + calls
    assert {event.id for event in expected} <= {said.event for said in found.said}


@given(histories(), st.integers(0, 14))
def test_what_happens_later_changes_no_change_that_was_known(events: list[Event], cut: int) -> None:
    """A history cut short keeps the values it had; only a contradiction tells that one was wrong."""
    ordered = sorted(events, key=lambda event: event.happened)
    until = ordered[min(cut, len(ordered) - 1)].happened
    fold = Fold(MAPPING, TRACKED)
    whole = fold.fold(events)
    begun = [event for event in events if event.happened <= until]
    short = fold.fold(begun, lead=whole.lead) if whole.lead in {e.ref for e in begun} else None
    if short is None:
        return
    for name, changes in short.changes.items():
        later = whole.changes[name]
        for before, now in zip(changes, later, strict=False):
            assert before == now or now.value is UNKNOWN


@given(histories(), st.booleans(), messages())
def test_a_closing_that_we_took_back_shows_nothing_in_the_end(
    events: list[Event], complete: bool, meanwhile: Message
) -> None:
    fold = Fold(MAPPING, TRACKED)
    before = fold.fold(events, complete=complete)
    if before.status is None or before.stage == "closed":
        return

    def later(name: str, minute: int, cause: Cause, **told: object) -> Event:
        at = BASE + minute * 60_000_000
        born = Event(
            name, before.lead, name, 0, at, at, "a", cause, Kind.field, STATUS, nature=Nature.choice
        )
        return born._replace(**told)

    said = later("s", 2, Cause.person, kind=Kind.message, field=None, message=meanwhile)
    closed = later("x", 1, Cause.person, before=before.status, after="4")
    back = later("y", 3, Cause.ourselves, before="4", after=before.status)
    without = fold.fold([*events, said], complete=complete, lead=before.lead)
    found = fold.fold([*events, closed, said, back], complete=complete, lead=before.lead)
    assert found.row == without.row
    assert (found.evidence, found.doubts) == (without.evidence, without.doubts)
    closing = next(each for each in found.transitions if each.event == "x")
    assert isinstance(closing.row["closed"], int)
