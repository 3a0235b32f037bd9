"""A rule does more by steps that somebody approves, less by itself, and nothing at all where somebody stops it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from ombud.commands.rollout import rollout
from ombud.commands.waivers import disputes, waivers
from ombud.model.instant import DAY
from sync.doctor import examine
from sync.persons import Refused
from sync.rollout import demote, promote, record_review, resume, rule_of, standing, stop
from sync.waivers import decide_dispute, dispute
from tests.people_desk import CAUSE, LATE, RULE, desk_at

pytestmark = pytest.mark.usefixtures("either")

LIMITS = '\n[rollout]\nstart = "observe"\nsample = 5\nopen_findings = 3\n'


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path) as opened:
        yield opened


@pytest.fixture
def stepwise(tmp_path):
    with desk_at(tmp_path, more=LIMITS) as opened:
        yield opened


def take(desk, to, *, rule=RULE, by="ann", despite=None):
    service, bound = desk.service, desk.bound
    first = service.store.meta(f"first:{bound.account}/{bound.name}")
    with desk.store.book() as acts:
        return promote(
            acts,
            bound,
            rule,
            to=to,
            by=desk.who(by),
            why="it is time",
            persons=service.persons,
            limits=service.settings.rollout,
            now=service.now(),
            first=int(first) if first else None,
            backtest={"findings": 1},
            despite=despite,
        )


def steps(desk):
    with desk.store.acts() as acts:
        return [(each.mode, each.approved_name) for each in acts.steps(desk.bound.name)]


def review(desk, mistaken=0, sample=5):
    with desk.store.book() as acts:
        record_review(
            acts,
            desk.bound,
            RULE,
            sample=sample,
            mistaken=mistaken,
            by=desk.who("ann"),
            now=desk.service.now(),
        )


def test_a_promotion_is_refused_until_every_gate_is_met(stepwise):
    desk = stepwise
    ticket = desk.closed()
    desk.sync()
    assert desk.stored(ticket) == ("fail", "fail")
    assert desk.tags(ticket) == []
    with pytest.raises(Refused) as refused:
        take(desk, "flag")
    said = str(refused.value)
    assert "for 0 days, and 14 are asked for" in said
    assert "0 failures were reviewed" in said
    assert steps(desk) == []
    desk.pass_time(days=15)
    review(desk, mistaken=1)
    with pytest.raises(Refused, match=r"20.0 % of its failures were none"):
        take(desk, "flag")
    review(desk, sample=45)
    take(desk, "flag")
    assert steps(desk) == [("flag", "ann")]
    desk.service.refresh()
    with pytest.raises(Refused, match="for 0 days"):
        take(desk, "block")
    desk.sync()
    assert "ombud-missing" in desk.tags(ticket)
    assert desk.status(ticket) == "10010"
    take(desk, "block", despite="the regulator asked for it")
    desk.sync()
    again = desk.closed()
    desk.sync()
    assert desk.status(again) != "10010"
    with desk.store.acts() as acts:
        last = acts.steps(desk.bound.name)[-1]
    assert last.despite == "the regulator asked for it"
    assert json.loads(last.backtest) == {"findings": 1}
    assert {gate["name"] for gate in json.loads(last.gates)} == {
        "days", "review", "disputes", "open", "complete",
    }  # fmt: skip


def test_a_step_too_high_or_too_far_is_refused(stepwise):
    desk = stepwise
    desk.sync()
    with pytest.raises(Refused, match="flag comes first"):
        take(desk, "block")
    with pytest.raises(Refused, match="can not go beyond flag: the pack says so"):
        take(desk, "block", rule=LATE)
    with pytest.raises(Refused, match="at observe already"):
        take(desk, "observe")
    with pytest.raises(Refused, match=r'Write "close\.with_cause" if that is meant'):
        take(desk, "flag", rule="close.with_caus")


def test_open_failures_disputes_and_gaps_hold_a_rule_back(stepwise):
    desk = stepwise
    tickets = [desk.closed() for _ in range(4)]
    desk.sync()
    desk.pass_time(days=20)
    review(desk)
    with desk.store.book() as acts:
        name = dispute(
            acts,
            desk.bound,
            rule=RULE,
            case=desk.case(tickets[0]),
            why="a test",
            by=desk.who("cem"),
            now=desk.service.now(),
        )
    with pytest.raises(Refused) as refused:
        take(desk, "flag")
    assert "4 failures stand, and 3 may" in str(refused.value)
    assert "1 disputes wait" in str(refused.value)
    with desk.store.book() as acts:
        told = {"by": desk.who("ann"), "why": "it was", "persons": desk.service.persons}
        decide_dispute(acts, name, upheld=True, **told, now=desk.service.now())
        found = standing(
            acts,
            desk.bound,
            rule_of(desk.bound, RULE),
            desk.service.settings.rollout,
            desk.service.now(),
            1,
        )
    gates = {gate.name: gate for gate in found.gates}
    assert gates["disputes"].ok
    # A finding that was wrong counts as a false positive: 1 of 6.
    assert "16.7 %" in gates["review"].lacks


def test_demoting_takes_effect_at_once_and_what_waits_is_not_sent(desk):
    desk.sync()
    ticket = desk.closed()
    desk.pass_time(minutes=1)
    with desk.store.book() as acts:
        stop(acts, "sandbox", by=desk.who("ann"), why="wait", now=desk.service.now())
    desk.sync()
    with desk.store.acts() as acts:
        assert len(acts.plans("sandbox")) == 1
    with desk.store.book() as acts:
        now = desk.service.now()
        demote(acts, desk.bound, RULE, to="observe", by=desk.who("ann"), why="wrong", now=now)
        resume(acts, "sandbox", by=desk.who("ann"), why="go on", now=now)
    before = desk.writes()
    desk.sync()
    assert desk.status(ticket) == "10010"
    assert desk.stored(ticket) == ("fail", "fail")
    # The other rules still flag.
    assert desk.writes() >= before


def test_a_rule_that_is_off_is_not_judged_and_judged_again_when_it_is_on(stepwise):
    desk = stepwise
    ticket = desk.closed()
    desk.sync()
    with desk.store.book() as acts:
        now = desk.service.now()
        demote(acts, desk.bound, RULE, to="off", by=desk.who("ann"), why="broken", now=now)
    desk.sync()
    assert desk.stored(ticket) is None
    assert desk.judged(ticket) is None
    take(desk, "observe")
    desk.sync()
    assert desk.stored(ticket) == desk.judged(ticket) == ("fail", "fail")
    with desk.store.acts() as acts:
        [run] = acts.runs()
    assert run.label == f"switched on: {RULE}"
    assert run.ended is not None


def test_a_rule_that_moves_too_much_back_falls_before_it_does(tmp_path):
    with desk_at(tmp_path, more="\n[rollout]\nmove_backs_an_hour = 2\n") as desk:
        desk.sync()
        tickets = [desk.closed(), desk.closed()]
        desk.sync()
        assert [desk.status(each) for each in tickets] == ["10004", "10004"]
        more = [desk.closed(), desk.closed()]
        report = desk.sync()
        assert [desk.status(each) for each in more] == ["10010", "10010"]
        assert "fell from block to flag: 4 move-backs within an hour" in report.sentence()
        assert steps(desk) == [("flag", "ombud")]
        desk.sync()
        # Nothing goes on being moved back; both are flagged now.
        assert [desk.status(each) for each in more] == ["10010", "10010"]
        assert all("ombud-missing" in desk.tags(each) for each in more)
        assert desk.sync().notices == []


def test_a_rule_that_many_dispute_falls_and_a_person_takes_it_up_again(tmp_path):
    with desk_at(tmp_path, more="\n[rollout]\ndisputes_a_week = 1\n") as desk:
        ticket = desk.closed()
        desk.sync()
        for event in ("e1", "e2"):
            with desk.store.book() as acts:
                told = {"rule": RULE, "case": desk.case(ticket), "why": "wrong"}
                dispute(
                    acts,
                    desk.bound,
                    **told,
                    by=desk.who("cem"),
                    now=desk.service.now(),
                    event=event,
                )
        desk.pass_time()
        desk.sync()
        assert steps(desk) == [("flag", "ombud")]
        desk.pass_time()
        take(desk, "block", despite="the disputes were looked at")
        desk.sync()
        desk.sync()
        assert steps(desk) == [("flag", "ombud"), ("block", "ann")]


def test_a_stopped_helpdesk_is_written_nothing_while_judging_goes_on(desk):
    desk.sync()
    late, closed = desk.create(), desk.closed()
    desk.pass_time(days=3)
    with desk.store.book() as acts:
        stop(acts, "sandbox", by=desk.who("ann"), why="agents complain", now=desk.service.now())
    before = desk.writes()
    report = desk.sync()
    desk.sync(full=True)
    assert desk.writes() == before
    assert desk.stored(late, LATE) == ("fail", "fail")
    assert desk.stored(closed) == ("fail", "fail")
    assert "sandbox is stopped, by ann: agents complain" in report.sentence()
    with pytest.raises(Refused, match="ombud rollout resume sandbox"):
        desk.service.uninstall("sandbox", [])
    found = {each.name: each for each in examine(desk.config, desk.service.clock)}
    assert found["Writing to sandbox"].ok is False
    with desk.store.book() as acts:
        resume(acts, "sandbox", by=desk.who("bob"), why="mended", now=desk.service.now())
    desk.sync()
    assert "ombud-late" in desk.tags(late)


def test_a_stop_between_two_writes_of_one_sync_lets_no_further_one_through(desk):
    desk.sync()
    tickets = [desk.closed() for _ in range(3)]
    connector = desk.service.connector("sandbox")
    act, seen = connector.act, []

    def acting(plan, key, now):
        seen.append(plan.ref.id)
        receipt = act(plan, key, now)
        with desk.store.book() as acts:
            stop(acts, "sandbox", by=desk.who("ann"), why="now", now=desk.service.now())
        return receipt

    connector.act = acting
    desk.sync()
    assert len(seen) == 1
    assert sorted(desk.status(each) for each in tickets) == ["10004", "10010", "10010"]


def run(group, desk, *told):
    return CliRunner().invoke(group, list(told), obj=desk.config)


def test_the_commands_refuse_record_and_show(tmp_path, monkeypatch):
    with desk_at(tmp_path, more=LIMITS) as desk:
        ticket = desk.closed()
        key = desk.world.find(ticket).key
        desk.sync()
        clock = desk.service.clock
        for module in ("backtest",):
            monkeypatch.setattr(f"ombud.commands.{module}.SystemClock", lambda: clock)
        told = run(rollout, desk, "promote", RULE, "--to", "flag", "--by", "ann", "--why", "x")
        assert told.exit_code == 1
        assert "14 are asked for" in told.stderr
        shown = run(rollout, desk, "review", RULE, "--sample", "5")
        assert key in shown.stdout
        both = ("--false-positives", "0", "--by", "ann")
        assert run(rollout, desk, "review", RULE, "--sample", "5", *both).exit_code == 0
        desk.pass_time(days=15)
        # The sample was looked at in this mode: it counts.
        told = run(rollout, desk, "promote", RULE, "--to", "flag", "--by", "ann", "--why", "x")
        assert told.exit_code == 0, told.stderr
        assert "approved by ann" in told.stdout
        with desk.store.acts() as acts:
            [step] = acts.steps()
        assert json.loads(step.backtest)["complaints"] == 1
        assert step.backtest_digest
        rows = [
            json.loads(line)
            for line in run(rollout, desk, "status", "--format", "json").stdout.splitlines()
        ]
        assert [(row["mode"], row["next"]) for row in rows if row["rule"] == RULE] == [
            ("flag", "block")
        ]
        ask = ("request", RULE, "--complaint", key, "--why", "x", "--by", "ann")
        assert run(waivers, desk, *ask, "--until", "tomorrow").exit_code == 2
        assert run(waivers, desk, *ask, "--until", "2020-01-01").exit_code == 2
        assert run(waivers, desk, *ask, "--everywhere", "--until", "2099-01-01").exit_code == 2
        day = f"{clock.now():%Y-%m-%d}"
        asked = run(waivers, desk, *ask, "--until", day)
        assert asked.exit_code == 0, asked.stderr
        name = asked.stdout.split()[1]
        own = run(waivers, desk, "approve", name, "--by", "Ann")
        assert own.exit_code == 2
        assert "same person" in own.stderr
        assert run(waivers, desk, "approve", name, "--by", "bob").exit_code == 0
        listed = json.loads(run(waivers, desk, "list", "--format", "json").stdout)
        assert (listed["state"], listed["for"]) == ("expiring", f"sandbox:{ticket}")
        desk.sync()
        assert desk.stored(ticket) == ("waived", "waived")
        rigid = run(
            waivers, desk, "request", "close.with_outcome", "--complaint", key, "--until", day,
            "--why", "lost", "--by", "ann",
        )  # fmt: skip
        assert rigid.exit_code == 1
        assert "an explanation is recorded, and the breach stays" in rigid.stderr
        with desk.store.acts() as acts:
            assert [each.why for each in acts.explanations()] == ["lost"]
        raised = run(
            disputes, desk, "raise", RULE, "--complaint", key, "--why", "no", "--by", "cem"
        )
        name = raised.stdout.split()[1]
        assert (
            run(disputes, desk, "decide", name, "rejected", "--by", "ann", "--why", "n").exit_code
            == 0
        )
        assert "rejected" in run(disputes, desk, "list").stdout
        assert run(rollout, desk, "stop", "sandbux", "--by", "ann", "--why", "x").exit_code != 0
        assert run(rollout, desk, "stop", "sandbox", "--by", "ann", "--why", "x").exit_code == 0
        assert "STOPPED  sandbox" in run(rollout, desk, "status").stdout
        assert run(rollout, desk, "resume", "sandbox", "--by", "ann", "--why", "x").exit_code == 0
        gone = desk.closed(**{CAUSE: "10221"})
        desk.sync()
        assert desk.judged(gone) == ("pass", "pass")
        assert desk.service.now() > DAY
