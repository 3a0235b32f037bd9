"""The night over Zendesk: deleted by its own word, merged, closed and put away, gone for good, and no complaint any more."""

from __future__ import annotations

import pytest

from ombud.model.connector import Gone
from ombud.model.event import Ref
from ombud.sandbox.zendesk.server import ZendeskServer
from sync.completeness import week
from sync.live.night import last_census
from tests.conformity.benches import ZendeskBench
from tests.zendesk_desk import zendesk_service

DAYS = 86_400


@pytest.fixture
def bench():
    with ZendeskServer().start() as server:
        yield ZendeskBench(server)


def ref(ticket):
    return Ref("zendesk", "zendesk", ticket)


def test_what_became_of_complaints_is_told_apart(bench, tmp_path):
    world = bench.world
    kept, gone, scrubbed, vanished, source, target, closed, sorted_otherwise = (
        bench.create() for _ in range(8)
    )
    world.clock.advance(300)
    with zendesk_service(tmp_path, bench.server, mode="observe") as service:
        service.sync("zendesk")
        world.delete(int(gone), bench.anna)
        world.delete(int(scrubbed), bench.anna)
        world.scrub(int(scrubbed))
        world.purge(int(vanished))
        world.merge(int(source), int(target), bench.anna)
        world.update(int(closed), {"status": "closed"}, bench.anna)
        world.update(int(sorted_otherwise), {"ticket_form_id": 37002}, bench.anna)
        world.clock.advance(130 * DAYS)
        (line,) = service.census("zendesk").lines
        states = service.store.states([ref(each) for each in (gone, scrubbed, vanished, kept)])
        assert states[ref(gone)].gone is Gone.deleted
        assert states[ref(scrubbed)].gone is Gone.deleted
        assert states[ref(vanished)].gone is Gone.unreachable, "nobody says that it was deleted"
        assert states[ref(kept)].gone is None
        standing = last_census(service, service.bounds[0]).standing
        assert (standing.deleted, standing.missing, standing.left) == (2, 1, 1)
        # Who was merged or closed is a complaint still: its case and its deadlines stay.
        assert (line.expected, line.read, line.missing) == (5, 4, 1)
        told = " ".join(each.why for each in week(service, "zendesk"))
        assert "2 deleted by the helpdesk's own word" in told
        assert "1 no complaints any more" in told
        (line,) = service.census("zendesk").lines
        assert (line.expected, line.read, line.missing) == (5, 4, 1)


def test_a_comment_redacted_behind_our_back_is_found(bench, tmp_path):
    ticket = bench.create()
    bench.world.update(
        int(ticket), {"comment": {"body": "We refund it. #decision", "public": True}}, bench.anna
    )
    bench.world.clock.advance(300)
    with zendesk_service(tmp_path, bench.server, mode="observe") as service:
        service.sync("zendesk")
        held = bench.world.tickets[int(ticket)]
        for audit in held.audits:
            for event in audit.events:
                if "#decision" in str(event.told.get("body")):
                    event.told["public"] = False
        named = set()
        for _ in range(28):
            bench.world.clock.advance(DAYS)
            service.census("zendesk")
            named |= set(last_census(service, service.bounds[0]).named)
        assert named == {f"#{ticket}"}
