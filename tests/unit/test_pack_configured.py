"""A pack with parameters filled in and one profile's rules."""

from __future__ import annotations

from datetime import date

import pytest

from ombud.model.calendar import Term, Unit
from policies.load import load_pack
from policies.vocabulary import PackError

PACK = load_pack("iso10002")


def rule(configured, name: str):
    return next(each for each in configured.rules if each.id == name)


def test_parameters_reach_terms_conditions_and_extensions() -> None:
    params = {
        "respond_business_days": 7,
        "respond_extended_business_days": 15,
        "serious": ["critical"],
    }
    configured = PACK.configured(params, "strict")
    body = rule(configured, "respond.in_time").body
    assert body.terms[-1] == (None, Term(7, Unit.business_days))
    assert body.extension.term == Term(15, Unit.business_days)
    assert rule(configured, "close.four_eyes").own_when.values == ("critical",)
    assert rule(PACK.configured({}, "strict"), "close.four_eyes").own_when.values == (
        "high",
        "critical",
    )


def test_rules_outside_the_profile_are_absent_and_the_order_is_the_packs() -> None:
    configured = PACK.configured({}, "starter")
    assert set(PACK.profiles["starter"]) == {each.id for each in configured.rules}
    order = [each.id for each in PACK.rules]
    places = [order.index(each.id) for each in configured.rules]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "params, profile, problem",
    [
        ({"respond_bussiness_days": 5}, "standard", 'params.respond_bussiness_days: there is no such parameter. Write "respond_business_days"'),
        ({"respond_business_days": 0}, "standard", "params.respond_business_days: 0 is below its minimum 1"),
        ({"respond_business_days": "5"}, "standard", "asks for a number"),
        ({"respond_business_days": True}, "standard", "asks for a number"),
        ({"respond_business_days": 2.5}, "standard", "business days are whole"),
        ({"serious": "critical"}, "standard", "asks for a list of texts"),
        ({"serious": []}, "standard", "asks for a list of texts"),
        ({"serious": ["grave"]}, "starter", '"grave" is no value of "severity"'),
        ({}, "starte", 'there is no profile "starte". Write "starter"'),
    ],
)  # fmt: skip
def test_a_wrong_parameter_or_profile_is_refused(params, profile, problem) -> None:
    with pytest.raises(PackError) as caught:
        PACK.configured(params, profile)
    assert problem in str(caught.value)


def test_every_wrong_parameter_is_told_at_once() -> None:
    with pytest.raises(PackError) as caught:
        PACK.configured({"serious": [], "respond_business_days": 0}, "nothing")
    assert len(caught.value.problems) == 3


def test_digests_tell_content_parameters_and_profile_apart() -> None:
    one, again = PACK.configured({}, "starter"), load_pack("iso10002").configured({}, "starter")
    assert (one.digest, one.params_digest) == (again.digest, again.params_digest)
    assert PACK.configured({}, "standard").params_digest != one.params_digest
    assert (
        PACK.configured({"respond_business_days": 9}, "starter").params_digest != one.params_digest
    )
    assert (
        PACK.configured({"respond_business_days": 10}, "starter").params_digest == one.params_digest
    )


def test_what_a_pack_says_of_itself() -> None:
    assert (PACK.id, PACK.version, PACK.effective_from, PACK.effective_to) == (
        "iso10002",
        "1.1.0",
        date(2018, 7, 1),
        None,
    )
    assert PACK.configured({}).title_version == "iso10002 1.1.0"
    assert rule(PACK.configured({}), "close.with_root_cause").clause_names == (
        "ISO 10002:2018 8.2",
        "ISO 10002:2018 8.7",
        "ISO 9001:2015 10.2",
    )


def test_a_rule_names_all_that_judging_it_reads() -> None:
    respond = next(each for each in PACK.rules if each.id == "respond.in_time")
    assert respond.needs == {
        "received",
        "responded",
        "severity",
        "holding_sent",
    }
    assert respond.names - respond.needs == {"exit", "summary_resolution"}
