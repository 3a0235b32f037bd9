"""What clause coverage makes of rules and documents, and what the ledger makes of days."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import pytest

from ombud.store import LedgerRow
from policies.load import load_editions
from sync.documents import _link
from sync.figures.coverage import CLAUSES, EDITION, Clause, RuleState, parted
from sync.figures.ledger import Day, Ledger
from sync.figures.packs import compared, sides
from sync.persons import Refused


def rule(state, **bindings):
    return RuleState("r", "p", "R", state, bindings, ("owner",), judged=True, clauses=())


def clause(*, rules=(), documents=()):
    return Clause(f"{EDITION} 5.3", "5.3", "Policy", "the policy", True, rules, {}, documents)


def test_a_clause_is_shown_only_by_what_is_asked_or_by_a_document():
    paper = SimpleNamespace()
    assert clause(rules=(rule("off"), rule("unmapped"))).state == "nothing"
    assert clause(rules=(rule("asked"),)).state == "tickets"
    assert clause(rules=(rule("asked"),), documents=(paper,)).state == "both"
    assert clause(rules=(rule("off"),), documents=(paper,)).state == "documents"


def test_a_rule_says_what_it_lacks_and_where_it_is_otherwise():
    assert rule("unmapped", one="unmapped").note == "not asked: map owner"
    assert rule("asked", one="asked", two="off").note == "asked; two: off"


def test_every_clause_of_the_standard_stands_once():
    numbers = [each.number for each in CLAUSES]
    assert len(set(numbers)) == len(numbers)
    # What no ticket can show, some document must.
    assert all(each.papers for each in CLAUSES if each.only)
    assert {each.number for each in CLAUSES if each.only} >= {"5.2", "5.3", "6.4", "8.5", "8.6"}


@pytest.mark.parametrize(
    "clause, parts",
    [
        ("ISO 10002:2018 7.4", ("ISO 10002:2018", "7.4")),
        ("ISO 10002:2018 Annex C", ("ISO 10002:2018", "Annex C")),
        ("DISP 1.6.2R", ("DISP", "1.6.2R")),
    ],
)
def test_clauses_are_parted_in_standard_and_number(clause, parts):
    assert parted(clause) == parts


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a@b.example", "https://", "https://x y", "http://[", "ftp://x.example"]
)  # fmt: skip
def test_a_link_that_would_do_anything_but_lead_somewhere_is_refused(link):
    with pytest.raises(Refused, match="https://"):
        _link(link)


def test_a_day_without_a_census_is_a_hole_and_never_whole():
    row = LedgerRow("a", "b", "2026-11-02", 0, 1_000, 996, 1, 1, 1, None)
    told = Ledger("a", "b", [Day(date(2026, 11, 2), row), Day(date(2026, 11, 1), None)])
    assert told.holes == 1
    assert [each.share for each in told.days] == [99.6, None]
    assert [each.unread for each in told.days] == [1, 0]
    assert told.as_json()["days"][1] == {"day": "2026-11-01", "census": False}


def test_versions_of_a_pack_are_compared_under_the_names_that_addresses_use(tmp_path):
    editions = load_editions("uk-ofcom")
    bound = SimpleNamespace(pack=SimpleNamespace(id="uk-ofcom"), parts=SimpleNamespace(packs=editions[-1:]))  # fmt: skip
    service = SimpleNamespace(bounds=[bound], settings=SimpleNamespace(folder=tmp_path))
    there = sides(service, "uk-ofcom")
    assert {each.name for each in there} == {each.version for each in editions}
    assert len(there) > 1
    newest = there[-1]
    assert newest.words == "in force"
    assert not compared(newest, newest)
    older = next(each for each in there if each.name == editions[0].version)
    assert any(each.kind == "changed" for each in compared(older, newest))
    assert sides(service, "other") == []
