"""A real Request Tracker: complaints synced, marked, noted; a premature closure moved back and left alone once mended."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from datetime import timedelta

import pytest
import requests

from ombud.model.facts import Verdict
from tests.desks import rt_service
from tests.end_to_end.test_request_tracker_desk import Desk


@pytest.fixture
def desk(rt_server):
    return Desk(rt_server)


@pytest.fixture
def service(tmp_path, rt_server, desk):
    sample = desk.read(desk.create())
    ids = {field["name"]: f"cf.{field['id']}" for field in sample["CustomFields"]}
    with rt_service(tmp_path, rt_server, ids) as opened:
        opened.sync("rt")
        yield opened


def values(ticket, name):
    (held,) = [field["values"] for field in ticket["CustomFields"] if field["name"] == name]
    return [value for value in held if value]


def closed_early(desk):
    ticket = desk.create(CustomFields={"Severity": "High"})
    desk.change(ticket, Owner="agent1")
    desk.walk(ticket, "acknowledged", "assessed", "investigating", "responded", "resolved")
    return ticket


def findings(service, ticket):
    return {
        f.rule: f for f, key, _ in service.check() if key == ticket and f.verdict is Verdict.failed
    }


def test_a_closure_without_root_cause_is_moved_back_and_left_alone_once_mended(desk, service):
    ticket = closed_early(desk)
    report = service.sync("rt")
    assert f"rt:{ticket}" in [each["ref"] for each in report.moved_back]
    after = desk.read(ticket)
    assert after["Status"] == "responded"
    assert "ombud-blocked" in values(after, "Ombud flags")
    (note,) = values(after, "Ombud note")
    assert "Root cause is empty" in note
    assert "is open again" in note

    assert service.sync("rt").moved_back == []
    desk.change(
        ticket,
        CustomFields={
            "Root cause": "wrong label",
            "Corrective action": "new label",
            "Outcome": "Upheld",
        },
    )
    desk.walk(ticket, "resolved")
    assert service.sync("rt").moved_back == []
    mended = desk.read(ticket)
    assert mended["Status"] == "resolved"
    assert "ombud-blocked" not in values(mended, "Ombud flags")
    assert "close.with_root_cause" in findings(service, ticket)


def test_nothing_of_ours_is_mailed(desk, service, rt_server):
    before = rt_server.mail
    ticket = closed_early(desk)
    told = rt_server.mail
    service.sync("rt")
    assert desk.read(ticket)["Status"] == "responded"
    assert "Complaint policy" not in rt_server.mail[len(before) :]
    assert len(told) >= len(before)


def test_the_bypass_by_another_queue_is_found_and_flagged(desk, service):
    ticket = desk.create(queue="General", person="root")
    for status in ("open", "resolved"):
        desk.change(ticket, person="root", Status=status)
    desk.change(ticket, person="root", Queue="Complaints")
    report = service.sync("rt")
    assert "close.with_root_cause" in findings(service, ticket)
    assert report.moved_back == []
    assert desk.read(ticket)["Status"] == "resolved"


def test_an_undisturbed_second_sync_changes_nothing(desk, service):
    ticket = closed_early(desk)
    service.sync("rt")
    service.sync("rt")
    state = desk.read(ticket)
    report = service.sync("rt")
    assert f"rt:{ticket}" not in report.tagged
    assert desk.read(ticket)["LastUpdated"] == state["LastUpdated"]


def test_a_merged_ticket_is_one_case_with_the_survivor(desk, service, rt_server):
    first, second = desk.create(), desk.create()
    service.sync("rt")
    desk.change(second, person="root", MergeInto=first)
    service.sync("rt")
    cases = {
        state.case
        for page in service.store.complaints("complaints")
        for state in page
        if state.key in {first, second}
    }
    assert len(cases) == 1


def test_uninstalling_takes_our_fields_away(desk, service):
    ticket = closed_early(desk)
    service.sync("rt")
    refs = [ref for ref in service.list_ours("rt") if ref.id == ticket]
    assert service.uninstall("rt", refs) == {}
    after = desk.read(ticket)
    assert [values(after, name) for name in ("Ombud flags", "Ombud note", "Ombud key")] == [
        [],
        [],
        [],
    ]


class LossyDoor:
    """A door before a server that passes everything on, and once loses the answer to a comment."""

    def __init__(self, port):
        self.upstream = port
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.lost = False
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self.listening.accept()
                threading.Thread(target=self.pass_on, args=(caller,), daemon=True).start()

    def pass_on(self, caller):
        """Pass on one request and its answer, and hang up."""
        with caller, contextlib.suppress(OSError):
            asked = caller.recv(1 << 20)
            head, _, body = asked.partition(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            while length is not None and len(body) < int(length[1]):
                body += caller.recv(1 << 20)
            head = re.sub(rb"(?i)connection: keep-alive", b"Connection: close", head)
            with socket.create_connection(("127.0.0.1", self.upstream)) as server:
                server.sendall(head + b"\r\n\r\n" + body)
                answer = b""
                while part := server.recv(1 << 20):
                    answer += part
            if not self.lost and re.match(rb"POST \S+/comment ", head):
                self.lost = True
                return
            caller.sendall(answer)


def test_a_lost_reply_does_not_double_the_note(desk, rt_server, tmp_path):
    sample = desk.read(desk.create())
    ids = {field["name"]: f"cf.{field['id']}" for field in sample["CustomFields"]}
    door = LossyDoor(int(rt_server.url.rpartition(":")[2]))
    with rt_service(tmp_path, rt_server, ids, url=f"http://127.0.0.1:{door.port}") as service:
        service.sync("rt")
        ticket = closed_early(desk)
        report = service.sync("rt")
        assert door.lost
        assert report.waiting >= 1
        service.clock.ahead += timedelta(minutes=5)
        service.sync("rt")
        service.sync("rt")
    door.listening.close()
    history = requests.get(
        f"{rt_server.rest}/ticket/{ticket}/history?fields=Type&per_page=100",
        headers=rt_server.headers("ombud"),
        timeout=60,
    ).json()["items"]
    assert sum(row["Type"] == "Comment" for row in history) == 1
    assert desk.read(ticket)["Status"] == "responded"
