"""The server that other tests rely on: its lifecycle, its fields, its rights."""

from __future__ import annotations

import pytest
import requests


class Desk:
    def __init__(self, server):
        self.server = server

    def create(self, person="agent1", queue="Complaints", **fields):
        body = {"Queue": queue, "Subject": "A broken kettle", "Content": "It leaks.", **fields}
        answer = requests.post(
            f"{self.server.rest}/ticket", json=body, headers=self.server.headers(person), timeout=60
        )
        assert answer.status_code == 201, answer.text
        return answer.json()["id"]

    def change(self, ticket, person="agent1", **fields):
        answer = requests.put(
            f"{self.server.rest}/ticket/{ticket}",
            json=fields,
            headers=self.server.headers(person),
            timeout=60,
        )
        return " ".join(answer.json())

    def read(self, ticket, person="ombud"):
        answer = requests.get(
            f"{self.server.rest}/ticket/{ticket}", headers=self.server.headers(person), timeout=60
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def walk(self, ticket, *statuses):
        for status in statuses:
            self.change(ticket, Status=status)
            assert self.read(ticket)["Status"] == status


@pytest.fixture
def desk(rt_server):
    return Desk(rt_server)


FORWARD = ("acknowledged", "assessed", "investigating", "responded", "decided", "resolved")


def test_a_complaint_walks_every_stage_and_back(desk):
    ticket = desk.create(CustomFields={"Severity": "High"})
    assert desk.read(ticket)["Status"] == "received"
    desk.walk(ticket, *FORWARD, "responded", "resolved", "decided", "resolved", "investigating")


def test_a_stage_cannot_be_left_out(desk):
    ticket = desk.create()
    assert "received" in desk.change(ticket, Status="resolved")
    assert desk.read(ticket)["Status"] == "received"


def test_an_assessment_may_be_left_out(desk):
    desk.walk(desk.create(), "acknowledged", "investigating", "rejected", "investigating")


def test_the_integration_writes_its_own_fields(desk):
    ticket = desk.create()
    mine = {
        "Ombud note": "Not yet closed:\nfill in the root cause",
        "Ombud flags": ["ombud-missing", "ombud-late"],
        "Ombud key": ["one", "two"],
    }
    desk.change(ticket, "ombud", CustomFields=mine)
    desk.change(ticket, "ombud", CustomFields={"Ombud flags": ["ombud-missing"]})
    held = {field["name"]: field["values"] for field in desk.read(ticket)["CustomFields"]}
    assert held["Ombud note"] == [mine["Ombud note"]]
    assert held["Ombud flags"] == ["ombud-missing"]
    assert held["Ombud key"] == ["one", "two"]


def test_a_reader_changes_nothing(desk):
    ticket = desk.create()
    assert "Permission Denied" in desk.change(ticket, "readonly", Status="acknowledged")
    assert desk.read(ticket, "readonly")["Status"] == "received"


def test_a_ticket_resolved_elsewhere_stays_resolved_when_moved_in(desk):
    ticket = desk.create(queue="General")
    desk.change(ticket, Status="resolved")
    desk.change(ticket, Queue="Complaints")
    assert desk.read(ticket)["Status"] == "resolved"
