"""A waiver counts in every reading while it lasts, and what it excused fails again when it ends."""

from __future__ import annotations

import pytest

from ombud.model.instant import DAY
from policies.condition import read_condition
from sync.live.desk import Desk
from sync.waivers import explain_breach, revoke
from tests.people_desk import RIGID, RULE, desk_at

pytestmark = pytest.mark.usefixtures("either")


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path, mode="flag") as opened:
        yield opened


def test_what_is_waived_fails_again_when_the_waiver_ends(desk):
    ticket = desk.closed()
    desk.sync()
    desk.pass_time(minutes=20)
    desk.sync()
    assert desk.stored(ticket) == ("fail", "fail")
    assert "ombud-missing" in desk.tags(ticket)
    until = desk.service.now() + 3 * DAY
    desk.waive(until, case=desk.case(ticket))
    desk.sync()
    # Settle, check and explain say the same.
    assert desk.stored(ticket) == desk.judged(ticket) == ("waived", "waived")
    told = "\n".join(desk.service.explain(f"sandbox:{ticket}", RULE))
    assert f"WAIVED   {RULE}" in told
    assert "agreed with the regulator" in told
    # The other rule is not waived, and its failure still shows.
    assert desk.stored(ticket, RIGID) == ("fail", "fail")
    desk.pass_time(days=2)
    desk.sync()
    assert desk.stored(ticket) == ("waived", "waived")
    desk.pass_time(days=1, minutes=1)
    desk.sync()
    assert desk.stored(ticket) == desk.judged(ticket) == ("fail", "fail")
    # What held on a past day can be told again.
    assert desk.judged(ticket, as_of=until - DAY) == ("waived", "waived")
    assert desk.judged(ticket, as_of=until - DAY, known_at=until - 4 * DAY) is None


def test_a_revoked_waiver_excuses_nothing_from_then_on(desk):
    ticket = desk.closed()
    desk.sync()
    name = desk.waive(desk.service.now() + 30 * DAY, case=desk.case(ticket))
    desk.sync()
    assert desk.stored(ticket) == ("waived", "waived")
    with desk.store.book() as acts:
        revoke(acts, name, by=desk.who("bob"), why="no longer", now=desk.service.now())
    desk.sync()
    assert desk.stored(ticket) == ("fail", "fail")


def test_a_waiver_by_condition_excuses_those_complaints_alone(desk):
    low, high = desk.closed(customfield_10040="10201"), desk.closed()
    desk.sync()
    where = read_condition("{severity: low}", desk.bound.pack)
    desk.waive(desk.service.now() + 3 * DAY, where=where)
    desk.sync()
    assert desk.stored(low) == ("waived", "waived")
    assert desk.stored(high) == ("fail", "fail")
    # One that fails while the waiver lasts is waived at once, and fails when it ends.
    later = desk.closed(customfield_10040="10201")
    desk.sync()
    assert desk.stored(later) == ("waived", "waived")
    desk.pass_time(days=3, minutes=5)
    desk.sync()
    assert desk.stored(low) == desk.stored(later) == ("fail", "fail")


def test_an_approval_while_a_sync_runs_is_not_lost(desk):
    """The sync that runs writes what it judged without the waiver; the next one sees that it holds."""
    ticket = desk.closed()
    desk.sync()
    case = desk.case(ticket)
    desk.world.edit(ticket, {"summary": "y"}, "acc-anna")
    desk.pass_time()

    def tell(*_):
        if not granted:
            granted.append(desk.waive(desk.service.now() + 3 * DAY, case=case))

    granted: list[str] = []
    desk.sync(tell=tell)
    assert granted
    desk.sync()
    assert desk.stored(ticket) == ("waived", "waived")


def test_a_waiver_keeps_a_rule_that_blocks_from_moving_back(tmp_path_factory):
    with desk_at(tmp_path_factory.mktemp("block")) as desk:
        desk.sync()
        desk.waive(desk.service.now() + 3 * DAY)
        ticket = desk.closed()
        desk.sync()
        assert desk.status(ticket) == "10010"
        other = desk.closed()
        desk.pass_time(days=4)
        desk.sync()
        # It ended while nobody synced: what was closed meanwhile is moved back, as it would have been without one.
        assert desk.stored(other) == ("fail", "fail")


def test_an_explanation_stands_beside_the_breach(desk):
    ticket = desk.closed()
    desk.sync()
    told = {"rule": RIGID, "case": desk.case(ticket), "why": "the file was lost"}
    with desk.store.book() as acts:
        explain_breach(acts, desk.bound, **told, by=desk.who("ann"), now=desk.service.now())
    desk.sync()
    assert desk.stored(ticket, RIGID) == ("fail", "fail")
    said = "\n".join(desk.service.explain(f"sandbox:{ticket}", RIGID))
    assert f"FAIL     {RIGID}" in said
    assert "by ann: the file was lost" in said


def test_a_waiver_takes_effect_within_seconds_where_the_account_is_live(desk):
    ticket = desk.closed()
    desk.sync()
    desk.pass_time(minutes=20)
    with desk.store.lease("sandbox") as epoch:
        live = Desk(desk.service, "sandbox", epoch)
        live.tick()
        note = desk.note(ticket)
        assert "Root cause" in note
        desk.waive(desk.service.now() + 3 * DAY, case=desk.case(ticket))
        desk.pass_time(minutes=1)
        sweeps = live.pulse.sweeps
        live.tick()
        assert live.pulse.sweeps == sweeps
    assert desk.stored(ticket) == ("waived", "waived")
    assert "Root cause" not in desk.note(ticket)
