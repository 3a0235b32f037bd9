from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from ombud.model.instant import instant
from sync.figures.limits import score_interval
from sync.reports.survey import BadSurvey, Known, by_decision, read_survey, satisfaction
from tests.stores import store_at

pytestmark = pytest.mark.usefixtures("either")
BERLIN = ZoneInfo("Europe/Berlin")
NOW = instant(datetime(2026, 11, 23, 15, tzinfo=BERLIN))
KNOWN = {
    "PAY-1": Known("jira", "1", "case1", "upheld"),
    "PAY-2": Known("jira", "2", "case2", "not_upheld"),
}


def read(folder, text, **options):
    file = folder / "survey.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_survey(file, BERLIN, KNOWN.get, by="p:1", now=NOW, **options)


def problems(folder, text):
    with pytest.raises(BadSurvey) as caught:
        read(folder, text)
    return [each.replace(str(folder), "") for each in caught.value.problems]


def test_scores_of_handling_and_of_outcome_are_kept_apart(tmp_path):
    rows, strangers = read(
        tmp_path,
        "\ufeffTicket,Date,Process,Outcome\nPAY-1,2026-10-05,5,1\nPAY-2,2026-10-06,4,\nX-9,2026-10-07,,\n",
    )
    assert [(each.kase, each.process, each.outcome, each.decision) for each in rows] == [
        ("case1", 5, 1, "upheld"),
        ("case2", 4, None, "not_upheld"),
        (None, None, None, None),
    ]
    assert strangers == 1
    told = satisfaction(rows, "process")
    assert (told.asked, told.answered, told.top) == (3, 2, 2)
    assert told.response == pytest.approx(2 / 3)
    assert satisfaction(rows, "outcome").mean == 0
    assert {name: each.answered for name, each in by_decision(rows, "outcome").items()} == {
        "upheld": 1,
        "not_upheld": 0,
        "unknown": 0,
    }


@pytest.mark.parametrize(
    "line, said",
    [
        (",2026-10-05,5,5,,", ":2: ticket is empty. Write the ticket's key"),
        ("PAY-1,5.10.2026,5,5,,", ":2: date '5.10.2026' is no date. Write 2026-10-31"),
        ("PAY-1,2027-01-01,5,5,,", ":2: date 2027-01-01 is not over yet."),
        ("PAY-1,2026-10-05,6,5,,", ":2: process '6' is no score from 1 to 5. Mend it"),
        ("PAY-1,2026-10-05,5,nan,,", ":2: outcome 'nan' is no score from 1 to 5."),
        ("PAY-1,2026-10-05,5,5,two,", ":2: scale 'two' is no best score."),
        ("PAY-1,2026-10-05,5,5,5,0", ":2: weight '0' is no weight."),
        ("PAY-1,2026-10-05,5,5,5,1,9", ":2: row has more cells than the first line."),
    ],
)
def test_what_is_wrong_names_file_line_field_and_remedy(line, said, tmp_path):
    found = problems(tmp_path, f"ticket,date,process,outcome,scale,weight\n{line}\n")
    assert found[0].startswith(f"/survey.csv{said}")


def test_every_problem_is_told_at_once_and_nothing_is_kept(tmp_path):
    text = "ticket,date,process,outcome\n" + "PAY-1,soon,9,9\n" * 9
    found = problems(tmp_path, text)
    assert len(found) == 21
    assert found[-1] == "and 7 more"


@pytest.mark.parametrize(
    "text, said",
    [
        ("ticket,process\n", "there is no column date, outcome."),
        (b"ticket,date,process,outcome\n\xff\n", "is not UTF-8 at byte 28."),
        ('ticket,date,process,outcome\n"a\n', "unexpected end of data"),
        ("", "there is no column ticket, date, process, outcome."),
    ],
)
def test_a_file_that_cannot_be_read_says_why(text, said, tmp_path):
    assert said in problems(tmp_path, text)[0]


def test_two_rows_of_one_ticket_and_day_are_refused(tmp_path):
    row = "PAY-1,2026-10-05,5,5\n"
    assert "line above" in problems(tmp_path, f"ticket,date,process,outcome\n{row}{row}")[0]


def test_a_file_imported_again_changes_nothing(tmp_path):
    store = store_at(tmp_path)
    rows, _ = read(
        tmp_path, "ticket,date,process,outcome\nPAY-1,2026-10-05,5,\nPAY-2,2026-10-05,2,\n"
    )
    assert store.reports.put_answers(rows) == 2
    assert store.reports.put_answers(rows) == 0
    assert store.reports.answers() == sorted(rows, key=lambda each: (each.asked, each.id))
    assert store.reports.answers(end=rows[0].asked) == []
    store.close()


def test_scores_of_different_scales_are_counted_together(tmp_path):
    rows, _ = read(
        tmp_path, "ticket,date,process,outcome,scale\nPAY-1,2026-10-05,10,,10\nPAY-2,2026-10-05,3,,5\n"
    )  # fmt: skip
    told = satisfaction(rows, "process")
    assert told.mean == pytest.approx(0.75)
    assert told.top == 1


@pytest.mark.parametrize(
    "share, size, low, high",
    # Wilson's interval: 0 of 10; 5 of 10; 81 of 263 (Newcombe 1998, method 3).
    [(0, 10, 0, 0.2775), (0.5, 10, 0.2366, 0.7634), (81 / 263, 263, 0.2553, 0.3662)],
)
def test_bounds_of_a_share_are_wilsons(share, size, low, high):
    assert score_interval(share, size) == pytest.approx((low, high), abs=1e-4)


def test_weights_widen_the_bounds(tmp_path):
    head = "ticket,date,process,outcome,weight\n"
    lines = [f"X-{n},2026-10-05,{5 if n % 2 else 1},,{{}}\n" for n in range(40)]
    even, _ = read(tmp_path, head + "".join(each.format(1) for each in lines))
    uneven, _ = read(tmp_path, head + "".join(each.format(1 if n < 36 else 9) for n, each in enumerate(lines)))  # fmt: skip
    one, other = satisfaction(even, "process"), satisfaction(uneven, "process")
    assert one.share == other.share == 0.5
    assert other.high - other.low > one.high - one.low
    assert other.weighted
    assert not one.weighted


def test_of_nothing_there_is_no_share():
    told = satisfaction([], "process")
    assert (told.share, told.mean, told.response) == (None, None, None)
