"""A sandbox with a pack of its own, small enough to see through, for tests of what people decide about rules."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

from ombud.model.facts import Verdict
from ombud.sandbox.adf import plain
from ombud.sandbox.serve import start_in_thread
from sync.service import open_service
from sync.waivers import approve, request_waiver
from tests.desks import Stepped, jira_folder

ANNA, CUSTOMER, OUTSIDE = "acc-anna", "acc-c01", "acc-robot"
CAUSE, SEVERITY, DONE, STARTED = "customfield_10042", "customfield_10040", "10010", "10004"
RULE, LATE, RIGID = "close.with_cause", "answer.in_time", "close.with_outcome"
PACK = """
pack: house
version: {version}
title: House rules
effective: {{from: 2016-01-01}}
calendar: office
vocabulary:
  severity: {{type: choice, values: [low, medium, high, critical], ordered: true}}
  root_cause: {{type: choice}}
  outcome: {{type: choice}}
params:
  answer_hours: {{default: 48, minimum: 1, help: elapsed hours from receipt to the first answer}}
rules:
  - id: close.with_cause
    title: A closed complaint has a root cause
    clauses: [{{standard: "ISO 10002:2018", clause: "8.2"}}]
    severity: major
    mode: block
    guard: {{entering: closed, must: {{present: root_cause}}}}
  - id: answer.in_time
    title: A complaint is answered in time
    clauses: [{{standard: "ISO 10002:2018", clause: "7.4"}}]
    severity: minor
    mode: flag
    deadline: {{from: received, until: acknowledged, within: [{{hours: {{param: answer_hours}}}}]}}
  - id: close.with_outcome
    title: A closed complaint has an outcome
    clauses: [{{standard: "ISO 10002:2018", clause: "7.8"}}]
    severity: major
    mode: flag
    waivable: false
    guard: {{entering: closed, must: {{present: outcome}}}}
{more}
profiles: {{standard: all}}
"""


class Desk:
    """A Jira sandbox, its complaints desk, and a service over it."""

    def __init__(self, folder, server, config, service):
        self.folder, self.server, self.config, self.service = folder, server, config, service
        self.world = server.world

    @property
    def store(self):
        return self.service.store

    @property
    def bound(self):
        return self.service.bounds[0]

    def create(self, **fields):
        told = {"summary": "x", SEVERITY: "10203"} | fields
        issue = self.world.create("CMP", "Complaint", told, CUSTOMER)
        self.pass_time()
        return issue.id

    def close(self, ticket):
        self.world.edit(ticket, {}, ANNA, to_status=DONE)
        self.pass_time()

    def closed(self, **fields):
        ticket = self.create(**fields)
        self.world.edit(ticket, {}, ANNA, to_status=STARTED)
        self.pass_time()
        self.close(ticket)
        return ticket

    def pass_time(self, **told):
        self.world.clock.advance(timedelta(**(told or {"minutes": 1})).total_seconds())

    def sync(self, **told):
        return self.service.sync("sandbox", **told)

    def status(self, ticket):
        return self.world.find(ticket).status

    def note(self, ticket):
        """Give our note on a ticket; "" where there is none."""
        comments = self.world.find(ticket).comments
        return "".join(plain(each.body) for each in comments if "ombud" in each.properties)

    def tags(self, ticket):
        return sorted(
            tag
            for tag in self.world.find(ticket).fields.get("labels", ())
            if tag.startswith("ombud")
        )

    def stored(self, ticket, rule=RULE):
        """Give verdict and standing of a ticket's rule as stored, the last occurrence."""
        found = [
            (each.entered or 0, str(each.verdict), str(each.standing))
            for each in self.store.findings(rule=rule)
            if each.ref.id == ticket
        ]
        return max(found)[1:] if found else None

    def judged(self, ticket, rule=RULE, **told):
        """Give verdict and standing as `check` judges them."""
        found = [
            (f.entered or 0, str(f.verdict), str(f.standing))
            for f, _, _ in self.service.check(**told)
            if f.ref.id == ticket and f.rule == rule
        ]
        return max(found)[1:] if found else None

    def failing(self):
        return {
            (f.ref.id, f.rule) for f, _, _ in self.service.check() if f.standing is Verdict.failed
        }

    def writes(self):
        """Count what was written by HTTP: the desk's people act in the world itself."""
        return sum(line["request"] is not None for line in self.world.journal.lines())

    def who(self, name):
        return self.service.persons.named(name)

    def waive(self, until, *, rule=RULE, case=None, where=None, since=None):
        """Grant a waiver from now on."""
        now = self.service.now()
        with self.store.book() as acts:
            name = request_waiver(
                acts,
                self.bound,
                rule=rule,
                case=case,
                why="agreed with the regulator",
                requested_by=self.who("ann"),
                until=until,
                now=now,
                where=where,
            )
            approve(acts, name, by=self.who("bob"), persons=self.service.persons, now=now)
        return name

    def case(self, ticket):
        return next(
            state.case
            for page in self.store.complaints("complaints")
            for state in page
            if state.ref.id == ticket
        )

    def write_pack(self, version="1.0.0", more=""):
        (self.folder / "house.yaml").write_text(
            PACK.format(version=version, more=more), encoding="utf-8"
        )

    def add(self, text):
        """Put tables at the end of ombud.toml; takes effect with `reopen`."""
        self.config.write_text(self.config.read_text(encoding="utf-8") + text, encoding="utf-8")

    def reopen(self):
        self.service.store.close()
        clock = self.service.clock
        self.service = open_service(self.config, clock, sleep=clock.sleep)
        return self.service


@contextmanager
def desk_at(folder, *, mode="block", more=""):
    """Open a sandbox with the house pack over it."""
    with start_in_thread() as server:
        (folder / "house.yaml").write_text(PACK.format(version="1.0.0", more=""), encoding="utf-8")
        config = jira_folder(folder, server, pack='"house.yaml"', mode=f'"{mode}"')
        config.write_text(config.read_text(encoding="utf-8") + more, encoding="utf-8")
        clock = Stepped(server.world.clock.now)
        desk = Desk(folder, server, config, open_service(config, clock, sleep=clock.sleep))
        try:
            yield desk
        finally:
            desk.service.store.close()
