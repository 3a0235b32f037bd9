"""Messages as evidence: what did not arrive, calls, languages without markers; words and what a problem lends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ombud.model.complaint import Fold
from ombud.model.event import KINDS, Cause, Event, Kind, Message, Ref, Side
from ombud.model.facts import UNKNOWN
from ombud.model.instant import DAY, MINUTE
from ombud.model.mapping import FieldOf, Mapping, MessageEvidence, StageOf

REF = Ref("acme", "jira", "1")
BORN = 1_800_000_000_000_000
PUBLIC = Message(public=True, by=Side.agent, to=Side.complainant, automatic=False)
MAPPING = Mapping(
    stages={"1": StageOf("received"), "9": StageOf("closed")},
    fields={"root_cause": FieldOf("cf1"), "language": FieldOf("cf2")},
    milestones={
        "acknowledged": (MessageEvidence(by=Side.agent, to=Side.complainant, automatic=False),),
        "responded": (
            MessageEvidence(by=Side.agent, to=Side.complainant, kind="response"),
            MessageEvidence(kind="decision"),
        ),
    },
    markers={"response": ("#response", "#antwort"), "decision": ("#decision",)},
    languages={"response": frozenset({"en", "de"})},
    zone="Europe/Berlin",
)


def event(name, minutes, kind=Kind.field, **told):
    at = BORN + int(minutes * MINUTE)
    told = {"change": name, **told}
    return Event(name, REF, told.pop("change"), 0, at, at, "a", Cause.person, kind, **told)


def born(**fields):
    first = [event("created", 0, Kind.created, change="created")]
    for name, after in {"status": "1", **fields}.items():
        first.append(event(f"created.{name}", 0, field=name, after=after, change="created"))
    return first


def folded(*events, mapping=MAPPING, **fields):
    return Fold(mapping).fold([*born(**fields), *events])


def said(minutes, message=PUBLIC, name="m1"):
    return event(name, minutes, Kind.message, message=message)


def word(minutes, verb, argument=None, name="w1"):
    return event(name, minutes, Kind.word, field=verb, after=argument)


def test_a_message_that_did_not_arrive_is_evidence_of_nothing():
    lost = event("m1.undelivered.x", 2, Kind.undelivered, after="m1")
    complaint = folded(said(1), lost)
    assert complaint.row["acknowledged"] is None
    assert complaint.row["last_update"] is None
    assert complaint.said == ()
    again = folded(said(1), lost, said(5, name="m2"))
    assert again.row["acknowledged"] == BORN + 5 * MINUTE
    assert folded(said(1, replace(PUBLIC, delivered=False))).row["acknowledged"] is None
    assert folded(said(1)).row["acknowledged"] == BORN + MINUTE


def test_an_automatic_reply_acknowledges_only_where_the_mapping_says_so():
    reply = replace(
        PUBLIC, by=Side.automation, automatic=True, kinds=frozenset({"automatic_reply"})
    )
    assert folded(said(1, reply)).row["acknowledged"] is None
    told = {**MAPPING.milestones, "acknowledged": (MessageEvidence(kind="automatic_reply"),)}
    mapping = replace(MAPPING, milestones=told)
    assert folded(said(1, reply), mapping=mapping).row["acknowledged"] == BORN + MINUTE


def test_a_call_counts_where_evidence_asks_for_its_kind_and_nowhere_else():
    complaint = folded(word(3, "called"))
    assert complaint.row["acknowledged"] is None
    assert complaint.row["last_update"] is None
    assert [(each.at, each.kinds) for each in complaint.said] == [
        (BORN + 3 * MINUTE, {"call", "contact_attempt"})
    ]
    lines = (*MAPPING.milestones["acknowledged"], MessageEvidence(kind="call"))
    mapping = replace(MAPPING, milestones={"acknowledged": lines})
    acknowledged = folded(word(3, "called"), mapping=mapping).evidence["acknowledged"]
    assert (acknowledged.at, acknowledged.event) == (BORN + 3 * MINUTE, "w1")


@pytest.mark.parametrize(
    "language, expected",
    [("en", None), ("de-AT", None), ("DE", None), (None, None), ("fr", UNKNOWN)],
)
def test_an_unmarked_reply_in_a_language_without_markers_is_unknown(language, expected):
    assert folded(said(1), cf2=language).row["responded"] is expected


def test_only_an_unmarked_reply_to_the_complainant_is_in_doubt():
    other = replace(PUBLIC, kinds=frozenset({"update"}))
    assert folded(said(1, other), cf2="fr").row["responded"] is None
    heard = replace(PUBLIC, by=Side.complainant, to=Side.agent)
    assert folded(said(1, heard), cf2="fr").row["responded"] is None
    note = replace(PUBLIC, public=False, to=None)
    assert folded(said(1, note), cf2="fr").row["responded"] is None
    # Markers of the kind `decision` serve every language.
    plain = replace(MAPPING, milestones={"responded": (MessageEvidence(kind="decision"),)})
    assert folded(said(1), mapping=plain, cf2="fr").row["responded"] is None
    marked = replace(PUBLIC, kinds=frozenset({"response"}))
    assert folded(said(1), said(9, marked, "m2"), cf2="fr").row["responded"] == BORN + 9 * MINUTE


def test_receipt_told_by_word_is_never_later_than_creation():
    day = BORN - BORN % DAY
    told = folded(word(5, "received", "2027-01-10"))
    assert told.row["received"] < day
    assert told.row["received"] == told.row["received_at"]
    assert folded(word(5, "received", "2030-01-01")).row["received"] == BORN
    assert folded(word(5, "received", "soon")).row["received"] == BORN


def test_a_reason_told_by_word_fills_an_empty_field_and_replaces_none():
    assert folded(word(5, "not-complaint", "a question")).row["declassified_reason"] == "a question"
    mapping = replace(MAPPING, fields={"declassified_reason": FieldOf("cf9")})
    complaint = folded(word(5, "not-complaint", "mine"), mapping=mapping, cf9="theirs")
    assert complaint.row["declassified_reason"] == "theirs"


def lent(minutes, after, name="l1"):
    return event(name, minutes, Kind.lent, field="cf1", before=UNKNOWN, after=after)


def test_a_problem_s_value_counts_where_the_own_field_is_empty():
    close = event("s", 60, field="status", before="1", after="9")
    complaint = folded(lent(10, "battery"), close)
    assert complaint.row["root_cause"] == "battery"
    assert complaint.transitions[-1].row["root_cause"] == "battery"
    assert complaint.gaps == ()
    assert folded(lent(90, "battery"), close).transitions[-1].row["root_cause"] is None
    own = event("f", 5, field="cf1", before=None, after="screen")
    assert folded(own, lent(10, "battery")).row["root_cause"] == "screen"
    emptied = event("g", 20, field="cf1", before="screen", after=None)
    assert folded(own, lent(10, "battery"), emptied).row["root_cause"] == "battery"
    assert folded(lent(10, "battery"), lent(20, None, "l2")).row["root_cause"] is None
    later = event("f", 30, field="cf1", before=None, after="screen")
    filled = folded(lent(10, "battery"), later)
    assert filled.row["root_cause"] == "screen"
    assert filled.gaps == ()


def test_the_kinds_are_a_closed_list():
    assert len(KINDS) == len(set(KINDS)) == 9
