"""Every recorded exchange with a Zendesk is read as what it is, or named as what the connector does not read."""

from __future__ import annotations

import json

import pytest

from connectors.zendesk.history import Story
from connectors.zendesk.reader import Reader
from connectors.zendesk.site import Site, said
from ombud.model.clock import SystemClock
from ombud.model.connector import Schema
from ombud.model.event import Kind
from ombud.settings import Account

#: What the connector has no use for, and why.
NOT_READ = {
    "automation_create_201": "makes a rule; rules are read and left",
    "business_hours_schedules": "calendars stand in ombud.toml",
    "deleted_ticket_delete_and_restore": "deletes and restores; the export tells of both",
    "deleted_tickets_list": "makes and deletes; the export tells of deleted tickets",
    "incremental_ticket_events": "a stream of changes without their metadata; audits have both",
    "oas_satisfaction_ratings": "no rule asks how content anybody was",
    "oas_sla_policies": "Zendesk's own measures; clocks are the pack's",
    "tickets_list_cbp": "makes and deletes in bulk; lists leave archived tickets out",
    "ticket_field_create_201": "makes a field",
    "ticket_metric_events_cbp": "Zendesk's own measures; clocks are the pack's",
    "trigger_create_201": "makes a rule; rules are read and left",
    "update_many_job_status": "a bulk update guards nothing",
    "custom_status_create_201": "makes a status",
    "webhook_create_and_signing_secret": "what webhooks tell is read by the ear",
    "webhook_invocation_attempts": "what webhooks tell is read by the ear",
    "webhook_ticket_comment_added": "what webhooks tell is read by the ear",
    "webhook_ticket_status_changed": "what webhooks tell is read by the ear",
}
AUDITS = ("oas_ticket_audits", "ticket_audits_global_cursor", "ticket_create_201")
UPDATES = ("ticket_update_200_with_audit_and_warn",)
TICKETS = (
    "incremental_tickets_cursor",
    "incremental_tickets_cursor_perpage1",
    "incremental_tickets_time",
)
ERRORS = {
    "error_422_closed_update": "closed prevents ticket update",
    "error_422_required_on_solve": "Assignee: is required when solving a ticket; <numeric field>: is required when solving a ticket; <choice field>: is required when solving a ticket",
    "ticket_404": "Not found",
    "toomanyvalues_400": "Parameter  cannot specify more than 100 values",
}
SETTINGS = ("oas_custom_statuses", "oas_ticket_fields", "oas_ticket_forms_agent_conditions")


@pytest.fixture
def recorded(shared):
    folder = shared / "fixtures" / "zendesk"

    def read(name):
        told = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
        exchanges = told if isinstance(told, list) else [told]
        return [each.get("response", each).get("body", each) for each in exchanges]

    read.names = {file.stem for file in folder.glob("*.json")}
    return read


@pytest.fixture
def site():
    made = Site(
        "desk",
        Account(vendor="zendesk", url="https://acme.example"),
        {"EMAIL": "a@acme.example", "TOKEN": "t"},
        clock=SystemClock(),
        sleep=lambda _seconds: None,
        on_wait=None,
    )
    # What would be asked for over the line.
    vars(made).update(me=1, statuses={}, forms={})
    return made


def story(site, ticket, audits):
    return Story(site, ticket, audits, Schema(fields=frozenset({"assignee", "priority"})), {})


def test_every_recording_is_accounted_for(recorded):
    assert recorded.names == {*NOT_READ, *AUDITS, *UPDATES, *TICKETS, *ERRORS, *SETTINGS}


@pytest.mark.parametrize("name", AUDITS)
def test_recorded_audits_are_told_as_events(name, recorded, site):
    (body,) = recorded(name)
    audits = body["audits"] if "audits" in body else [body["audit"]]
    for ticket in {audit["ticket_id"] for audit in audits}:
        own = [audit for audit in audits if audit["ticket_id"] == ticket]
        events = list(story(site, {"id": ticket, "requester_id": 5}, own).events())
        assert events
        assert all(event.happened for event in events)
        assert {event.kind for event in events} <= {Kind.created, Kind.field, Kind.message}


def test_the_documented_audit_tells_what_its_trigger_did(recorded, site):
    (body,) = recorded("oas_ticket_audits")
    message, entered, *rest = story(site, {"id": 1, "requester_id": 5}, body["audits"]).events()
    assert message.message.public is False
    assert (entered.field, entered.after, entered.cause.value) == ("status", "123", "rule")
    assert [event.field for event in rest if event.field == "status"] == []


@pytest.mark.parametrize("name", UPDATES)
def test_a_recorded_update_changes_nothing_that_rules_ask_for(name, recorded, site):
    (body,) = recorded(name)
    assert list(story(site, body["ticket"], [body["audit"]]).events()) == []


@pytest.mark.parametrize("name", TICKETS)
def test_recorded_tickets_are_seen(name, recorded, site):
    reader = Reader(site)
    bodies = [body for body in recorded(name) if "tickets" in body]
    assert bodies
    for body in bodies:
        for ticket in body["tickets"]:
            seen = reader._seen(ticket)
            assert seen.key == f"#{ticket['id']}"
            assert seen.revision == ticket["updated_at"]
            assert reader.status_of(ticket)


@pytest.mark.parametrize("name", ERRORS)
def test_recorded_refusals_are_told_in_words(name, recorded):
    (body,) = recorded(name)
    assert said(json.dumps(body).encode()) == ERRORS[name]


@pytest.mark.parametrize("name", SETTINGS)
def test_documented_settings_have_what_is_read_of_them(name, recorded):
    (body,) = recorded(name)
    (rows,) = [value for value in body.values() if isinstance(value, list)]
    needed = {
        "oas_custom_statuses": {"id", "status_category", "agent_label", "default"},
        "oas_ticket_fields": {"id", "type", "title"},
        "oas_ticket_forms_agent_conditions": {"id", "name"},
    }[name]
    assert all(needed <= set(row) for row in rows)
