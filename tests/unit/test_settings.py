"""ombud.toml and mapping files as an admin gets them wrong: file, line, field, remedy."""

from __future__ import annotations

import pytest

from ombud.mapping_file import load_mapping
from ombud.settings import load_settings, secrets_of
from ombud.toml import SettingsError

GOOD = """database = "sqlite:///ombud.db"
[accounts.acme]
vendor = "jira"
url = "https://acme.example"
[[bindings]]
name = "complaints"
account = "acme"
pack = "iso10002"
mapping = "acme.mapping.toml"
scope = [{when = {project = "CMP"}, is = "complaint"}]
[calendars.office]
zone = "Europe/Berlin"
week = {mon-fri = ["09:00-17:00"]}
"""


def faults(folder, text):
    file = folder / "ombud.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as told:
        load_settings(file)
    return str(told.value).replace(str(folder), "")


def test_a_sound_file_is_read_and_remembers_its_folder(tmp_path):
    (tmp_path / "ombud.toml").write_text(GOOD, encoding="utf-8")
    settings = load_settings(tmp_path / "ombud.toml")
    assert settings.folder == tmp_path
    assert settings.bindings[0].mode == "observe"


@pytest.mark.parametrize(
    "right, wrong, line, field, remedy",
    [
        ('account = "acme"', 'account = "acne"', 7, "account", "Did you mean 'acme'?"),
        ("[calendars.office]", "[calendars.offices]", 5, "calendar", "Did you mean 'offices'?"),
        ("[accounts.acme]", "[accounts.Acme-1]", 2, "Acme-1", "Use a-z, 0-9 and _"),
        ('zone = "Europe/Berlin"', 'zone = "Europe/Berln"', 12, "zone", "Europe/Berln"),
        ('is = "complaint"', 'is = "complain"', 10, "is", "complaint"),
        ('pack = "iso10002"', 'pack = "iso10002"\nmode = "blok"', 9, "mode", "'block'"),
        (
            'pack = "iso10002"',
            'pack = "iso10002"\nenforce_from = "soon"',
            9,
            "enforce_from",
            "date",
        ),
        ('pack = "iso10002"\n', "", 5, "pack", "is missing"),
    ],
)
def test_what_is_wrong_is_named_by_line_and_field(tmp_path, right, wrong, line, field, remedy):
    told = faults(tmp_path, GOOD.replace(right, wrong))
    assert f"/ombud.toml:{line}:" in told
    assert field in told
    assert remedy.lower() in told.lower()


def test_all_faults_are_told_at_once(tmp_path):
    text = (
        GOOD.replace('account = "acme"', 'account = "x"')
        + GOOD[GOOD.index("[[bindings]]") : GOOD.index("[cal")]
    )
    told = faults(tmp_path, text)
    assert "names no account: 'x'" in told
    assert "two bindings named 'complaints'" in told


def test_text_that_is_no_toml_is_named_by_its_line(tmp_path):
    assert "/ombud.toml:2:" in faults(tmp_path, 'database = "x"\n[accounts\n')


def test_a_file_that_is_not_there_says_how_to_write_one(tmp_path):
    with pytest.raises(SettingsError, match="ombud init"):
        load_settings(tmp_path / "ombud.toml")


def test_secrets_come_from_the_environment_first_and_missing_ones_are_named(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text(
        "ACME_EMAIL=file@example.org\nACME_TOKEN=filed\n", encoding="utf-8"
    )
    monkeypatch.setenv("ACME_TOKEN", "set")
    assert secrets_of("acme", ["EMAIL", "TOKEN"], tmp_path) == {
        "EMAIL": "file@example.org",
        "TOKEN": "set",
    }
    with pytest.raises(SettingsError, match="ACME_OTHER") as told:
        secrets_of("acme", ["OTHER", "TOKEN"], tmp_path)
    assert "filed" not in str(told.value)


@pytest.mark.parametrize(
    "text, line, said",
    [
        (
            '[stages]\n"1" = {stage = "recieved"}\n',
            2,
            "'recieved' is no stage; stages are received",
        ),
        ('[fields]\nseverity = {name = "Severity"}\n', 2, "id"),
        (
            '[milestones]\nresponded = [{stage = "responded", status = "7"}]\n',
            2,
            "names not one of",
        ),
        ('[fields]\nseverity = {id = "a", value = {low = "1"}}\n', 2, "Did you mean 'values'?"),
    ],
)
def test_a_faulty_mapping_is_named_by_line(tmp_path, text, line, said):
    file = tmp_path / "acme.mapping.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as told:
        load_mapping(file, "UTC")
    assert f"acme.mapping.toml:{line}:" in str(told.value)
    assert said in str(told.value)


NOTIFY = """[notify]
zone = "Europe/Berlin"
[notify.channels.leads]
url_env = "OMBUD_LEADS_URL"
[notify.quiet]
from = "18:00"
until = "08:00"
days = ["sat", "sun"]
calendar = "office"
[[notify.routes]]
when = {kind = "breach", binding = "complaints", account = "acme"}
to = "leads"
digest = "daily"
"""


def test_who_is_told_is_read_and_one_name_is_a_list_of_one(tmp_path):
    (tmp_path / "ombud.toml").write_text(GOOD + NOTIFY, encoding="utf-8")
    notify = load_settings(tmp_path / "ombud.toml").notify
    assert (notify.routes[0].to, notify.routes[0].when.kind) == (("leads",), ("breach",))
    assert (notify.routes[0].quiet, notify.daily) == (True, "08:00")


@pytest.mark.parametrize(
    "right, wrong, line, remedy",
    [
        ('url_env = "OMBUD_LEADS_URL"', 'url_env = "X"\nurl = "slack://xoxb"', 18, "url_env ="),
        ('url_env = "OMBUD_LEADS_URL"', 'url_env = "slack://xoxb"', 17, "should match"),
        ("channels.leads", "channels.Leads-1", 16, "a letter first"),
        ('to = "leads"', 'to = "leeds"', 25, "Did you mean 'leads'?"),
        ('binding = "complaints"', 'binding = "complaint"', 24, "Did you mean 'complaints'?"),
        ('account = "acme"}', 'account = "acne"}', 24, "Did you mean 'acme'?"),
        ('calendar = "office"\n[[', 'calendar = "ofice"\n[[', 22, "Did you mean 'office'?"),
        ('kind = "breach"', 'kind = "breech"', 24, "'breach'"),
        ('digest = "daily"', 'digest = "weekly"', 26, "'daily'"),
        ('until = "08:00"', 'until = "8"', 20, "should match"),
        ('until = "08:00"\n', "", 18, "go together"),
        ('until = "08:00"', 'until = "18:00"', 18, "same time"),
        ('["sat", "sun"]', '["mon","tue","wed","thu","fri","sat","sun"]', 18, "leave a day out"),
        ('zone = "Europe/Berlin"\n[notify.ch', 'zone = "Berlin"\n[notify.ch', 15, "IANA"),
    ],
)
def test_what_is_wrong_with_who_is_told_is_named(tmp_path, right, wrong, line, remedy):
    told = faults(tmp_path, GOOD + NOTIFY.replace(right, wrong))
    assert f"/ombud.toml:{line}:" in told
    assert remedy in told
    # An address is a secret: it is not repeated.
    assert "xoxb" not in told


@pytest.mark.parametrize("url", ["ftp://ombud.example", "ombud.example", "https://"])
def test_an_address_that_nobody_can_reach_is_refused(tmp_path, url):
    assert "no address; write https://ombud.example" in faults(
        tmp_path, f'{GOOD}\n[serve]\nurl = "{url}"\n'
    )
