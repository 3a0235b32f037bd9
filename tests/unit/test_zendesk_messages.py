"""What a Zendesk audit tells of a message besides its words: macro, tags, field, and mail held back."""

from __future__ import annotations

import pytest

from connectors.zendesk.history import Story
from connectors.zendesk.site import Site
from connectors.zendesk.tail import audit_of
from ombud.model.clock import SystemClock
from ombud.model.connector import Schema
from ombud.model.event import Kind
from ombud.settings import Account

AGENT, CUSTOMER = 7, 5
SCHEMA = Schema(
    macros={"71": "acknowledgement"},
    tags={"complaint-holding": "holding"},
    kind_field="360",
    kind_values={"msg_decision": "decision"},
    markers={"response": ("#response",)},
)
RULE = {"channel": "rule", "source": {"from": {}, "to": {}, "rel": "trigger"}}


@pytest.fixture
def told():
    site = Site(
        "desk",
        Account(vendor="zendesk", url="https://acme.example"),
        {"EMAIL": "a@acme.example", "TOKEN": "t"},
        clock=SystemClock(),
        sleep=lambda _seconds: None,
        on_wait=None,
    )
    vars(site).update(me=1, statuses={}, forms={})
    site.know([{"id": AGENT, "role": "agent"}, {"id": CUSTOMER, "role": "end-user"}])

    def events(*children, body="Dear customer", public=True, metadata=None, **comment):
        audit = {
            "id": 100, "ticket_id": 1, "created_at": "2026-11-23T10:00:00Z", "author_id": AGENT,
            "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}}, "metadata": metadata or {},
            "events": [
                {"id": 101, "type": "Comment", "public": public, "author_id": AGENT, "body": body, **comment},
                *({"id": 110 + place, **each} for place, each in enumerate(children)),
            ],
        }  # fmt: skip
        return list(Story(site, {"id": 1, "requester_id": CUSTOMER}, [audit], SCHEMA, {}).events())

    return events


def kinds(events):
    return next(each.message.kinds for each in events if each.kind is Kind.message)


def change(name, value, before=None, **more):
    return {
        "type": "Change",
        "field_name": name,
        "value": value,
        "previous_value": before,
        **more,
    }


MACRO = {"type": "AgentMacroReference", "macro_id": "71", "macro_title": "We have it"}


@pytest.mark.parametrize(
    "children, expected",
    [
        ([], set()),
        ([MACRO], {"acknowledgement"}),
        ([{**MACRO, "macro_id": 71}], {"acknowledgement"}),
        ([{**MACRO, "macro_id": "72"}], set()),
        ([change("tags", ["vip", "complaint-holding"], ["vip"])], {"holding"}),
        ([change("tags", "vip complaint-holding", "vip")], {"holding"}),
        ([change("tags", ["complaint-holding", "vip"], ["complaint-holding"])], set()),
        ([change("tags", ["complaint-holding"], [], via=RULE)], set()),
        ([change("360", "msg_decision")], {"decision"}),
        ([change("360", None, "msg_decision")], set()),
        ([MACRO, change("360", "msg_decision")], {"acknowledgement", "decision"}),
    ],
)
def test_what_is_set_in_the_same_update_names_the_kind(told, children, expected):
    assert kinds(told(*children)) == expected


def test_a_marker_counts_beside_a_macro(told):
    assert kinds(told(MACRO, body="See #response")) == {"acknowledgement", "response"}


def test_mail_that_was_held_back_from_the_requester_was_not_sent(told):
    held = told(metadata={"notifications_suppressed_for": [CUSTOMER]})
    assert [(each.kind, each.after) for each in held[1:]] == [(Kind.undelivered, "101")]
    others = told(metadata={"notifications_suppressed_for": [99]})
    assert [each.kind for each in others] == [Kind.message]
    note = told(metadata={"notifications_suppressed_for": [CUSTOMER]}, public=False)
    assert [each.kind for each in note] == [Kind.message]


@pytest.mark.parametrize(
    "comment, verbs",
    [
        ({"body": "/ombud check"}, ["check"]),
        ({"body": "/ombud check", "html_body": "<div class='zd'><p>/ombud check</p></div>"}, ["check"]),
        ({"body": "/ombud check", "html_body": "<div><blockquote>/ombud check</blockquote>"}, []),
        ({"body": "/ombud check", "author_id": 8}, []),
        ({"body": "/ombud check", "via": RULE}, []),
    ],
)  # fmt: skip
def test_a_word_is_written_by_the_staff_member_who_updates(told, comment, verbs):
    words = [each for each in told(public=False, **comment) if each.kind is Kind.word]
    assert [each.field for each in words] == verbs


def test_a_note_written_with_a_macro_is_no_word(told):
    assert [each.kind for each in told(MACRO, public=False, body="/ombud check")] == [Kind.message]


def test_the_stream_tells_which_tags_came():
    line = {
        "id": 1, "ticket_id": 2, "created_at": "2026-11-23T10:00:00Z", "updater_id": AGENT, "via": "Web form",
        "child_events": [
            {"id": 3, "event_type": "Change", "via": "Web form", "tags": ["a", "b"], "added_tags": ["b"], "removed_tags": []}
        ],
    }  # fmt: skip
    (event,) = audit_of(line)["events"]
    assert (event["value"], event["previous_value"]) == (["a", "b"], ["a"])
