"""A complaint that was split off another inherits its receipt: no clock starts anew, and each keeps its own deadlines."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ombud.model.event import Ref
from ombud.sandbox.serve import start_in_thread
from sync.service import open_service
from tests.conformity.benches import JiraBench
from tests.desks import Stepped, jira_folder

LINK = "Problem/Incident"


@pytest.fixture
def desk(tmp_path):
    with start_in_thread() as server:
        config = jira_folder(tmp_path, server, mode='"flag"', profile='"standard"')
        mapping = tmp_path / "sandbox.mapping.toml"
        mapping.write_text(
            f'splits = "{LINK}"\n' + mapping.read_text(encoding="utf-8"), encoding="utf-8"
        )
        clock = Stepped(server.world.clock.now)
        with open_service(config, clock, sleep=clock.sleep) as service:
            yield JiraBench(server), service


def complaint(service, ticket):
    ref = Ref("sandbox", "jira", ticket)
    return service.bounds[0].fold.fold(service.store.events([ref])[ref])


def test_the_part_split_off_is_due_from_the_receipt_of_the_whole(desk):
    bench, service = desk
    whole = bench.create()
    bench.server.world.clock.advance(timedelta(days=5).total_seconds())
    part, alone = bench.create(), bench.create()
    bench.world.link(part, whole, LINK, actor="acc-anna")
    bench.pass_time()
    service.sync("sandbox")
    received = complaint(service, whole).row["received"]
    told = complaint(service, part)
    assert told.row["received"] == received
    assert told.row["recorded"] > received
    assert complaint(service, alone).row["received"] > received
    # Each is a case of its own, with a deadline of its own from the same receipt.
    assert len({complaint(service, each).case for each in (whole, part)}) == 2
    due = {
        (finding.ref.id, finding.rule): finding.due
        for finding, _, _ in service.check(rules={"respond.in_time"})
    }
    assert due[part, "respond.in_time"] == due[whole, "respond.in_time"]
    assert due[part, "respond.in_time"] < due[alone, "respond.in_time"]
