"""A page of complaints: its order, its pages, what it counts, and what it never tells."""

from __future__ import annotations

import random

import pytest

from ombud.model.facts import Verdict
from ombud.model.instant import DAY, HOUR
from ombud.store.book import CODES, EVERYTHING, RuleInfo, open_book
from ombud.store.book.layout import Case, Checked
from ombud.store.book.listing import aside, count, facets, page_of
from sync.figures.complaints import LAST_PAGE, SIZE, list_complaints

NOW = 1_800_000_000_000_000
RULES = [
    RuleInfo(n, f"rule.{n}", "iso10002", f"Rule {n}", f"Rule {n} holds.", ("ISO 10002:2018 7.4",), weight, "guard")
    for n, weight in enumerate(("minor", "major", "observation"))
]  # fmt: skip
FLAGS = ("reopened", "moved_back", "major", "failing", "failed", "unknown", "pending", "waived")
COUNTED = {Verdict.failed: "failed", Verdict.unknown: "unknown", Verdict.pending: "pending", Verdict.waived: "waived"}  # fmt: skip


@pytest.fixture(scope="module")
def book():
    """A book of 230 complaints: some restricted, some undated, some from before the policy, some late."""
    made, chance = open_book(None), random.Random(7)
    with made.writing() as writing:
        for rule in RULES:
            writing.ordinal(rule)
        for number in range(230):
            found = [
                (rule.ordinal, chance.choice(list(CODES)))
                for rule in RULES
                if chance.random() < 0.8
            ]
            told = dict.fromkeys(Case._fields) | dict.fromkeys(FLAGS, 0)
            told |= {
                name: sum(verdict is each for _, verdict in found) for each, name in COUNTED.items()
            }
            received = None if number % 40 == 0 else NOW - chance.randint(0, 300) * DAY
            told |= {
                "kase": f"k{number}", "account": chance.choice(("acme", "zen")), "vendor": "jira", "ticket": str(number),
                "key": f"CMP-{number}", "url": "", "binding": "cmp", "project": "CMP", "pack": "iso10002 1.0.0",
                "severity": chance.choice(("critical", "high", "low", "odd", None)), "stage": chance.choice(("received", "closed")),
                "channel": chance.choice(("mail", None)), "received": received, "before": number % 30 == 1,
                "restricted": "legal" if number % 10 == 3 else None, "complete": True, "open": True, "grade": "none",
                "late_since": NOW - HOUR if number % 17 == 0 else None, "day": None if received is None else received // DAY,
            }  # fmt: skip
            writing.put(
                Case(**told),
                [Checked(rule, received, CODES[v], CODES[v], None, None, 0) for rule, v in found],
                [],
            )
        writing.mark(cutoff=NOW)
    yield made
    made.close()


@pytest.mark.parametrize("order", ["received", "due", "severity", "key"])
@pytest.mark.parametrize("down", [True, False])
def test_pages_hold_every_complaint_once(book, order, down):
    seen = []
    for page in range(1, 6):
        told = list_complaints(book, EVERYTHING, order=order, down=down, page=page, now=NOW)
        seen += [line.row.n for line in told.lines]
    assert told.page == told.pages == 5
    assert len(seen) == len(set(seen)) == told.total == count(book, EVERYTHING)


def test_the_gravest_the_late_and_lower_numbers_come_first(book):
    def rows(order):
        return page_of(book, EVERYTHING, order, down=False, skip=0, size=SIZE)

    grave = [row.severity for row in page_of(book, EVERYTHING, "severity", down=False, skip=0, size=1_000)]  # fmt: skip
    order = ("critical", "high", "low", "odd", None)
    assert [order.index(each) for each in grave] == sorted(order.index(each) for each in grave)
    assert all(row.late_since is not None for row in rows("due")[:5])
    numbers = [int(row.key.removeprefix("CMP-")) for row in rows("key")]
    assert numbers == sorted(numbers)


def test_facets_count_what_their_links_give(book):
    asked = EVERYTHING.but(severities=("critical", "high"), verdicts=(Verdict.failed,))
    told = facets(book, asked)
    for field, values in told.columns.items():
        assert values
        for value, number in values:
            assert count(book, asked.but(**{field: (value,)})) == number
    for verdict, number in told.verdicts.items():
        assert count(book, asked.but(verdicts=(verdict,))) == number
    for rule, number in told.rules.items():
        assert count(book, asked.but(rules=(rule,), verdicts=(Verdict.failed,))) == number


def test_facets_under_a_rule_count_that_rule_alone(book):
    asked = EVERYTHING.but(rules=(1,), verdicts=(Verdict.pending,))
    told = facets(book, asked)
    assert set(told.verdicts) >= set(COUNTED)
    for verdict, number in told.verdicts.items():
        assert count(book, asked.but(verdicts=(verdict,))) == number


def test_what_is_restricted_is_in_no_number_for_others(book):
    mine = EVERYTHING.but(groups=frozenset({"legal"}))
    for groups, asked in ((0, EVERYTHING), (23, mine)):
        told = list_complaints(book, asked, now=NOW)
        assert told.total == told.of == 207 + groups
        assert sum(number for _, number in told.facets.columns["helpdesks"]) == told.total


def test_what_no_period_names_is_told_and_listed(book):
    asked = EVERYTHING.but(begin=NOW - 100 * DAY, end=NOW, before=False)
    told = list_complaints(book, asked, now=NOW)
    assert told.undated == count(book, aside(asked, "undated")) > 0
    assert told.before == count(book, aside(asked, "before")) > 0
    shown = list_complaints(book, asked, now=NOW, show="undated")
    assert shown.total == told.undated
    assert all(line.row.received is None for line in shown.lines)
    assert list_complaints(book, asked, now=NOW, show="before").total == told.before


def test_a_row_says_the_gravest_thing_and_what_was_asked_for_before_it(book):
    for line in list_complaints(book, EVERYTHING, now=NOW).lines:
        if line.row.failed:
            assert line.verdict is Verdict.failed
    asked = EVERYTHING.but(rules=(2,), verdicts=(Verdict.pending,))
    for line in list_complaints(book, asked, now=NOW).lines:
        assert (line.verdict, line.rule.id) == (Verdict.pending, "rule.2")


def test_a_page_too_far_is_the_last(book):
    assert list_complaints(book, EVERYTHING, page=LAST_PAGE + 9, now=NOW).page == 5
    nothing = list_complaints(book, EVERYTHING.but(text="none"), page=3, now=NOW)
    assert (nothing.page, nothing.pages, nothing.first, nothing.last) == (1, 1, 0, 0)


def test_a_list_says_how_many_checks_it_stands_for(book):
    asked = EVERYTHING.but(verdicts=(Verdict.failed,))
    told = list_complaints(book, asked, now=NOW)
    where, values = asked.where(found=False)
    rows = book.ask(
        f"SELECT count(*), count(DISTINCT v.n) FROM verdict v JOIN complaint c USING (n) WHERE v.verdict = 1 AND {where}",
        values,
    )
    assert (told.checks, told.total) == rows[0]
    assert told.checks > told.total
    assert list_complaints(book, EVERYTHING, now=NOW).checks is None
