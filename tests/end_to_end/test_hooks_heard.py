"""Hooks from installing to hearing and removing, at both of the sandbox's helpdesks."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from connectors.errors import HelpdeskError
from ombud.model.hook import Unheard, headers_of
from ombud.model.instant import DAY
from ombud.sandbox.serve import start_in_thread, start_zendesk_in_thread
from ombud.sandbox.zendesk.records import User
from sync.hooks import HookKeeper
from sync.service import open_service
from tests.desks import Stepped, jira_folder
from tests.hook_receiver import Receiver
from tests.sign_in_desk import Desk, jira_config, zendesk_config

AGENT, CUSTOMER = 9101, 9110


@dataclass
class Hooked:
    """An account whose hook goes to a receiver, and what its deliveries were heard as."""

    account: str
    server: object
    keeper: HookKeeper
    receiver: Receiver
    refused: list = field(default_factory=list)

    def create(self):
        world = self.server.world
        if self.account == "sandbox":
            return world.create("CMP", "Complaint", {"summary": "x"}, "acc-c01").id
        told = {"subject": "x", "comment": {"body": "It leaks"}, "ticket_form_id": 37001}
        return str(world.create(told, CUSTOMER).id)

    def hear(self):
        """Give the deliveries that came since, by name, with their tickets; keep why others were refused."""
        self.server.hooks.flush(everything=True)
        ears, heard = self.keeper.ears(), {}
        for came in self.receiver.came:
            _, _, path = came.path.rpartition("/hooks/")
            if path not in ears:
                self.refused.append("unknown")
                continue
            headers = headers_of((name.encode(), told.encode()) for name, told in came.headers.items())  # fmt: skip
            try:
                told = ears[path][2].hear(headers, came.body, self.keeper._service.now())
            except Unheard as error:
                self.refused.append(error.reason)
            else:
                assert all(ref.account == self.account for ref in told.refs)
                heard[told.delivery] = [ref.id for ref in told.refs]
        self.receiver.came.clear()
        return heard

    @property
    def trouble(self):
        return [each.name for each in self.keeper.troubles(self.account, self.keeper._service.now())]  # fmt: skip


def laid(folder, way, server):
    if way == "admin":
        return jira_folder(folder, server)
    if way == "dynamic":
        return jira_config(folder, server, "code")
    return zendesk_config(folder, server, "client_credentials")


@pytest.fixture(params=["admin", "dynamic", "event"])
def hooked(request, tmp_path):
    way = request.param
    start = start_zendesk_in_thread if way == "event" else start_in_thread
    with start(manual_hooks=True) as server, Receiver() as receiver:
        account = "zendesk" if way == "event" else "sandbox"
        if way == "event":
            server.world.users[AGENT] = User(AGENT, "Anna", "anna@sandbox.test", "agent")
            server.world.users[CUSTOMER] = User(CUSTOMER, "K", "k@customer.test", "end-user")
        config = laid(tmp_path, way, server)
        url = receiver.url.rpartition("/hooks/")[0]
        told = config.read_text("utf-8")
        config.write_text(f'{told}\n[serve]\nurl = "{url}"\n', "utf-8")
        if way != "admin":
            found = Desk(config, server, account).connect()
            assert [name for name, each in found.items() if each.ok is False] == []
        clock = Stepped(server.world.clock.now)
        with open_service(config, clock, sleep=clock.sleep) as service:
            keeper = HookKeeper(service)
            keeper.install(account)
            assert keeper.kept(account).kind == way
            yield Hooked(account, server, keeper, receiver)


def test_what_changes_is_heard_until_the_hook_is_removed(hooked):
    ticket = hooked.create()
    heard = hooked.hear()
    assert heard
    assert set(map(tuple, heard.values())) == {(ticket,)}
    assert hooked.refused == []
    assert hooked.trouble == []
    again = hooked.keeper.kept(hooked.account)
    hooked.keeper.install(hooked.account)
    assert hooked.keeper.kept(hooked.account).path == again.path
    other = hooked.create()
    assert {ref for refs in hooked.hear().values() for ref in refs} == {other}, "once, not twice"
    hooked.keeper.remove(hooked.account)
    hooked.create()
    assert hooked.server.hooks.flush(everything=True) == 0
    assert hooked.receiver.came == []


def test_what_goes_wrong_under_way_is_refused_or_heard_once(hooked):
    signed = hooked.keeper.kept(hooked.account).kind != "dynamic"
    for kind, refused in (
        ("doubled", []),
        # Nobody signs webhooks of an app: their address is all that is secret.
        ("forged", ["forged"] if signed else []),
        ("ancient", ["stale"]),
        ("future", ["stale"]),
        ("foreign", ["unknown"]),
    ):
        hooked.refused.clear()
        hooked.server.hooks.faults.order([{"kind": kind, "seconds": 30 * 86400}])
        ticket = hooked.create()
        heard = hooked.hear()
        assert sorted(set(hooked.refused)) == refused
        assert [fault["fired"] for fault in hooked.server.hooks.faults.report()] == [1]
        # Zendesk tells of a new ticket in several deliveries, of which one alone is stale.
        tickets = {ref for refs in heard.values() for ref in refs}
        assert tickets == ({ticket} if refused != ["stale"] or hooked.account == "zendesk" else set())  # fmt: skip
        if kind == "doubled" and hooked.account == "sandbox":
            assert len(heard) == 1


def test_what_is_signed_by_another_secret_is_forged(hooked):
    kept = hooked.keeper.kept(hooked.account)
    registry = hooked.server.registry
    if kept.kind == "dynamic":
        hooked.create()
        hooked.server.hooks.flush()
        assert all("x-hub-signature" not in each.headers for each in hooked.receiver.came)
        return
    if kept.kind == "admin":
        registry.admin[int(kept.ids[0])].secret = "another"
    else:
        registry.reset(registry.webhooks[kept.ids[0]])
    hooked.create()
    assert hooked.hear() == {}
    assert set(hooked.refused) == {"forged"}
    # Nothing at the helpdesk shows it; installing again mends it.
    hooked.keeper.install(hooked.account)
    ticket = hooked.create()
    assert set(map(tuple, hooked.hear().values())) == {(ticket,)}


def test_a_hook_that_somebody_takes_away_or_that_ends_is_trouble(hooked):
    kept = hooked.keeper.kept(hooked.account)
    registry, now = hooked.server.registry, hooked.keeper._service.now
    if kept.kind == "dynamic":
        hooked.server.world.clock.advance(20 * 86400)
        hooked.keeper.refresh_due(now())
        assert hooked.keeper.kept(hooked.account).until == pytest.approx(now() + 30 * DAY, abs=DAY)
        hooked.server.world.clock.advance(31 * 86400)
    elif kept.kind == "admin":
        registry.admin.clear()
    else:
        registry.webhooks.clear()
    assert hooked.trouble == ["Webhook"]
    hooked.keeper.install(hooked.account)
    assert hooked.trouble == []


def test_an_account_that_may_not_install_is_told_so(tmp_path):
    with start_in_thread() as server:
        server.site.granted.clear()
        config = jira_folder(tmp_path, server)
        with config.open("a") as file:
            file.write('\n[serve]\nurl = "https://ombud.example"\n')
        clock = Stepped(server.world.clock.now)
        with open_service(config, clock, sleep=clock.sleep) as service:
            keeper = HookKeeper(service)
            with pytest.raises(HelpdeskError, match="permission to administer webhooks"):
                keeper.install("sandbox")
            assert keeper.ears() == {}
            assert keeper.troubles("sandbox", service.now()) == []
