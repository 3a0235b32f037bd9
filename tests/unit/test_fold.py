"""What folding promises: whole changes, evidence, gaps, ways back, receipt."""

from __future__ import annotations

from dataclasses import replace

from ombud.model.complaint import Fold
from ombud.model.event import Cause, Event, Kind, Message, Nature, Ref, Side
from ombud.model.facts import UNKNOWN
from ombud.model.instant import HOUR, MINUTE
from ombud.model.mapping import (
    FieldEvidence,
    FieldOf,
    Mapping,
    MessageEvidence,
    StageEvidence,
    StageOf,
)

REF = Ref("acme", "jira", "1")
MAPPING = Mapping(
    stages={
        "1": StageOf("received"),
        "2": StageOf("investigating"),
        "3": StageOf("investigating", waiting="complainant"),
        "4": StageOf("responded"),
        "9": StageOf("closed"),
    },
    fields={
        "root_cause": FieldOf("cf1", values={"b": "billing"}),
        "received_at": FieldOf("cf2", type="instant"),
        "summary": FieldOf("cf3"),
    },
    milestones={
        "investigated": (FieldEvidence("summary"),),
        "acknowledged": (MessageEvidence(by=Side.agent, to=Side.complainant, automatic=False),),
    },
    zone="Europe/Berlin",
)
BORN = 1_800_000_000_000_000
PUBLIC = Message(public=True, by=Side.agent, to=Side.complainant, automatic=False)


def born(status: str = "1") -> list[Event]:
    return [
        event("created", 0, Kind.created),
        event("created.status", 0, field="status", after=status, change="created"),
    ]


def event(
    name: str,
    minutes: float,
    kind: Kind = Kind.field,
    *,
    field: str | None = None,
    before: object = None,
    after: object = None,
    change: str | None = None,
    cause: Cause = Cause.person,
    message: Message | None = None,
    seq: int = 0,
) -> Event:
    at = BORN + int(minutes * MINUTE)
    return Event(
        id=name, ref=REF, change=change or name, seq=seq, happened=at, recorded=at, actor="a", cause=cause,
        kind=kind, field=field, nature=Nature.choice, before=before, after=after, message=message,
    )  # fmt: skip


def status(name: str, minutes: float, before: str, after: str, **more: object) -> Event:
    return event(name, minutes, field="status", before=before, after=after, **more)


def test_a_closing_screen_counts_as_one_change_in_any_order() -> None:
    close = status("7.0", 60, "1", "9", change="7", seq=0)
    cause = event("7.1", 60, field="cf1", after="b", change="7", seq=1)
    for order in ([close, cause], [cause, close]):
        complaint = Fold(MAPPING).fold([*born(), *order])
        assert [t.row["root_cause"] for t in complaint.transitions if t.entering == "closed"] == [
            "billing"
        ]


def test_a_field_set_a_second_after_the_closing_is_not_in_it() -> None:
    complaint = Fold(MAPPING).fold(
        [*born(), status("7", 60, "1", "9"), event("8", 60 + 1 / 60, field="cf1", after="b")]
    )
    closed = complaint.transitions[-1]
    assert closed.row["root_cause"] is None
    assert complaint.row["root_cause"] == "billing"


def test_a_message_at_the_very_instant_of_a_transition_counts_for_it() -> None:
    complaint = Fold(MAPPING).fold(
        [
            *born(),
            status("7", 60, "1", "4", seq=0),
            event("c1", 60, Kind.message, message=PUBLIC, seq=9),
        ]
    )
    assert complaint.transitions[-1].row["acknowledged"] == BORN + HOUR


def test_entering_the_stage_one_is_in_is_no_transition() -> None:
    complaint = Fold(MAPPING).fold(
        [*born("2"), status("7", 60, "2", "3"), status("8", 90, "3", "2")]
    )
    assert [t.entering for t in complaint.transitions] == ["investigating"]
    (wait,) = complaint.waits
    assert (wait.waiting, wait.begin, wait.end) == ("complainant", BORN + HOUR, BORN + 90 * MINUTE)


def test_what_a_contradicted_history_hides_is_unknown() -> None:
    complaint = Fold(MAPPING).fold(
        [*born(), status("7", 60, "1", "9"), event("8", 70, field="cf1", before="b", after=None)]
    )
    assert complaint.transitions[-1].row["root_cause"] is UNKNOWN
    assert complaint.row["root_cause"] is None
    assert complaint.gaps == (("cf1", BORN + 70 * MINUTE),)


def test_an_incomplete_history_knows_nothing_of_what_came_before() -> None:
    late = [e._replace(before=UNKNOWN) for e in [status("7", 60, "1", "9")]]
    complaint = Fold(MAPPING).fold(late, complete=False)
    assert complaint.transitions[-1].row["acknowledged"] is UNKNOWN
    assert complaint.transitions[-1].leaving is UNKNOWN
    assert complaint.row["received"] is UNKNOWN


def test_our_own_way_back_is_evidence_of_nothing() -> None:
    back = status("8", 61, "9", "4", cause=Cause.ourselves)
    complaint = Fold(MAPPING).fold([*born(), status("7", 60, "1", "9"), back])
    assert [t.entering for t in complaint.transitions] == ["received", "closed"]
    assert complaint.row["responded"] is None
    assert complaint.row["reopened"] is None
    assert complaint.undone == "7"
    again = Fold(MAPPING).fold(
        [*born(), status("7", 60, "1", "9"), back, status("9", 99, "4", "9")]
    )
    assert [t.event for t in again.transitions if t.entering == "closed"] == ["7", "9"]
    assert again.undone is None


def test_reopening_by_a_person_is_a_milestone() -> None:
    complaint = Fold(MAPPING).fold([*born(), status("7", 60, "1", "9"), status("8", 120, "9", "2")])
    assert complaint.row["reopened"] == BORN + 2 * HOUR


def test_automatic_and_internal_messages_do_not_acknowledge() -> None:
    robot = replace(PUBLIC, automatic=True)
    internal = replace(PUBLIC, public=False, to=None)
    messages = [event(f"c{i}", i, Kind.message, message=m) for i, m in enumerate((robot, internal))]
    assert Fold(MAPPING).fold([*born(), *messages]).row["acknowledged"] is None


def test_a_message_whose_author_cannot_be_told_leaves_the_milestone_unknown() -> None:
    whose = event("c1", 5, Kind.message, message=replace(PUBLIC, by=None))
    complaint = Fold(MAPPING).fold([*born(), whose])
    assert complaint.row["acknowledged"] is UNKNOWN
    sure = Fold(MAPPING).fold([*born(), whose, event("c2", 9, Kind.message, message=PUBLIC)])
    assert sure.row["acknowledged"] == BORN + 9 * MINUTE
    assert sure.doubts == {"acknowledged": BORN + 5 * MINUTE}


def test_receipt_is_the_field_where_it_is_filled_and_never_after_creation() -> None:
    earlier = event("r", 3, field="cf2", after="2026-12-31T09:00:00+01:00")
    complaint = Fold(MAPPING).fold([*born(), earlier])
    assert complaint.row["received"] < BORN
    later = event("r", 3, field="cf2", after="2030-01-01")
    assert Fold(MAPPING).fold([*born(), later]).row["received"] == BORN


def test_a_receipt_that_is_no_time_is_unknown() -> None:
    assert (
        Fold(MAPPING).fold([*born(), event("r", 3, field="cf2", after="soon")]).row["received"]
        is UNKNOWN
    )


def test_a_stage_without_a_status_is_entered_by_its_first_evidence() -> None:
    complaint = Fold(MAPPING).fold([*born(), event("c1", 5, Kind.message, message=PUBLIC)])
    assert [t.entering for t in complaint.transitions] == ["received", "acknowledged"]
    assert complaint.transitions[-1].event == "c1"


def test_an_unmapped_status_leaves_the_stage_unknown() -> None:
    complaint = Fold(MAPPING).fold([*born(), status("7", 60, "1", "77")])
    assert complaint.stage is UNKNOWN


def test_an_observed_value_is_true_from_then_on_and_unknown_before() -> None:
    seen = event("o", 90, Kind.observed, field="cf1", after="b")
    complaint = Fold(MAPPING).fold([*born(), status("7", 60, "1", "9"), seen])
    assert complaint.transitions[-1].row["root_cause"] is UNKNOWN
    assert complaint.row["root_cause"] == "billing"


def test_members_of_one_case_share_receipt_and_messages() -> None:
    other = Ref("acme", "jira", "2")
    second = [
        e._replace(ref=other, happened=e.happened + HOUR, recorded=e.recorded + HOUR)
        for e in [*born(), event("c1", 5, Kind.message, message=PUBLIC)]
    ]
    complaint = Fold(MAPPING).fold([*second, *born()])
    assert complaint.refs == (REF, other)
    assert complaint.row["received"] == BORN
    assert complaint.row["acknowledged"] == BORN + 65 * MINUTE


def test_stage_evidence_counts_where_a_mapping_asks_for_it() -> None:
    mapping = replace(MAPPING, milestones={"decided": (StageEvidence("closed"),)})
    assert Fold(mapping).fold([*born(), status("7", 60, "1", "9")]).row["decided"] == BORN + HOUR


def test_a_number_that_is_none_is_unknown() -> None:
    mapping = replace(MAPPING, fields={"contact_attempts": FieldOf("cf9", type="number")})
    for text, value in (
        ("2", 2.0),
        ("nan", UNKNOWN),
        ("inf", UNKNOWN),
        ("many", UNKNOWN),
        (" ", None),
    ):
        assert mapping.value(mapping.fields["contact_attempts"], text) == value or value is UNKNOWN
        assert (mapping.value(mapping.fields["contact_attempts"], text) is UNKNOWN) is (
            value is UNKNOWN
        )


def test_a_complaint_recognised_late_keeps_the_date_of_the_marked_message() -> None:
    marked = replace(
        MAPPING, milestones={"received": (MessageEvidence(by=Side.complainant, kind="complaint"),)}
    )
    words = Message(
        public=True,
        by=Side.complainant,
        to=Side.agent,
        automatic=False,
        kinds=frozenset({"complaint"}),
    )
    said = event("c1", -60, Kind.message, message=words)
    assert Fold(marked).fold([*born(), said]).row["received"] == BORN - HOUR
