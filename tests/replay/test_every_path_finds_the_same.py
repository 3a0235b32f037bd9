"""Webhook, sweep, check, explanation and both readings of a backtest find the same in one seeded desk."""

from __future__ import annotations

import re
from collections import Counter
from random import Random

import pytest

from ombud.model.facts import Verdict
from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.seed import seed
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.world import DEFAULT_NOW, World
from sync.backtest import backtest
from sync.findings import ONE_SIDED, RECEIPT_EDITED, SCOPE_LEFT
from sync.report import SyncReport
from sync.settle import settle
from sync.tried import Asked
from tests.desks import jira_service

#: Findings of every binding, which come of no pack's rule.
OURS = {SCOPE_LEFT, ONE_SIDED, RECEIPT_EDITED}
_EXPLAINED = re.compile(r"(PASS|FAIL|PENDING|WAIVED|NOT_APPLICABLE|UNKNOWN) +(\S+)  \(now: (\w+);")


@pytest.fixture(scope="module")
def desk():
    world = World(SteppableClock(DEFAULT_NOW))
    seed(world, seed=1, tickets=400)
    with start_in_thread(world) as server:
        yield server


@pytest.fixture(scope="module")
def swept(desk, tmp_path_factory):
    """The desk by one sweep."""
    folder = tmp_path_factory.mktemp("swept")
    with jira_service(folder, desk, mode='"observe"', profile='"strict"') as service:
        service.sync("sandbox")
        yield service


@pytest.fixture(scope="module")
def checked(swept):
    """What `check` finds, of the pack's rules."""
    found = [finding for finding, _, _ in swept.check() if finding.rule not in OURS]
    verdicts = {finding.verdict for finding in found}
    assert verdicts >= {Verdict.passed, Verdict.failed, Verdict.pending, Verdict.not_applicable}
    assert sum(finding.verdict is Verdict.failed for finding in found) > 100
    return found


def told(finding):
    return (
        finding.key,
        finding.rule,
        str(finding.ref),
        finding.occurrence,
        finding.verdict.value,
        finding.standing.value,
        finding.due,
        tuple(finding.reasons),
    )


def stored(service):
    return {each.key: told(each) for each in service.store.findings() if each.rule not in OURS}


def test_what_settling_stored_is_what_check_finds(swept, checked):
    by_key = {finding.key: told(finding) for finding in checked}
    kept = stored(swept)
    assert len(by_key) == len(checked)
    assert {key: by_key.get(key) for key in kept} == kept
    wrong = {f.key for f in checked if f.verdict in {Verdict.failed, Verdict.unknown}}
    assert wrong <= kept.keys()


def test_tickets_that_webhooks_name_one_by_one_come_out_as_in_a_sweep(desk, swept, tmp_path):
    """In any order, and some of them twice: a webhook says no more than "look at this ticket"."""
    refs = [state.ref for page in swept.store.complaints("complaints") for state in page]
    named = [*refs, *refs[::7]]
    Random(1).shuffle(named)
    with jira_service(tmp_path, desk, mode='"observe"', profile='"strict"') as service:
        connector, report = service.connector("sandbox"), SyncReport("sandbox")
        with service.store.lease("sandbox") as epoch:
            service.footing.take("complaints", epoch, service.now())
            for ref in named:
                bound = service.footing.bounds["complaints"]
                at = service.settling(bound, epoch, service.now(), report.tally)
                settle(at, connector, list(connector.look([ref], bound.schema)))
        assert stored(service) == stored(swept)


def test_an_explanation_says_of_each_rule_what_check_finds(swept, checked):
    expected: dict[str, Counter] = {}
    for each in checked:
        counts = expected.setdefault(str(each.ref), Counter())
        counts[each.rule, each.verdict.value, each.standing.value] += 1
    assert len(expected) > 100
    for ref, counts in expected.items():
        lines = [_EXPLAINED.match(line) for line in swept.explain(ref, None)]
        found = [(line[2], line[1].lower(), line[3]) for line in lines if line is not None]
        assert Counter(each for each in found if each[0] not in OURS) == counts, ref


@pytest.mark.parametrize("reading", ["rows", "sql"])
def test_a_backtest_of_the_pack_in_force_finds_what_check_finds(swept, checked, reading):
    asked = Asked(swept.bounds[0], None, None, swept.now(), sample=10_000)
    result = backtest(swept, asked, reading=reading)
    assert result.tally.verdicts == Counter((each.rule, each.verdict.value) for each in checked)
    failed = [each for each in checked if each.verdict is Verdict.failed]
    assert Counter((each.rule, each.ref) for each in result.review) == Counter(
        (each.rule, str(each.ref)) for each in failed
    )
    assert {each.reasons for each in result.review} == {tuple(each.reasons) for each in failed}
