"""A helpdesk to test a connector against: the same few acts on each."""

from __future__ import annotations

from dataclasses import dataclass

import requests

from connectors import load_manifest
from connectors.jira import connect as connect_jira
from connectors.rt import connect as connect_rt
from ombud.model.clock import SystemClock
from ombud.model.connector import Interest, Schema
from ombud.sandbox.adf import plain
from ombud.sandbox.world import World
from ombud.settings import Account


@dataclass(frozen=True)
class Shown:
    """What a helpdesk itself shows of a ticket."""

    status: str
    tags: frozenset[str]
    text: str
    notes: int


class JiraBench:
    """The sandbox's Jira."""

    closed, before, started, cause_field = "10010", "10006", "10001", "customfield_10048"

    def __init__(self, server) -> None:
        self.server = server
        self.world: World = server.world
        self.interest = Interest(("CMP",))
        self.schema = Schema(
            fields=frozenset({self.cause_field, "customfield_10040"}),
            markers={"decision": ("#decision",)},
        )

    def connect(self, token=None):
        secrets = {"EMAIL": self.server.email, "TOKEN": token or self.server.token}
        settings = Account(vendor="jira", url=self.server.url)
        return connect_jira(
            "desk",
            settings,
            secrets,
            manifest=load_manifest("jira"),
            clock=self.world.clock,
            sleep=self.world.clock.advance,
        )

    def create(self) -> str:
        return self.world.create(
            "CMP", "Complaint", {"summary": "x", "customfield_10040": "10203"}, "acc-c01"
        ).id

    def fill(self, ticket: str, text: str) -> None:
        self.world.edit(ticket, {self.cause_field: text}, "acc-anna")

    def move(self, ticket: str, status: str) -> None:
        self.world.edit(ticket, {}, "acc-anna", to_status=status)

    def walk_to_answer(self, ticket: str) -> None:
        for status in ("10002", "10003", "10004", "10006"):
            self.move(ticket, status)

    def reply(self, ticket: str, text: str) -> None:
        self.world.comment(ticket, "acc-anna", text)

    def note(self, ticket: str, text: str) -> None:
        self.world.comment(ticket, "acc-anna", text, public=False)

    def hear(self, ticket: str, text: str) -> None:
        self.world.comment(ticket, "acc-c01", text)

    def tag(self, ticket: str, tag: str) -> None:
        self.world.edit(
            ticket,
            {"labels": [tag, *(self.world.find(ticket).fields.get("labels") or [])]},
            "acc-anna",
        )

    def pass_time(self) -> None:
        self.world.clock.advance(1)

    def delete(self, ticket: str) -> None:
        self.world.delete(ticket)

    def shown(self, ticket: str) -> Shown:
        issue = self.world.find(ticket)
        ours = [plain(comment.body) for comment in issue.comments if "ombud" in comment.properties]
        return Shown(
            issue.status,
            frozenset(issue.fields.get("labels") or ()),
            "\n".join(ours),
            len(issue.comments),
        )


class RtBench:
    """A real Request Tracker."""

    closed, before, started = "resolved", "responded", "received"

    def __init__(self, server) -> None:
        self.server = server
        self.interest = Interest(("Complaints",))
        sample = self.get(self.create())
        self.ids = {field["name"]: f"cf.{field['id']}" for field in sample["CustomFields"]}
        self.cause_field = self.ids["Investigation summary"]
        self.schema = Schema(
            fields=frozenset({self.cause_field, self.ids["Severity"]}),
            markers={"decision": ("#decision",)},
        )

    def connect(self, token=None):
        settings = Account(vendor="rt", url=self.server.url)
        secrets = {"TOKEN": token or self.server.tokens["ombud"]}
        return connect_rt(
            "desk",
            settings,
            secrets,
            manifest=load_manifest("rt"),
            clock=SystemClock(),
            sleep=lambda _s: None,
        )

    def ask(self, method, path, person="agent1", **body):
        answer = requests.request(
            method,
            f"{self.server.rest}{path}",
            json=body or None,
            headers=self.server.headers(person),
            timeout=60,
        )
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def get(self, ticket):
        return self.ask("GET", f"/ticket/{ticket}", "ombud")

    def create(self) -> str:
        told = self.ask(
            "POST",
            "/ticket",
            Queue="Complaints",
            Subject="x",
            Content="It leaks",
            Requestor="customer@example.org",
            CustomFields={"Severity": "High"},
        )
        return str(told["id"])

    def fill(self, ticket, text):
        self.ask("PUT", f"/ticket/{ticket}", CustomFields={"Investigation summary": text})

    def move(self, ticket, status):
        self.ask("PUT", f"/ticket/{ticket}", Status=status)
        assert self.get(ticket)["Status"] == status

    def walk_to_answer(self, ticket):
        for status in ("acknowledged", "assessed", "investigating", "responded"):
            self.move(ticket, status)

    def reply(self, ticket, text):
        self.ask("POST", f"/ticket/{ticket}/correspond", Content=text, ContentType="text/plain")

    def note(self, ticket, text):
        self.ask("POST", f"/ticket/{ticket}/comment", Content=text, ContentType="text/plain")

    def hear(self, ticket, text):
        del ticket, text  # The requestor writes by mail, and this server takes none.

    def tag(self, ticket, tag):
        del ticket, tag  # RT has no tags: our flags are a field of our own.

    def pass_time(self):
        """Time passes by itself."""

    def delete(self, ticket):
        self.ask("PUT", f"/ticket/{ticket}", "root", Status="deleted")

    def shown(self, ticket) -> Shown:
        told = self.get(ticket)
        held = {field["name"]: [v for v in field["values"] if v] for field in told["CustomFields"]}
        history = self.ask("GET", f"/ticket/{ticket}/history?fields=Type&per_page=100", "ombud")[
            "items"
        ]
        notes = sum(row["Type"] in {"Comment", "Correspond"} for row in history)
        return Shown(
            told["Status"], frozenset(held["Ombud flags"]), "\n".join(held["Ombud note"]), notes
        )
