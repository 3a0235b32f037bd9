"""The Helpdesk log gives the figures of its reference, imported and through a helpdesk alike."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter

import pytest

from ombud.model.clock import FixedClock, parse_instant
from ombud.model.facts import Verdict
from ombud.sandbox.clock import SteppableClock
from ombud.sandbox.replay import replay
from ombud.sandbox.serve import start_in_thread
from ombud.sandbox.world import DEFAULT_NOW, World
from ombud.sandbox.zendesk.desk import number_of
from ombud.sandbox.zendesk.replay import replay as replay_zendesk
from ombud.sandbox.zendesk.server import ZendeskServer
from ombud.sandbox.zendesk.world import ZendeskWorld
from sync.service import open_service
from tests.desks import EXAMPLES, KEY, Stepped

LOG = "data/helpdesk/helpdesk_full_attributes_lmu.csv.gz"
#: Long after the log's last row: every deadline has run out.
AFTER = parse_instant("2027-01-08T16:00:00Z")


@pytest.fixture
def example(tmp_path):
    folder = tmp_path / "helpdesk"
    shutil.copytree(EXAMPLES / "helpdesk", folder)
    for place in (folder, folder / "sandbox"):
        (place / ".env").write_text(f"OMBUD_KEY={KEY}\n", encoding="utf-8")
    return folder


def imported(folder, log):
    with open_service(folder / "ombud.toml", FixedClock(AFTER)) as service:
        service.import_log(log, folder / "helpdesk.mapping.toml")
        return list(service.check()), sources(service)


def sources(service):
    """Give the source row of every occurrence: its ticket and event."""
    found = {}
    for bound in service.bounds:
        for page in service.store.complaints(bound.name):
            for ref, events in service.store.events([state.ref for state in page]).items():
                found |= {(ref, event.id): event for event in events}
    return found


def test_the_import_gives_the_reference_exactly(example, shared):
    reference = json.loads((shared / "data/helpdesk/reference.json").read_text(encoding="utf-8"))
    findings, _ = imported(example, shared / LOG)
    failed = [finding for finding, _, _ in findings if finding.verdict is Verdict.failed]
    tickets = Counter(rule for rule, _ in {(finding.rule, finding.ref) for finding in failed})
    first = reference["first_event_to_first_Take_in_charge"]
    assert tickets == {
        "helpdesk.taken_in_charge_before_close": reference[
            "closed_without_prior_Take_in_charge_ticket"
        ]["count"],
        "helpdesk.taken_in_charge_ever": reference["closed_without_any_Take_in_charge_ticket"][
            "count"
        ],
        "helpdesk.seriousness_before_close": reference["closed_without_prior_Assign_seriousness"][
            "count"
        ],
        "helpdesk.taken_in_charge_before_resolve": reference[
            "resolved_without_prior_Take_in_charge"
        ]["count"],
        "helpdesk.taken_in_charge_within_24h": first["gt_24h_or_never"]["count"],
    }
    late = [f for f in failed if f.rule == "helpdesk.taken_in_charge_within_24h"]
    assert sum(f.stop is not None for f in late) == first["gt_24h"]["count"] == 1830
    assert sum(f.stop is None for f in late) == first["never"] == 295
    assert len({finding.ref for finding, _, _ in findings}) == reference["cases"]


def test_the_replayed_log_gives_the_same_findings_through_jira(example, shared, capsys):
    ours, rows = imported(example, shared / LOG)
    direct = {identity(finding, finding.ref.id, source_of(finding, rows)) for finding, _, _ in ours}

    world = World(SteppableClock(DEFAULT_NOW))
    replay(world, shared / LOG, example / "replay.toml")
    config = example / "sandbox" / "ombud.toml"
    with start_in_thread(world) as server:
        told = config.read_text(encoding="utf-8").replace("http://127.0.0.1:8080", server.url)
        config.write_text(told, encoding="utf-8")
        secrets = f"OMBUD_KEY={KEY}\nSANDBOX_EMAIL={server.email}\nSANDBOX_TOKEN={server.token}\n"
        config.with_name(".env").write_text(secrets, encoding="utf-8")
        clock = Stepped(world.clock.now)
        with open_service(config, clock, sleep=clock.sleep) as service:
            service.sync("sandbox")
            findings, events = list(service.check()), sources(service)
    cases = {
        ref: event.after for (ref, _), event in events.items() if event.field == "customfield_10090"
    }
    through = {
        identity(finding, cases[finding.ref], source_of(finding, events))
        for finding, _, _ in findings
    }
    with capsys.disabled():
        print(f"\nHelpdesk log: {len(direct):,} findings imported, {len(through):,} through Jira")
    assert direct - through == set()
    assert through - direct == set()


def test_the_replayed_log_gives_the_same_findings_through_zendesk(example, shared, capsys):
    ours, rows = imported(example, shared / LOG)
    direct = {identity(finding, finding.ref.id, source_of(finding, rows)) for finding, _, _ in ours}

    world = ZendeskWorld(SteppableClock(DEFAULT_NOW))
    replay_zendesk(world, shared / LOG, example / "replay.toml")
    config = example / "sandbox" / "ombud.toml"
    mapping = config.with_name("helpdesk.mapping.toml")
    numbered = re.sub(
        r"customfield_\d+",
        lambda name: str(number_of(name[0])),
        mapping.read_text(encoding="utf-8"),
    )
    solved = '"10114" = {stage = "closed", name = "Closed"}'
    mapping.write_text(
        numbered.replace(solved, solved + '\n"closed" = {stage = "closed"}'), encoding="utf-8"
    )
    with ZendeskServer(world).start() as server:
        told = config.read_text(encoding="utf-8").replace("http://127.0.0.1:8080", server.url)
        told = told.replace('vendor = "jira"', 'vendor = "zendesk"')
        told = told.replace('project = "LOG"', 'form = "Helpdesk log"')
        config.write_text(told, encoding="utf-8")
        secrets = f"OMBUD_KEY={KEY}\nSANDBOX_EMAIL={server.email}\nSANDBOX_TOKEN={server.token}\n"
        config.with_name(".env").write_text(secrets, encoding="utf-8")
        clock = Stepped(world.clock.now)
        with open_service(config, clock, sleep=clock.sleep) as service:
            service.sync("sandbox")
            findings, events = list(service.check()), sources(service)
    field = str(number_of("customfield_10090"))
    cases = {ref: event.after for (ref, _), event in events.items() if event.field == field}
    through = {
        identity(finding, cases[finding.ref], source_of(finding, events))
        for finding, _, _ in findings
    }
    with capsys.disabled():
        print(
            f"\nHelpdesk log: {len(direct):,} findings imported, {len(through):,} through Zendesk"
        )
    assert direct - through == set()
    assert through - direct == set()


def source_of(finding, events):
    """Give the row a finding's occurrence stands in; a ticket's first row is its creation."""
    event = events.get((finding.ref, finding.occurrence))
    if event is None:
        return finding.occurrence
    return "created" if event.change == "created" else event.source


def identity(finding, case, source):
    return (case, source, finding.rule, finding.verdict.value, finding.due)
