"""The night's census, and what it writes in the ledger: what became of complaints is told apart, and a hole is shown."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.errors import HelpdeskError
from ombud.model.connector import Gone
from ombud.model.event import Ref
from ombud.model.facts import Verdict
from ombud.model.instant import HOUR, MINUTE, instant, moment
from ombud.sandbox.desk import API_ACCOUNT
from ombud.store import Hint, LedgerRow
from sync.again import NOT_SHOWN
from sync.completeness import completeness, week
from sync.live import night as nights
from sync.live.night import NIGHTS, first_day, last_census, night, night_due, turn_of
from tests.faults.stage import AGENT, ASSESSED, FIELDS, Stage

ZONE = ZoneInfo("Europe/Berlin")


@pytest.fixture
def stage(tmp_path):
    stage = Stage(tmp_path)
    yield stage
    stage.stop()


@pytest.fixture
def service(stage):
    with stage.service() as service:
        service.sync("sandbox")
        yield service


def ref(stage, name):
    return Ref("sandbox", "jira", stage.issues[name])


def to_night(stage, hour="02:40", days=1):
    """Step the clock to an hour of a night to come, as Berlin shows it."""
    here = moment(instant(stage.world.clock.now()), ZONE)
    then = datetime.combine((here + timedelta(days=days)).date(), datetime.min.time(), ZONE)
    stage.world.clock.set(then.replace(hour=int(hour[:2]), minute=int(hour[3:])).astimezone(UTC))


def census(service, **how):
    with service.store.lease("sandbox") as epoch:
        return night(service, "sandbox", epoch, **how)


def bound_of(service):
    return service.bounds[0]


def test_the_night_is_due_once_a_day_at_its_hour_and_not_before_the_first_night(stage, service):
    assert not night_due(service, "sandbox", service.now())
    to_night(stage, "02:29")
    assert not night_due(service, "sandbox", service.now())
    to_night(stage, "02:30", days=0)
    assert night_due(service, "sandbox", service.now())
    census(service)
    assert not night_due(service, "sandbox", service.now())
    to_night(stage, "01:00")
    assert not night_due(service, "sandbox", service.now())
    to_night(stage, "09:00", days=0)
    assert night_due(service, "sandbox", service.now()), "a late start catches up"


def test_a_whole_picture_is_told_as_such_and_before_it_nobody_knows(stage, service):
    said = completeness(service, "sandbox")
    assert (said.share, said.whole) == (None, False)
    assert said.sentence().startswith("No census yet of sandbox")
    to_night(stage)
    (line,) = census(service).lines
    assert (line.expected, line.read, line.missing, line.lag or 0) == (10, 10, 0, 0)
    said = completeness(service, "sandbox")
    assert said.whole
    assert (
        said.sentence()
        == f"Data 100 % complete as of {said.day:%d %b}: ombud accounts check sandbox"
    )


@pytest.mark.usefixtures("either")
def test_deleted_moved_and_sorted_otherwise_are_told_apart(stage, service):
    world = stage.world
    world.delete(stage.issues["fine"])
    world.move(stage.issues["worse"], "SUP")
    world.move(stage.issues["noisy"], "OPS")
    to_night(stage)
    (line,) = census(service).lines
    states = service.store.states([ref(stage, name) for name in ("fine", "noisy")])
    assert states[ref(stage, "fine")].gone is Gone.unreachable, "a 404 is not a deletion"
    assert states[ref(stage, "noisy")].gone is None
    standing = last_census(service, bound_of(service)).standing
    assert (standing.missing, standing.left, standing.read) == (1, 1, 8)
    assert (line.expected, line.read, line.missing) == (9, 8, 1)
    assert "Data 88.8 % complete" in completeness(service, "sandbox").sentence()
    assert "(1 missing)" in completeness(service, "sandbox").sentence()


@pytest.mark.usefixtures("either")
def test_a_project_that_is_hidden_is_one_notice_and_its_deadlines_are_unknown(stage, service):
    others = [stage.world.create("OPS", "Complaint", FIELDS, "acc-c01").id for _ in range(4)]
    service.sync("sandbox")
    stage.server.site.hidden[API_ACCOUNT.account_id] = {"OPS"}
    stage.world.edit(stage.issues["early"], {}, AGENT, to_status=ASSESSED)
    to_night(stage)
    found = census(service)
    (told,) = found.notices
    assert told.kind == "blindness"
    assert "5 of 5 complaints of project OPS" in told.told
    waiting = service.store.live.notices(service.now())
    assert [each.key for each in waiting if each.kind == told.kind] == [told.key]
    assert found.lines[0].missing == 5
    of_them = [each for each in service.store.findings(account="sandbox") if each.ref.id in others]
    assert {each.verdict for each in of_them} == {Verdict.unknown}
    assert {each.reasons for each in of_them} == {(NOT_SHOWN,)}
    to_night(stage)
    assert census(service).notices == (), "once per episode"
    assert any("Access to OPS" in each.name for each in week(service, "sandbox"))
    stage.server.site.hidden.clear()
    to_night(stage)
    assert census(service).lines[0].missing == 0
    assert Verdict.unknown not in {
        each.verdict for each in service.store.findings(account="sandbox") if each.ref.id in others
    }
    stage.server.site.hidden[API_ACCOUNT.account_id] = {"OPS"}
    to_night(stage)
    assert len(census(service).notices) == 1, "a new episode"


def test_single_tickets_out_of_sight_make_no_notice(stage, service):
    stage.world.delete(stage.issues["fine"])
    stage.world.delete(stage.issues["late"])
    to_night(stage)
    found = census(service)
    assert (found.notices, found.lines[0].missing) == ((), 2)


def test_a_ticket_that_cannot_be_read_is_quarantined_and_the_others_go_on(
    stage, service, monkeypatch
):
    from connectors.jira import reader

    poisoned, read = stage.issues["worse"], reader.read_issue

    def reading(site, issue, *rest):
        if str(issue["id"]) == poisoned:
            raise KeyError("fields")
        return read(site, issue, *rest)

    monkeypatch.setattr(reader, "read_issue", reading)
    stage.world.edit(poisoned, {"customfield_10044": "DSL"}, AGENT)
    to_night(stage)
    (line,) = census(service).lines
    assert (line.unreadable, line.quarantined, line.read) == (1, 0, 9)
    assert "1 unreadable" in completeness(service, "sandbox").sentence()
    for _ in range(2):
        stage.world.clock.advance(24 * 3600)
        (line,) = census(service).lines
    assert (line.unreadable, line.quarantined, line.read) == (0, 1, 9)
    days = [each for each in week(service, "sandbox") if "read" in each.why and "of 10" in each.why]
    assert [each.ok for each in days] == [None, None, False]


def test_a_night_that_never_ran_is_a_hole_and_never_complete(stage, service):
    to_night(stage)
    census(service)
    to_night(stage, days=3)
    census(service)
    shown = [each for each in week(service, "sandbox") if "Jan" in each.name]
    assert [each.ok for each in shown] == [True, None, None, True]
    assert "no census ended" in shown[1].why
    to_night(stage, days=2)
    said = completeness(service, "sandbox")
    assert (said.late, said.whole) == (2, False)
    assert "no census in 2 nights since" in said.sentence()


def test_what_was_silently_changed_is_found_by_reading_whole_again(stage, service):
    world = stage.world
    issue = world.find(stage.issues["fine"])
    unheard = world.find(stage.issues["mended"])
    updated = issue.updated, unheard.updated
    response = next(each for each in issue.comments if "#response" in str(each.body))
    world.edit_comment(issue.id, response.id, AGENT, "We refund it.")
    world.delete_comment(unheard.id, unheard.comments[0].id, AGENT)
    issue.updated, unheard.updated = updated
    world.index.catch_up(world.clock.now())
    named: set[str] = set()
    read = counted = 0
    for _ in range(NIGHTS):
        to_night(stage)
        census(service)
        told = last_census(service, bound_of(service))
        named |= set(told.named)
        read, counted = read + told.reread, counted + told.altered
    assert (read, counted) == (10, 2), "in so many nights each once"
    assert named == {issue.key, unheard.key}


def test_a_silent_edit_adds_nothing_where_nothing_was_edited(stage, service):
    to_night(stage, days=NIGHTS)
    census(service)
    to_night(stage, days=NIGHTS)
    census(service)
    told = last_census(service, bound_of(service))
    assert (told.reread, told.altered) == (10, 0), "what nights were missed is made up for"


def test_a_night_cut_off_between_pages_leaves_a_hole_and_begins_again(stage, service, monkeypatch):
    stage.world.delete(stage.issues["fine"])
    to_night(stage)
    settle, seen = nights.Sweep.settle, []

    def dies(self, refs, **how):
        if how.get("deep"):
            seen.append(refs)
            raise RuntimeError("cut off")
        return settle(self, refs, **how)

    monkeypatch.setattr(nights.Sweep, "settle", dies)
    with pytest.raises(RuntimeError, match="cut off"):
        census(service, page=2)
    assert seen
    assert night_due(service, "sandbox", service.now())
    assert completeness(service, "sandbox").share is None
    monkeypatch.undo()
    (line,) = census(service, page=2).lines
    assert (line.expected, line.read, line.missing) == (10, 9, 1)


@pytest.mark.parametrize("call", [1, 2])
def test_a_helpdesk_that_fails_in_the_night_leaves_it_due(stage, service, call):
    to_night(stage)
    stage.server.faults.order(
        [{"match": "/rest/", "kind": "status", "status": 403, "nth": call, "times": 99}]
    )
    with pytest.raises(HelpdeskError):
        census(service)
    stage.server.faults.order([])
    assert night_due(service, "sandbox", service.now())
    assert census(service).lines[0].read == 10


def test_nights_in_which_the_clocks_go_on_or_back_have_one_line_each(stage, service):
    for year, month, day in ((2027, 3, 28), (2027, 10, 31)):
        stage.world.clock.set(datetime(year, month, day, 0, 0, tzinfo=ZONE).astimezone(UTC))
        asked = [service.now() + minutes * MINUTE for minutes in range(0, 6 * 60, 10)]
        due = [at for at in asked if night_due(service, "sandbox", at)]
        here = moment(due[0], ZONE)
        assert (here.date().isoformat(), here.hour) == (
            f"{year}-{month:02}-{day:02}",
            3 if month == 3 else 2,
        )
        stage.world.clock.advance((due[0] - service.now()) / 1_000_000)
        (line,) = census(service).lines
        assert line.day == f"{year}-{month:02}-{day:02}"
        assert not any(night_due(service, "sandbox", at) for at in asked)


@pytest.mark.usefixtures("either")
def test_lag_is_the_longest_from_a_change_to_our_knowing_it(stage, service):
    stage.world.clock.advance(3600)
    stage.world.comment(stage.issues["fine"], AGENT, "Word.")
    stage.world.clock.advance(7200)
    service.sync("sandbox")
    stage.world.edit(stage.issues["late"], {"customfield_10044": "DSL"}, AGENT)
    stage.world.clock.advance(1800)
    service.sync("sandbox")
    to_night(stage)
    (line,) = census(service).lines
    assert line.lag == pytest.approx(2 * HOUR, abs=MINUTE)
    assert any("known within 2 h" in each.why for each in week(service, "sandbox"))


@pytest.mark.usefixtures("either")
def test_hints_and_notices_that_are_done_with_go_after_their_time(stage, service):
    store, at = service.store, ref(stage, "fine")
    store.live.put_hints([Hint(at, "d1", service.now())])
    (waiting,) = store.live.waiting("sandbox")
    with store.lease("sandbox") as epoch, store.begin("sandbox", epoch) as tx:
        tx.hints_done([(at, waiting.seq)], service.now())
    to_night(stage)
    census(service)
    assert store.live.last_hint("sandbox") is not None
    to_night(stage, days=8)
    census(service)
    assert store.live.last_hint("sandbox") is None


@pytest.mark.usefixtures("either")
def test_a_line_of_the_same_day_takes_the_place_of_the_former(stage, service):
    to_night(stage)
    census(service)
    stage.world.delete(stage.issues["fine"])
    stage.world.clock.advance(3600)
    census(service)
    (line,) = service.store.live.ledger("sandbox")
    assert isinstance(line, LedgerRow)
    assert line.missing == 1


def test_every_complaint_has_its_turn_and_turns_are_spread(service):
    turns = [turn_of(Ref("sandbox", "jira", str(number))) for number in range(2_800)]
    shares = [turns.count(night) for night in range(NIGHTS)]
    assert min(shares) > 50
    assert first_day(service, bound_of(service)) is not None


def test_a_complaint_that_moved_to_another_binding_is_counted_there(stage):
    told = stage.config.read_text(encoding="utf-8")
    told = told.replace('"CMP", "OPS", "ARC"', '"CMP", "ARC"')
    head, block = told.split("[[bindings]]", 1)
    block, mark, rest = block.partition("\n[calendars")
    second = re.sub(r"^name = .*$", 'name = "operations"', block, flags=re.MULTILINE)
    second = second.replace('"CMP", "ARC"', '"OPS"').replace(
        '  {when = {project = "CMP"}, is = "undecided"},\n', ""
    )
    stage.config.write_text(
        f"{head}[[bindings]]{block}\n[[bindings]]{second}{mark}{rest}", encoding="utf-8"
    )
    with stage.service() as service:
        service.sync("sandbox")
        stage.world.move(stage.issues["fine"], "OPS")
        to_night(stage)
        found = census(service)
        assert [(line.binding, line.expected, line.read) for line in found.lines] == [
            ("complaints", 8, 8),
            ("operations", 2, 2),
        ]
        assert found.censuses[1].moved == 1
        assert service.store.live.standing("sandbox", "complaints").left == 0
        assert completeness(service, "sandbox").sentence().startswith("Data 100 %")
