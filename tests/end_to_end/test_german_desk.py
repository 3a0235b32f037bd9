"""A desk that speaks German: what agents read in the helpdesk is in it, what is kept as evidence is not."""

from __future__ import annotations

import re

import pytest

from ombud.model.event import Ref
from ombud.sandbox.serve import start_in_thread
from ombud.settings import load_settings
from ombud.toml import SettingsError
from ombud.web.pages import page
from sync.note import points
from sync.page import outlook
from sync.service import open_service
from tests.conformity.benches import JiraBench
from tests.desks import Stepped, jira_folder
from tests.people_desk import ANNA, CAUSE, DONE, Desk

APPROVERS = '\n[approval]\napprovers = ["Ann"]\n'
#: As a German helpdesk calls them; one option has a name on two lines.
CAUSES = (
    'root_cause = {id = "customfield_10042", name = "Ursache der Beschwerde", '
    'values = {billing = "10221", other = "10225", unknown = "10226"}, '
    'names = {"10221" = "Falsche\\nRechnung", "10226" = "Ungeklärt"}}'
)


@pytest.fixture
def desk(tmp_path):
    with start_in_thread() as server:
        german = '"office"\nlanguage = "de"'
        config = jira_folder(tmp_path, server, profile='"starter"', calendar=german)
        config.write_text(config.read_text(encoding="utf-8") + APPROVERS, encoding="utf-8")
        mapping = tmp_path / "sandbox.mapping.toml"
        told = mapping.read_text(encoding="utf-8")
        mapping.write_text(
            re.sub(r"^root_cause = .*$", lambda _: CAUSES, told, flags=re.MULTILINE), "utf-8"
        )
        clock = Stepped(server.world.clock.now)
        desk = Desk(tmp_path, server, config, open_service(config, clock, sleep=clock.sleep))
        desk.bench = JiraBench(server)
        try:
            yield desk
        finally:
            desk.service.store.close()


def lines(desk, ticket):
    return desk.note(ticket).splitlines()


def test_a_closing_is_undone_with_a_note_in_german_and_kept_in_english(desk):
    desk.sync()
    ticket = desk.create(customfield_10043="x")
    desk.bench.walk_to_answer(ticket)
    desk.pass_time()
    before = desk.status(ticket)
    desk.close(ticket)
    desk.sync()
    assert desk.status(ticket) == before != DONE
    told = lines(desk, ticket)
    assert re.fullmatch(r"Beschwerderichtlinie · \d Punkte? offen", told[0])
    when = r"(Mo|Di|Mi|Do|Fr|Sa|So) \d+\. \w+\.?, \d\d:\d\d Uhr"
    assert re.fullmatch(
        rf"Diese Beschwerde wurde am {when}, geschlossen und ist wieder offen\.", told[1]
    )
    assert any(
        line.endswith(
            "„Ursache der Beschwerde“ fehlt. Bitte wählen Sie: Falsche Rechnung · Sonstiges."
        )
        for line in told
    )
    assert "Danach können Sie sie wieder schließen." in told
    assert len(told) <= 8
    kept = [each.reasons for each in desk.store.findings(rule="close.with_root_cause")]
    assert ("Root cause is empty.",) in kept
    desk.world.edit(ticket, {CAUSE: "10226"}, ANNA)
    desk.pass_time()
    desk.sync()
    assert "„Ursache der Beschwerde“ darf nicht „Ungeklärt“ sein." in desk.note(ticket)


def test_another_language_needs_no_approval_and_writes_the_texts_anew(desk):
    desk.sync()
    ticket = desk.create()
    desk.bench.walk_to_answer(ticket)
    desk.close(ticket)
    desk.sync()
    german = desk.note(ticket)
    assert german.startswith("Beschwerderichtlinie")
    told = desk.config.read_text(encoding="utf-8").replace('language = "de"', 'language = "en"')
    desk.config.write_text(told, encoding="utf-8")
    desk.reopen()
    report = desk.sync(full=True)
    assert not any("approve" in each for each in report.notices)
    assert desk.note(ticket).startswith("Complaint policy")
    writes = desk.writes()
    desk.sync(full=True)
    assert desk.writes() == writes


@pytest.mark.parametrize(
    "word, answer",
    [
        ("/ombud check", r"Geprüft am .*, \d\d:\d\d Uhr: Zum Schließen fehlt noch .+ · .+\."),
        ("/ombud called", r"Anruf vom .*, \d\d:\d\d Uhr, vermerkt\."),
        ("/ombud received 2020-01-05", r"Eingang vermerkt: 05\.01\.2020\."),
        (
            "/ombud received 5.1.2020",
            (
                "„/ombud received“: „5.1.2020“ ist kein Datum. "
                "Bitte beginnen Sie mit dem Jahr: /ombud received 2026-11-23"
            ),
        ),
        ("/ombud received 2099-01-05", r".*05\.01\.2099 liegt nach dem Ticket selbst\. .*"),
        ("/ombud prüfe", r"„/ombud prüfe“: „prüfe“ ist nicht bekannt\. Möglich sind: check, .*"),
        ("/ombud dispute close.with_root_cause", r".*Der Grund fehlt\. Bitte schreiben Sie: .*"),
        (
            "/ombud dispute close.with_root_cause Das war keine Beschwerde",
            r"Einwand \w+ gegen close\.with_root_cause vermerkt; .*",
        ),
        ("/ombud dispute close.with_root_caus nein", r".*Meinen Sie „close\.with_root_cause“\?"),
        ("/ombud dispute zzz nein", r".*: complaints hat keine Regel „zzz“\."),
        (
            "/ombud waive close.with_root_cause Werk abgebrannt until 2020-01-01",
            r".*01\.01\.2020 ist vorbei\..*",
        ),
        (
            "/ombud waive close.with_root_cause Werk abgebrannt until 2099-01-01",
            r".*gilt höchstens 365 Tage\..*",
        ),
        ("/ombud approve w1", r".*Ihr Konto gehört zu keiner bekannten Person.*"),
    ],
)
def test_words_are_answered_in_german(desk, word, answer):
    desk.sync()
    ticket = desk.create()
    desk.bench.note(ticket, word)
    desk.pass_time()
    desk.sync()
    told = lines(desk, ticket)
    assert any(re.fullmatch(answer, line) for line in told), told
    assert len(told) <= 8


def test_a_waiver_that_is_asked_for_says_how_it_is_approved(desk):
    desk.sync()
    ticket = desk.create()
    until = desk.service.clock.now().year + 1
    note = f"/ombud waive close.with_root_cause Werk abgebrannt until {until}-01-01"
    desk.bench.note(ticket, note)
    desk.pass_time()
    desk.sync()
    said = f"Ausnahme von close.with_root_cause bis 01.01.{until} beantragt."
    assert f"{said} Eine andere Person gibt sie frei: /ombud approve " in desk.note(ticket)


def test_the_page_is_in_german(desk):
    desk.sync()
    ticket = desk.create()
    desk.bench.walk_to_answer(ticket)
    desk.sync()
    found = outlook(desk.service, Ref("sandbox", "jira", ticket))
    told = page(
        "closing.html",
        found=found,
        zone=found.zone,
        tongue=found.tongue,
        says=found.tongue.on_page,
        points=points,
        waits=None,
        read=desk.service.now(),
        link="",
    ).body.decode()
    assert '<html lang="de">' in told
    assert re.search(r"Noch nicht: \d+ Punkte sind offen\.", told)
    assert "„Ursache der Beschwerde“ fehlt. Bitte wählen Sie: Falsche" in told
    assert re.search(r"So zeigte es der Helpdesk: <time datetime=[^>]*>.*? Uhr</time>\.", told)


def test_a_language_that_nobody_speaks_is_refused_with_those_that_are_known(desk):
    told = desk.config.read_text(encoding="utf-8").replace('language = "de"', 'language = "tlh"')
    desk.config.write_text(told, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"language: 'tlh' .*known are de, en"):
        load_settings(desk.config)
