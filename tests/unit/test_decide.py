"""What a ticket is to show: closings undone, those that stay and why, what closing will need before it happens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ombud.model.connector import Actual, Ours
from ombud.model.event import Cause, Event, Kind, Message, Nature, Ref, Side
from ombud.model.facts import Verdict
from ombud.model.instant import DAY, HOUR, MINUTE
from ombud.model.mark import TAG_BLOCKED
from ombud.settings import load_settings
from sync import decide as module
from sync.binding import bind
from sync.closing import IF_CLOSED, findings_of, judge_closing, labels, needed_to_close
from sync.decide import PER_ACCOUNT, PER_TICKET, decide, standing
from sync.findings import find
from sync.note import points
from sync.reconcile import from_json, plan, to_json
from tests.desks import EXAMPLES

BORN = 1_800_000_000_000_000
REF = Ref("sandbox", "jira", "1")
DONE = "10010"
DECISION = Message(
    public=True, by=Side.agent, to=Side.complainant, automatic=False, kinds=frozenset({"decision"})
)


@pytest.fixture(scope="module")
def bound():
    settings = load_settings(Path(EXAMPLES / "sandbox" / "ombud.toml"))
    return bind(settings, settings.bindings[0])


def event(name, minutes, **told):
    told = {"change": name, "actor": "anna", "cause": Cause.person, "kind": Kind.field, **told}
    at = BORN + round(minutes * MINUTE)
    seq = round(minutes * 10)
    return Event(id=name, ref=REF, seq=seq, happened=at, recorded=at, **told)


def status(name, minutes, before, after, **told):
    return event(name, minutes, field="status", before=before, after=after, **told)


def history(*more, answered=True):
    severity = event(
        "created.severity", 0, change="created", field="customfield_10040", after="10203"
    )
    walked = [status("w", 60, "10001", "10006")] if answered else []
    return [
        event("created", 0, kind=Kind.created),
        event("created.status", 0, change="created", field="status", after="10001"),
        severity,
        *walked,
        *more,
    ]


def closed(*more, at=120, cause=Cause.person):
    return history(*more, status("c", at, "10006", DONE, cause=cause))


def look(events, *, ours=None, reassigned=(), shows=True):
    last = [each for each in events if each.field == "status"][-1]
    theirs = [e for e in events if e.field == "status" and e.cause is not Cause.ourselves][-1]
    return Actual(
        ref=REF,
        key="CMP-1",
        url="",
        revision="r",
        head=last.change,
        theirs=theirs.change,
        status=last.after,
        facets={},
        fields={},
        natures={},
        edges=None,
        ours=ours or Ours(),
        reassigned=frozenset(reassigned),
        shows=shows,
    )


def decided(bound, events, *, now=180, ours=None, moves=0, refused=None, **how):
    complaint = bound.fold.fold(events)
    now = BORN + now * MINUTE
    judged = list(bound.judge.judge(complaint, now))
    findings = find(bound, complaint, judged, url="")
    return decide(
        bound,
        complaint,
        findings,
        look(events, ours=ours, **how),
        now=now,
        block_from=0,
        account_moves=moves,
        refused=refused,
        needed=lambda: needed_to_close(bound, complaint, (), now),
    )


def test_a_closing_is_undone_once_and_says_whether_the_owner_went_with_it(bound):
    told = decided(bound, closed())
    assert told.why == "move_back"
    assert told.desired.move_back.to_statuses[0] == "10006"
    assert told.desired.move_back.owner is False
    assert TAG_BLOCKED in told.desired.tags
    assert decided(bound, closed(), reassigned={"c"}).desired.move_back.owner is True
    back = status("b", 121, DONE, "10006", cause=Cause.ourselves)
    again = decided(bound, [*closed(), back])
    assert again.desired.move_back is None
    assert TAG_BLOCKED in again.desired.tags


def test_whether_the_owner_goes_with_it_survives_the_outbox(bound):
    events = closed()
    told = decided(bound, events, reassigned={"c"})
    asked = plan(told.desired, look(events))
    assert from_json(to_json(asked)) == asked


def moved(*minutes):
    return Ours(moved_back=tuple(BORN + each * MINUTE for each in minutes))


@pytest.mark.parametrize("cause", [Cause.person, Cause.automation, Cause.rule])
def test_who_insists_is_recorded_once_and_not_fought(bound, cause):
    events, ours = closed(cause=cause), moved(*range(100, 100 + PER_TICKET))
    told = decided(bound, events, ours=ours)
    assert (told.why, told.insists.event) == ("insists", "c")
    assert told.desired.move_back is None
    assert "stays closed" in told.desired.text
    shown = replace(ours, text=told.desired.text_digest)
    later = decided(bound, events, ours=shown)
    assert (later.why, later.insists) == ("flag", None)
    assert later.desired.text == told.desired.text


def test_a_budget_is_of_one_day(bound):
    events = closed()
    late = 120 + 2 * DAY // MINUTE
    assert decided(bound, events, ours=moved(118 - late, 119 - late)).why == "move_back"


def test_who_insisted_is_not_fought_on_another_day(bound):
    late = 120 + 2 * DAY // MINUTE
    told = decided(bound, closed(), now=late, ours=moved(118, 119))
    assert (told.why, told.desired.move_back) == ("insists", None)


def test_an_account_s_budget_and_a_refusal_are_nobody_s_insisting(bound):
    told = decided(bound, closed(), moves=PER_ACCOUNT)
    assert (told.why, told.insists, told.desired.move_back) == ("budget", None, None)
    assert "was not reopened because many others were" in told.desired.text
    told = decided(bound, closed(), refused="c")
    assert (told.why, told.insists, told.desired.move_back) == ("refused", None, None)
    assert "could not be reopened" in told.desired.text
    assert "closed again" not in told.desired.text
    assert "open again" not in told.desired.text


def spoken(bound, monkeypatch, events, **how):
    """Give what the note is told, and what it then shows."""
    told = []

    def write(*lists, **more):
        told.append(more)
        return "\n".join(
            [
                f"{len(lists[0])} missing, {len(lists[1])} late",
                *(each.label for each in more.get("to_close", ())),
            ]
        )

    monkeypatch.setattr(module, "write_note", write)
    return told, decided(bound, events, **how)


@pytest.mark.parametrize(
    "said, sent", [(None, False), (119, True), (120, True), (100, False), (150, False)]
)
def test_a_decision_told_with_the_closing_is_told_apart(bound, monkeypatch, said, sent):
    words = [] if said is None else [event("m", said, kind=Kind.message, message=DECISION)]
    told, _ = spoken(bound, monkeypatch, closed(*words))
    assert {each["decision_sent"] for each in told} == {sent}


def test_what_closing_will_need_is_found_while_it_is_open_and_gone_when_it_is_there(bound):
    now = BORN + 3 * HOUR

    def needs(*more):
        told = needed_to_close(bound, bound.fold.fold(history(*more)), (), now)
        return [each.label for each in told]

    assert "Root cause" in needs()
    assert "Root cause" not in needs(event("f", 70, field="customfield_10042", after="10221"))
    assert needs(status("c", 120, "10006", DONE)) == []


def test_what_closing_will_need_is_what_its_findings_would_say(bound):
    now = BORN + 3 * HOUR
    complaint = bound.fold.fold(history())
    found = findings_of(bound, complaint, judge_closing(bound, complaint, (), now))
    assert {each.occurrence for each in found} == {IF_CLOSED}
    assert {each.verdict for each in found} == {Verdict.failed}
    assert {each.mode for each in found} <= {"flag", "block"}
    told = needed_to_close(bound, complaint, (), now)
    assert labels(found) == [each.label for each in told]
    assert {each.line for each in told} == {point.line for each in found for point in points(each)}
    # Closed in earnest, the same is missing.
    closed = bound.fold.fold(history(status("c", 120, "10006", DONE)))
    judged = find(bound, closed, bound.judge.judge(closed, now), url="")
    missing = [each for each in standing(judged) if each.occurrence == "c"]
    assert sorted(labels(missing)) == sorted(labels(found))


def test_what_closing_will_need_is_told_in_the_last_stages_and_beside_other_text(
    bound, monkeypatch
):
    told, late = spoken(bound, monkeypatch, history(), now=180)
    assert "Root cause" in [each.label for each in told[-1]["to_close"]]
    assert "Root cause" in late.desired.text
    told, _ = spoken(bound, monkeypatch, closed(status("c", 120, "10006", DONE)))
    assert all("to_close" not in each for each in told)
    told, _ = spoken(bound, monkeypatch, history(), shows=False)
    assert all("to_close" not in each for each in told)


def test_what_is_only_foretold_adds_no_note(bound, monkeypatch):
    events = history()
    now = 60 * 24 * 60
    _, first = spoken(bound, monkeypatch, events, now=now)
    assert first.desired.notify
    actual = look(events)
    assert plan(first.desired, actual).notify
    shown = Ours(text=first.desired.text_digest)
    cause = event("f", 70, field="customfield_10042", nature=Nature.choice, after="10221")
    more = [*events, cause]
    _, second = spoken(bound, monkeypatch, more, now=now, ours=shown)
    asked = plan(second.desired, look(more, ours=shown))
    assert asked.text is not None
    assert "Root cause" not in asked.text
    assert not asked.notify
