"""What is logged: one object a line where programs read it, and never what opens something or who somebody is."""

from __future__ import annotations

import json
import logging

import pytest

from ombud.log import Plain, Structured, redacted

SECRET = "k3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3yk3y"


def record(message, *told, **more):
    made = logging.LogRecord("ombud.web.door", logging.WARNING, __file__, 1, message, told, None)
    vars(made).update(more)
    return made


@pytest.mark.parametrize(
    "text",
    [
        "POST /hooks/hushhush HTTP/1.1",
        "https://ombud.example/c/acme/10?k=hushhush",
        "Authorization: Bearer hushhush",
        "{'Authorization': 'Basic hushhush=='}",
        "X-Hub-Signature: sha256=hushhush",
        "ACME_TOKEN=hushhush",
        '{"client_secret": "hushhush"}',
        "smtp://robot:hushhush@mail.example",
        "written by hushhush@customer.example",
        f"the key {SECRET.replace('k3y', 'hushhush1')} was told",
    ],
)
def test_what_opens_something_or_names_somebody_is_left_out(text):
    assert "hushhush" not in redacted(text)
    assert "hushhush" not in Plain("%(message)s").format(record("%s", text))
    assert "hushhush" not in Structured().format(record("%s", text, reason=text))


@pytest.mark.parametrize(
    "text",
    [
        "sandbox rests: sandbox: helpdesk busy: GET /rest/api/3/issue/{id} (503)",
        "a delivery was not taken: forged, and 1,204 more since the last line",
        "the token ends on 2026-12-01",
        "complaints: close.with_root_cause fell from block to flag",
    ],
)
def test_what_says_something_stays(text):
    assert redacted(text) == text


def test_a_traceback_is_told_without_what_it_quotes():
    made = record("failed")
    try:
        int("no /hooks/hushhush here")
    except ValueError as error:
        made.exc_info = (type(error), error, error.__traceback__)
    told = json.loads(Structured().format(made))
    assert "/hooks/… here" in told["trace"]
    made.exc_text = None
    assert "hushhush" not in Plain("%(message)s").format(made)


def test_a_line_is_one_object():
    told = json.loads(Structured().format(record("two\nlines", account="acme", reason="forged")))
    assert told | {"time": ""} == {
        "time": "",
        "level": "warning",
        "logger": "ombud.web.door",
        "message": "two\nlines",
        "account": "acme",
        "reason": "forged",
    }
