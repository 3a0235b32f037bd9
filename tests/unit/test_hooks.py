"""Hooks are installed once, put right, prolonged and removed; what others installed stays, and no secret is told."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

import pytest
import responses
from typer.testing import CliRunner

import cli  # noqa: TID251 (the command is tried from the door itself)
from connectors import ConfigurationError, load_manifest
from connectors.errors import HelpdeskError
from connectors.signin import asked_scopes, compare_scopes
from connectors.zendesk.ear import TEST_SECRET
from ombud.model.event import Ref
from ombud.model.instant import DAY, HOUR, instant, iso
from ombud.store import Hint
from ombud.toml import SettingsError
from sync.hooks import HookKeeper
from sync.service import NotFound, open_service
from tests.desks import EXAMPLES, KEY

NOW = instant(datetime(2026, 11, 25, 12, 0, tzinfo=UTC))
JIRA, ZENDESK, RT = "https://acme.atlassian.net", "https://acme.zendesk.com", "https://rt.example"
TOML = f"""
[accounts.jira]
vendor = "jira"
url = "{JIRA}"
[accounts.zendesk]
vendor = "zendesk"
url = "{ZENDESK}"
[accounts.rt]
vendor = "rt"
url = "{RT}"
[accounts.log]
vendor = "file"
url = "file:log.csv"
[serve]
url = "https://ombud.example/"
[[bindings]]
name = "one"
account = "jira"
pack = "iso10002"
calendar = "office"
mapping = "sandbox.mapping.toml"
scope = [{{when = {{project = ["CMP", 'O"X']}}, is = "complaint"}}]
[[bindings]]
name = "two"
account = "rt"
pack = "iso10002"
calendar = "office"
mapping = "sandbox.mapping.toml"
scope = [{{when = {{queue = ["Com'plaints"]}}, is = "complaint"}}]
[calendars.office]
zone = "Europe/Berlin"
week = {{mon-fri = ["09:00-17:00"]}}
"""


class Site:
    """Webhooks of Jira and Zendesk as far as facts go, in a dictionary each."""

    def __init__(self, mock):
        self.mock, self.next, self.signs = mock, 100, True
        self.admin, self.app, self.zendesk, self.invocations = {}, {}, {}, []
        self.refusal, self.secret, self.refreshed = None, "from-zendesk", []
        for method in ("GET", "POST", "PUT", "DELETE"):
            for pattern, answer in (
                (JIRA + r"/rest/webhooks/1\.0/webhook(/\d+)?$", self._admin),
                (JIRA + r"/rest/api/3/webhook(/refresh)?(\?.*)?$", self._app),
                (ZENDESK + r"/api/v2/webhooks(/\w+)?(/\w+)?(\?.*)?$", self._zendesk),
            ):
                mock.add_callback(method, re.compile(pattern), self._told(answer, pattern))

    def _told(self, answer, pattern):
        def answered(request):
            body = json.loads(request.body) if request.body else None
            if self.refusal is not None and request.method in {"POST", "PUT"}:
                return self.refusal(body)
            status, said = answer(request.method, re.match(pattern, request.url), body)
            return status, {}, json.dumps(said) if said is not None else ""

        return answered

    def _admin(self, method, found, body):
        number = (found[1] or "").strip("/")
        if method == "POST":
            self.next += 1
            number = str(self.next)
        if method == "DELETE":
            return (204, None) if self.admin.pop(number, None) else (404, {})
        if method == "GET":
            return 200, list(self.admin.values())
        told = {name: value for name, value in body.items() if name != "secret"}
        told["self"] = f"{JIRA}/rest/webhooks/1.0/webhook/{number}"
        self.admin[number] = told | {"isSigned": self.signs and bool(body["secret"])}
        return 201, self.admin[number]

    def _app(self, method, found, body):
        if found[1]:
            self.refreshed.append(body["webhookIds"])
            for number in body["webhookIds"]:
                self.app[number]["expirationDate"] = (NOW + 30 * DAY) // 1000
            return 200, {"expirationDate": iso(NOW + 30 * DAY)}
        if method == "GET":
            return 200, {"values": list(self.app.values()), "isLast": True}
        if method == "DELETE":
            for number in body["webhookIds"]:
                self.app.pop(number, None)
            return 202, None
        (asked,) = body["webhooks"]
        if len(self.app) >= 5:
            return 200, {"webhookRegistrationResult": [{"errors": ["only five"]}]}
        self.next += 1
        self.app[self.next] = {"id": self.next, "expirationDate": NOW // 1000, **asked}
        return 200, {"webhookRegistrationResult": [{"createdWebhookId": self.next}]}

    def _zendesk(self, method, found, body):
        number, part = ((found[index] or "").strip("/") for index in (1, 2))
        if part == "signing_secret":
            return 200, {"signing_secret": {"secret": self.secret, "algorithm": "SHA256"}}
        if part == "invocations":
            return 200, {"invocations": self.invocations, "meta": {"has_more": False}}
        if method == "GET" and not number:
            # One at a time: there is always another page.
            values = list(self.zendesk.values())
            after = re.search(r"after%5D=(\d+)", found[3] or "")
            index = int(after[1]) if after else 0
            more = index + 1 < len(values)
            meta = {"has_more": more, "after_cursor": str(index + 1)}
            return 200, {"webhooks": values[index : index + 1], "meta": meta}
        if method == "POST":
            self.next += 1
            number = f"W{self.next}"
        elif number not in self.zendesk:
            return 404, {"errors": [{"title": "not there"}]}
        if method == "DELETE":
            del self.zendesk[number]
            return 204, None
        if body:
            self.zendesk[number] = {"id": number, **body["webhook"]}
        return 200, {"webhook": self.zendesk[number]}


@pytest.fixture
def site():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield Site(mock)


def laid(folder):
    mapping = (EXAMPLES / "sandbox" / "sandbox.mapping.toml").read_text("utf-8")
    (folder / "sandbox.mapping.toml").write_text(mapping, "utf-8")
    (folder / "ombud.toml").write_text(TOML, "utf-8")
    secrets = [f"{name}_{part}=x" for name in ("JIRA", "ZENDESK", "RT") for part in ("EMAIL", "TOKEN")]  # fmt: skip
    (folder / ".env").write_text("\n".join([f"OMBUD_KEY={KEY}", *secrets]), "utf-8")
    return folder / "ombud.toml"


@pytest.fixture
def config(tmp_path):
    return laid(tmp_path)


class Still:
    """A clock that stands."""

    @staticmethod
    def now():
        return datetime(2026, 11, 25, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    config = laid(tmp_path_factory.mktemp("hooks"))
    with open_service(config, Still(), sleep=lambda _: None) as opened:
        yield opened


@pytest.fixture
def keeper(service):
    yield HookKeeper(service)
    for account in service.settings.accounts:
        service.store.drop_token(f"{account} hook")


def changed(config, before, after):
    told = config.read_text("utf-8")
    assert before in told
    config.write_text(told.replace(before, after), "utf-8")
    return config


def failed(found):
    return {each.name: each.why for each in found if each.ok is False}


def foreign(site):
    site.admin["1"] = {
        "name": "Ombud jira",
        "url": "https://other.example/hooks/x",
        "self": f"{JIRA}/rest/webhooks/1.0/webhook/1",
    }
    site.app[2] = {"id": 2, "url": "https://other.example/hooks/x"}
    site.zendesk["Z3"] = {"id": "Z3", "name": "Ombud zendesk", "endpoint": "https://other.example/"}
    site.zendesk["Z4"] = {
        "id": "Z4",
        "name": "Ombudsman",
        "endpoint": "https://ombud.example/hooks/y",
    }
    return [set(each) for each in (site.admin, site.app, site.zendesk)]


def test_one_hook_for_an_account_however_often_it_is_installed(site, keeper):
    others = foreign(site)
    for account, there in (("jira", site.admin), ("zendesk", site.zendesk)):
        keeper.install(account)
        first = keeper.kept(account)
        ours = [each for each in there if each not in set().union(*others)]
        assert ours == list(first.ids)
        there[ours[0]]["status"] = "inactive"
        there[ours[0]]["enabled"] = False
        assert failed(keeper.check(account, NOW))
        keeper.install(account)
        assert keeper.kept(account) == first
        assert failed(keeper.check(account, NOW)) == {}
        keeper.remove(account)
        assert keeper.kept(account) is None
    assert [set(each) for each in (site.admin, site.app, site.zendesk)] == others


def test_a_hook_of_jira_tells_of_the_projects_that_are_bound_and_is_signed(site, keeper):
    keeper.install("jira")
    (told,) = site.admin.values()
    kept = keeper.kept("jira")
    assert told["filters"] == {"issue-related-events-section": 'project IN ("CMP", "O\\"X")'}
    assert told["url"] == f"https://ombud.example/hooks/{kept.path}"
    assert told["excludeBody"] is False
    assert len(told["events"]) == 6
    assert len(kept.path) >= 43
    assert kept.secret not in {"", kept.path}
    assert list(keeper.ears()) == [kept.path]
    assert keeper.ears()[kept.path][:2] == ("jira", "jira")


def test_a_site_that_does_not_sign_gets_no_webhook(site, keeper):
    site.signs = False
    with pytest.raises(HelpdeskError, match="would not sign"):
        keeper.install("jira")
    assert site.admin == {}
    assert keeper.ears() == {}


def test_the_secret_that_zendesk_prints_for_tests_is_refused(site, keeper):
    site.secret = TEST_SECRET
    with pytest.raises(HelpdeskError, match="prints for tests"):
        keeper.install("zendesk")
    assert site.zendesk == {}
    assert keeper.ears() == {}


def test_an_answer_that_was_lost_leaves_no_second_hook(site, keeper):
    for account, there in (("jira", site.admin), ("zendesk", site.zendesk)):
        keeper.install(account)
        # As if the answer had not come: what was kept before it knows of no number.
        kept = keeper.kept(account)
        keeper._keep(account, type(kept)(kept.path, kept.secret, url=kept.url))
        assert keeper.ears().get(kept.path) is None
        keeper.install(account)
        assert len(there) == 1
        assert keeper.kept(account).ids == tuple(there)


def test_a_webhook_that_a_trigger_uses_is_replaced(site, keeper):
    keeper.install("zendesk")
    (number,) = site.zendesk
    site.zendesk[number]["subscriptions"] = ["conditional_ticket_events"]
    keeper.install("zendesk")
    assert number not in site.zendesk
    assert len(site.zendesk) == 1


@pytest.mark.parametrize(
    "name, value, wrong",
    [
        ("enabled", False, "Webhook"),
        ("url", "https://evil.example", "Webhook points to us"),
        ("isSigned", False, "Webhook is signed"),
        ("excludeBody", True, "Webhook carries a body"),
        ("events", ["jira:issue_created"], "Webhook tells of every event"),
        ("filters", {"issue-related-events-section": "project = X"}, "Webhook tells of every project bound"),
    ],
)  # fmt: skip
def test_what_somebody_changed_at_jira_is_trouble(site, keeper, name, value, wrong):
    keeper.install("jira")
    (told,) = site.admin.values()
    told[name] = value
    assert [each.name for each in keeper.troubles("jira", NOW)] == [wrong]
    site.admin.clear()
    assert failed(keeper.troubles("jira", NOW)) == {"Webhook": "it is not at the site any more"}


def invoked(status, ago=0, code=200):
    return {
        "id": "1",
        "status": status,
        "status_code": code,
        "latest_completed_at": iso(NOW - ago),
    }


@pytest.mark.parametrize(
    "rows, ok",
    [
        ([], None),
        ([invoked("success")], True),
        ([invoked("success"), invoked("failed", code=500)], None),
        ([invoked("failed", code=500), invoked("success")], False),
        ([invoked("terminated", code=403)], False),
        ([invoked("success"), invoked("circuit_broken")], False),
        ([invoked("failed", 2 * HOUR, 500)], None),
    ],
)
def test_deliveries_that_fail_at_zendesk_are_trouble(site, keeper, rows, ok):
    keeper.install("zendesk")
    site.invocations = rows
    found = {each.name: each.ok for each in keeper.check("zendesk", NOW)}
    assert found["Webhook delivers"] is ok
    assert bool(keeper.troubles("zendesk", NOW)) is (ok is False)


def test_a_recorded_list_of_invocations_is_read(site, keeper, shared):
    keeper.install("zendesk")
    told = (shared / "fixtures" / "zendesk" / "webhook_invocation_attempts.json").read_text("utf-8")
    site.invocations = json.loads(told)[1]["response"]["body"]["invocations"]
    at = instant(datetime(2023, 9, 18, 23, 40, tzinfo=UTC))
    assert "2 of the last 2" in failed(keeper.check("zendesk", at))["Webhook delivers"]


def test_what_died_at_zendesk_is_trouble(site, keeper):
    keeper.install("zendesk")
    (told,) = site.zendesk.values()
    told["status"] = "inactive"
    assert "somebody switched it off" in failed(keeper.troubles("zendesk", NOW))["Webhook"]
    site.zendesk.clear()
    assert "any more" in failed(keeper.troubles("zendesk", NOW))["Webhook"]


def test_webhooks_of_an_app_are_unsigned_and_prolonged(site, keeper):
    others = set(site.app)
    keeper.install("jira", "dynamic")
    kept = keeper.kept("jira")
    assert (kept.kind, kept.secret) == ("dynamic", "")
    assert kept.until == NOW + 30 * DAY
    site.refreshed.clear()
    keeper.refresh_due(NOW)
    assert site.refreshed == []
    keeper.refresh_due(NOW + 16 * DAY)
    assert site.refreshed == [[int(kept.ids[0])]]
    assert failed(keeper.check("jira", NOW)) == {}
    assert failed(keeper.check("jira", NOW + 24 * DAY)) == {
        "Webhook ends": "ends on 2026-12-25; `ombud serve` should have prolonged it"
    }
    assert failed(keeper.check("jira", NOW + 31 * DAY)) == {"Webhook ends": "ended on 2026-12-25"}
    keeper.install("jira")
    assert keeper.kept("jira").kind == "dynamic"
    assert len(site.app) == 1
    keeper.install("jira", "admin")
    assert set(site.app) == others
    assert keeper.kept("jira").secret
    assert keeper.kept("jira").until is None


def test_errors_that_come_with_200_are_errors(site, keeper):
    site.app = {number: {"id": number} for number in range(5)}
    with pytest.raises(HelpdeskError, match="only five"):
        keeper.install("jira", "dynamic")
    assert len(site.app) == 5


def test_a_helpdesk_that_is_down_is_no_trouble_of_the_hook(site, keeper, caplog):
    keeper.install("jira", "dynamic")
    kept = keeper.kept("jira")
    site.mock.reset()
    site.mock.get(re.compile(JIRA), status=503)
    site.mock.put(re.compile(JIRA), status=400, json={"errorMessages": [f"no {kept.url}"]})
    assert keeper.troubles("jira", NOW) == []
    with caplog.at_level(logging.DEBUG):
        keeper.refresh_due(NOW + 20 * DAY)
    assert keeper.kept("jira") == kept
    assert "was not prolonged" in caplog.text
    assert kept.path not in caplog.text


def test_nothing_that_a_helpdesk_says_back_gives_the_address_away(site, keeper, caplog):
    caplog.set_level(logging.DEBUG)
    site.refusal = lambda body: (400, {}, json.dumps({"errorMessages": [f"bad: {json.dumps(body)}"]}))  # fmt: skip
    with pytest.raises(HelpdeskError) as told:
        keeper.install("jira")
    kept = keeper.kept("jira")
    assert "bad: " in str(told.value)
    for text in (str(told.value), told.value.detail, caplog.text):
        assert kept.path not in text
        assert kept.secret not in text
    assert told.value.__suppress_context__


@pytest.mark.parametrize(
    "url, said",
    [
        ("http://ombud.example", "must not be read under way"),
        ("https://a:b@ombud.example", "more than an address"),
        ("https://ombud.example/?x=1", "more than an address"),
    ],
)
def test_an_address_that_helpdesks_must_not_send_to_is_refused(config, url, said):
    changed(config, "https://ombud.example/", url)
    with open_service(config, Still()) as service, pytest.raises(ConfigurationError, match=said):
        HookKeeper(service).install("jira")


@pytest.mark.parametrize("url", ["ftp://ombud.example", "ombud.example", "https://"])
def test_what_is_no_address_is_refused_with_the_settings(config, url):
    changed(config, "https://ombud.example/", url)
    with pytest.raises(SettingsError, match="is no address"):
        open_service(config, Still())


@pytest.mark.parametrize("url", ["http://127.0.0.1:8100", "http://localhost", "http://[::1]:8100"])
def test_plain_http_is_for_this_machine(site, config, url):
    changed(config, "https://ombud.example/", url)
    with open_service(config, Still()) as service:
        HookKeeper(service).install("jira")
    (told,) = site.admin.values()
    assert told["url"].startswith(f"{url}/hooks/")


def test_without_an_address_nothing_is_installed_and_what_is_there_is_trouble(site, config):
    with open_service(config, Still()) as service:
        HookKeeper(service).install("jira")
    changed(config, '[serve]\nurl = "https://ombud.example/"', "")
    with open_service(config, Still()) as service:
        keeper = HookKeeper(service)
        with pytest.raises(ConfigurationError, match=r"serve\.url is not set.*ombud\.toml"):
            keeper.install("zendesk")
        assert list(failed(keeper.troubles("jira", NOW))) == ["Address"]
        keeper.remove("jira")
    assert site.admin == {}


def test_accounts_without_hooks_and_without_names(site, keeper):
    assert keeper.accounts == ["jira", "zendesk", "rt"]
    with pytest.raises(ConfigurationError, match="tells nobody what changes"):
        keeper.install("log")
    with pytest.raises(NotFound, match="'elsewhere'"):
        keeper.install("elsewhere")
    with pytest.raises(ConfigurationError, match="'cron' is not known"):
        keeper.install("jira", "cron")
    with pytest.raises(ConfigurationError, match="no hook was installed"):
        keeper.remove("zendesk")
    (found,) = keeper.check("zendesk", NOW)
    assert found.ok is None
    assert keeper.troubles("zendesk", NOW) == []


def test_an_app_s_webhook_needs_a_project(site, config):
    changed(config, """project = ["CMP", 'O"X']""", 'type = "Complaint"')
    with open_service(config, Still()) as service:
        keeper = HookKeeper(service)
        with pytest.raises(ConfigurationError, match="must name projects"):
            keeper.install("jira", "dynamic")
        keeper.install("jira", "admin")
    (told,) = site.admin.values()
    assert told["filters"] == {"issue-related-events-section": ""}


def test_the_last_hint_is_told(site, keeper):
    keeper.install("jira")
    assert keeper.check("jira", NOW)[-1].ok is None
    hint = Hint(Ref("jira", "jira", "1"), "d", NOW - HOUR)
    keeper._service.store.live.put_hints([hint])
    assert keeper.check("jira", NOW)[-1].why == "2026-11-25 11:00 UTC"


def test_a_scrip_is_written_for_the_administrator(keeper):
    order = keeper.install("rt")
    kept = keeper.kept("rt")
    assert kept.kind == "scrip"
    assert f"'{kept.url}'" in order.text
    assert r"'Com\'plaints'" in order.text
    assert kept.secret not in repr(order)
    assert kept.path not in order.advice
    assert [each.ok for each in keeper.check("rt", NOW)] == [True, None, None]
    removal = keeper.remove("rt")
    assert kept.secret not in removal.text
    assert kept.path not in removal.text
    assert keeper.ears() == {}


def test_scopes_for_hooks_are_asked_for_where_helpdesks_can_reach_us():
    jira, zendesk = load_manifest("jira"), load_manifest("zendesk")
    assert "manage:jira-webhook" in asked_scopes(jira, writes=False, hooks=True)
    assert "manage:jira-webhook" not in asked_scopes(jira, writes=True)
    assert asked_scopes(zendesk, writes=False, hooks=True) == ("read", "webhooks:write")
    assert asked_scopes(zendesk, writes=True, hooks=True) == ("read", "write")
    granted = frozenset({"read"})
    found = list(compare_scopes(zendesk, granted, writes=False, hooks=True))
    assert [each.ok for each in found] == [True, None], "everything else goes on without"


# The command line.


def run(config, *arguments):
    return CliRunner().invoke(cli.app, ["--config", str(config), "hooks", *arguments])


def test_the_command_installs_checks_and_removes_without_telling_secrets(site, config, tmp_path):
    done = run(config, "install", "jira", "zendesk", "rt", "--out", str(tmp_path))
    assert done.exit_code == 0, done.output
    assert "jira tells Ombud what changes." in done.output
    file = tmp_path / "ombud-rt.initialdata"
    assert file.stat().st_mode & 0o777 == 0o600
    assert f"--datafile {file}" in done.output.replace("\n", "")
    with open_service(config, Still()) as service:
        secret = [
            word
            for account in ("jira", "zendesk", "rt")
            for kept in [HookKeeper(service).kept(account)]
            for word in (kept.path, kept.secret)
        ]
    checked = run(config, "check", "--format", "json")
    assert checked.exit_code == 0
    rows = [json.loads(line) for line in checked.output.splitlines()]
    assert {row["account"] for row in rows} == {"jira", "zendesk", "rt"}
    site.admin.clear()
    assert run(config, "check", "jira").exit_code == 3
    again = run(config, "install", "rt", "--out", str(tmp_path))
    assert again.exit_code == 0, "an older file is replaced"
    removed = run(config, "remove", "jira", "zendesk", "rt", "--out", str(tmp_path))
    assert removed.exit_code == 0, removed.output
    assert site.zendesk == {}
    for word in secret:
        assert word not in done.output + checked.output + again.output + removed.output
