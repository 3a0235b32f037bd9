"""The page "Can I close this?": what it says, who may open it, and that asking again has the ticket looked at."""

from __future__ import annotations

import re
from contextlib import contextmanager

import pytest
import requests

from ombud.model.event import Ref
from ombud.web.app import make_app
from sync.live.pulse import Pulse
from sync.page import page_of
from tests.people_desk import ANNA, CAUSE, STARTED, desk_at
from tests.web_desk import LONG, listening

SERVE = '\n[serve]\nurl = "http://127.0.0.1:8100/"\n'
HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def desk(tmp_path):
    with desk_at(tmp_path, more=SERVE) as desk:
        yield desk


@contextmanager
def pages(desk):
    """Serve the desk's pages; give what opens a ticket's."""
    pulse = Pulse("sandbox", last_sweep=desk.service.now())
    woken = []
    app = make_app(desk.service, dict, {"sandbox": pulse}, woken.append)
    with listening(app) as door:

        def address(ticket):
            told = page_of(desk.service.settings, desk.store, Ref("sandbox", "jira", ticket))
            assert told.startswith("http://127.0.0.1:8100/c/sandbox/")
            return told.replace("http://127.0.0.1:8100", door.url)

        address.woken = woken
        yield address


def read(address):
    answer = requests.get(address, timeout=LONG)
    assert answer.status_code == 200
    # What stands there as text.
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", answer.text))


def test_it_says_what_is_missing_before_anybody_closes(desk):
    ticket = desk.create()
    desk.sync()
    desk.world.edit(ticket, {}, ANNA, to_status=STARTED)
    desk.sync()
    with pages(desk) as address:
        told = read(address(ticket))
        assert "Not yet: 2 things are missing." in told
        assert "Needed to close it" in told
        assert "Choose one: Billing · Conduct · Delivery · Other · Product · Unknown." in told
        assert "close.with_cause · without it the ticket does not stay closed" in told
        assert re.search(r"Acknowledgement due \w{3} \d+ \w{3}, \d\d:\d\d", told)
        assert "As the helpdesk showed it by" in told
        link = f'href="{desk.server.url}/browse/'
        assert link in requests.get(address(ticket), timeout=LONG).text


def test_it_says_yes_where_nothing_is_missing(desk):
    ticket = desk.create(**{CAUSE: "10221", "customfield_10050": "10251"})
    desk.sync()
    with pages(desk) as address:
        told = read(address(ticket))
        assert "Yes: nothing is missing to close it." in told
        desk.close(ticket)
        desk.sync()
        assert "It is closed, and nothing is missing." in read(address(ticket))


def test_what_stays_closed_and_lacks_something_is_said_so(desk):
    ticket = desk.create(**{CAUSE: "10221"})
    desk.sync()
    desk.close(ticket)
    desk.sync()
    assert "It is closed, and 1 thing is missing." in (read_page := read_of(desk, ticket))
    assert "Outcome" in read_page


def read_of(desk, ticket):
    with pages(desk) as address:
        return read(address(ticket))


def test_a_key_opens_one_page_and_a_wrong_one_none(desk):
    one, other = desk.create(), desk.create()
    desk.sync()
    with pages(desk) as address:
        mine, theirs = address(one), address(other)
        key = mine.partition("?k=")[2]
        assert len(key) == 22
        swapped = f"{theirs.partition('?')[0]}?k={key}"
        none = mine.partition("?")[0]
        answers = [
            requests.get(each, timeout=LONG)
            for each in (
                swapped,
                none,
                f"{none}?k={key[:-1]}",
                f"{none}?k=%C3%A9%ff",
                mine.replace("/sandbox/", "/nobody/"),
                f"{none}{'9' * 300}?k={key}",
                none.replace("/c/", "/d/"),
            )
        ]
        answers += [requests.post(each, timeout=LONG) for each in (swapped, none)]
        told = {(each.status_code, each.content) for each in answers}
        assert told == {(404, b"")}
        assert len({tuple(sorted(set(each.headers) - {"date"})) for each in answers}) == 1
        assert desk.store.live.waiting("sandbox") == []


def test_look_again_has_the_ticket_looked_at_once(desk):
    ticket = desk.create()
    desk.sync()
    with pages(desk) as address:
        mine = address(ticket)
        for _ in range(3):
            answer = requests.post(mine, timeout=LONG, allow_redirects=False)
            assert answer.status_code == 303
            assert requests.compat.urljoin(mine, answer.headers["location"]) == mine
        assert [(each.ref.id, each.hints) for each in desk.store.live.waiting("sandbox")] == [
            (ticket, 1)
        ]
        assert address.woken == ["sandbox"] * 3
        assert "Asked for another look" in read(mine)


def test_what_is_not_known_or_not_decided_is_said_so(desk):
    other = desk.world.create("CMP", "Question", {"summary": "x"}, ANNA).id
    desk.sync()
    unread = desk.create()
    with pages(desk) as address:
        assert "is not known yet" in read(address(unread))
        assert "whether it is a complaint has not been decided" in read(address(other))


def test_what_comes_from_the_helpdesk_is_text_and_an_address_is_one(desk):
    ticket = desk.create()
    desk.sync()
    ref = Ref("sandbox", "jira", ticket)
    state = desk.store.states([ref])[ref]
    from dataclasses import replace

    with desk.store.lease("sandbox") as epoch, desk.store.begin("sandbox", epoch) as tx:
        tx.put_tickets([replace(state, key=HOSTILE, url="javascript:alert(1)")], known_at=1)
    with pages(desk) as address:
        shown = requests.get(address(ticket), timeout=LONG).text
    assert "<script" not in shown
    assert "javascript:" not in shown
    assert "&lt;script&gt;" in shown


def test_without_an_address_there_is_no_page(tmp_path):
    with desk_at(tmp_path) as desk:
        assert page_of(desk.service.settings, desk.store, Ref("sandbox", "jira", "1")) is None


def test_a_note_leads_to_the_page(desk):
    desk.sync()
    ticket = desk.closed()
    desk.sync()
    ref = Ref("sandbox", "jira", ticket)
    assert page_of(desk.service.settings, desk.store, ref) in desk.note(ticket)
