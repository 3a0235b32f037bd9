"""The book holds what judging finds, follows every change, and tells what was known on a past day."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from ombud.model.instant import DAY, HOUR, MINUTE
from ombud.store import StoreError
from ombud.store.book import EVERYTHING, WORDS, Filter
from ombud.store.book.counts import standing, verdicts_by_rule
from sync.book import Bookkeeper, Progress
from sync.figures.overview import count_overview
from tests.people_desk import CAUSE, LATE, RULE, desk_at
from tests.web_desk import until

pytestmark = pytest.mark.usefixtures("either")
ALL = Filter(groups=frozenset({"*"}))


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path, mode="flag") as opened:
        yield opened


@pytest.fixture
def keeper(desk):
    kept = Bookkeeper(desk.service)
    yield kept
    kept.close()


def counted(book):
    """Count findings by rule and verdict, as the figures do."""
    return {
        (book.rules[rule].id, verdict.value): count
        for rule, counts in verdicts_by_rule(book, ALL).items()
        for verdict, count in counts.items()
    }


def checked(desk, **told):
    """Count them as `ombud check` does."""
    found = Counter((each.rule, each.verdict.value) for each, _, _ in desk.service.check(**told))
    return {key: count for key, count in found.items() if key[1] != "not_applicable"}


def rows(book):
    """Give everything but the numbers by which tables are joined."""
    cases = "SELECT c.* EXCLUDE (n) FROM complaint c ORDER BY kase"
    found = "SELECT c.kase, v.* EXCLUDE (n, rule), v.rule FROM verdict v JOIN complaint c USING (n)"
    steps = "SELECT c.kase, s.* EXCLUDE (n) FROM step s JOIN complaint c USING (n) ORDER BY ALL"
    named = sorted((*row[:-1], book.rules[row[-1]].id) for row in _comparable(book.ask(found)))
    rolled = Counter()
    for *key, rule, count in book.ask("SELECT * EXCLUDE (rule, count), rule, count FROM rollup"):
        rolled[*key, book.rules[rule].id] += count
    return book.ask(cases), named, book.ask(steps), rolled


def _comparable(found):
    return [tuple(-1 if each is None else each for each in row) for row in found]


def test_the_book_holds_what_check_finds(desk, keeper):
    desk.closed()
    desk.closed(**{CAUSE: "10221"})
    desk.create()
    desk.sync()
    assert keeper.refresh() == 3
    assert counted(keeper.book) == checked(desk)
    told = standing(keeper.book, ALL)
    assert (told.complaints, told.open, told.closed) == (3, 1, 2)
    # Nothing has changed since.
    assert keeper.refresh() == 0


def test_a_change_is_followed_and_the_rollup_with_it(desk, keeper):
    first, second = desk.create(), desk.create()
    desk.sync()
    keeper.refresh()
    desk.pass_time(hours=1)
    desk.close(first)
    desk.create()
    desk.sync()
    assert keeper.refresh() == 2
    desk.world.edit(second, {CAUSE: "10221"}, "acc-anna")
    desk.pass_time()
    desk.close(second)
    desk.sync()
    assert keeper.refresh() >= 1
    assert counted(keeper.book) == checked(desk)
    afresh = Bookkeeper(desk.service, kept=False)
    afresh.refresh()
    assert rows(keeper.book) == rows(afresh.book)
    afresh.close()


def test_what_the_clock_alone_makes_late_is_late_in_the_book(desk, keeper):
    desk.create()
    desk.sync()
    keeper.refresh()
    assert counted(keeper.book)[LATE, "pending"] == 1
    assert standing(keeper.book, ALL).late == 0
    desk.pass_time(hours=49)
    assert keeper.refresh() == 1
    assert counted(keeper.book)[LATE, "fail"] == 1
    late = standing(keeper.book, ALL)
    assert late.late == 1
    # `create` lets a minute pass, too.
    assert late.oldest[3] == desk.service.now() - HOUR - MINUTE
    told = count_overview(keeper.book, ALL, None, now=desk.service.now(), zone=desk.service.zone)
    assert (told.move_by, told.late_moves) == ("project", [("CMP", 1)])


def test_what_was_known_on_a_past_day_is_told_again(desk, keeper):
    ticket = desk.closed()
    desk.sync()
    then = desk.service.now()
    before = checked(desk)
    desk.pass_time(days=2)
    desk.world.edit(ticket, {CAUSE: "10221"}, "acc-anna")
    desk.pass_time()
    desk.closed()
    desk.sync()
    keeper.refresh()
    assert isinstance(keeper.as_known(then), Progress)
    until(lambda: not isinstance(keeper.as_known(then), Progress))
    past = keeper.as_known(then)
    assert counted(past) == before == checked(desk, as_of=then, known_at=then)
    assert counted(keeper.book) == checked(desk)
    assert past.cutoff == then


def test_a_waiver_reaches_the_book(desk, keeper):
    ticket = desk.closed()
    desk.sync()
    keeper.refresh()
    assert counted(keeper.book)[RULE, "fail"] == 1
    desk.waive(desk.service.now() + 3 * DAY, case=desk.case(ticket))
    desk.pass_time()
    desk.sync()
    keeper.refresh()
    assert counted(keeper.book)[RULE, "waived"] == 1
    desk.pass_time(days=4)
    keeper.refresh()
    assert counted(keeper.book)[RULE, "fail"] == 1


def test_a_complaint_that_is_restricted_is_counted_for_its_group_alone(tmp_path):
    named = '\nrestricted_to = {id = "customfield_10044", name = "Group", keep = true}\n'
    with desk_at(tmp_path, mode="flag") as desk:
        mapping = tmp_path / "sandbox.mapping.toml"
        told = mapping.read_text(encoding="utf-8").replace('product = {id = "customfield_10044"', 'other = {id = "customfield_10059"')  # fmt: skip
        mapping.write_text(told.replace("[fields]", f"[fields]{named}"), encoding="utf-8")
        desk.reopen()
        desk.create()
        desk.create(customfield_10044="legal")
        desk.sync()
        keeper = Bookkeeper(desk.service)
        keeper.refresh()
        for groups, seen in ((set(), 1), ({"sales"}, 1), ({"legal"}, 2), ({"*"}, 2)):
            asked = EVERYTHING.but(groups=frozenset(groups))
            assert standing(keeper.book, asked).complaints == seen
            found = verdicts_by_rule(keeper.book, asked)
            assert sum(sum(each.values()) for each in found.values()) == seen
        keeper.close()


def test_another_process_that_keeps_the_book_leaves_this_one_in_memory(desk, keeper):
    desk.create()
    desk.sync()
    keeper.refresh()
    program = (
        "from ombud.store.book import BookBusy, open_book\n"
        "import sys, pathlib\n"
        "try:\n    open_book(pathlib.Path(sys.argv[1]))\n"
        "except BookBusy:\n    print('busy')\n"
    )
    path = str(keeper.folder / "book.duckdb")
    told = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)  # fmt: skip
    assert told.stdout.strip() == "busy"


def test_the_book_is_there_again_after_a_restart_without_judging_anew(desk):
    desk.create()
    desk.sync()
    first = Bookkeeper(desk.service)
    assert first.refresh() == 1
    held = rows(first.book)
    desk.pass_time(minutes=11)
    first.refresh()
    first.close()
    second = Bookkeeper(desk.service)
    assert second.refresh() == 0
    assert rows(second.book) == held
    assert set(WORDS.values()) >= {WORDS[row[0]] for row in second.book.ask("SELECT DISTINCT verdict FROM verdict")}  # fmt: skip
    second.close()


def test_a_book_that_cannot_be_read_is_made_again(desk):
    desk.create()
    desk.sync()
    first = Bookkeeper(desk.service)
    first.refresh()
    path = first.folder / "book.duckdb"
    first.close()
    path.write_bytes(b"no book at all" * 1000)
    second = Bookkeeper(desk.service)
    assert second.refresh() == 1
    second.close()


def test_what_could_not_be_judged_is_followed_again(desk, keeper, monkeypatch):
    ticket = desk.create()
    desk.sync()
    keeper.refresh()
    desk.pass_time()
    desk.close(ticket)
    desk.sync()

    def broken(*_, **__):
        raise StoreError("the disk fails")

    with monkeypatch.context() as patched:
        patched.setattr("sync.book.judge_page", broken)
        with pytest.raises(StoreError):
            keeper.refresh()
    assert counted(keeper.book).get((RULE, "fail")) is None
    assert keeper.refresh() == 1
    assert counted(keeper.book) == checked(desk)


SECOND = """
[[bindings]]
name = "others"
account = "sandbox"
pack = "house.yaml"
mapping = "sandbox.mapping.toml"
scope = [{when = {project = "SUP", type = "Complaint"}, is = "complaint"}]
"""


def test_a_binding_judged_anew_keeps_what_changed_meanwhile(tmp_path):
    with desk_at(tmp_path, mode="flag", more="") as desk:
        told = desk.config.read_text(encoding="utf-8")
        desk.config.write_text(told.replace("\n[calendars", f"{SECOND}\n[calendars", 1), encoding="utf-8")  # fmt: skip
        desk.reopen()
        desk.create()
        desk.sync()
        keeper = Bookkeeper(desk.service)
        keeper.refresh()
        desk.pass_time()
        desk.create()
        desk.sync()
        # As if the pack of one of two bindings had changed since.
        keeper.book.stamp["bindings"]["complaints"] = "another"
        keeper.refresh()
        assert standing(keeper.book, ALL).complaints == 2
        assert counted(keeper.book) == checked(desk)
        keeper.close()
