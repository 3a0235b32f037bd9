"""What is in force goes on until somebody approves another, and what changes is judged again, once and labelled."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from ombud.commands.rollout import rollout
from policies.vocabulary import PackError
from sync import runs
from sync.force import differences, rebuilt
from sync.persons import Refused
from tests.people_desk import LATE, desk_at
from tests.stores import run_on

pytestmark = pytest.mark.usefixtures("either")

APPROVERS = '\n[approval]\napprovers = ["ann", "bob"]\n'
MORE = """
  - id: close.with_severity
    title: A closed complaint has a severity
    clauses: [{standard: "ISO 10002:2018", clause: "7.5"}]
    severity: minor
    mode: flag
    guard: {entering: closed, must: {severity: low}}
"""
NEW = "close.with_severity"


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path, more=APPROVERS) as opened:
        yield opened


@pytest.fixture
def free(tmp_path):
    with desk_at(tmp_path, mode="flag") as opened:
        yield opened


def command(desk, monkeypatch, *told):
    clock = desk.service.clock
    monkeypatch.setattr("ombud.commands.backtest.SystemClock", lambda: clock)
    return CliRunner().invoke(rollout, list(told), obj=desk.config)


def in_force(desk):
    with desk.store.acts() as acts:
        return acts.in_force(desk.bound.name)


def all_runs(desk):
    with desk.store.acts() as acts:
        return acts.runs()


def log(desk, since=0):
    rows = run_on(desk.folder, f"SELECT rule, verdict, digests FROM decision WHERE seq > {since}")
    return [(rule, verdict, json.loads(told)) for rule, verdict, told in rows]


def test_the_first_configuration_is_in_force_at_once(desk):
    desk.sync()
    row = in_force(desk)
    assert row.why == "first installation"
    assert all_runs(desk) == []
    again = rebuilt(row, desk.bound.settings, {}, "block")
    assert again.digests == desk.bound.digests
    assert again.schema == desk.bound.schema
    assert differences(again, desk.bound) == []


def test_a_change_waits_for_an_approver_and_shows_its_effect(desk, monkeypatch):
    ticket = desk.closed()
    key = desk.world.find(ticket).key
    desk.sync()
    desk.write_pack("1.1.0", MORE)
    desk.reopen()
    report = desk.sync()
    assert "differs from the configuration in force" in report.sentence()
    assert desk.judged(ticket, NEW) is None
    assert desk.bound.pack.version == "1.0.0"
    shown = command(desk, monkeypatch, "changes")
    assert shown.exit_code == 1
    assert "house 1.0.0 to house 1.1.0: rules 1 added (close.with_severity)" in shown.stdout
    assert key in shown.stdout
    assert desk.judged(ticket, NEW) is None
    rows = command(desk, monkeypatch, "changes", "--format", "json").stdout.splitlines()
    assert [json.loads(row)["change"] for row in rows] == ["newly failing"]
    wrong = command(desk, monkeypatch, "accept", "complaints", "--by", "cem", "--why", "x")
    assert wrong.exit_code == 2
    assert "Approvers: ann, bob" in wrong.stderr
    before = desk.store.verify_log()
    rows = "SELECT rule, count(*) FROM finding GROUP BY rule ORDER BY rule"
    kept = run_on(desk.folder, rows)
    done = command(desk, monkeypatch, "accept", "complaints", "--by", "bob", "--why", "asked for")
    assert done.exit_code == 0, done.stderr
    assert "1 complaints judged again, 1 changed" in done.stdout
    # Only what differs was written, under the run's name.
    [run] = all_runs(desk)
    assert run.label == "pack house 1.0.0 to house 1.1.0 (bob)"
    written = [line for line in log(desk, before) if line[2].get("run") == run.id]
    assert [(rule, verdict) for rule, verdict, _ in written] == [(NEW, "fail")]
    assert run_on(desk.folder, rows) == sorted([*kept, (NEW, 1)])
    assert desk.store.verify_log() > before
    report = desk.sync()
    assert report.notices == []
    assert desk.stored(ticket, NEW) == desk.judged(ticket, NEW) == ("fail", "fail")
    assert command(desk, monkeypatch, "changes").exit_code == 0


def test_a_broken_pack_changes_nothing_and_every_sync_says_so(desk, monkeypatch):
    ticket = desk.closed()
    desk.sync()
    (desk.folder / "house.yaml").write_text("pack: house\nrules: [", encoding="utf-8")
    desk.reopen()
    for _ in range(2):
        said = desk.sync().sentence()
        assert "cannot be loaded; the configuration in force goes on being used" in said
        assert "house.yaml:" in said
    later = desk.closed()
    desk.sync()
    assert desk.judged(ticket) == desk.judged(later) == ("fail", "fail")
    told = command(desk, monkeypatch, "accept", "complaints", "--by", "ann", "--why", "x")
    assert told.exit_code == 2
    assert "cannot be loaded" in told.stderr
    shown = command(desk, monkeypatch, "changes")
    assert shown.exit_code == 1
    assert "house.yaml:" in shown.stderr


def test_a_pack_that_is_broken_from_the_start_is_refused(free):
    (free.folder / "house.yaml").write_text("pack: house\nrules: [", encoding="utf-8")
    with pytest.raises(PackError, match=r"house\.yaml"):
        free.reopen()
    free.write_pack()
    free.reopen()


def test_the_last_good_pack_goes_on_without_approvers_too(free):
    free.sync()
    (free.folder / "house.yaml").write_text("pack: house\nrules: [", encoding="utf-8")
    free.reopen()
    ticket = free.closed()
    assert "cannot be loaded" in free.sync().sentence()
    assert free.judged(ticket) == ("fail", "fail")


def test_without_approvers_a_change_takes_effect_at_the_next_sync_as_a_run(free):
    ticket = free.closed()
    free.sync()
    free.write_pack("1.1.0", MORE)
    free.reopen()
    report = free.sync()
    [run] = all_runs(free)
    assert run.label == "pack house 1.0.0 to house 1.1.0 (not approved by anybody)"
    assert run.ended is not None
    assert any(run.id in notice for notice in report.notices)
    assert in_force(free).approved_name == "not approved by anybody"
    assert free.stored(ticket, NEW) == ("fail", "fail")
    assert free.sync().notices == []


def test_a_run_that_is_cut_off_goes_on_where_it_stopped(free, monkeypatch):
    tickets = [free.closed() for _ in range(5)]
    free.sync()
    free.write_pack("1.1.0", MORE)
    free.reopen()
    monkeypatch.setattr("ombud.store.store._CHUNK", 2)
    fold, batches = runs.fold_page, []

    def folding(bound, elsewhere, store, page):
        batches.append([state.case for state in page])
        if len(batches) == 2:
            raise KeyboardInterrupt
        return fold(bound, elsewhere, store, page)

    monkeypatch.setattr(runs, "fold_page", folding)
    with pytest.raises(KeyboardInterrupt):
        free.sync()
    [cut] = all_runs(free)
    assert cut.ended is None
    assert cut.cursor == batches[0][-1]
    free.sync()
    [run] = all_runs(free)
    assert run.ended is not None
    assert json.loads(run.counts) == {"changed": 5, "complaints": 5}
    assert batches[2] == batches[1]
    done = [case for batch in [batches[0], *batches[2:]] for case in batch]
    assert sorted(done) == sorted(set(done))
    assert {free.stored(each, NEW) for each in tickets} == {("fail", "fail")}


def test_new_fields_are_read_from_the_helpdesk_before_they_are_judged(free):
    """A field that was never read is not empty: the complaint is read anew, and the log says why it is judged otherwise."""
    ticket = free.closed(customfield_10051="acc-anna")
    free.sync()
    more = MORE.replace("{severity: low}", "{present: auditor}").replace(
        "close.with_severity", "close.with_auditor"
    )
    pack = (free.folder / "house.yaml").read_text(encoding="utf-8")
    mapping = free.folder / "sandbox.mapping.toml"
    old = mapping.read_text(encoding="utf-8")
    line = 'approver = {id = "customfield_10051", name = "Approver"}'
    assert line in old
    # First without the field, as a desk that has not mapped it yet.
    mapping.write_text(old.replace(line, ""), encoding="utf-8")
    free.reopen()
    free.sync()
    mapping.write_text(
        old.replace(line, 'auditor = {id = "customfield_10051", name = "Auditor"}'),
        encoding="utf-8",
    )
    text = pack.replace(
        "outcome: {type: choice}", "outcome: {type: choice}\n  auditor: {type: text}"
    )
    (free.folder / "house.yaml").write_text(
        text.replace("version: 1.0.0", "version: 1.2.0").replace("profiles:", more + "profiles:"),
        encoding="utf-8",
    )
    free.reopen()
    free.sync()
    assert free.stored(ticket, "close.with_auditor") is None
    assert free.judged(ticket, "close.with_auditor") == ("pass", "pass")
    assert all(each.ended is not None for each in all_runs(free))
    assert all_runs(free)[-1].reads


def test_another_scope_takes_tickets_in(free):
    other = free.world.create("CMP", "Question", {"summary": "x"}, "acc-c01").id
    free.pass_time()
    free.sync()
    assert free.judged(other, LATE) is None
    told = free.config.read_text(encoding="utf-8")
    free.config.write_text(
        told.replace(
            '{when = {project = "CMP"}, is = "undecided"}',
            '{when = {project = "CMP"}, is = "complaint"}',
        ),
        encoding="utf-8",
    )
    free.reopen()
    free.sync()
    assert free.judged(other, LATE) is not None


def test_an_approval_says_why(desk):
    from sync.force import accept

    desk.sync()
    desk.write_pack("1.1.0", MORE)
    desk.reopen()
    held = desk.service.footing.held["complaints"]
    with pytest.raises(Refused, match="says why"), desk.store.book() as acts:
        accept(
            acts,
            held,
            desk.bound,
            by=desk.who("ann"),
            why=" ",
            persons=desk.service.persons,
            now=1,
        )


def test_a_change_of_the_mode_needs_no_approval_and_reaches_the_tickets(desk):
    ticket = desk.closed()
    desk.sync()
    desk.pass_time(minutes=20)
    desk.sync()
    assert desk.tags(ticket)
    told = desk.config.read_text(encoding="utf-8")
    desk.config.write_text(told.replace('mode = "block"', 'mode = "observe"'), encoding="utf-8")
    desk.reopen()
    assert desk.sync().notices == []
    assert desk.tags(ticket) == []
