"""Root causes: what the page says is what counting complaint by complaint gives, and its links lead to exactly these."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ombud.model.instant import DAY, MINUTE, instant, moment
from ombud.store.book import Case, open_book
from ombud.store.book.counts import standing
from sync.figures.causes import count_causes, months_of
from sync.filters import BadFilter, read_filter

BERLIN = ZoneInfo("Europe/Berlin")
NOW = instant(datetime(2026, 11, 25, 14, 0, tzinfo=UTC))
DECIDED = ("upheld", "partly", "not_upheld")
PRODUCTS = ("broadband", "mobile", "tv", "phone", "router", "mail", "cloud", "radio", "cable", None)


def complaints(seed: int, count: int = 400) -> list[Case]:
    dice = random.Random(seed)
    told = []
    for number in range(count):
        received = None if dice.random() < 0.05 else NOW - dice.randrange(1, 300 * DAY, MINUTE)
        ended = received is not None and dice.random() < 0.8
        told.append(
            Case(
                **dict.fromkeys(Case._fields)
                | {
                    "kase": f"k{number}", "account": dice.choice(("acme", "shop")), "vendor": "jira", "ticket": str(number), "key": f"CMP-{number}", "url": "",
                    "binding": "desk", "project": "CMP", "product": dice.choice(PRODUCTS), "stage": "closed" if ended else "received", "received": received,
                    "closed": min(NOW, received + dice.randrange(0, 40 * DAY, MINUTE)) if ended else None,
                    "outcome": dice.choice((*DECIDED, "withdrawn", None)), "root_cause": dice.choice(("billing", "billing", "delivery", "Other", "unknown", None)),
                    "complainant": dice.choice((*"abcdefghijkl", None)), "pack": "p 1.0.0", "before": False, "restricted": dice.choice((None, None, "legal")),
                    "complete": True, "open": not ended, "reopened": 0, "moved_back": 0, "major": 0, "failing": 0, "failed": 0,
                    "unknown": 0, "pending": 0, "waived": 0, "grade": "first", "day": None if received is None else received // DAY,
                }
            )
        )  # fmt: skip
    return told


def written(told):
    book = open_book(None)
    with book.writing() as writing:
        for case in told:
            writing.put(case, (), ())
    return book


def asked(words: str = "period=last-90d", groups=frozenset()):
    pairs = [tuple(each.split("=", 1)) for each in words.split("&")]
    return read_filter(pairs, rules={}, now=NOW, zone=BERLIN, groups=groups)


def cohort(told, begin=None, end=None):
    """Give visible complaints that were decided and closed between two instants."""
    return [
        case
        for case in told
        if case.restricted is None
        and not case.open
        and case.outcome in DECIDED
        and (begin is None or (case.closed is not None and begin <= case.closed < end))
    ]


def repeats(told, case, same: str) -> bool:
    """Tell whether another of the same cause came in the 90 days before."""
    value = getattr(case, same)
    if None in (value, case.root_cause, case.received):
        return False
    place = told.index(case)
    return any(
        other.restricted is None
        and getattr(other, same) == value
        and other.root_cause == case.root_cause
        and other.received is not None
        and (other.received, at) < (case.received, place)
        and case.received - other.received <= 90 * DAY
        for at, other in enumerate(told)
    )


@pytest.mark.parametrize("seed", range(4))
def test_causes_are_those_of_what_was_decided_and_closed(seed) -> None:
    told = complaints(seed)
    book, asking = written(told), asked()
    among = cohort(told, asking.period.begin, asking.period.end)
    figures = count_causes(book, asking.filter)
    counts = Counter(case.root_cause for case in among)
    assert {each.cause: each.complaints for each in figures.named} == counts
    assert figures.total == len(among) == figures.named[-1].together
    assert [each.complaints for each in figures.named] == sorted(counts.values(), reverse=True)
    assert figures.empty == counts[None]
    assert figures.evasive == counts["Other"] + counts["unknown"]
    upheld = [case for case in among if case.outcome in ("upheld", "partly")]
    assert (figures.caused.of, figures.caused.total) == (sum(case.root_cause is not None for case in upheld), len(upheld))  # fmt: skip
    for each in figures.named:
        link = asked(f"period=last-90d&date=closed&open=no&outcome=upheld&outcome=partly&outcome=not_upheld&cause={each.cause or '-'}")  # fmt: skip
        assert standing(book, link.filter).complaints == each.complaints


@pytest.mark.parametrize("seed", range(4))
def test_causes_by_product_leave_nothing_out(seed) -> None:
    told = complaints(seed)
    heat = count_causes(written(told), asked("period=all").filter).heat
    counts = Counter((case.root_cause, case.product) for case in cohort(told))
    assert sum(len(held) for _, held in heat.columns) == len({product for _, product in counts})
    for cause, row in heat.rows:
        for (_, held), count in zip(heat.columns, row, strict=True):
            assert count == sum(counts[cause, product] for product in held)
    assert heat.columns[-1][0] == "3 more"


@pytest.mark.parametrize("seed", range(4))
def test_what_came_again_is_what_had_its_like_in_the_ninety_days_before(seed) -> None:
    told = complaints(seed)
    book, asking = written(told), asked()
    among = cohort(told, asking.period.begin, asking.period.end)
    for each in count_causes(book, asking.filter).again:
        its = [case for case in among if case.root_cause == each.cause]
        assert each.complainant == sum(repeats(told, case, "complainant") for case in its)
        assert each.product == sum(repeats(told, case, "product") for case in its)
        assert each.known == sum(case.complainant is not None and case.received is not None for case in its)  # fmt: skip
        for same, count in (("complainant", each.complainant), ("product", each.product)):
            link = asked(f"period=last-90d&date=closed&open=no&outcome=upheld&outcome=partly&outcome=not_upheld&cause={each.cause}&repeat={same}")  # fmt: skip
            assert standing(book, link.filter).complaints == count


def test_a_complaint_that_one_may_not_see_makes_no_other_a_repeat() -> None:
    first, second = complaints(0, count=2)
    alike = {"received": NOW - 20 * DAY, "closed": NOW - 9 * DAY, "open": False, "outcome": "upheld", "root_cause": "billing", "complainant": "a"}  # fmt: skip
    first = first._replace(**alike, restricted="legal")
    second = second._replace(**alike | {"received": NOW - 10 * DAY}, restricted=None)
    book = written([first, second])
    assert [each.complainant for each in count_causes(book, asked().filter).again] == [0]
    seen = asked(groups=frozenset({"legal"})).filter
    assert [each.complainant for each in count_causes(book, seen).again] == [1]


def test_months_are_those_of_closing_in_the_readers_zone() -> None:
    told = complaints(2)
    months = months_of(written(told), asked().filter, now=NOW, zone=BERLIN)
    counts = Counter(
        (moment(case.closed, BERLIN).date().replace(day=1), case.root_cause)
        for case in cohort(told)
        if case.closed is not None
    )
    found = {(month.day, cause): count for month in months for cause, count in month.counts.items()}
    assert found == {key: count for key, count in counts.items() if key[0] >= months[0].day}


def test_only_a_complainant_or_a_product_comes_again() -> None:
    with pytest.raises(BadFilter, match="repeat: 'moon' is none of complainant, product"):
        asked("repeat=moon")
