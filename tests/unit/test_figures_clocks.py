"""Clocks: what the page says is what counting finding by finding gives, and its links lead to exactly these."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from statistics import median
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from ombud.model.calendar import Calendar, parse_week
from ombud.model.facts import Verdict
from ombud.model.instant import DAY, HOUR, MINUTE, instant, moment
from ombud.store.book import CODES, Case, Checked, RuleInfo, Step, open_book
from ombud.store.book.clocks import Took, took, undated, waited
from ombud.store.book.counts import standing
from sync.figures.clocks import TENTHS, count_clock, opened, tabs_of, weeks_of
from sync.figures.limits import Spent, lasting_of, left_by_day
from sync.filters import read_filter

BERLIN = ZoneInfo("Europe/Berlin")
NOW = instant(datetime(2026, 11, 25, 14, 0, tzinfo=UTC))
RULES = (
    RuleInfo(-1, "acknowledge.in_time", "p", "Acknowledged", "", (), "major", "deadline", "received", ("acknowledged",)),
    RuleInfo(-1, "respond.in_time", "p", "Answered", "", (), "major", "deadline", "received", ("responded",)),
    RuleInfo(-1, "close.answered", "p", "Closed answered", "", (), "major", "guard"),
)  # fmt: skip
PASS, FAIL, PENDING, WAIVED, UNKNOWN = (CODES[each] for each in (Verdict.passed, Verdict.failed, Verdict.pending, Verdict.waived, Verdict.unknown))  # fmt: skip
CALENDAR = Calendar(name="desk", zone="Europe/Berlin", week=parse_week({key: ["09:00-17:00"] for key in ("mon", "tue", "wed", "thu", "fri")}), first_year=2025, last_year=2027)  # fmt: skip
BOUND = SimpleNamespace(name="desk", account="acme", calendar=CALENDAR, pack=SimpleNamespace(rules=(), vocabulary={}), mapping=SimpleNamespace(stages={}))  # fmt: skip


def clock(dice: random.Random, rule: int, received: int) -> Checked:
    due = received + dice.randrange(1, 12) * DAY
    stop = received + dice.randrange(0, 16 * DAY, MINUTE)
    if dice.random() < 0.1:
        return Checked(rule, received, UNKNOWN, UNKNOWN, due if dice.random() < 0.5 else None, None, 2)  # fmt: skip
    if dice.random() < 0.1:
        return Checked(rule, received, WAIVED, FAIL, due, None, 2)
    if stop > NOW:
        verdict = FAIL if due < NOW else PENDING
        return Checked(rule, received, verdict, verdict, due, None, 2)
    return Checked(rule, received, PASS if stop <= due else FAIL, PASS, due, stop, 2)


def complaints(seed: int, count: int = 300) -> list[tuple[Case, list[Checked]]]:
    dice = random.Random(seed)
    told = []
    for number in range(count):
        received = NOW - dice.randrange(1, 150 * DAY, MINUTE)
        found = [clock(dice, rule, received) for rule in (0, 1)]
        ended = all(each.verdict not in (PENDING, FAIL) or each.stop for each in found)
        case = Case(
            **dict.fromkeys(Case._fields)
            | {
                "kase": f"k{number}", "account": "acme", "vendor": "jira", "ticket": str(number), "key": f"CMP-{number}", "url": "",
                "binding": "desk", "project": "CMP", "severity": dice.choice(("high", "low", None)), "stage": "closed" if ended else "received",
                "received": received, "pack": "p 1.0.0", "before": False, "restricted": dice.choice((None, None, "legal")),
                "complete": True, "open": not ended, "reopened": 0, "moved_back": 0, "major": 0, "failing": 0, "failed": 0,
                "unknown": 0, "pending": 0, "waived": 0, "grade": "first", "day": received // DAY,
            }
        )  # fmt: skip
        told.append((case, found))
    return told


def written(told):
    book = open_book(None)
    with book.writing() as writing:
        for each in RULES:
            writing.ordinal(each)
        for case, found in told:
            writing.put(case, found, ())
    return book


def asked(book, words: str = "period=last-90d"):
    pairs = [tuple(each.split("=", 1)) for each in words.split("&")]
    return read_filter(pairs, rules=book.rules, now=NOW, zone=BERLIN, groups=frozenset())


def of_rule(told, rule, begin=None, end=None):
    """Give visible complaints with their finding of a rule, due between two instants."""
    return [
        (case, each)
        for case, found in told
        for each in found
        if each.rule == rule
        and case.restricted is None
        and (begin is None or (each.due is not None and begin <= each.due < end))
    ]


@pytest.mark.parametrize("seed", range(4))
def test_clocks_are_counted_by_when_they_were_due(seed) -> None:
    told = complaints(seed)
    book, period = written(told), asked(written(told)).period
    found = asked(book).filter
    tabs = tabs_of(book, found, 0.9, now=NOW, zone=BERLIN)
    assert [tab.rule.id for tab in tabs] == ["respond.in_time", "acknowledge.in_time"]
    for tab in tabs:
        due = of_rule(told, tab.rule.ordinal, period.begin, period.end)
        counts = Counter(each.verdict for _, each in due)
        assert (tab.share.of, tab.share.total) == (counts[PASS], counts[PASS] + counts[FAIL])
        assert (tab.share.unknown, tab.share.pending) == (counts[UNKNOWN], counts[PENDING])
        midnight = instant(moment(NOW, BERLIN).replace(hour=0, minute=0))
        for days, spent in ((90, tab.spent), *tab.burns):
            begin = instant(moment(midnight + 12 * HOUR - days * DAY, BERLIN).replace(hour=0, minute=0))  # fmt: skip
            over = Counter(each.verdict for _, each in of_rule(told, tab.rule.ordinal, begin, midnight))  # fmt: skip
            assert (spent.late, spent.total) == (over[FAIL], over[FAIL] + over[PASS])


def stops(told) -> Counter:
    found = Counter()
    for each in told:
        found[each.minutes] += each.stopped
    return +found


@pytest.mark.parametrize("seed", range(4))
def test_times_are_those_of_the_findings(seed) -> None:
    told = complaints(seed)
    book = written(told)
    asking = asked(book)
    tab = tabs_of(book, asking.filter, 0.9, now=NOW, zone=BERLIN)[0]
    due = of_rule(told, tab.rule.ordinal, asking.period.begin, asking.period.end)
    figures = count_clock(book, [BOUND], asking.filter, tab, now=NOW, zone=BERLIN)
    stopped = [(case, each) for case, each in due if each.verdict in (PASS, FAIL) and each.stop]
    running = [each for _, each in due if each.verdict in (PASS, FAIL, PENDING) and not each.stop]
    assert (figures.wall.stopped, figures.wall.running) == (len(stopped), len(running))
    assert (figures.in_time, figures.late) == tuple(sum(each.verdict == code for _, each in stopped) for code in (PASS, FAIL))  # fmt: skip
    assert sum(count for _, count in figures.used) == len(stopped)
    longest = max([each.stop - each.entered for _, each in stopped] + [NOW - each.entered for each in running])  # fmt: skip
    assert figures.longest is not None
    assert figures.longest.wall == longest
    each = next(each for case, each in due if case.key == figures.longest.key)
    assert figures.longest.working == CALENDAR.open_between(each.entered, each.stop or NOW)
    of = asking.filter.but(rules=tab.ordinals)
    laid, day = opened(book, of, [BOUND], NOW)
    assert day == 8 * 60
    wall, working, _ = took(book, of, laid, NOW)
    expected = Counter((each.stop - each.entered) // MINUTE for _, each in stopped)
    assert stops(wall) == expected
    open_time = Counter(CALENDAR.open_between(each.entered, each.stop) // MINUTE for _, each in stopped)  # fmt: skip
    assert stops(working) == open_time
    assert sum(part.passed + part.failed for part in figures.parts) == sum(each.verdict in (PASS, FAIL) for _, each in due)  # fmt: skip
    for part in figures.parts:
        among = [each for case, each in due if case.severity == part.severity and each.verdict in (PASS, FAIL)]  # fmt: skip
        assert part.passed + part.failed == len(among)
        assert part.failed == sum(each.verdict == FAIL for each in among)


@pytest.mark.parametrize("seed", range(4))
def test_what_is_late_and_what_is_due_next_lead_to_exactly_these(seed) -> None:
    told = complaints(seed)
    book = written(told)
    asking = asked(book)
    tab = tabs_of(book, asking.filter, 0.9, now=NOW, zone=BERLIN)[0]
    figures = count_clock(book, [BOUND], asking.filter, tab, now=NOW, zone=BERLIN)
    every = of_rule(told, tab.rule.ordinal)
    late = [each for case, each in every if each.standing == FAIL and case.open and each.due and each.due < NOW]  # fmt: skip
    assert sum(each.count for each in figures.late_now) == len(late)
    assert sum(each.count for each in figures.forecast) == sum(each.verdict == PENDING for _, each in every)  # fmt: skip
    for each, words in (
        *((each, "standing=fail&open=yes") for each in figures.late_now),
        *((each, "verdict=pending") for each in figures.forecast),
    ):
        span = f"{each.first or '1970-01-01'}..{each.last or '2036-01-01'}"
        link = asked(book, f"period=all&rule={tab.rule.id}&due-in={span}&{words}")
        assert standing(book, link.filter).complaints == each.count


def test_what_cannot_be_told_and_has_no_due_is_counted_apart_and_can_be_listed() -> None:
    told = complaints(7)
    book = written(told)
    asking = asked(book)
    of = asking.filter.but(rules=(1,))
    missing = [
        case
        for case, each in of_rule(told, 1)
        if each.verdict == UNKNOWN
        and each.due is None
        and asking.period.begin <= case.received < asking.period.end
    ]
    assert missing
    assert undated(book, of) == {1: len(missing)}
    link = asked(book, "period=last-90d&rule=respond.in_time&due-in=-&verdict=unknown")
    assert standing(book, link.filter).complaints == len(missing)


def test_weeks_begin_on_mondays_and_end_yesterday() -> None:
    told = complaints(3)
    book = written(told)
    tab = tabs_of(book, asked(book).filter, 0.9, now=NOW, zone=BERLIN)[0]
    weeks = weeks_of(book, asked(book).filter, tab, now=NOW, zone=BERLIN)
    midnight = instant(moment(NOW, BERLIN).replace(hour=0, minute=0))
    over = of_rule(told, 1, 0, midnight)
    assert sum(each.total for each in weeks) == sum(each.verdict in (PASS, FAIL) for _, each in over)  # fmt: skip
    assert {each.monday.weekday() for each in weeks} == {0}


def test_time_in_a_pausing_status_counts_while_the_clock_ran() -> None:
    told = complaints(1, count=1)
    case, _ = told[0]
    received = NOW - 20 * DAY
    case = case._replace(received=received, restricted=None)
    book = open_book(None)
    with book.writing() as writing:
        for each in RULES:
            writing.ordinal(each)
        writing.put(
            case,
            [Checked(1, received, PASS, PASS, received + 10 * DAY, received + 5 * DAY, 2)],
            [
                Step(0, "investigating", "waiting", received + DAY, received + 3 * DAY, "person"),
                Step(1, "investigating", "waiting", received + 4 * DAY, received + 9 * DAY, "rule"),
            ],
        )  # fmt: skip
    rows = waited(book, asked(book).filter.but(rules=(1,)), {("acme", "waiting")}, (), NOW)
    assert {(row.cause, row.complaints, row.time) for row in rows} == {
        ("person", 1, 2 * DAY),
        ("rule", 1, DAY),
    }


def test_what_was_closed_without_a_stop_ran_until_it_was_closed() -> None:
    received = NOW - 20 * DAY
    case = complaints(1, count=1)[0][0]
    case = case._replace(received=received, restricted=None, open=False, closed=received + 3 * DAY)
    book = written([(case, [Checked(1, received, FAIL, FAIL, received + 10 * DAY, None, 2)])])
    wall, working, longest = took(book, asked(book).filter.but(rules=(1,)), (), NOW)
    assert [each[:3] for each in wall] == [(3 * DAY // MINUTE, 0, 1)]
    assert working == []
    assert longest is not None
    assert (longest.wall, longest.working, longest.running) == (3 * DAY, None, True)


def test_where_all_stop_half_is_over_at_the_median() -> None:
    dice = random.Random(5)
    minutes = [dice.randrange(1, 5_000) for _ in range(101)]
    told = lasting_of(Took(each, count, 0) for each, count in Counter(minutes).items())
    assert told.within(0.5) == median(minutes)
    assert told.steps[-1][1] == pytest.approx(0)


def test_what_still_runs_counts_for_as_long_as_it_ran() -> None:
    # Of four, one stops after 1, one is seen until 2, one stops after 3, one after 4: 3/4, then half of that, then none.
    told = lasting_of([Took(1, 1, 0), Took(2, 0, 1), Took(3, 1, 0), Took(4, 1, 0)])
    assert [step[:2] for step in told.steps] == [(1, 0.75), (3, 0.375), (4, 0.0)]
    assert told.within(0.5) == 3
    assert lasting_of([Took(9, 1, 9)]).within(0.5) is None


def test_a_budget_is_what_the_objective_allows_to_be_late() -> None:
    spent = Spent(200, 15, 0.95)
    assert (round(spent.allowed), spent.left, spent.burn) == (10, pytest.approx(-0.5), pytest.approx(1.5))  # fmt: skip
    assert Spent(200, 0, 1).left is None
    assert left_by_day([(1, 40), (0, 20), (3, 40)], 0.95) == [pytest.approx(each) for each in (0.8, 0.8, 0.2)]  # fmt: skip
    assert TENTHS == 20
