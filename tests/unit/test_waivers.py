"""A waiver is asked for by one person, approved by another, always ends, and excuses nothing that it does not name."""

from __future__ import annotations

import pytest

from ombud.model.facts import Verdict
from ombud.model.instant import DAY
from ombud.settings import Settings, load_settings
from ombud.store import StoreError
from policies.condition import read_condition
from policies.load import load_pack
from policies.vocabulary import PackError
from sync.binding import bind
from sync.persons import Persons, Refused
from sync.waivers import (
    NotWaivable,
    approve,
    decide_dispute,
    dispute,
    explain_breach,
    refuse,
    request_waiver,
    revoke,
    state,
    waivers_of,
)
from tests.desks import EXAMPLES
from tests.stores import finding, put, ref, run_on, settled, store_at
from tests.stores import state as ticket

pytestmark = pytest.mark.usefixtures("either")
RULE = "close.with_root_cause"
NOW = 1_790_000_000_000_000
UNTIL = NOW + 30 * DAY


@pytest.fixture(scope="module")
def bound():
    settings = load_settings(EXAMPLES / "sandbox" / "ombud.toml")
    return bind(settings, settings.bindings[0])


@pytest.fixture
def store(tmp_path):
    opened = store_at(tmp_path)
    yield opened
    opened.close()


def persons(store, **told):
    return Persons.of(Settings(**told), store.pseudonym)


@pytest.fixture
def who(store):
    return persons(store)


def ask(store, bound, by, **changes):
    told = {"rule": RULE, "case": "case-1", "why": "the caller insisted", "until": UNTIL}
    told |= {"now": NOW, "requested_by": by} | changes
    with store.book() as acts:
        return request_waiver(acts, bound, **told)


def grant(store, name, by, who, now=NOW + 1):
    with store.book() as acts:
        return approve(acts, name, by=by, persons=who, now=now)


def kept(store, name):
    with store.acts() as acts:
        return acts.waiver(name)


def test_states_follow_from_what_was_done_when(store, bound, who):
    name = ask(store, bound, who.named("ann"))
    assert state(kept(store, name), NOW) == "requested"
    grant(store, name, who.named("bob"), who)
    row = kept(store, name)
    told = [state(row, at) for at in (NOW, NOW + 1, UNTIL - 7 * DAY - 1, UNTIL - DAY, UNTIL)]
    assert told == ["requested", "active", "active", "expiring", "expired"]
    with store.book() as acts:
        revoke(acts, name, by=who.named("cem"), why="no longer needed", now=NOW + DAY)
    row = kept(store, name)
    assert [state(row, at) for at in (NOW + DAY - 1, NOW + DAY)] == ["active", "revoked"]


def test_one_that_nobody_approves_expires_and_one_refused_can_not_be_approved(store, bound, who):
    name = ask(store, bound, who.named("ann"))
    assert state(kept(store, name), UNTIL) == "expired"
    with store.book() as acts:
        refuse(acts, name, by=who.named("bob"), why="no", now=NOW + 1)
    assert state(kept(store, name), NOW + 1) == "refused"
    with pytest.raises(Refused, match="is refused"):
        grant(store, name, who.named("bob"), who, NOW + 2)


def test_nobody_approves_their_own_under_whatever_name_or_account(store, bound):
    who = persons(store, persons={"ann": ("acme:77", "rt:12")})
    name = ask(store, bound, who.named("ann"))
    for same in (
        who.named("Ann "),
        who.named("acme:77"),
        who.account(store.pseudonym("77")),
        who.account(store.pseudonym("12")),
    ):
        with pytest.raises(Refused, match="same person"):
            grant(store, name, same, who)
    assert grant(store, name, who.account(store.pseudonym("99")), who).approved == NOW + 1


def test_two_accounts_linked_after_the_request_are_one_person_too(store, bound):
    before = persons(store)
    name = ask(store, bound, before.account(store.pseudonym("77")))
    after = persons(store, persons={"ann": ("acme:77",)})
    with pytest.raises(Refused, match="same person"):
        grant(store, name, after.named("ann"), after)


def test_two_accounts_with_one_mail_address_are_one_person(store, bound, who):
    people = {store.pseudonym(each): {"email": "Ann@acme.example"} for each in ("77", "78")}
    put(store, settled(left=ticket(), people=people))
    name = ask(store, bound, who.account(store.pseudonym("77")))
    with pytest.raises(Refused, match="same person"):
        grant(store, name, who.account(store.pseudonym("78")), who)


def test_only_named_approvers_approve(store, bound):
    who = persons(store, approval={"approvers": ("bob",)})
    name = ask(store, bound, who.named("ann"))
    with pytest.raises(Refused, match="Approvers: bob"):
        grant(store, name, who.named("cem"), who)
    grant(store, name, who.named("Bob"), who)


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"rule": "close.with_root_caus"}, 'Write "close.with_root_cause" if that is meant'),
        ({"why": "  "}, "says why"),
        ({"until": NOW}, "ends in the future"),
        ({"until": NOW + 365 * DAY + 1}, "365 days at most"),
    ],
)
def test_what_is_no_waiver_is_refused_with_a_remedy(store, bound, who, changes, said):
    with pytest.raises(Refused, match=said):
        ask(store, bound, who.named("ann"), **changes)
    with store.acts() as acts:
        assert acts.waivers() == []
    assert store.verify_log() == 0


def test_a_word_asks_once(store, bound, who):
    first = ask(store, bound, who.named("ann"), event="e7")
    again = ask(store, bound, who.named("ann"), event="e7", now=NOW + 5)
    assert first == again
    with store.acts() as acts:
        assert len(acts.waivers()) == 1


def test_every_act_is_a_line_of_the_log_and_has_the_tickets_looked_at_again(
    tmp_path, store, bound, who
):
    put(store, settled(left=ticket(recheck=NOW + 9 * DAY), findings=[finding(rule=RULE)]))
    put(store, settled("2", left=ticket("2", recheck=NOW + 9 * DAY), findings=[]))
    before = store.verify_log()
    name = ask(store, bound, who.named("ann"))
    assert store.due("acme", "complaints", NOW) == []
    grant(store, name, who.named("bob"), who)
    assert store.due("acme", "complaints", NOW) == [ref()]
    assert store.verify_log() == before + 2
    acts = run_on(tmp_path, f"SELECT action FROM decision WHERE seq > {before} ORDER BY seq")
    assert [row[0] for row in acts] == ["waiver requested", "waiver approved"]
    everything = str(run_on(tmp_path, "SELECT * FROM decision"))
    assert "insisted" not in everything
    assert "ann" not in everything.split()


def test_a_log_line_of_an_act_can_not_be_taken_out(tmp_path, store, bound, who):
    grant(store, ask(store, bound, who.named("ann")), who.named("bob"), who)
    run_on(tmp_path, "DELETE FROM decision WHERE action = 'waiver approved'")
    with pytest.raises(StoreError, match="decision log"):
        store.verify_log()


def test_a_waiver_holds_by_case_by_condition_and_by_time(store, bound, who):
    where = read_condition("{severity: low}", bound.pack)
    by_case = ask(store, bound, who.named("ann"))
    by_row = ask(store, bound, who.named("ann"), case=None, where=where)
    for name in (by_case, by_row):
        grant(store, name, who.named("bob"), who)
    with store.acts() as acts:
        rows = acts.waivers(bound.name)
    one, other = waivers_of(bound, rows)
    assert (one.since, one.until) == (NOW + 1, UNTIL)
    assert other.holds is not None
    assert [other.holds({"severity": each}) for each in ("low", "high", None)] == [
        True,
        False,
        False,
    ]
    assert other.holds({}) is None
    # By what was known before the approval nothing was waived.
    assert waivers_of(bound, rows, known_by=NOW) == ()
    with store.book() as acts:
        revoke(acts, by_case, by=who.named("bob"), why="over", now=NOW + DAY)
        rows = acts.waivers(bound.name)
    assert waivers_of(bound, rows)[0].until == NOW + DAY
    assert waivers_of(bound, rows, known_by=NOW + DAY - 1)[0].until == UNTIL


def test_a_condition_the_pack_no_longer_knows_excuses_nothing(store, bound, who):
    name = ask(store, bound, who.named("ann"), case=None, where='{"severty":"low"}')
    grant(store, name, who.named("bob"), who)
    with store.acts() as acts:
        assert waivers_of(bound, acts.waivers()) == ()


@pytest.mark.parametrize(
    "text, said",
    [("{severty: low}", "severity"), ("{severity: [", "not YAML"), ("low", "{present")],
)
def test_a_condition_that_is_none_is_refused(text, said):
    with pytest.raises(PackError, match=said):
        read_condition(text, load_pack("iso10002").configured())


def test_a_rule_that_may_not_be_waived_keeps_its_breach_and_an_explanation(store, bound, who):
    rigid = "scope.left_without_reason"
    with pytest.raises(NotWaivable, match="an explanation is recorded, and the breach stays"):
        ask(store, bound, who.named("ann"), rule=rigid)
    with store.book() as acts:
        told = {"rule": rigid, "case": "case-1", "why": "post was late", "by": who.named("ann")}
        name = explain_breach(acts, bound, **told, now=NOW)
        assert explain_breach(acts, bound, **told, now=NOW) == name
    with store.acts() as acts:
        [row] = acts.explanations(case="case-1")
        assert (row.rule, row.why, row.told_name) == (rigid, "post was late", "ann")
        assert acts.waivers() == []


def test_a_dispute_is_decided_once_and_by_somebody_else(store, bound, who):
    with store.book() as acts:
        told = {"rule": RULE, "case": "case-1", "why": "a test ticket", "by": who.named("ann")}
        name = dispute(acts, bound, **told, now=NOW, event="e9")
        assert dispute(acts, bound, **told, now=NOW + 1, event="e9") == name
    verdict = {"upheld": True, "why": "indeed", "persons": who, "now": NOW + DAY}
    with pytest.raises(Refused, match="same person"), store.book() as acts:
        decide_dispute(acts, name, by=who.named("ann"), **verdict)
    with store.book() as acts:
        decide_dispute(acts, name, by=who.named("bob"), **verdict)
    with pytest.raises(Refused, match="upheld already"), store.book() as acts:
        decide_dispute(acts, name, by=who.named("bob"), **verdict)


def test_forgetting_a_case_forgets_what_people_wrote_about_it(tmp_path, store, bound, who):
    put(store, settled(left=ticket()))
    name = ask(store, bound, who.named("ann"))
    with store.book() as acts:
        dispute(
            acts, bound, rule=RULE, case="case-1", why="Mrs Smith", by=who.named("ann"), now=NOW
        )
    with store.lease("acme") as epoch:
        store.forget("acme", epoch, "case-1")
    assert kept(store, name).why == "(forgotten)"
    with store.acts() as acts:
        assert [each.why for each in acts.disputes()] == ["(forgotten)"]


def test_waived_is_only_what_failed(bound):
    """The one function on every path leaves other verdicts and other rules alone, and tells when to look again."""
    from dataclasses import dataclass

    from policies.judge import Judgement
    from policies.waiver import Waiver, waive

    @dataclass
    class Case:
        case: str
        row: dict

    rules = {rule.id: rule for rule in bound.pack.rules}
    rule, other = rules[RULE], rules["acknowledge.in_time"]
    waiver = Waiver(RULE, "c", "why", "p:1", "p:2", NOW, UNTIL)

    def judged(of, verdict, standing=None):
        return Judgement(of, ref(), "e1", NOW, verdict, standing or verdict, {}, {})

    told = [
        judged(rule, Verdict.failed),
        judged(rule, Verdict.failed, Verdict.passed),
        judged(rule, Verdict.unknown),
        judged(other, Verdict.failed),
    ]
    found = waive(told, Case("c", {}), [waiver], NOW)
    assert [(each.verdict.value, each.standing.value) for each in found] == [
        ("waived", "waived"),
        ("waived", "pass"),
        ("unknown", "unknown"),
        ("fail", "fail"),
    ]
    assert [each.recheck for each in found] == [UNTIL, UNTIL, None, None]
    assert waive(told, Case("d", {}), [waiver], NOW) == told
    assert waive(told, Case("c", {}), [waiver], UNTIL) == told
    early = waive(told, Case("c", {}), [waiver], NOW - 1)
    assert early[0].verdict is Verdict.failed
    assert early[0].recheck == NOW
