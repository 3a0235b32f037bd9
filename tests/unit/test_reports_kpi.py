from __future__ import annotations

import json
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ombud.model.facts import Verdict
from ombud.model.instant import DAY, HOUR, instant
from ombud.store.book import CODES, Filter, RuleInfo, open_book
from ombud.store.book.layout import Case, Checked, Step
from ombud.store.book.month import flow
from sync.periods import read_period
from sync.persons import Person, Refused
from sync.reports.kpi import figures_of, month_of
from sync.reports.snapshot import content_of, differences, freeze, verify
from tests.stores import run_on, store_at

pytestmark = pytest.mark.usefixtures("either")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = instant(datetime(2026, 11, 23, 15, tzinfo=BERLIN))
JUDGED = {"jira": {"pack": "p1", "mapping": "m1", "scope": "s1"}}
ACK = RuleInfo(
    0, "ack", "iso10002", "Acknowledged", "It is acknowledged.", ("ISO 10002:2018 7.4",), "major", "deadline",
    start="received", stops=("acknowledged",),
)  # fmt: skip


def at(day, month=10, hour=12):
    return instant(datetime(2026, month, day, hour, tzinfo=BERLIN))


def case(name, received, **changed):
    empty = dict.fromkeys(Case._fields)
    day = (received // DAY) if received is not None else None
    told = {
        "kase": name,
        "account": "jira",
        "vendor": "jira",
        "ticket": name,
        "key": f"PAY-{name}",
        "url": "",
        "binding": "jira",
        "project": "PAY",
        "received": received,
        "pack": "iso10002 1.0.0",
        "before": False,
        "complete": True,
        "open": changed.get("closed") is None,
        "grade": "first",
        "day": day,
        **dict.fromkeys(("reopened", "moved_back", "major", "failing", "failed", "unknown"), 0),
        **dict.fromkeys(("pending", "waived"), 0),
    }
    return Case(**(empty | told | changed))


def steps(*told):
    """Give steps from (stage, entered), each ended by the next."""
    ends = [entered for _, entered in told[1:]] + [None]
    return [
        Step(place, stage, stage, entered, end, "person")
        for place, ((stage, entered), end) in enumerate(zip(told, ends, strict=True))
    ]


def ack(verdict, due):
    return Checked(0, None, CODES[verdict], CODES[verdict], due, None, 0)


def book_of(*rows):
    book = open_book(None)
    with book.writing() as writing:
        writing.ordinal(ACK)
        for one, checked, way in rows:
            writing.put(one, checked, way)
        writing.mark(cutoff=NOW)
    return book


@pytest.fixture
def october():
    return read_period("2026-10", NOW, BERLIN)


@pytest.fixture
def book():
    passed, failed = Verdict.passed, Verdict.failed
    closed = steps(("received", at(2)), ("closed", at(5)))
    again = steps(
        ("received", at(1, 9)), ("closed", at(9, 9)), ("received", at(8)), ("closed", at(20))
    )
    return book_of(
        (case("1", at(2), closed=at(5), outcome="upheld", root_cause="billing", complainant="a"), [ack(passed, at(3))], closed),
        (case("2", at(10), grade="failing", complainant="a"), [ack(failed, at(12))], steps(("received", at(10)))),
        (case("3", at(1, 9), closed=at(20), outcome="not_upheld", reopened=1), [ack(passed, at(2, 9))], again),
        (case("4", at(25), grade="unknown"), [ack(Verdict.unknown, at(26))], steps(("received", at(25)))),
        (case("5", at(3, 11)), [ack(Verdict.pending, at(5, 12))], steps(("received", at(3, 11)))),
        (case("6", at(4), restricted="hr"), [ack(failed, at(6))], steps(("received", at(4)))),
        (case("7", None), [], []),
    )  # fmt: skip


def by_id(book, month, answers=()):
    return {each.id: each for each in figures_of(book, month, BERLIN, answers)}


def test_what_came_and_went_comes_out_even(book, october):
    told = by_id(book, october)
    assert told["received"].count == 3
    assert told["open"].parts == {
        "open at the beginning": 0,
        "received": 3,
        "opened again": 1,
        "closed": 2,
        "open at the end": 2,
        "unaccounted for": 0,
    }
    assert told["undated"].count == 1


def test_a_status_that_changes_while_it_stays_closed_is_no_second_closing(october):
    way = steps(("received", at(1)), ("closed", at(3)), ("closed", at(4)), ("received", at(9)), ("closed", at(11)))  # fmt: skip
    told = flow(book_of((case("1", at(1)), [], way)), Filter(), october.begin, october.end)
    assert (told.before, told.received, told.reopened, told.closed, told.after, told.gap) == (0, 1, 1, 2, 0, 0)  # fmt: skip


def test_shares_stand_with_what_cannot_be_told_and_never_count_it_as_passed(book, october):
    told = by_id(book, october)
    right = told["right"]
    assert (right.count, right.total, right.unknown, right.pending) == (1, 2, 1, 0)
    acked = told["acknowledged"]
    assert (acked.count, acked.total, acked.unknown) == (1, 2, 1)
    assert (told["unproved"].count, told["unproved"].total) == (1, 3)


def test_what_only_some_may_see_is_in_no_figure(book, october):
    told = by_id(book, october)
    assert told["received"].count == 3
    assert told["acknowledged"].total == 2
    assert "some groups" in content_of("2026-10", "Europe/Berlin", list(told.values()))


def test_ends_of_complaints_are_counted_by_when_they_were_closed(book, october):
    told = by_id(book, october)
    assert told["closed"].parts == {
        "up to 3 days": 1,
        "over 3 to 28 days": 0,
        "over 28 to 56 days": 1,
        "over 56 days": 0,
    }
    assert (told["upheld"].count, told["upheld"].total) == (1, 2)
    assert (told["root_cause"].count, told["root_cause"].total) == (1, 1)
    assert (told["reopened"].count, told["reopened"].total) == (1, 2)
    assert (told["repeat"].count, told["repeat"].total, told["repeat"].unknown) == (1, 2, 1)
    assert told["age"].parts == {
        "up to 3 days": 0,
        "4 to 14 days": 1,
        "15 to 28 days": 1,
        "29 to 56 days": 0,
        "over 56 days": 0,
    }


@pytest.mark.parametrize("text", ["2026-11", "2026-13", "2026", "last-month", "soon", "2027-01"])
def test_only_a_month_that_is_over_can_be_frozen(text):
    with pytest.raises(Refused):
        month_of(text, NOW, BERLIN)


def frozen(store, content, judged=JUDGED, now=NOW):
    return freeze(
        store.reports, "2026-10", content, judged_by=judged, cutoff=now, completeness=["all read"], by=Person("p:1", "A. Okafor"), now=now
    )  # fmt: skip


def test_the_same_month_gives_the_same_bytes_as_long_as_nothing_changed(book, october, tmp_path):
    store = store_at(tmp_path)
    content = content_of("2026-10", "Europe/Berlin", figures_of(book, october, BERLIN, ()))
    first, new = frozen(store, content)
    again, newer = frozen(store, content, now=NOW + HOUR)
    assert (new, newer) == (True, False)
    assert again == first
    assert store.reports.snapshots() == [first]
    assert verify(store.reports, first) == []
    assert json.loads(content)["month"] == "2026-10"
    store.close()


def test_a_month_counted_otherwise_is_restated_and_says_what_changed(book, october, tmp_path):
    store = store_at(tmp_path)
    before = content_of("2026-10", "Europe/Berlin", figures_of(book, october, BERLIN, ()))
    frozen(store, before)
    with book.writing() as writing:
        writing.put(case("8", at(30)), [ack(Verdict.passed, at(31))], steps(("received", at(30))))
    after = content_of("2026-10", "Europe/Berlin", figures_of(book, october, BERLIN, ()))
    row, new = frozen(store, after)
    assert new
    assert row.number == 2
    told = json.loads(row.differences)
    assert "Complaints received: 4, was 3, jira 4, was 3" in told
    assert "Acknowledged on time: 2, was 1, of 3, was 2" in told
    store.close()


def test_figures_judged_by_another_pack_are_restated_even_where_they_are_the_same(tmp_path):
    store = store_at(tmp_path)
    content = content_of("2026-10", "UTC", [])
    frozen(store, content)
    row, new = frozen(store, content, {"jira": {**JUDGED["jira"], "pack": "p2"}})
    assert new
    assert json.loads(row.differences) == ["jira: judged by another pack than before"]
    store.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE kpi_snapshot SET content = replace(content, '2026-10', '2026-09')",
        "UPDATE kpi_snapshot SET sha256 = 'x'",
        "UPDATE kpi_snapshot SET taken_by = 'somebody'",
        "DELETE FROM decision WHERE action = 'snapshot'",
    ],
)
def test_what_was_changed_behind_our_back_shows(change, tmp_path):
    store = store_at(tmp_path)
    frozen(store, content_of("2026-10", "UTC", []))
    run_on(tmp_path, change)
    assert verify(store.reports, store.reports.snapshots("2026-10")[0])
    store.close()


def test_differences_name_figures_that_came_and_went():
    one = '{"figures":[{"id":"a","title":"A","count":1}]}'
    other = '{"figures":[{"id":"b","title":"B","count":1}]}'
    assert differences(one, other) == ["A: is not counted any more", "B: was not counted before"]
