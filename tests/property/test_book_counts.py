"""Whatever is asked of whatever book: counting row by row gives the same as the book's SQL, its rollup and its options."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ombud.model.facts import Verdict
from ombud.model.instant import DAY
from ombud.store.book import CODES, GRADES, Case, Checked, Filter, RuleInfo, open_book
from ombud.store.book.counts import (
    by_week,
    failing_by,
    standing,
    verdicts_by_month,
    verdicts_by_rule,
)
from ombud.store.book.options import options

RULES = tuple(
    RuleInfo(-1, f"r{n}", "p", f"Rule {n}", "", (f"ISO 10002:2018 7.{n}",), "major", "guard")
    for n in range(4)
)
FEW = st.sampled_from(("a", "b", "c"))
MAYBE = st.none() | FEW
#: Ten days around the turn of a year.
INSTANTS = st.integers(0, 10 * DAY).map(lambda at: 20_815 * DAY + at)
_ANY = dict.fromkeys(Case._fields)


@st.composite
def cases(draw, number):
    received = draw(st.none() | INSTANTS)
    is_open = draw(st.booleans())
    case = Case(
        **_ANY
        | {
            "kase": f"k{number}",
            "account": draw(FEW),
            "vendor": "jira",
            "ticket": str(number),
            "key": f"CMP-{number}",
            "url": "",
            "binding": draw(FEW),
            "project": draw(FEW),
            "team": draw(MAYBE),
            "channel": draw(MAYBE),
            "severity": draw(MAYBE),
            "stage": "received" if is_open else "closed",
            "received": received,
            "closed": None if is_open else draw(st.none() | INSTANTS),
            "pack": draw(FEW),
            "before": draw(st.booleans()),
            "restricted": draw(MAYBE),
            "complete": True,
            "open": is_open,
            "reopened": draw(st.integers(0, 2)),
            "moved_back": draw(st.integers(0, 2)),
            "major": 0,
            "failing": 0,
            "failed": 0,
            "unknown": 0,
            "pending": 0,
            "waived": draw(st.integers(0, 1)),
            "grade": draw(st.sampled_from(GRADES)),
            "late_since": draw(st.none() | INSTANTS),
            "answer_due": draw(st.none() | INSTANTS),
            "due": draw(st.none() | INSTANTS),
            "day": None if received is None else received // DAY,
        }
    )
    codes = st.sampled_from(tuple(CODES.values()))
    found = [
        Checked(draw(st.integers(0, 3)), None, draw(codes), draw(codes), draw(st.none() | INSTANTS), None, 2)
        for _ in range(draw(st.integers(0, 4)))
    ]  # fmt: skip
    return case, found


@st.composite
def books(draw):
    return [draw(cases(number)) for number in range(draw(st.integers(0, 12)))]


_SOME = st.lists(FEW, max_size=2, unique=True).map(tuple)
_SOME_OR_NONE = st.lists(st.sampled_from(("a", "b", "-")), max_size=2, unique=True).map(tuple)
_VERDICTS = st.lists(st.sampled_from(tuple(CODES)), max_size=2, unique=True).map(tuple)
_BOUND = st.none() | INSTANTS
_SPAN = st.none() | st.tuples(_BOUND, _BOUND)


@st.composite
def filters(draw):
    days = draw(st.booleans())
    first = draw(st.integers(20_815, 20_825))
    last = draw(st.integers(20_815, 20_826))
    bounds = {"begin": first * DAY, "end": last * DAY, "days": (first, last)} if days else {"begin": draw(_BOUND), "end": draw(_BOUND)}  # fmt: skip
    maybe = st.none() | st.booleans()
    plain = draw(st.booleans())
    narrow = {} if plain else {
        "teams": draw(_SOME_OR_NONE),
        "channels": draw(_SOME_OR_NONE),
        "severities": draw(_SOME_OR_NONE),
        "grades": draw(st.lists(st.sampled_from(GRADES), max_size=2, unique=True).map(tuple)),
        "rules": draw(st.none() | st.lists(st.integers(0, 4), max_size=2, unique=True).map(tuple)),
        "verdicts": draw(_VERDICTS),
        "standings": draw(_VERDICTS),
        "found_due": draw(_SPAN),
        "late": draw(maybe),
        "moved_back": draw(maybe),
        "waived": draw(maybe),
        "due": draw(_SPAN),
        "text": draw(st.sampled_from(("", "mp-1", "CMP", "zz"))),
        "date": draw(st.sampled_from(("received", "due", "closed"))),
    }  # fmt: skip
    return Filter(
        **bounds,
        helpdesks=draw(_SOME),
        bindings=draw(_SOME),
        projects=draw(_SOME),
        packs=draw(_SOME),
        open=draw(maybe),
        before=draw(st.booleans()),
        groups=frozenset(draw(st.lists(st.sampled_from(("a", "b", "*")), max_size=2))),
        **narrow,
    )


def within(value, span):
    if span is None or span == (None, None):
        return True
    begin, end = span
    return value is not None and (begin is None or value >= begin) and (end is None or value < end)


def taken(asked, case):
    """Tell whether a filter takes a complaint, whatever its findings are."""
    dated = {"received": case.received, "due": case.answer_due, "closed": case.closed}[asked.date]
    named = (
        (asked.helpdesks, case.account),
        (asked.bindings, case.binding),
        (asked.projects, case.project),
        (asked.teams, case.team or "-"),
        (asked.channels, case.channel or "-"),
        (asked.severities, case.severity or "-"),
        (asked.packs, case.pack),
        (asked.grades, case.grade),
    )
    flags = (
        (asked.open, case.open),
        (asked.late, case.late_since is not None),
        (asked.moved_back, case.moved_back > 0),
        (asked.waived, case.waived > 0),
    )
    return (
        within(dated, (asked.begin, asked.end))
        and all(not wanted or value in wanted for wanted, value in named)
        and all(wanted is None or wanted is held for wanted, held in flags)
        and within(case.due, asked.due)
        and asked.text.lower() in case.key.lower()
        and (asked.before or not case.before)
        and (case.restricted is None or case.restricted in asked.groups or "*" in asked.groups)
    )


def asks(asked, found):
    """Tell whether a filter asks for a finding."""
    return (
        (asked.rules is None or found.rule in asked.rules)
        and (not asked.verdicts or found.verdict in {CODES[each] for each in asked.verdicts})
        and (not asked.standings or found.standing in {CODES[each] for each in asked.standings})
        and within(found.due, asked.found_due)
    )


def written(told):
    book = open_book(None)
    with book.writing() as writing:
        for each in RULES:
            writing.ordinal(each)
        for case, found in told:
            writing.put(case, found, ())
    return book


@given(books(), filters())
def test_the_book_counts_as_one_counts_by_hand(told, asked):
    book = written(told)
    cases = [case for case, found in told if taken(asked, case)]
    listed = [
        case
        for case, found in told
        if taken(asked, case) and (not asked.judged or any(asks(asked, each) for each in found))
    ]
    counted = standing(book, asked)
    assert counted.complaints == len(listed)
    assert counted.grades == Counter(case.grade for case in listed)
    assert counted.late == sum(case.late_since is not None for case in listed)
    assert (None if counted.oldest is None else counted.oldest[3]) == min(
        (case.late_since for case in listed if case.late_since is not None), default=None
    )
    expected = Counter(
        (each.rule, each.verdict)
        for case, found in told
        if taken(asked, case)
        for each in found
        if asks(asked, each)
    )
    found = {
        (rule, CODES[verdict]): count
        for rule, counts in verdicts_by_rule(book, asked).items()
        for verdict, count in counts.items()
    }
    assert found == expected
    by_due = Counter(
        (each.rule, each.verdict)
        for case, found in told
        if taken(asked.but(begin=None, end=None), case)
        for each in found
        if asks(asked, each) and within(each.due, (asked.begin, asked.end))
    )
    found = {
        (rule, CODES[verdict]): count
        for rule, counts in verdicts_by_rule(book, asked, by_due=True).items()
        for verdict, count in counts.items()
    }
    assert found == by_due
    months = verdicts_by_month(book, asked)
    dated = {case.kase for case in cases if case.day is not None}
    assert sum(sum(each.values()) for each in months.values()) == sum(
        asks(asked, each) for case, found in told if case.kase in dated for each in found
    )
    weeks = by_week(book, asked)
    assert sum(each.told + each.unknown + each.pending for each in weeks) == sum(
        case.grade != "none" for case in listed if case.day is not None
    )
    assert all(each.begin % 7 == 4 for each in weeks)
    failed = failing_by(book, asked, "channel", most=99)
    assert sum(row[1] for row in failed) == sum(
        count for (_, code), count in expected.items() if code == CODES[Verdict.failed]
    )
    book.close()


@given(books(), books())
def test_a_book_written_in_two_goes_is_the_book_written_at_once(first, second):
    book = written(first)
    with book.writing() as writing:
        for case, found in second:
            writing.put(case, found, ())
    kept = {case.kase: (case, found) for case, found in [*first, *second]}
    whole = written(list(kept.values()))
    every = Filter(groups=frozenset({"*"}))
    assert verdicts_by_rule(book, every) == verdicts_by_rule(whole, every)
    assert standing(book, every)[:2] == standing(whole, every)[:2]
    rolled = "SELECT * EXCLUDE (count), sum(count) FROM rollup GROUP BY ALL ORDER BY ALL"
    assert book.ask(rolled) == whole.ask(rolled)
    book.close()
    whole.close()


@given(books())
def test_every_value_is_offered_with_what_it_leads_to(told):
    book = written(told)
    for name, field in (("helpdesk", "helpdesks"), ("channel", "channels"), ("team", "teams")):
        for value, count in options(book, frozenset({"a"}))[name]:
            asked = Filter(groups=frozenset({"a"}), **{field: (value,)})
            assert standing(book, asked).complaints == count
    book.close()
