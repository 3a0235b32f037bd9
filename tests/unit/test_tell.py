"""Who is told what and when: once a key, in digests, outside quiet hours, and not what is no longer true."""

from __future__ import annotations

import pytest

from ombud.model.facts import Verdict
from ombud.model.instant import DAY, HOUR, MINUTE, SECOND
from ombud.store import Busy
from sync.live.message import MOST_TOLD
from sync.live.notices import OLDEST
from sync.live.tell import BACK_OFF
from tests.told_desk import ALL_TO_LEADS, CHANNELS, ToldDesk

QUIET = """
[notify.quiet]
from = "18:00"
until = "08:00"
days = ["sat", "sun"]
pierce = ["breaker"]
"""


@pytest.fixture
def make(tmp_path):
    made = []

    def of(notify=ALL_TO_LEADS, **more):
        desk = ToldDesk(tmp_path, notify, **more)
        made.append(desk)
        return desk

    yield of
    for each in made:
        each.service.store.close()


@pytest.fixture
def desk(make):
    return make()


def test_a_breach_is_told_once_with_key_rule_due_and_address(desk):
    desk.deadline(due=desk.ago(30))
    assert [(each.channel, each.notices, each.why) for each in desk.tell()] == [("leads", 1, "")]
    text = desk.wire.texts[0]
    for told in (
        "CMP-1: Acknowledgement is overdue.",
        "It was due Tue 24 Nov, 09:59 CET.",
        "acknowledge.in_time",
        "https://a.example/1",
    ):
        assert told in text
    desk.on("2026-11-24T11:00")
    desk.deadline(due=desk.ago(3630))
    assert desk.tell() == []
    assert len(desk.wire.taken) == 1


def test_what_was_due_before_the_first_sync_is_told_to_nobody(desk):
    first = desk.ago(60)
    desk.deadline("1", due=first - 1, since=first)
    desk.deadline("2", due=first, since=first)
    desk.deadline("3", due=desk.now + HOUR, warn=first - 1, standing=Verdict.pending, since=first)
    desk.tell()
    assert ["CMP-2" in text for text in desk.wire.texts] == [True]


def test_a_warning_is_told_when_its_instant_has_come_and_anew_for_a_new_one(desk):
    due = desk.now + DAY
    for warn in (desk.now + 1, desk.now, desk.now, desk.ago(5)):
        desk.deadline(due=due, warn=warn, standing=Verdict.pending)
    assert [each.kind for each in desk.live.notices(desk.now)] == ["warning", "warning"]
    desk.tell()
    assert len(desk.wire.taken) == 1
    assert "is due Wed 25 Nov, 10:00 CET." in desk.wire.texts[0]


def test_without_a_mark_of_the_pack_people_are_warned_a_day_before_long_deadlines_alone(desk):
    due = desk.now + DAY
    desk.deadline("long", due=due, entered=due - 2 * DAY, standing=Verdict.pending)
    desk.deadline("short", due=due, entered=due - 2 * DAY + 1, standing=Verdict.pending)
    assert [each.ref.id for each in desk.live.notices(desk.now)] == ["long"]


@pytest.mark.parametrize("mode", ["observe", "before policy"])
def test_a_rule_that_only_observes_tells_nobody(desk, mode):
    desk.deadline(due=desk.ago(1), mode=mode)
    assert desk.tell() == []


def test_what_is_found_late_is_marked_and_what_is_very_old_is_not_told(desk):
    desk.deadline("1", due=desk.now - 11 * MINUTE)
    desk.deadline("2", due=desk.now - OLDEST - 1)
    desk.tell()
    assert "This comes late" in desk.wire.texts[0]
    assert "CMP-2" not in desk.wire.texts[0]


def test_a_breach_that_is_no_longer_true_is_not_told(make):
    desk = make(CHANNELS + '[[notify.routes]]\nto = "leads"\ndigest = "hourly"\n')
    desk.deadline("met", due=desk.ago(30))
    desk.deadline("moved", due=desk.ago(30))
    desk.deadline("late", due=desk.ago(30))
    desk.on("2026-11-24T10:30")
    desk.deadline("met", due=desk.ago(1830), standing=Verdict.passed)
    desk.deadline("moved", due=desk.now + 3 * DAY, standing=Verdict.pending)
    desk.on("2026-11-24T11:00")
    desk.tell()
    assert "CMP-late" in desk.wire.texts[0]
    assert "CMP-m" not in desk.wire.texts[0]
    assert desk.live.next_telling() is None


def test_a_deadline_that_moved_and_ran_out_again_is_told_of_by_its_last_due_alone(make):
    desk = make(CHANNELS + '[[notify.routes]]\nto = "leads"\ndigest = "hourly"\n')
    desk.deadline(due=desk.ago(30))
    desk.deadline(due=desk.now + 10 * MINUTE, standing=Verdict.pending)
    desk.on("2026-11-24T10:20")
    desk.deadline(due=desk.now - 10 * MINUTE)
    desk.on("2026-11-24T11:00")
    assert [each.notices for each in desk.tell()] == [1]
    assert "10:10 CET" in desk.wire.texts[0]


def test_a_warning_whose_deadline_ran_out_meanwhile_gives_way_to_the_breach(make):
    desk = make(CHANNELS + '[[notify.routes]]\nto = "leads"\ndigest = "hourly"\n')
    due = desk.now + 20 * MINUTE
    desk.deadline(due=due, warn=desk.now, standing=Verdict.pending)
    desk.on("2026-11-24T10:40")
    desk.deadline(due=due, warn=due - 20 * MINUTE)
    desk.on("2026-11-24T11:00")
    desk.tell()
    assert [message.total for _, message in desk.wire.taken] == [1]
    assert "overdue" in desk.wire.texts[0]


def test_routes_lead_to_channels_by_rule_and_kind_and_each_is_told_once(make):
    desk = make(
        CHANNELS
        + """
[[notify.routes]]
when = {kind = "block", rule = "close.*"}
to = ["desk", "leads"]
[[notify.routes]]
when = {kind = "breach"}
to = "leads"
"""
    )
    desk.note("7")
    desk.note("", kind="hook", key="")
    desk.deadline(due=desk.ago(1))
    desk.tell()
    assert sorted((where, message.total) for where, message in desk.wire.taken) == [
        ("wire://desk", 1),
        ("wire://leads", 2),
    ]
    # Of the hook nobody is told, and it does not wait for ever.
    assert desk.live.next_telling() is None
    desk.on("2026-11-24T12:00")
    assert desk.tell() == []


def test_nothing_is_told_where_nothing_is_said_of_it(make):
    desk = make("")
    desk.deadline(due=desk.ago(1))
    assert desk.tell() == []
    assert desk.live.next_telling() is None


def test_quiet_hours_hold_back_all_but_what_may_pierce_them(make):
    desk = make(ALL_TO_LEADS + QUIET, start="2026-10-23T19:00")
    desk.note("1")
    desk.note("", kind="breaker", key="", sentences=["Nothing is written to sandbox."])
    desk.tell()
    assert desk.wire.texts[0].startswith("Nothing is written")
    # The weekend in which the clocks go back.
    desk.on("2026-10-26T07:59")
    assert desk.tell() == []
    desk.on("2026-10-26T08:00")
    desk.tell()
    assert "CMP-1" in desk.wire.texts[1]


def test_a_route_may_not_mind_quiet_hours(make):
    desk = make(CHANNELS + '[[notify.routes]]\nto = "leads"\nquiet = false\n' + QUIET)
    desk.on("2026-11-24T23:00")
    desk.note()
    assert len(desk.tell()) == 1


def test_a_digest_is_one_message_a_window(make):
    desk = make(CHANNELS + '[[notify.routes]]\nto = "leads"\ndigest = "daily"\n')
    for name in "123":
        desk.note(name)
    desk.on("2026-11-25T07:59")
    assert desk.tell() == []
    made = desk.now
    desk.on("2026-11-25T08:00")
    assert [each.notices for each in desk.tell()] == [3]
    # Noted before eight and known after: it waits for the next digest.
    desk.note("4", made=made)
    desk.on("2026-11-25T08:01")
    assert desk.tell() == []
    desk.on("2026-11-26T08:00")
    assert [each.notices for each in desk.tell()] == [1]


def test_a_digest_whose_time_went_by_while_nothing_ran_goes_at_the_next_start(make):
    desk = make(CHANNELS + '[[notify.routes]]\nto = "leads"\ndigest = "daily"\n')
    desk.note()
    desk.tell()
    desk.on("2026-11-26T15:00")
    desk.restart()
    assert [each.notices for each in desk.tell()] == [1]


def test_a_flood_is_one_message_with_counts_and_the_first_ten(desk):
    for name in range(500):
        desk.note(str(name))
    desk.note("", kind="breaker", key="", sentences=["Nothing is written to sandbox."])
    assert [each.notices for each in desk.tell()] == [501]
    _, message = desk.wire.taken[0]
    assert message.title == "1 account is not written to, 500 closings were undone"
    assert len(message.items) == MOST_TOLD
    assert message.items[0].said.startswith("Nothing is written")
    assert "And 491 more. See: ombud check" in message.text()
    assert "By rule: close.x 500" in message.text()


def test_a_message_fits_what_its_channel_takes(desk):
    for name in range(20):
        desk.note(str(name))
    desk.tell()
    _, message = desk.wire.taken[0]
    short = message.text(600)
    assert len(short) <= 600
    assert "CMP-0" in short
    assert "more. See: ombud check" in short


def test_what_comes_one_by_one_is_told_at_most_once_a_minute(desk):
    told = []
    for second in range(0, 180, 10):
        desk.on(f"2026-11-24T10:0{second // 60}:{second % 60:02d}")
        desk.note(str(second))
        told += [each.notices for each in desk.tell()]
    assert told == [1, 6, 6]


def test_a_channel_that_fails_is_tried_ever_more_seldom_and_holds_up_no_other(make):
    desk = make(CHANNELS + '[[notify.routes]]\nto = ["leads", "desk"]\n')
    desk.wire.refusing["wire://leads"] = "error=503"
    desk.note()
    told = {each.channel: each.why for each in desk.tell()}
    assert told == {"leads": "error=503", "desk": ""}
    start, tried = desk.now, []
    for _ in range(8 * 60):
        desk.on_after(MINUTE)
        tried += [(desk.now - start) // MINUTE for each in desk.tell()]
    waits = [wait // MINUTE for wait in BACK_OFF]
    assert tried == [waits[0], sum(waits[:2]), sum(waits[:3]), sum(waits[:4])]
    state = desk.teller.state("leads")
    assert state.failing == start
    assert "error=503" in state.sentence("leads")
    desk.wire.refusing.clear()
    desk.on_after(6 * HOUR)
    assert [each.channel for each in desk.tell()] == ["leads"]
    assert desk.teller.state("leads").sentence("leads") == ""
    assert [where for where, _ in desk.wire.taken] == ["wire://desk", "wire://leads"]


def test_what_gathers_while_a_channel_fails_is_one_message(desk):
    desk.wire.refusing["wire://leads"] = "down"
    for name in "123":
        desk.note(name)
        desk.tell()
        desk.on_after(20 * SECOND)
    desk.wire.refusing.clear()
    desk.on_after(HOUR)
    assert [each.notices for each in desk.tell()] == [3]


def test_an_address_that_is_not_set_is_a_failure_of_its_channel(make):
    desk = make(LEADS_URL="")
    desk.note()
    assert [each.why for each in desk.tell()] == [
        "LEADS_URL is not set in the environment or in .env"
    ]


def test_cut_off_between_sending_and_booking_it_is_sent_again_under_the_same_name(desk):
    desk.note("1")
    desk.note("2")
    desk.wire.dying = True
    with pytest.raises(KeyboardInterrupt):
        desk.tell()
    desk.wire.dying = False
    desk.restart()
    desk.on_after(MINUTE)
    desk.note("3")
    assert [each.notices for each in desk.tell()] == [2, 1]
    first, again, other = [message for _, message in desk.wire.taken]
    assert (again.id, again.text()) == (first.id, first.text())
    assert other.id != first.id
    assert desk.live.next_telling() is None


def test_a_new_channel_is_not_told_of_what_gathered_before(desk):
    desk.note("1")
    desk.on_after(DAY + 1)
    desk.note("2")
    assert [each.notices for each in desk.tell()] == [1]
    assert "CMP-2" in desk.wire.texts[0]
    assert desk.live.next_telling() is None


def test_a_channel_that_failed_for_days_is_told_of_all_of_them(desk):
    desk.wire.refusing["wire://leads"] = "down"
    desk.note("1")
    desk.tell()
    desk.on_after(5 * DAY)
    desk.wire.refusing.clear()
    desk.restart()
    assert [each.notices for each in desk.tell()] == [1]


def test_one_process_tells_at_a_time(desk):
    desk.note()
    with desk.service.store.lease("telling people"):
        assert desk.tell() == []
        with pytest.raises(Busy), desk.service.store.lease("telling people"):
            pass
    assert len(desk.tell()) == 1


def test_a_change_of_routes_takes_effect_for_what_waits(make, tmp_path):
    desk = make(CHANNELS + '[[notify.routes]]\nto = "leads"\ndigest = "daily"\n')
    desk.note()
    desk.tell()
    told = desk.config.read_text(encoding="utf-8").replace('digest = "daily"', "")
    desk.config.write_text(told, encoding="utf-8")
    desk.reopen()
    assert [each.notices for each in desk.tell()] == [1]
