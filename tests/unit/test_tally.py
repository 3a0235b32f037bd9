"""What would have shown: budgets, quiet minutes, notes for each agent and day, and the sample."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from ombud.model.event import Ref
from ombud.model.instant import DAY, HOUR, MINUTE, SECOND
from sync.period import begin_of, end_of
from sync.tally import Act, Drawn, Tally, Turned, lot, project

ZONE = ZoneInfo("Europe/Berlin")
#: Monday, 5 January 2026, 09:00 in Berlin.
MONDAY = 1_767_600_000 * SECOND


def tally(**told) -> Tally:
    return Tally(ZONE, **told)


def act(when, agent="p:a", *, moves=False, until=None) -> Act:
    return Act(MONDAY + when, None if until is None else MONDAY + until, agent, moves)


def test_two_move_backs_a_ticket_in_a_day_then_a_person_is_asked() -> None:
    told = tally()
    told.act("desk", [act(hours * HOUR, moves=True) for hours in (0, 1, 2, 23, 25)])
    assert len(told.moves["desk"]) == 3
    assert (told.moved, told.insisted, told.flagged) == (1, 2, 1)


def test_sixty_move_backs_an_account_in_an_hour_then_a_person_is_asked() -> None:
    told = tally()
    for number in range(70):
        told.act("desk", [act(number * SECOND, moves=True)])
    told.act("desk", [act(2 * HOUR, moves=True)])
    assert told.over_budget() == 10
    assert told.moved == 71


def test_what_moves_on_within_ten_minutes_gets_a_flag_and_no_note() -> None:
    told = tally()
    told.act("desk", [act(0, until=9 * MINUTE)])
    told.act("desk", [act(0, until=10 * MINUTE)])
    told.act("desk", [act(0, moves=True, until=MINUTE)])
    assert told.flagged == 3
    assert told.notes.total() == 2


def test_at_most_three_notes_a_complaint_by_agent_and_local_day() -> None:
    told = tally()
    told.act("desk", [act(day * DAY, f"p:{day}") for day in range(5)])
    assert told.notes == {
        ("p:0", "2026-01-05"): 1,
        ("p:1", "2026-01-06"): 1,
        ("p:2", "2026-01-07"): 1,
    }
    told.act("desk", [act(0, "p:b"), act(0, "p:b"), act(15 * HOUR, "p:b")])
    # Midnight in Berlin is 23:00 UTC.
    assert told.notes["p:b", "2026-01-05"] == 1
    assert told.notes["p:b", "2026-01-06"] == 1


def test_a_failure_without_a_moment_flags_and_writes_nothing() -> None:
    told = tally()
    told.act("desk", [Act(None, None, "p:a", moves=False)])
    assert (told.flagged, told.notes.total()) == (1, 0)


def test_the_sample_goes_round_the_rules_and_depends_on_the_seed_alone() -> None:
    def sample(seed: str, order: int) -> list[Drawn]:
        told = tally(seed=seed, draws=4)
        cases = [("a", n) for n in range(50)] + [("b", n) for n in range(2)]
        for rule, n in cases[::order]:
            told.draw(Drawn(lot(seed, rule, str(n), "-"), rule, str(n), "desk", str(n), "-"))
        return told.sample(6)

    drawn = sample("1", 1)
    assert sorted(each.rule for each in drawn) == ["a", "a", "a", "a", "b", "b"]
    assert sample("1", -1) == drawn
    assert sample("2", 1) != drawn


def test_no_sample_draws_nothing() -> None:
    told = tally(draws=0)
    told.draw(Drawn(lot("1", "a", "1", "-"), "a", "1", "desk", "1", "-"))
    assert told.sample(0) == []


def test_what_turned_is_counted_by_rule_and_by_complaint() -> None:
    told = tally()
    told.turn([Turned("a", "1", "desk", "1", failing=True), Turned("b", "1", "desk", "1", failing=True)])  # fmt: skip
    told.turn([Turned("a", "2", "desk", "2", failing=False)])
    assert told.turned == {("a", True): 1, ("b", True): 1, ("a", False): 1}
    assert told.turned_cases == {True: 1, False: 1}


def test_weeks_begin_on_the_desks_own_monday() -> None:
    told = tally()
    assert told.week(MONDAY) == "2026-01-05"
    assert told.week(MONDAY - 9 * HOUR) == "2026-01-05"
    assert told.week(MONDAY - 9 * HOUR - 1) == "2025-12-29"
    assert told.week(None) == ""


def test_the_project_is_in_the_key() -> None:
    ref = Ref("desk", "jira", "1")
    assert project("CMP-12", ref) == "CMP"
    assert project("TEAM-CMP-12", ref) == "TEAM-CMP"
    assert project("4711", ref) == "desk"
    assert project("Case 12", ref) == "desk"


# Periods.


@pytest.mark.parametrize(
    "text, day",
    [
        ("12m", "2025-01-05"),
        ("1y", "2025-01-05"),
        ("2w", "2025-12-22"),
        ("90d", "2025-10-07"),
        ("2025-11-30", "2025-11-30"),
    ],
)
def test_a_period_begins_at_a_local_midnight(text, day) -> None:
    told = tally()
    begin = begin_of(text, MONDAY, ZONE)
    assert told.day(begin) == day
    assert told.day(begin - 1) < day


def test_a_month_too_short_gives_its_last_day() -> None:
    told = tally()
    at = begin_of("2026-03-31", MONDAY, ZONE) + HOUR
    assert told.day(begin_of("1m", at, ZONE)) == "2026-02-28"


def test_an_end_is_the_end_of_its_day_and_lies_behind() -> None:
    told = tally()
    end = end_of("2026-01-04", MONDAY, ZONE)
    assert (told.day(end), told.day(end + 1)) == ("2026-01-04", "2026-01-05")
    with pytest.raises(ValueError, match="lies ahead"):
        end_of("2026-01-05", MONDAY, ZONE)


@pytest.mark.parametrize(
    "text", ["12", "m", "0d", "2026-13-01", "yesterday", "9999y", "2026-01-05T10:00:00"]
)
def test_what_is_no_period_says_what_to_write(text) -> None:
    with pytest.raises(ValueError, match=r"write 12m|before the calendar"):
        begin_of(text, MONDAY, ZONE)
