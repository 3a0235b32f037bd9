"""`ombud clock`: received then, what is due when; the golden dates as the shipped packs give them."""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typer
from typer.testing import CliRunner

from ombud.commands.clock import clock
from ombud.model.instant import instant
from policies.load import load_editions
from policies.vocabulary import PackError
from sync.clock import Desk, reckon

LONDON, SYDNEY, NEW_YORK = "Europe/London", "Australia/Sydney", "America/New_York"
DESKS = {
    "uk": Desk(zone=LONDON, country="GB", subdivision="ENG"),
    "au": Desk(zone=SYDNEY, country="AU", subdivision="NSW"),
    "us": Desk(zone=NEW_YORK, country="US"),
}


@pytest.fixture(autouse=True)
def _packs_read_once(monkeypatch):
    monkeypatch.setattr("sync.clock.load_editions", EDITIONS)


EDITIONS = cache(load_editions)


def asked(received, pack, desk=None, **more):
    """What is due when, by rule."""
    answer = reckon(received, pack, folder=Path(), desk=desk, **more)
    return {each.rule.id: each for each in answer.dues}


@pytest.mark.parametrize(
    "received, pack, desk, facts, stops, rule, due",
    [
        ("2026-04-02", "uk-fca-disp", None, {}, {}, "respond.payment", "end of Mon 27 Apr 2026"),
        ("2026-04-02", "uk-fca-disp", None, {"payment_services": "no"}, {}, "respond.eight_weeks", "end of Thu 28 May 2026"),
        ("2026-04-04", "uk-fca-disp", None, {"payment_services": "no"}, {}, "respond.eight_weeks", "end of Sat 30 May 2026"),
        ("2026-04-02", "uk-fca-disp", None, {"response_kind": "summary"}, {}, "summary.accepted_in_time", "Thu 9 Apr 2026, 17:00"),
        ("2026-04-04", "uk-fca-disp", None, {"response_kind": "summary"}, {}, "summary.accepted_in_time", "Thu 9 Apr 2026, 17:00"),
        ("2026-04-02", "eu-psd2", "uk", {}, {}, "respond.in_time", "end of Mon 27 Apr 2026"),
        ("2026-10-04", "au-asic-rg271", "au", {}, {}, "respond.standard", "end of Tue 3 Nov 2026"),
        ("2026-10-04", "au-asic-rg271", "au", {"complaint_kind": "superannuation"}, {}, "respond.trustee", "end of Wed 18 Nov 2026"),
        ("2026-10-04", "au-asic-rg271", "au", {"complaint_kind": "hardship"}, {}, "respond.hardship", "end of Sun 25 Oct 2026"),
        ("2026-10-04", "au-asic-rg271", "au", {}, {}, "acknowledge.in_time", "Tue 6 Oct 2026, 17:00"),
        ("2026-11-20", "us-cfpb", "us", {}, {"sent_to_portal": "2026-11-20"}, "respond.in_time", "end of Sat 5 Dec 2026"),
        ("2026-11-25", "us-fda-qmsr", "us", {"became_aware": "2026-11-25"}, {}, "mdr.in_time", "end of Fri 25 Dec 2026"),
        ("2026-10-23", "uk-nhs", None, {}, {}, "acknowledge.in_time", "end of Wed 28 Oct 2026"),
        ("2026-10-23", "uk-nhs", None, {}, {}, "respond.in_six_months", "end of Thu 22 Apr 2027"),
        ("2026-04-02", "uk-ofcom", None, {}, {}, "adr.letter_in_time", "end of Thu 28 May 2026"),
        ("2026-04-08", "uk-ofcom", None, {}, {}, "adr.letter_in_time", "end of Wed 20 May 2026"),
    ],
)  # fmt: skip
def test_golden_dates_of_the_shipped_packs(received, pack, desk, facts, stops, rule, due):
    found = asked(received, pack, DESKS.get(desk), facts=facts, stops=stops)[rule]
    assert found.words(found.due) == due


def test_a_notice_in_time_would_extend_and_one_that_was_sent_does():
    before = asked("2026-04-02", "uk-fca-disp")["respond.payment"]
    assert before.words(before.extended) == "end of Wed 27 May 2026"
    told = {"beyond_control": "yes", "delay_reason": "a bank is silent", "promised_date": "2026-05-20"}  # fmt: skip
    sent = asked("2026-04-02", "uk-fca-disp", facts=told, stops={"holding_sent": "2026-04-27"})
    after = sent["respond.payment"]
    assert (after.words(after.due), after.extended) == ("end of Wed 27 May 2026", None)


def test_the_later_of_24_hours_and_a_business_day_is_the_due_and_the_earlier_the_warning():
    """The clocks go forward in Sydney on 4 October 2026, and Monday is a holiday there."""
    late = asked("2026-10-03T10:00", "au-asic-rg271", DESKS["au"])["acknowledge.in_time"]
    assert late.words(late.warn) == "Sun 4 Oct 2026, 11:00"
    assert late.words(late.due) == "Tue 6 Oct 2026, 17:00"
    # On a Tuesday morning the business day ends later than 24 hours; after five it is the other way round.
    stops = {"acknowledged": "2026-10-07T16:00"}
    in_time = asked("2026-10-06T10:00", "au-asic-rg271", DESKS["au"], stops=stops)
    assert in_time["acknowledge.in_time"].state == "in time"
    evening = asked("2026-10-06T20:00", "au-asic-rg271", DESKS["au"])["acknowledge.in_time"]
    assert evening.words(evening.warn) == "Wed 7 Oct 2026, 17:00"
    assert evening.words(evening.due) == "Wed 7 Oct 2026, 20:00"


def test_a_day_alone_is_the_end_of_what_people_did_and_the_start_of_a_receipt():
    facts = {"payment_services": "no"}
    for day, state in (("2026-05-28", "in time"), ("2026-05-29", "late")):
        stops = {"responded": day}
        found = asked("2026-04-02", "uk-fca-disp", facts=facts | {"response_kind": "final"}, stops=stops)  # fmt: skip
        assert found["respond.eight_weeks"].state == state
    answer = reckon("2026-04-02", "uk-fca-disp", folder=Path())
    midnight = datetime(2026, 4, 2, tzinfo=ZoneInfo(LONDON))
    assert answer.received == instant(midnight)


def test_the_sum_says_which_days_counted_and_why_others_did_not():
    found = asked("2026-04-02", "uk-fca-disp", facts={"response_kind": "summary"})
    assert found["summary.accepted_in_time"].why == (
        "Thu 2 Apr is the day it starts and does not count",
        "counted: Tue 7 Apr to Thu 9 Apr (1 to 3)",
        "not counted: Fri 3 Apr (Good Friday), Mon 6 Apr (Easter Monday), 2 closed days",
        "ends with the close of business",
    )


def test_what_has_not_started_and_what_was_not_told_is_said():
    found = asked("2026-11-25", "us-fda-qmsr", DESKS["us"])
    assert found["mdr.five_day"].state == "not started"
    assert found["mdr.five_day"].due is None
    assert "payment_services" in asked("2026-04-02", "uk-fca-disp")["respond.payment"].untold


@pytest.mark.parametrize(
    "received, pack, desk, more, message",
    [
        ("2026-04-32", "uk-nhs", None, {}, r'DATE: "2026-04-32" is no time of Europe/London'),
        ("2026-03-29T01:30", "uk-nhs", None, {}, "is no time of Europe/London"),
        ("1999-01-01", "uk-nhs", None, {}, "holds from 2009-04-01"),
        ("2026-04-02", "eu-psd2", None, {}, "brings no calendar.*--zone Europe/London"),
        ("2026-04-02", "eu-psd2", Desk(zone="Europe/Atlantis"), {}, "unknown"),
        ("2026-04-02", "eu-psd2", Desk(country="GB"), {}, "Add --zone"),
        ("2026-04-02", "uk-nhs", Desk(calendar="lonndon"), {}, 'no calendar "lonndon"'),
        ("2026-04-02", "uk-nhs", None, {"facts": {"serverity": "x"}}, 'no field "serverity"'),
        ("2026-04-02", "uk-nhs", None, {"facts": {"agreed_until": "soon"}}, "is no time"),
        ("2026-04-02", "uk-fca-disp", None, {"facts": {"payment_services": "maybe"}}, "yes or no"),
        ("2026-04-02", "uk-nhs", None, {"stops": {"received": "2026-04-03"}}, "no milestone"),
        ("2026-04-02", "uk-nhs", None, {"stops": {"responded": "2026-04-01"}}, "before the receipt"),
        ("2026-04-02", "uk-nhss", None, {}, "uk-nhs"),
    ],
)  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused_with_a_remedy(
    received, pack, desk, more, message
):
    with pytest.raises(PackError, match=message):
        asked(received, pack, desk, **more)


class TestCommand:
    @pytest.fixture
    def run(self, tmp_path):
        app = typer.Typer()

        @app.callback()
        def main(context: typer.Context) -> None:
            context.obj = tmp_path / "ombud.toml"

        app.command()(clock)
        runner = CliRunner(env={"COLUMNS": "200"})
        return lambda *words: runner.invoke(app, ["clock", *words])

    def test_works_without_a_configuration(self, run):
        told = run("2026-04-02T10:30", "--pack", "uk-fca-disp")
        assert told.exit_code == 0, told.output
        assert "Received Thu 2 Apr 2026, 10:30 (Europe/London)" in told.output
        assert "end of Mon 27 Apr 2026" in told.output
        assert "DISP 1.6.2AR (confirmed" in told.output

    def test_json_is_one_object_a_rule(self, run):
        told = run("2026-10-23", "--pack", "uk-nhs", "--format", "json")
        rows = [json.loads(line) for line in told.stdout.splitlines()]
        by_rule = {row["rule"]: row for row in rows}
        assert by_rule["respond.in_six_months"]["due"] == "2027-04-22T23:00:00Z"
        assert by_rule["respond.in_six_months"]["version"] == "2009.4.0"

    def test_csv_has_a_line_a_rule(self, run):
        told = run("2026-10-23", "--pack", "uk-nhs", "--format", "csv")
        assert told.stdout.startswith("rule,mode,from,until,term,state")
        assert len(told.stdout.splitlines()) == 5

    @pytest.mark.parametrize(
        "words, message",
        [
            (["--set", "severity"], "is no pair"),
            (["--set", "exit=", "--stop", "x=1"], "is no pair"),
            (["--stop", "responded=2026-04-03", "--stop", "responded=2026-04-04"], "stands twice"),
            (["--zone", "UTC", "--calendar", "london"], "not both"),
        ],
    )
    def test_words_that_make_no_sense_are_a_usage_error(self, run, words, message):
        told = run("2026-04-02", "--pack", "uk-nhs", *words)
        assert told.exit_code == 2
        assert message in told.output

    def test_a_binding_lends_its_desk_and_its_parameters(self, run, tmp_path):
        (tmp_path / "ombud.toml").write_text(
            """
            [accounts.acme]
            vendor = "jira"
            url = "https://acme.example"
            [[bindings]]
            name = "complaints"
            account = "acme"
            pack = "eu-psd2"
            profile = "standard"
            calendar = "office"
            mapping = "acme.mapping.toml"
            scope = [{when = {}, is = "complaint"}]
            [calendars.office]
            zone = "Europe/Berlin"
            week = {mon-fri = ["08:00-12:00"]}
            """,
            encoding="utf-8",
        )
        told = run("2026-04-02", "--pack", "eu-psd2", "--format", "json")
        assert told.exit_code == 0, told.output
        row = next(r for r in map(json.loads, told.stdout.splitlines()) if r["rule"] == "respond.in_time")  # fmt: skip
        # Without holidays, fifteen business days from Thursday 2 April end on Thursday 23 April.
        assert row["zone"] == "Europe/Berlin"
        assert row["due_local"] == "end of Thu 23 Apr 2026"
