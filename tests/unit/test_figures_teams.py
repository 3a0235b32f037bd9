"""Teams and the like: counted as one counts by hand, small ones without rate or rank, persons only where switched on."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ombud.model.instant import DAY, MINUTE, instant
from ombud.store.book import GRADES, Case, open_book
from ombud.store.book.counts import standing
from ombud.web.dash.charts import Group
from ombud.web.dash.charts.spread import outlies
from sync.figures.limits import beyond
from sync.figures.teams import OFFERED, NotByPerson, count_groups
from sync.filters import read_filter

NOW = instant(datetime(2026, 11, 25, 14, 0, tzinfo=UTC))
COLUMNS = {"team": "team", "channel": "channel", "helpdesk": "account", "project": "project", "product": "product"}  # fmt: skip


def complaints(seed: int, count: int = 500) -> list[Case]:
    dice = random.Random(seed)
    told = []
    for number in range(count):
        received = NOW - dice.randrange(1, 120 * DAY, MINUTE)
        is_open = dice.random() < 0.3
        told.append(
            Case(
                **dict.fromkeys(Case._fields)
                | {
                    "kase": f"k{number}", "account": dice.choice(("acme", "shop")), "vendor": "jira", "ticket": str(number), "key": f"CMP-{number}", "url": "",
                    "binding": "desk", "project": dice.choice(("CMP", "OPS")), "team": dice.choice(("billing",) * 9 + ("field",) * 5 + ("legal", None)),
                    "channel": dice.choice(("email", "phone", None)), "product": dice.choice("abc"), "owner": f"p:{dice.randrange(5)}",
                    "stage": "received" if is_open else "closed", "received": received, "late_since": received if is_open and dice.random() < 0.3 else None,
                    "pack": "p 1.0.0", "before": False, "restricted": dice.choice((None, None, None, "legal")), "complete": True, "open": is_open,
                    "reopened": 0, "moved_back": dice.choice((0, 0, 1, 2)), "major": 0, "failing": 0, "failed": 0, "unknown": 0, "pending": 0,
                    "waived": 0, "grade": dice.choice(GRADES), "day": received // DAY,
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


def asked(words: str = "period=last-90d"):
    pairs = [tuple(each.split("=", 1)) for each in words.split("&")]
    return read_filter(pairs, rules={}, now=NOW, zone=ZoneInfo("Europe/Berlin"), groups=frozenset())


@pytest.mark.parametrize("by", OFFERED)
@pytest.mark.parametrize("seed", range(3))
def test_groups_are_counted_as_one_counts_by_hand(seed, by) -> None:
    told = complaints(seed)
    book, asking = written(told), asked()
    figures = count_groups(book, asking.filter, by, by_person=False)
    among = [case for case in told if case.restricted is None and asking.period.begin <= case.received < asking.period.end]  # fmt: skip
    assert figures.complaints == len(among)
    assert {each.counts.name for each in (*figures.large, *figures.small)} == {getattr(case, COLUMNS[by]) for case in among}  # fmt: skip
    for each in (*figures.large, *figures.small):
        its = [case for case in among if getattr(case, COLUMNS[by]) == each.counts.name]
        grades = Counter(case.grade for case in its)
        assert each.counts.complaints == len(its)
        assert each.share.of == grades["first"] + grades["after"]
        assert each.share.total == each.share.of + grades["failing"]
        assert (each.share.unknown, each.share.pending) == (grades["unknown"], grades["pending"])
        assert each.counts.late == sum(case.late_since is not None for case in its)
        assert each.counts.moved_back == sum(case.moved_back > 0 for case in its)
        group = f"period=last-90d&{by}={each.counts.name or '-'}"
        for words, count in (
            ("", each.counts.complaints),
            ("&grade=first&grade=after", each.share.of),
            ("&grade=first&grade=after&grade=failing", each.share.total),
            ("&late=yes", each.counts.late),
            ("&open=yes", each.counts.open),
            ("&moved=yes", each.counts.moved_back),
        ):
            assert standing(book, asked(group + words).filter).complaints == count


def test_of_fewer_than_thirty_there_is_no_rank_no_limit_and_no_rate() -> None:
    figures = count_groups(written(complaints(1)), asked().filter, "team", by_person=False)
    assert [each.counts.name for each in figures.small] == ["legal", None]
    assert all(each.beyond is None and each.as_json("team")["without_major_failure"]["share"] is None for each in figures.small)  # fmt: skip
    shares = [each.share.value for each in figures.large]
    assert shares == sorted(shares)
    assert len(shares) == 2


def test_a_person_is_no_group_unless_that_is_switched_on() -> None:
    book = written(complaints(0))
    with pytest.raises(NotByPerson):
        count_groups(book, asked().filter, "owner", by_person=False)
    figures = count_groups(book, asked().filter, "owner", by_person=True)
    assert {each.counts.name for each in (*figures.large, *figures.small)} == {f"p:{n}" for n in range(5)}  # fmt: skip


def test_the_table_and_the_picture_agree_on_who_lies_outside() -> None:
    for of in range(401):
        found = beyond(of, 400, 0.8)
        assert (found is not None and found[0] == "99.8") is outlies(Group("", of, 400), 0.8)
    assert beyond(300, 400, 0.8) == ("95", False)
    assert beyond(390, 400, 0.8) == ("99.8", True)
    assert beyond(320, 400, 0.8) is None
