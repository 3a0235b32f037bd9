"""A helpdesk to test a connector against: the same few acts on each."""

from __future__ import annotations

from dataclasses import dataclass

import requests

from connectors import load_manifest
from connectors.jira import connect as connect_jira
from connectors.rt import connect as connect_rt
from connectors.zendesk import connect as connect_zendesk
from ombud.model.clock import SystemClock
from ombud.model.connector import Interest, Schema
from ombud.sandbox.adf import plain
from ombud.sandbox.world import World
from ombud.sandbox.zendesk.desk import NOTE_FIELD
from ombud.sandbox.zendesk.records import User, channel
from ombud.sandbox.zendesk.world import ZendeskWorld
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
    kind_field = "customfield_10042"

    def __init__(self, server) -> None:
        self.server = server
        self.world: World = server.world
        self.interest = Interest(("CMP",))
        self.schema = Schema(
            fields=frozenset({self.cause_field, "customfield_10040"}),
            markers={"decision": ("#decision",)},
            kind_field=self.kind_field,
            kind_values={"10225": "response"},
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

    def answer(self, ticket: str, text: str) -> None:
        """Reply on a screen that names the kind too."""
        self.world.edit(ticket, {self.kind_field: "10225"}, "acc-anna")
        self.reply(ticket, text)

    def note_not_by_hand(self, ticket: str, text: str) -> None:
        """Let a rule note it, quote it, and note it and then change one's mind."""
        self.world.comment(ticket, "acc-robot", text, public=False)
        quote = {"type": "paragraph", "content": [{"type": "text", "text": text}]}
        quoted = {
            "type": "doc",
            "version": 1,
            "content": [{"type": "blockquote", "content": [quote]}],
        }
        self.world.comment(ticket, "acc-anna", quoted, public=False)
        edited = self.world.comment(ticket, "acc-anna", text, public=False)
        self.pass_time()
        self.world.edit_comment(ticket, edited.id, "acc-anna", f"{text} after all")

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


class ZendeskBench:
    """The sandbox's Zendesk."""

    closed, before, started = "30010", "30006", "30001"
    cause_field = "360000010048"
    kind_field = "360000010042"
    anna, customer = 9101, 9110

    def __init__(self, server) -> None:
        self.server = server
        self.world: ZendeskWorld = server.world
        self.world.users[self.anna] = User(self.anna, "Anna Vogel", "anna@sandbox.test", "agent")
        self.world.users[self.customer] = User(
            self.customer, "Karla Kunde", "karla@customer.test", "end-user"
        )
        self.interest = Interest(())
        self.schema = Schema(
            fields=frozenset({self.cause_field, "360000010040"}),
            markers={"decision": ("#decision",)},
            macros={"7001": "acknowledgement"},
            tags={"complaint-holding": "holding"},
            kind_field=self.kind_field,
            kind_values={"root_cause_other": "response"},
        )

    def connect(self, token=None):
        secrets = {"EMAIL": self.server.email, "TOKEN": token or self.server.token}
        settings = Account(
            vendor="zendesk", url=self.server.url, options={"note_field": NOTE_FIELD}
        )
        return connect_zendesk(
            "desk",
            settings,
            secrets,
            manifest=load_manifest("zendesk"),
            clock=self.world.clock,
            sleep=self.world.clock.advance,
        )

    def create(self) -> str:
        made = self.world.create(
            {
                "subject": "x",
                "comment": {"body": "It leaks"},
                "ticket_form_id": 37001,
                "custom_fields": {360000010040: "severity_high"},
            },
            self.customer,
            via=channel("email"),
        )
        self.pass_time()
        return str(made.id)

    def fill(self, ticket: str, text: str) -> None:
        self.world.update(int(ticket), {"custom_fields": {int(self.cause_field): text}}, self.anna)
        self.pass_time()

    def move(self, ticket: str, status: str) -> None:
        self.world.update(int(ticket), {"custom_status_id": int(status)}, self.anna)
        self.pass_time()

    def walk_to_answer(self, ticket: str) -> None:
        for status in ("30002", "30003", "30004", "30006"):
            self.move(ticket, status)

    def reply(self, ticket: str, text: str) -> None:
        self.world.update(int(ticket), {"comment": {"body": text}}, self.anna)

    def note(self, ticket: str, text: str) -> None:
        self.world.update(int(ticket), {"comment": {"body": text, "public": False}}, self.anna)

    def answer(self, ticket: str, text: str) -> None:
        """Reply on a screen that names the kind too."""
        kind = {int(self.kind_field): "root_cause_other"}
        told = {"comment": {"body": text}, "custom_fields": kind}
        self.world.update(int(ticket), told, self.anna)

    def note_not_by_hand(self, ticket: str, text: str) -> None:
        """Note it by mail, by a rule, by a macro, in a quotation, and by a merge."""
        told = {"comment": {"body": text, "public": False}}
        self.world.update(int(ticket), told, self.anna, via=channel("email"))
        rule = {"channel": "rule", "source": {"from": {}, "to": {}, "rel": "trigger"}}
        self.world.update(int(ticket), told, self.anna, via=rule, origin=rule)
        self.world.update(int(ticket), {**told, "macro": 7002}, self.anna)
        self.world.update(
            int(ticket), {"comment": {"body": f"> {text}", "public": False}}, self.anna
        )
        into = {"from": {}, "to": {}, "rel": "merge"}
        way = {"channel": "web", "source": into}
        self.world.update(int(ticket), told, self.anna, via=way)

    def hear(self, ticket: str, text: str) -> None:
        self.world.update(
            int(ticket), {"comment": {"body": text}}, self.customer, via=channel("email")
        )

    def tag(self, ticket: str, tag: str) -> None:
        self.world.update(int(ticket), {"add_tags": [tag]}, self.anna)
        self.pass_time()

    def pass_time(self) -> None:
        """Let the minute pass that exports withhold."""
        self.world.clock.advance(61)

    def delete(self, ticket: str) -> None:
        self.world.delete(int(ticket), self.anna)

    def shown(self, ticket: str) -> Shown:
        told = self.world.tickets[int(ticket)]
        notes = sum(event.type == "Comment" for audit in told.audits for event in audit.events)
        return Shown(
            str(told.custom_status),
            frozenset(tag for tag in told.tags if tag.startswith("ombud-") or "_" not in tag),
            str(told.fields.get(NOTE_FIELD) or ""),
            notes,
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
            kind_field=self.ids["Root cause"],
            kind_values={"answered": "response"},
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

    def answer(self, ticket, text):
        """Reply on a screen that names the kind too."""
        body = {"Content": text, "ContentType": "text/plain"}
        self.ask(
            "POST",
            f"/ticket/{ticket}/correspond",
            **body,
            CustomFields={"Root cause": "answered"},
        )

    def note_not_by_hand(self, ticket, text):
        """Note it by mail, and in quotations."""
        mail = (
            "From: agent1@example.com\nTo: complaints-comment@example.com\n"
            f"Subject: [ombud.test #{ticket}] x\nContent-Type: text/plain\n\n{text}\n"
        )
        answer = requests.post(
            f"{self.server.url}/REST/1.0/NoAuth/mail-gateway",
            data={"queue": "Complaints", "action": "comment", "message": mail},
            timeout=60,
        )
        assert answer.text.startswith("ok"), answer.text
        self.note(ticket, f"> {text}")
        body = {"Content": f"<blockquote>{text}</blockquote>", "ContentType": "text/html"}
        self.ask("POST", f"/ticket/{ticket}/comment", **body)

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
