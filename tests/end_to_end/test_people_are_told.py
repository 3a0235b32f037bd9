"""From a ticket in a helpdesk to a mail in a mailbox: what people are told, where, and what it looks like there."""

from __future__ import annotations

import pytest
from apprise.plugins.slack import NotifySlack
from typer.testing import CliRunner

from cli import app  # noqa: TID251 (the commands are tried at the door itself)
from ombud.model.event import Ref
from ombud.model.instant import HOUR, MINUTE, SECOND
from ombud.store import Hint
from ombud.web.figures import Figures
from sync.doctor import _told as looked_at
from sync.live.channel import HEADER, post, without
from sync.live.desk import Desk
from sync.live.tell import Teller
from tests.faults.stage import AGENT, DONE, FIELDS, Stage
from tests.receivers import Mailbox, Webhook
from tests.told_desk import ALL_TO_LEADS, CHANNELS, ToldDesk

HOSTILE = 'CMP-1 <img src=x onerror=alert(1)> @channel [here](http://evil.example) \u202e"&'
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"


@pytest.fixture
def mailbox():
    box = Mailbox()
    yield box
    box.stop()


@pytest.fixture
def webhook():
    hook = Webhook()
    yield hook
    hook.stop()


@pytest.fixture
def desk_at(tmp_path):
    made = []

    def of(address, notify=ALL_TO_LEADS):
        desk = ToldDesk(tmp_path, notify, LEADS_URL=address)
        desk.restart(post)
        made.append(desk)
        return desk

    yield of
    for each in made:
        each.service.store.close()


class Live:
    """A helpdesk with complaints, one account live over it, and a teller."""

    def __init__(self, folder, webhook):
        self.stage = Stage(folder)
        with self.stage.config.open("a", encoding="utf-8") as file:
            file.write(ALL_TO_LEADS)
        with (folder / ".env").open("a", encoding="utf-8") as file:
            file.write(f"LEADS_URL={webhook.address}\n")
        self.service = self.stage.service()

    def begin(self, epoch):
        self.desk = Desk(self.service, "sandbox", epoch)
        self.teller = Teller(self.service)
        return self

    def tick(self, seconds=0):
        self.stage.world.clock.advance(seconds)
        self.desk.tick()
        return self.teller.tell_due(self.service.now())

    def close(self, name):
        issue = self.stage.issues[name]
        self.stage.world.edit(issue, {}, AGENT, to_status=DONE)
        now = self.service.now()
        hint = Hint(Ref("sandbox", "jira", issue), f"{issue}/{now}", now)
        self.service.store.live.put_hints([hint])


@pytest.fixture
def live(tmp_path, webhook):
    live = Live(tmp_path, webhook)
    with live.service, live.service.store.lease("sandbox") as epoch:
        yield live.begin(epoch)
    live.stage.stop()


def test_a_first_reading_tells_nobody_and_a_closing_undone_is_told_once(live, webhook):
    assert live.tick() == []
    # One deadline runs out in this very minute.
    live.tick(60)
    live.close("early")
    live.tick(60)
    key = live.stage.world.find(live.stage.issues["early"]).key
    told = webhook.posts[-1]
    assert f"{key}: It was closed before it may be, and is open again." in told["message"]
    assert "Rule close." in told["message"]
    assert f"/browse/{key}" in told["message"]
    live.tick(300)
    live.tick(300)
    assert sum("is open again" in each["message"] for each in webhook.posts) == 1


def _running(live):
    """Give the deadline that runs out first, of those that a first reading found running."""
    found = [
        each
        for each in live.service.store.findings(account="sandbox")
        if each.due is not None and each.standing == "pending" and each.mode in {"flag", "block"}
    ]
    return min(found, key=lambda each: each.due)


def test_a_deadline_is_told_of_in_the_minute_in_which_it_runs_out(live, webhook):
    live.stage.world.create("CMP", "Complaint", FIELDS, "acc-c01")
    live.tick()
    first = _running(live)
    live.tick((first.due - live.service.now()) // SECOND - 30)
    before = len(webhook.posts)
    assert not any("overdue" in each["message"] for each in webhook.posts)
    live.tick(60)
    told = webhook.posts[before:]
    assert len(told) == 1
    assert "overdue" in told[0]["message"]
    assert first.rule in told[0]["message"]
    assert "comes late" not in told[0]["message"]


def test_a_deadline_that_ran_out_while_the_helpdesk_was_down_is_told_all_the_same(live, webhook):
    live.stage.world.create("CMP", "Complaint", FIELDS, "acc-c01")
    live.tick()
    first = _running(live)
    live.stage.server.faults.order(
        [{"match": "/rest/", "kind": "status", "status": 503, "times": 500}]
    )
    live.stage.world.clock.advance((first.due - live.service.now()) // SECOND + 1)
    bound = live.desk.bounds[0]
    due = live.service.store.due("sandbox", bound.name, live.service.now(), read=True)
    live.desk.judge(bound, due)
    live.teller.tell_due(live.service.now())
    assert [first.rule in each["message"] for each in webhook.posts][-1]


def test_what_ran_out_while_nothing_ran_is_told_at_the_next_start_and_marked(live, webhook):
    live.stage.world.create("CMP", "Complaint", FIELDS, "acc-c01")
    live.tick()
    first = _running(live)
    live.stage.world.clock.advance((first.due - live.service.now()) // SECOND + 3 * 3600)
    live.tick()
    assert any(
        first.rule in each["message"] and "comes late" in each["message"] for each in webhook.posts
    )
    before = len(webhook.posts)
    live.tick(120)
    assert len(webhook.posts) == before


def test_a_mail_has_text_and_html_hostile_words_are_only_words(desk_at, mailbox):
    desk = desk_at(mailbox.address)
    desk.note("1", key=HOSTILE, url="https://a.example/1?a=1&b=2")
    desk.note("2", key="CMP-2", url="javascript:alert(1)")
    assert [each.why for each in desk.tell()] == [""]
    (mail,) = mailbox.messages
    assert mail["Subject"] == "2 closings were undone"
    assert len(mail.get_all("Message-ID")) == 1
    assert len(mail[HEADER]) == 12
    html = mail.get_body(("html",)).get_content()
    assert "<img" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert 'href="https://a.example/1?a=1&amp;b=2"' in html
    assert "javascript" not in html
    text = mail.get_body(("plain",)).get_content()
    assert "CMP-2: It was closed before it may be" in text
    assert "\u202e" not in html + text


def test_a_message_of_one_notice_has_it_as_its_subject_in_one_line(desk_at, mailbox):
    desk = desk_at(mailbox.address)
    desk.note("1", key="CMP-1\r\nBcc: all@example.org")
    desk.tell()
    (mail,) = mailbox.messages
    assert mail["Subject"].startswith("CMP-1 Bcc: all@")
    assert mail["Bcc"] is None


def test_a_webhook_gets_text_and_the_name_of_the_message(desk_at, webhook):
    desk = desk_at(webhook.address)
    desk.note("1")
    desk.tell()
    assert webhook.posts[0]["title"].startswith("CMP-1: It was closed")
    assert "https://a.example/1" in webhook.posts[0]["message"]
    assert webhook.headers[0][HEADER] in webhook.posts[0]["message"]


def test_slack_is_called_by_nobodys_name(desk_at, webhook, monkeypatch):
    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://127.0.0.1:{webhook.port}/services")
    desk = desk_at(SLACK)
    desk.note("1", key=f"{HOSTILE} <!channel>")
    assert [each.why for each in desk.tell()] == [""]
    shown = webhook.posts[0]["attachments"][0]
    for text in (shown["title"], shown["text"]):
        assert "<" not in text
        assert "@channel" not in text
        assert "](" not in text


@pytest.mark.parametrize("status, said", [(503, "503"), (404, "404"), (302, "302")])
def test_a_webhook_that_refuses_is_told_again_and_its_address_is_kept_secret(
    desk_at, webhook, status, said
):
    desk = desk_at(webhook.address)
    webhook.status = status
    desk.note("1")
    (told,) = desk.tell()
    assert said in told.why
    state = desk.teller.state("leads")
    assert "secretpath" not in told.why + state.sentence("leads")
    webhook.status = 200
    desk.on_after(59 * SECOND)
    assert desk.tell() == []
    desk.on_after(SECOND)
    assert [each.why for each in desk.tell()] == [""]
    assert len(webhook.posts) == 1


def test_a_mailbox_that_refuses_is_tried_again(desk_at, mailbox):
    desk = desk_at(mailbox.address)
    mailbox.refuse = True
    desk.note("1")
    assert [bool(each.why) for each in desk.tell()] == [True]
    mailbox.refuse = False
    desk.on_after(MINUTE)
    assert [each.why for each in desk.tell()] == [""]
    assert len(mailbox.messages) == 1


def test_where_nobody_listens_nothing_breaks(desk_at):
    desk = desk_at("json://127.0.0.1:9/secretpath")
    desk.note("1")
    (told,) = desk.tell()
    assert told.why
    assert "secretpath" not in told.why


@pytest.mark.parametrize("address", ["garbage", "slack://x", "https://a.example/hook"])
def test_an_address_that_nobody_knows_is_a_failure_of_its_channel(desk_at, address):
    desk = desk_at(address)
    desk.note("1")
    assert [each.why for each in desk.tell()] == ["its address is none that Apprise knows"]


def test_what_stands_in_an_address_is_taken_out_of_what_was_said():
    said = without(
        "slack://bot@TOKEN-A/TOKEN%20B/x?to=lead@desk.example",
        "TOKEN-A, TOKEN B, lead@desk.example",
    )
    assert said == "…, …, …"


def ombud(desk, *arguments):
    found = CliRunner().invoke(app, ["--config", str(desk.config), "notify", *arguments])
    return found.exit_code, found.stdout + found.stderr


def test_a_channel_is_tried_from_the_command_line(desk_at, webhook):
    desk = desk_at(webhook.address)
    assert ombud(desk, "test", "leads") == (0, "leads took it. Look whether it has arrived.\n")
    assert "Nothing has happened" in webhook.posts[0]["message"]
    webhook.status = 500
    code, said = ombud(desk, "test", "leads")
    assert code == 3
    assert "did not take it" in said
    assert "secretpath" not in said
    code, said = ombud(desk, "test", "leeds")
    assert code == 2
    assert "Known: leads, desk" in said


def test_what_waits_and_what_was_told_is_listed(desk_at, webhook):
    notify = CHANNELS + '[[notify.routes]]\nwhen = {kind = "block"}\nto = "leads"\n'
    desk = desk_at(webhook.address, notify)
    desk.note("1")
    desk.note("2", kind="breaker", key="", sentences=["Nothing is written."])
    desk.tell()
    desk.on_after(MINUTE)
    webhook.status = 500
    desk.note("3")
    desk.tell()
    code, said = ombud(desk, "list", "--format", "csv")
    assert code == 0
    rows = [row.split(",")[:5] for row in said.splitlines()[1:]]
    assert rows == [
        ["waiting", "block", "CMP-3", "close.x", "leads"],
        ["dropped", "breaker", "sandbox", "", "nobody"],
        ["told", "block", "CMP-1", "close.x", "leads"],
    ]
    assert "has taken nothing since" in ombud(desk, "list")[1].replace("\n", " ")


def test_the_doctor_says_whether_people_can_be_told(desk_at, webhook):
    desk = desk_at(webhook.address, CHANNELS + '[[notify.routes]]\nto = ["leads"]\n')
    found = {each.name: each for each in looked_at(desk.service)}
    assert found["Channel leads"].ok is True
    assert (found["Channel desk"].ok, found["Channel desk"].why) == (
        False,
        "DESK_URL holds no address that Apprise knows",
    )
    webhook.status = 500
    desk.note("1")
    desk.tell()
    found = {each.name: each for each in looked_at(desk.service)}
    assert found["Channel leads"].ok is None
    desk.on_after(2 * HOUR)
    found = {each.name: each for each in looked_at(desk.service)}
    assert found["Channel leads"].ok is False
    assert "ombud notify test leads" in found["Channel leads"].remedy


def test_figures_tell_for_how_long_a_channel_fails(desk_at, webhook):
    desk = desk_at(webhook.address)
    figures = Figures()
    figures.watch(desk.service, {})
    assert 'ombud_channel_failing_seconds{channel="leads"} 0.0' in figures.text().decode()
    webhook.status = 500
    desk.note("1")
    desk.tell()
    desk.on_after(90 * SECOND)
    assert 'ombud_channel_failing_seconds{channel="leads"} 90.0' in figures.text().decode()


def test_the_doctor_says_so_where_nobody_is_told(desk_at, webhook):
    desk = desk_at(webhook.address, "")
    found = [each for each in looked_at(desk.service) if each.name == "Notifications"]
    assert [each.ok for each in found] == [None]
    assert "nobody is told anything" in found[0].why
