"""What people decide about tickets that the scope leaves open counts in every reading, until somebody decides otherwise."""

from __future__ import annotations

import pytest

from ombud.model.event import Ref
from ombud.model.instant import DAY
from ombud.model.scope import Decision
from ombud.store.live import Hint
from sync.book import Bookkeeper
from sync.decisions import Overtaken
from sync.findings import SCOPE_LEFT
from sync.live.desk import Desk
from sync.persons import Refused
from sync.scoping import decide_ticket, shown_ticket
from tests.people_desk import CUSTOMER, SEVERITY, desk_at

pytestmark = pytest.mark.usefixtures("either")
YES, NO, OPEN = Decision.complaint, Decision.not_a_complaint, Decision.undecided


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path, mode="flag") as opened:
        yield opened


def question(desk):
    """Have a ticket come that the scope leaves undecided."""
    told = {"summary": "where is my router", SEVERITY: "10203"}
    issue = desk.world.create("CMP", "Question", told, CUSTOMER)
    desk.pass_time(minutes=20)
    desk.sync()
    return Ref("sandbox", "jira", issue.id)


def decide(desk, ref, decision, *, by="ann", why="it says what went wrong", **told):
    with desk.store.improve.reading() as acts:
        ticket = acts.outside([ref])[ref]
    told.setdefault("shown", None)
    return decide_ticket(desk.service, ticket, decision, why=why, by=desk.who(by), **told)


def standing(desk, ref):
    state = desk.store.states([ref])[ref]
    return state.decision, state.case is not None


def triage(desk):
    return [each.ref for each in desk.service.triage()]


def test_a_ticket_decided_to_be_a_complaint_is_judged_at_the_next_sync(desk):
    ref = question(desk)
    assert standing(desk, ref) == (OPEN, False)
    assert triage(desk) == [str(ref)]
    decide(desk, ref, YES)
    assert triage(desk) == []
    desk.sync()
    assert standing(desk, ref) == (YES, True)
    assert desk.judged(ref.id, rule="answer.in_time") is not None
    keeper = Bookkeeper(desk.service, kept=False)
    keeper.refresh()
    assert keeper.book.ask("SELECT ticket FROM complaint") == [(ref.id,)]
    keeper.close()
    # It stays one when it is read again, wholly too.
    desk.world.edit(ref.id, {"summary": "y"}, CUSTOMER)
    desk.pass_time(minutes=20)
    desk.sync()
    desk.sync(full=True)
    assert standing(desk, ref) == (YES, True)


def test_a_running_desk_looks_at_it_at_once(desk):
    ref = question(desk)
    with desk.store.lease("sandbox") as epoch:
        live = Desk(desk.service, "sandbox", epoch)
        live.tick()
        decide(desk, ref, YES)
        live.hear(live.waiting())
        assert standing(desk, ref) == (YES, True)
        assert live.waiting() == []
        # A hook's word about it changes nothing.
        desk.store.live.put_hints([Hint(ref, "hook", desk.service.now())])
        live.hear(live.waiting())
        assert standing(desk, ref) == (YES, True)


def test_not_a_complaint_stays_so_and_is_looked_at_once_only(desk):
    ref = question(desk)
    decide(desk, ref, NO, why="a question")
    desk.sync()
    assert standing(desk, ref) == (NO, False)
    bound = desk.bound
    assert desk.store.due("sandbox", bound.name, desk.service.now()) == []
    assert desk.store.improve.unheeded("sandbox", bound.name) == []
    desk.sync(full=True)
    assert standing(desk, ref) == (NO, False)


def test_another_decision_withdraws_the_first_and_its_reason_is_the_reason(desk):
    ref = question(desk)
    decide(desk, ref, YES)
    desk.sync()
    decide(desk, ref, NO, by="bob", why="a question after all")
    desk.pass_time(minutes=20)
    desk.sync()
    assert standing(desk, ref) == (NO, True)
    # It left the scope, and somebody said why: that is no failure, as settled and as judged again.
    assert desk.stored(ref.id, SCOPE_LEFT) is None
    assert desk.judged(ref.id, SCOPE_LEFT) == ("pass", "pass")
    decide(desk, ref, OPEN, why="the scope may say")
    desk.sync()
    assert standing(desk, ref) == (OPEN, True)
    assert triage(desk) == [str(ref)]


def test_what_the_scope_takes_for_a_complaint_nobody_decides_away(desk):
    complaint = desk.create()
    desk.pass_time(minutes=20)
    desk.sync()
    ref = Ref("sandbox", "jira", complaint)
    with pytest.raises(Refused, match="for a complaint"):
        decide(desk, ref, NO)
    # A ticket that was decided to be none, and that the helpdesk calls a complaint now, is one.
    other = question(desk)
    decide(desk, other, NO)
    desk.world.find(other.id).type = desk.world.find(complaint).type
    desk.world.edit(other.id, {"summary": "y"}, CUSTOMER)
    desk.pass_time(minutes=20)
    desk.sync()
    assert standing(desk, other) == (YES, True)


def test_who_comes_second_is_told_who_was_first(desk):
    ref = question(desk)
    shown = shown_ticket(ref, None)
    decide(desk, ref, YES, shown=shown)
    with pytest.raises(Overtaken, match="decided to be a complaint by ann"):
        decide(desk, ref, NO, by="bob", shown=shown)
    assert [row.decided_name for row in desk.store.improve.said([ref]).values()] == ["ann"]


def test_a_reason_is_needed_and_the_decision_log_tells_who(desk):
    ref = question(desk)
    with pytest.raises(Refused, match="says why"):
        decide(desk, ref, YES, why="  ")
    before = desk.store.counts()["decision"]
    decide(desk, ref, YES)
    assert desk.store.counts()["decision"] == before + 1
    assert desk.store.verify_log() == before + 1


def test_what_was_decided_while_its_page_was_read_is_not_lost(desk, monkeypatch):
    ref = question(desk)
    looked = desk.service.connector("sandbox").__class__.read
    once = []

    def read(connector, seen, schema):
        if not once:
            once.append(decide(desk, ref, YES))
        return looked(connector, seen, schema)

    desk.create()
    desk.world.edit(ref.id, {"summary": "z"}, CUSTOMER)
    desk.pass_time(minutes=20)
    monkeypatch.setattr(desk.service.connector("sandbox").__class__, "read", read)
    desk.sync()
    assert once
    assert standing(desk, ref) == (YES, True)


def test_a_past_day_knows_only_what_was_decided_by_then(desk):
    ref = question(desk)
    decide(desk, ref, YES)
    desk.sync()
    desk.pass_time(days=2)
    before = desk.service.now()
    desk.pass_time(minutes=1)
    decide(desk, ref, NO, why="a question after all")
    desk.sync()
    assert desk.store.improve.said([ref], by=before)[ref].decision == YES
    assert desk.store.improve.said([ref], by=before - 10 * DAY) == {}
