"""What `ombud doctor` finds wrong with an installation, each with its remedy."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from ombud.sandbox.serve import start_in_thread
from sync.doctor import examine
from tests.desks import Stepped, jira_folder, jira_service


@pytest.fixture
def server():
    with start_in_thread() as running:
        yield running


@pytest.fixture
def config(tmp_path, server):
    server.world.create("CMP", "Complaint", {"summary": "x"}, "acc-c01")
    with jira_service(tmp_path, server) as service:
        service.sync("sandbox")
    (tmp_path / ".env").chmod(0o600)
    return tmp_path / "ombud.toml"


def wrong(config, server):
    """Give what is not as it should be, and what to do about it."""
    found = examine(config, Stepped(server.world.clock.now))
    return {each.name: each for each in found if each.ok is False}


def test_a_sound_installation_has_nothing_wrong(config, server):
    assert wrong(config, server) == {}


def test_secrets_that_others_can_read_are_named(config, server):
    config.with_name(".env").chmod(0o644)
    assert wrong(config, server)[".env"].remedy.startswith("Run: chmod 600")


def test_a_missing_secret_is_named(config, server):
    env = config.with_name(".env")
    env.write_text(
        env.read_text(encoding="utf-8").replace("SANDBOX_TOKEN", "OTHER"), encoding="utf-8"
    )
    env.chmod(0o600)
    assert "SANDBOX_TOKEN" in wrong(config, server)["Account sandbox"].why


def test_a_mapping_that_no_longer_fits_is_named_with_its_field(config, server):
    mapping = config.with_name("sandbox.mapping.toml")
    text = mapping.read_text(encoding="utf-8").replace("customfield_10043", "customfield_99999")
    mapping.write_text(text, encoding="utf-8")
    told = wrong(config, server)["Mapping of complaints"]
    assert "corrective_action = customfield_99999" in told.why
    assert "ombud fields sandbox" in told.remedy


def test_a_value_that_the_helpdesk_does_not_have_is_named(config, server):
    mapping = config.with_name("sandbox.mapping.toml")
    text = mapping.read_text(encoding="utf-8").replace('low = "10201"', 'low = "77777"')
    mapping.write_text(text, encoding="utf-8")
    assert "severity: value 77777" in wrong(config, server)["Mapping of complaints"].why


def test_a_log_that_was_tampered_with_is_found(config, server):
    with closing(sqlite3.connect(config.with_name("ombud.db"))) as raw:
        raw.execute("UPDATE decision SET verdict = 'pass' WHERE seq = 1")
        raw.commit()
    assert "Decision log" in wrong(config, server)


def test_an_unknown_vendor_is_named_with_those_known(config, server):
    text = config.read_text(encoding="utf-8").replace('vendor = "jira"', 'vendor = "gira"')
    config.write_text(text, encoding="utf-8")
    assert "jira" in wrong(config, server)["Account sandbox"].remedy


def test_nothing_further_is_said_where_the_configuration_cannot_be_read(tmp_path, server):
    jira_folder(tmp_path, server)
    config = tmp_path / "ombud.toml"
    config.write_text("database = 7\n", encoding="utf-8")
    assert list(wrong(config, server)) == ["Configuration"]


def test_an_issuer_whose_secret_is_missing_is_named(config, server, monkeypatch):
    monkeypatch.delenv("OMBUD_OIDC_SECRET", raising=False)
    oidc = '\n[dashboard.oidc]\nissuer = "https://login.example"\nclient_id = "ombud"\n'
    config.write_text(config.read_text() + oidc)
    found = examine(config, Stepped(server.world.clock.now))
    told = [each for each in found if each.name == "Dashboard"]
    assert [each.ok for each in told] == [None]
    assert "OMBUD_OIDC_SECRET is not set" in told[0].why
