"""Random packs over random histories: the readings agree, and the clock changes a verdict when it was foretold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from ombud.model.facts import MILESTONES, STAGES, UNKNOWN
from ombud.model.instant import DAY, instant, moment
from policies.english import reasons
from policies.expression import Type
from policies.judge import Judge
from policies.load import load_pack
from policies.row import compile_row
from policies.rule import Cadence, Guard
from policies.sql import encode, verdict_sql
from policies.timeline import fold_events
from tests import clock_walk
from tests.calendar_strategies import calendar, desks
from tests.day_walk import Desk
from tests.random_packs import (
    VOCABULARY,
    cadences,
    deadlines,
    guards,
    histories,
    packs,
    sequences,
)
from tests.readings import Database, opened, table_of

LONDON = Desk(ZoneInfo("Europe/London"), [((540, 1020),)] * 5 + [(), ()])
UNKNOWABLE = ["severity", "owner", "became_aware", "note", "attempts"]
unknowns = st.lists(st.sampled_from(UNKNOWABLE), max_size=2, unique=True)


def complain(draw, pack, desk):
    """A complaint with everything the pack has words for, and the end of its history."""
    return folded(pack, desk, draw(histories()), draw(unknowns))


def folded(pack, desk, told, unknown):
    times = [instant(datetime.fromisoformat(each["when"])) for each in told]
    problems: list = []
    complaint = fold_events(
        told,
        unknown,
        pack.vocabulary,
        pack.milestones,
        desk.zone.key,
        times,
        lambda *each: problems.append(each),
    )
    assert problems == []
    return complaint, times[-1]


def judge_of(pack, desk, complaint) -> Judge:
    names = frozenset(complaint.row) | pack.milestones | frozenset(pack.vocabulary)
    return Judge(
        pack.configured({}, "standard").rules,
        {"office": calendar(desk)},
        calendar="office",
        names=names,
        stages=frozenset(STAGES),
    )


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Load a pack as its author would have it: from a file."""
    path = tmp_path_factory.mktemp("packs") / "pack.yaml"

    def load(content):
        path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        return load_pack(path)

    return load


TYPES = {name: Type(told["type"]) for name, told in VOCABULARY.items()}
TYPES |= dict.fromkeys(sorted({*MILESTONES, "sent_to_portal"}), Type.instant)
_TABLE = table_of(TYPES)


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "duckdb"])
def database(request) -> Iterator[Database]:
    with opened(request, _TABLE) as found:
        yield found


@given(st.data())
def test_what_the_judge_says_of_a_guard_is_what_sql_and_english_say(database, written, data):
    pack = written(data.draw(packs(guards() | sequences())))
    complaint, last = complain(data.draw, pack, LONDON)
    judged = judge_of(pack, LONDON, complaint).judge(complaint, last + DAY)
    if not judged:
        return
    # Every rule over every row, and each judgement's own picked out.
    rows = [
        {"row": i}
        | {name: encode(each.row.get(name, UNKNOWN), type_) for name, type_ in TYPES.items()}
        for i, each in enumerate(judged)
    ]
    rules = [each.rule for each in judged]
    asked = [
        verdict_sql(rule.body.when, rule.body.must, _TABLE.c.__getitem__).label(f"v{i}")
        for i, rule in enumerate(rules)
        if isinstance(rule.body, Guard)
    ]
    told = database.read(rows, asked)
    assert [told[i][i] for i in range(len(judged))] == [each.verdict.value for each in judged]
    for each in judged:
        must, row = each.rule.body.must, each.row
        found = reasons(must, row, pack.vocabulary)
        assert (found == []) == (compile_row(must, "must")(row) is True)
        assert "{" not in each.rule.sentence(pack.vocabulary)


@given(st.data())
def test_deadlines_and_cadences_are_what_the_events_themselves_tell(written, data):
    """A second opinion, from the events as written and dues walked day by day."""
    pack, desk = written(data.draw(packs(deadlines() | cadences()))), data.draw(desks())
    told, unknown = data.draw(histories()), data.draw(unknowns)
    complaint, last = folded(pack, desk, told, unknown)
    assume(not complaint.doubts)
    now = last + data.draw(st.integers(0, 240)) * DAY // 4
    types = {name: field["type"] for name, field in VOCABULARY.items()}
    reached = {name: moment(each.at) for name, each in complaint.evidence.items()}
    case = clock_walk.Case(told, unknown, types, pack.milestones, reached, desk)
    judged = {each.rule.id: each for each in judge_of(pack, desk, complaint).judge(complaint, now)}
    for rule in pack.configured({}, "standard").rules:
        body = rule.body
        if isinstance(body, Cadence):
            said = [moment(each.at) for each in complaint.said if counts(each, body)]
            expected = clock_walk.cadence(case, body, said, moment(now))
        else:
            expected = clock_walk.deadline(case, body, moment(now))
        found = judged.get(rule.id)
        if found is None or expected is None:
            assert found is None
            assert expected is None
            continue
        verdict, standing, due = expected
        assert (found.verdict, found.standing) == (verdict, standing), body
        if verdict != "unknown":
            assert found.due == (None if due is None else instant(due)), body


def counts(said, body) -> bool:
    if body.kinds:
        return bool(said.kinds & body.kinds) and said.by in {"agent", "automation"}
    return not said.automatic and said.by == "agent"


@given(st.data())
def test_the_clock_alone_changes_a_verdict_only_when_that_was_foretold(written, data):
    pack, desk = written(data.draw(packs())), data.draw(desks())
    complaint, last = complain(data.draw, pack, desk)
    judge = judge_of(pack, desk, complaint)
    now = last + data.draw(st.integers(0, 100)) * DAY // 4
    later = now + data.draw(st.integers(1, 400)) * DAY // 4
    before, after = judge.judge(complaint, now), judge.judge(complaint, later)
    assert [key(each) for each in before] == [key(each) for each in after]
    for one, two in zip(before, after, strict=True):
        if one.recheck is None or later < one.recheck:
            assert (one.verdict, one.standing) == (two.verdict, two.standing), one.rule.body
        else:
            assert one.recheck > now, one.rule.body


@given(st.data())
def test_what_was_foretold_comes_to_be(written, data):
    """One after the other, the instants foretold come to an end, and each is later than the one before."""
    pack, desk = written(data.draw(packs())), data.draw(desks())
    complaint, last = complain(data.draw, pack, desk)
    judge = judge_of(pack, desk, complaint)
    now = last
    for _ in range(40):
        ahead = [each.recheck for each in judge.judge(complaint, now) if each.recheck is not None]
        if not ahead:
            return
        assert min(ahead) > now
        now = min(ahead)
    raise AssertionError("the clock goes on changing verdicts for ever")


def key(judgement) -> tuple[str, str]:
    return judgement.rule.id, judgement.occurrence
