"""What holds of every authority's pack, in every edition: sources, clauses, profiles, and clocks that nothing else stops."""

from __future__ import annotations

from datetime import date

import pytest

from policies.load import built_in, load_editions, load_pack
from policies.rule import Deadline

EDITIONS = [
    edition
    for name in built_in()
    if load_pack(name).authority is not None
    for edition in load_editions(name)
]
#: The only stops that a rule lists: RG 271.77 and .110.
LISTED = {"RG 271.77", "RG 271.110"}
each = pytest.mark.parametrize("pack", EDITIONS, ids=lambda pack: f"{pack.id} {pack.version}")


def confirmed(rule) -> bool:
    return all(source.status == "confirmed" for source in rule.sources)


def test_eight_authorities_come_along() -> None:
    assert len({pack.id for pack in EDITIONS}) == 8


@each
def test_every_rule_names_its_source_and_what_is_not_confirmed_is_off(pack) -> None:
    for rule in pack.rules:
        assert rule.sources, rule.id
        assert not rule.waivable, rule.id
        assert (rule.mode == "off") is not confirmed(rule), rule.id
        assert all(source.verified == date(2026, 11, 23) for source in rule.sources), rule.id


@each
def test_every_rule_answers_to_the_authority_and_to_a_clause_of_the_standard(pack) -> None:
    for rule in pack.rules:
        standards = {clause.standard for clause in rule.clauses}
        assert "ISO 10002:2018" in standards, rule.id
        assert standards - {"ISO 10002:2018"}, rule.id


@each
def test_profiles_grow_and_the_smallest_holds_what_is_confirmed_where_anything_is(pack) -> None:
    starter, standard, strict = (
        set(pack.profiles[name]) for name in ("starter", "standard", "strict")
    )
    assert starter < standard <= strict
    assert strict == {rule.id for rule in pack.rules}
    if any(confirmed(rule) for rule in pack.rules):
        assert all(confirmed(rule) for rule in pack.rules if rule.id in starter)


@each
def test_nothing_stops_a_clock_but_what_a_rule_lists(pack) -> None:
    for rule in pack.rules:
        if isinstance(rule.body, Deadline):
            assert rule.body.clock == "regulatory", rule.id
            assert {pause.source for pause in rule.body.pauses} <= LISTED, rule.id
