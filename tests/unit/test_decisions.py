"""Several people act at once, on either database: one of them does, and the others are told who."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from ombud.model.instant import DAY
from sync.actions import finish, write_down
from sync.decisions import Overtaken, approve_waiver, decide, end_waiver, shown_as
from sync.persons import Refused
from sync.rolling import shown_rule, shown_stop, step, switch
from sync.waivers import dispute, request_waiver
from tests.people_desk import LATE, RULE, desk_at

pytestmark = pytest.mark.usefixtures("either")


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path, mode="flag") as opened:
        opened.closed()
        opened.sync()
        yield opened


def at_once(*acts):
    """Have several act together; gives what came of each: a row, or the refusal."""
    gate = threading.Barrier(len(acts))

    def act(one):
        gate.wait()
        try:
            return one()
        except Refused as why:
            return why

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def overtaken(came, words):
    """Tell that all but one were told what one did."""
    refused = [each for each in came if isinstance(each, Overtaken)]
    return len(refused) == len(came) - 1 and all(words in str(each) for each in refused)


def test_of_those_who_decide_about_a_waiver_one_does(desk):
    with desk.store.book() as acts:
        name = request_waiver(
            acts, desk.bound, rule=RULE, case=None, why="agreed", requested_by=desk.who("dora"),
            until=desk.service.now() + 9 * DAY, now=desk.service.now(),
        )  # fmt: skip
        row = acts.waiver(name)
    shown, before = shown_as(row), desk.store.counts()["decision"]
    came = at_once(
        lambda: approve_waiver(desk.service, name, by=desk.who("ann"), shown=shown),
        lambda: approve_waiver(desk.service, name, by=desk.who("bob"), shown=shown),
        lambda: end_waiver(
            desk.service, name, by=desk.who("cleo"), why="too broad", shown=shown, approved=False
        ),
    )
    assert overtaken(came, f"Waiver {name} was ")
    assert desk.store.counts()["decision"] == before + 1
    # A program that was shown nothing is told by the state alone.
    with desk.store.acts() as acts:
        approved = acts.waiver(name).approved is not None
    if approved:
        again = approve_waiver(desk.service, name, by=desk.who("eve"), shown=None)
        assert again.approved_name in {"ann", "bob"}
        assert desk.store.counts()["decision"] == before + 1


def test_of_those_who_decide_a_dispute_one_does(desk):
    with desk.store.book() as acts:
        name = dispute(
            acts, desk.bound, rule=RULE, case="c", why="wrong", by=desk.who("dora"), now=desk.service.now(),
        )  # fmt: skip
        shown = shown_as(acts.dispute(name))
    came = at_once(
        *(
            lambda upheld=upheld, who=who: decide(
                desk.service, name, upheld=upheld, by=desk.who(who), why="looked", shown=shown
            )
            for upheld, who in ((True, "ann"), (False, "bob"))
        )
    )
    assert overtaken(came, f"Dispute {name} was ")


def test_of_those_who_change_a_rule_one_does(desk):
    shown = shown_rule(desk.bound, LATE, None)
    came = at_once(
        *(
            lambda to=to, who=who: step(
                desk.service, desk.bound.name, LATE, to=to, by=desk.who(who), why="loud", shown=shown, up=False
            )
            for to, who in (("observe", "ann"), ("off", "bob"))
        )
    )  # fmt: skip
    assert overtaken(came, f"{LATE} was taken from flag to ")
    with desk.store.acts() as acts:
        assert len(acts.steps(desk.bound.name, LATE)) == 1


def test_of_those_who_stop_a_helpdesk_one_does(desk):
    shown = shown_stop("sandbox", None)
    came = at_once(
        *(
            lambda who=who: switch(desk.service, "sandbox", off=True, by=desk.who(who), why="wrong", shown=shown)
            for who in ("ann", "bob")
        )
    )  # fmt: skip
    assert overtaken(came, "sandbox was stopped by ")


def test_of_those_who_finish_an_action_one_does(desk):
    row = write_down(
        desk.service, title="t", root_cause=None, why="w", owner="o", due="2027-02-01", check_due="2027-05-01",
        by=desk.who("ann"),
    )  # fmt: skip
    came = at_once(
        *(
            lambda who=who: finish(desk.service, row.id, what="x", by=desk.who(who), shown=shown_as(row))
            for who in ("ann", "bob")
        )
    )  # fmt: skip
    assert overtaken(came, "said to be done by ")
