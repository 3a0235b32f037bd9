"""What Request Tracker's transactions tell of a message besides its words: mail that did not go out."""

from __future__ import annotations

import itertools

import pytest

from connectors.rt.history import Story
from connectors.rt.site import Body, OurFields, Site
from ombud.model.clock import SystemClock
from ombud.model.connector import Schema
from ombud.model.event import Kind
from ombud.settings import Account

AGENT, SYSTEM = "agent1", "RT_System"


def events(rows, body=None):
    site = Site(
        "desk",
        Account(vendor="rt", url="https://rt.example"),
        {"TOKEN": "t"},
        clock=SystemClock(),
        sleep=lambda _seconds: None,
        on_wait=None,
    )
    assert isinstance(site.ours, OurFields)
    ticket = {"id": "1", "Queue": {"id": "3"}, "Requestor": [{"id": "karla@example.org"}]}
    told = [
        {
            "id": str(number),
            "ObjectId": "1",
            "Type": kind,
            "Field": "",
            "OldValue": "",
            "NewValue": "",
            "Creator": {"id": creator},
            "Created": f"2026-11-23T10:00:{second:02}Z",
        }
        for (kind, creator), number, second in zip(
            rows, itertools.count(10), range(60), strict=False
        )
    ]
    story = Story(site, ticket, told, Schema(), lambda _name: body or Body("", "", by_hand=True))
    return list(story.events({}, whole=False))


SAID, SENT, FAILED = ("Correspond", AGENT), ("EmailRecord", SYSTEM), ("SystemError", SYSTEM)


@pytest.mark.parametrize(
    "rows, lost",
    [
        ([SAID], []),
        ([SAID, SENT], []),
        ([SAID, FAILED], ["10"]),
        ([SAID, FAILED, FAILED], ["10"]),
        # Some of its mail went out: nobody can tell whose did not.
        ([SAID, SENT, FAILED], []),
        ([SAID, SENT, SAID, FAILED], ["12"]),
        ([FAILED, SAID], []),
    ],
)
def test_mail_that_could_not_be_sent_is_told_of_the_message_before(rows, lost):
    told = events(rows)
    assert [each.after for each in told if each.kind is Kind.undelivered] == lost
    assert [each.happened for each in told] == sorted(each.happened for each in told)


@pytest.mark.parametrize(
    "body, verbs",
    [
        (Body("/ombud check", "/ombud check", by_hand=True), ["check"]),
        (Body("/ombud check", "/ombud check", by_hand=False), []),
        (Body("x\n/ombud check", "x\n/ombud check", by_hand=True), []),
    ],
)
def test_a_word_is_written_by_hand(body, verbs):
    words = [each for each in events([("Comment", AGENT)], body) if each.kind is Kind.word]
    assert [each.field for each in words] == verbs
    by_mail = events([("Comment", "karla@example.org")], body)
    assert [each.kind for each in by_mail] == [Kind.message]
