"""The same events in any order, doubled or delayed, give the same complaint."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ombud.model.complaint import Fold
from ombud.model.event import Cause, Event, Kind, Message, Ref, Side
from ombud.model.mapping import FieldOf, Mapping, StageOf

REF = Ref("acme", "jira", "1")
MAPPING = Mapping(
    stages={
        "1": StageOf("received"),
        "2": StageOf("investigating", "complainant"),
        "3": StageOf("responded"),
        "4": StageOf("closed"),
    },
    fields={"root_cause": FieldOf("cf1"), "received_at": FieldOf("cf2", type="instant")},
)
BASE = 1_800_000_000_000_000


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    events = [Event("created", REF, "created", 0, BASE, BASE, "a", Cause.person, Kind.created)]
    for index in range(draw(st.integers(0, 12))):
        at = BASE + draw(st.integers(0, 6)) * 500_000
        change = f"ch{draw(st.integers(0, 5))}"
        cause = draw(st.sampled_from([Cause.person, Cause.ourselves, Cause.rule]))
        if draw(st.booleans()):
            message = Message(draw(st.sampled_from([True, False, None])), draw(st.sampled_from([Side.agent, Side.complainant, None])), draw(st.sampled_from([Side.complainant, None])), draw(st.booleans()))  # fmt: skip
            events.append(
                Event(
                    f"e{index}",
                    REF,
                    f"c{index}",
                    0,
                    at,
                    at,
                    "a",
                    cause,
                    Kind.message,
                    message=message,
                )
            )
            continue
        field = draw(st.sampled_from(["status", "cf1", "cf2"]))
        values = {"status": st.sampled_from(["1", "2", "3", "4", "77"]), "cf1": st.sampled_from([None, "x", "y"]), "cf2": st.sampled_from([None, "2026-01-01", "nonsense"])}[field]  # fmt: skip
        before, after = draw(values), draw(values)
        events.append(
            Event(f"e{index}", REF, change, draw(st.integers(0, 1)), at, at, "a", cause, Kind.field, field, before=before, after=after)
        )  # fmt: skip
    return events


@given(histories(), st.randoms(use_true_random=False), st.booleans())
def test_any_order_and_doubles_give_the_same_complaint(
    events: list[Event], random: object, complete: bool
) -> None:
    fold = Fold(MAPPING)
    shuffled = [*events, *events[::2]]
    random.shuffle(shuffled)
    assert fold.fold(shuffled, complete=complete) == fold.fold(events, complete=complete)
