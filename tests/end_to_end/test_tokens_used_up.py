"""Tokens that are good for one use each: refreshed once, stored before they are used, lost at worst with a word."""

from __future__ import annotations

import logging
import re
import threading

import pytest

from connectors.errors import HelpdeskError, Kind
from connectors.oauth import OAuth
from connectors.signin import Grant
from ombud.sandbox.serve import start_in_thread
from ombud.store import Store
from sync.doctor import examine
from tests.sign_in_desk import Desk, jira_config, refreshes, wrong


@pytest.fixture
def jira():
    with start_in_thread() as server:
        server.world.create("CMP", "Complaint", {"summary": "x"}, "acc-c01")
        yield server


@pytest.fixture
def desk(tmp_path, jira):
    held = Desk(jira_config(tmp_path, jira, "code"), jira, "sandbox")
    held.connect()
    return held


def test_a_token_is_refreshed_before_it_ends_and_the_new_one_is_kept(desk, jira):
    jira.world.clock.advance(3600 - 200)
    asked = len(jira.calls)
    with desk.open() as service:
        service.sync("sandbox")
    assert len(refreshes(jira)) == 2
    assert {call["status"] for call in jira.calls[asked:]} == {200}
    with desk.open() as service:
        service.sync("sandbox")
    assert len(refreshes(jira)) == 2


def test_for_weeks_each_refresh_token_is_used_once(desk, jira):
    with desk.open() as service:
        for _ in range(20):
            jira.world.clock.advance(86400)
            service.sync("sandbox")
    assert [call["status"] for call in refreshes(jira)] == [200] * 21


def test_two_who_need_a_new_token_at_once_fetch_one(desk, jira):
    jira.world.clock.advance(3600)
    # The first holds the others up for as long as they need to come.
    jira.faults.order([{"match": "oauth/token", "kind": "delay", "seconds": 0.5}])
    signed = []

    def sign():
        with desk.open() as service:
            signed.append(service.signin.authorizer("sandbox").headers()["Authorization"])

    threads = [threading.Thread(target=sign) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refreshes(jira)) == 2
    assert len(set(signed)) == 1
    assert len(signed) == 4


def test_a_token_that_was_taken_back_is_replaced_once_and_the_question_is_asked_again(desk, jira):
    jira.world.clock.advance(1200)
    with desk.open() as service:
        service.sync("sandbox")
        jira.site.gateway.tokens.clear()
        assert service.statuses("sandbox")
    assert len(refreshes(jira)) == 2


def test_a_token_that_another_process_replaced_is_taken_from_the_database(desk, jira):
    with desk.open() as first, desk.open() as second:
        first.sync("sandbox")
        second.sync("sandbox")
        jira.world.clock.advance(1200)
        jira.site.gateway.tokens.clear()
        assert first.statuses("sandbox")
        assert second.statuses("sandbox")
    assert len(refreshes(jira)) == 2


def test_the_lost_answer_of_a_refresh_is_reported_with_its_remedy(desk, jira):
    jira.world.clock.advance(3601)
    jira.faults.order([{"match": "oauth/token", "kind": "lost_reply"}])
    with desk.open() as service:
        with pytest.raises(HelpdeskError, match="answer to a refresh was lost") as caught:
            service.sync("sandbox")
        assert caught.value.kind is Kind.busy
        assert "accounts connect sandbox" in caught.value.remedy
        assert "its answer never came" in desk.by_name(service.signin.foretell("sandbox"))["Refresh"].why  # fmt: skip
    with desk.open() as service:
        with pytest.raises(HelpdeskError, match="the only token that is still good") as caught:
            service.sync("sandbox")
        assert caught.value.kind is Kind.signin
    assert not wrong(desk.connect())
    with desk.open() as service:
        service.sync("sandbox")


def test_a_refresh_that_never_arrived_is_made_again(desk, jira):
    jira.world.clock.advance(3601)
    jira.faults.order([{"match": "oauth/token", "kind": "drop"}])
    with desk.open() as service, pytest.raises(HelpdeskError, match="lost"):
        service.sync("sandbox")
    with desk.open() as service:
        service.sync("sandbox")
        assert "Refresh" not in desk.by_name(service.signin.foretell("sandbox"))


def test_while_the_token_still_signs_a_busy_server_is_no_trouble(desk, jira):
    jira.world.clock.advance(3600 - 200)
    jira.faults.order(
        [{"match": "oauth/token", "kind": "status", "status": 429, "times": 9, "headers": {"Retry-After": "900"}}]
    )  # fmt: skip
    with desk.open() as service:
        service.sync("sandbox")
    assert len(refreshes(jira)) == 2


class Killed(BaseException):
    """End the process, as a signal would."""


def test_who_is_killed_right_after_a_refresh_has_stored_it_and_used_nothing(
    desk, jira, monkeypatch
):
    jira.world.clock.advance(3601)
    keep, asked = Store.keep_token, len(jira.calls)

    def dying(self, account, plain, until):
        keep(self, account, plain, until)
        if Grant.read(plain).asked is None:
            raise Killed

    monkeypatch.setattr(Store, "keep_token", dying)
    with desk.open() as service, pytest.raises(Killed):
        service.sync("sandbox")
    monkeypatch.undo()
    assert [call["path"] for call in jira.calls[asked:]] == ["/oauth/token"]
    with desk.open() as service:
        service.sync("sandbox")
    assert len(refreshes(jira)) == 2


def test_who_is_killed_before_a_refresh_is_stored_says_so_the_next_time(desk, jira, monkeypatch):
    jira.world.clock.advance(3601)
    ask = OAuth.by_refresh

    def dying(self, refresh):
        ask(self, refresh)
        raise Killed

    monkeypatch.setattr(OAuth, "by_refresh", dying)
    with desk.open() as service, pytest.raises(Killed):
        service.sync("sandbox")
    monkeypatch.undo()
    with desk.open() as service:
        assert "Refresh" in desk.by_name(service.signin.foretell("sandbox"))
        with pytest.raises(HelpdeskError, match="the only token that is still good"):
            service.sync("sandbox")
    assert not wrong(desk.connect())


def test_no_token_stands_anywhere_in_clear_text(desk, jira, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    jira.world.clock.advance(3500)
    with desk.open() as service:
        service.sync("sandbox")
        kept = service.signin.authorizer("sandbox").kept()
        text = repr((service.signin.authorizer("sandbox"), kept, service.signin))
        files = [path.read_bytes() for path in desk.config.parent.iterdir() if path.name != ".env"]
    words = [*jira.site.gateway.tokens, *jira.site.gateway.refreshes, jira.client_secret]
    assert kept.access in words
    printed = caplog.text + "".join(capfd.readouterr()) + text
    assert [word for word in words if word in printed] == []
    assert [word for word in words for data in files if word.encode() in data] == []


def test_doctor_foretells_when_a_refresh_token_was_not_used_for_long(desk, jira):
    def foretold():
        return {each.name: each for each in examine(desk.config, desk.clock) if "oken" in each.name}

    assert foretold()["Refresh token of sandbox"].ok
    assert "renewed by itself" in foretold()["Token of sandbox"].why
    jira.world.clock.advance(59 * 86400)
    (desk.config.with_name("ombud.toml")).write_text(
        re.sub(r"(?s)\[\[bindings\]\].*?(?=\[calendars)", "", desk.config.read_text("utf-8")),
        encoding="utf-8",
    )
    assert foretold()["Refresh token of sandbox"].ok
    jira.world.clock.advance(2 * 86400)
    assert foretold()["Refresh token of sandbox"].ok is None
    assert "unused for 61 days" in foretold()["Refresh token of sandbox"].why
    jira.world.clock.advance(30 * 86400)
    assert foretold()["Refresh token of sandbox"].ok is False
    assert "accounts connect" in foretold()["Refresh token of sandbox"].remedy
