"""What people decide on the dashboard, over real HTTP: it is done, once, by whoever may, and others are told who was first."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from html import unescape

import pytest

from ombud.model.event import Ref
from ombud.model.instant import DAY
from ombud.settings import load_settings
from sync.footing import Footing
from sync.persons import Persons
from sync.waivers import dispute, request_waiver
from tests.dash_desk import GROUP, GROUP_FIELD, dash_desk
from tests.people_desk import CUSTOMER, LATE, RIGID, RULE, SEVERITY


@pytest.fixture
def desk(tmp_path):
    with dash_desk(tmp_path) as opened:
        yield opened


def words(answer):
    """Give a page's words."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def shown(browser, page, action):
    """Give what a page says of the row that a form is about; `None` where the page has no such form."""
    found = re.search(
        rf'action="{re.escape(action)}".*?name="shown" value="(\w+)"',
        browser.get(page).text,
        re.DOTALL,
    )
    return found and found.group(1)


def case_of(desk, name):
    return desk.desk.case(desk.tickets[name])


def asked_for(desk, *, by="dora", name="failing", rule=RULE):
    """Have a waiver asked for by somebody who is not of the staff."""
    with desk.service.store.book() as acts:
        return request_waiver(
            acts,
            desk.desk.bound,
            rule=rule,
            case=case_of(desk, name),
            why="agreed",
            requested_by=desk.desk.who(by),
            until=desk.service.now() + 9 * DAY,
            now=desk.service.now(),
        )


def waiver(desk, name):
    with desk.service.store.acts() as acts:
        return acts.waiver(name)


def lines(desk):
    return desk.service.store.counts()["decision"]


class TestWaivers:
    def test_one_asks_another_approves_and_a_third_revokes(self, desk):
        carl, anna = desk.as_("carl"), desk.as_("anna")
        case = case_of(desk, "failing")
        form = carl.get(f"/waivers/new?rule={RULE}&case={case}").text
        assert f'value="sandbox:{desk.tickets["failing"]}"' in form
        once = re.search(r'name="once" value="(\w+)"', form).group(1)
        told = {
            "rule": RULE, "target": "one", "complaint": desk.keys["failing"], "why": "a bill run",
            "until": f"{desk.service.clock.now():%Y-%m-%d}", "once": once,
        }  # fmt: skip
        answer = carl.submit("/waivers/new", **told)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/waivers?notice=Waiver+")
        # Sent twice, it is asked for once.
        carl.submit("/waivers/new", **told)
        with desk.service.store.acts() as acts:
            [row] = acts.waivers()
        assert (row.requested_name, row.case, row.why) == ("Carl", case, "a bill run")
        # Who asked for it does not approve it.
        act = f"/waivers/{row.id}/approve"
        assert shown(carl, "/waivers", act) is None
        answer = carl.submit(act, shown=shown(anna, "/waivers", act))
        assert answer.status_code == 409
        assert "asked for by the same person" in words(answer)
        assert anna.submit(act, shown=shown(anna, "/waivers", act)).status_code == 303
        assert waiver(desk, row.id).approved_name == "Anna"
        desk.desk.sync()
        assert desk.desk.stored(desk.tickets["failing"]) == ("waived", "waived")
        page = words(carl.get("/waivers"))
        assert desk.keys["failing"] in page
        act = f"/waivers/{row.id}/revoke"
        seen = shown(carl, "/waivers", act)
        assert carl.submit(act, shown=seen, why=" ").status_code == 409
        assert waiver(desk, row.id).ended is None
        assert carl.submit(act, shown=seen, why="no longer").status_code == 303
        desk.desk.sync()
        assert desk.desk.stored(desk.tickets["failing"]) == ("fail", "fail")

    def test_of_two_who_approve_at_once_one_does_and_the_other_is_told(self, desk):
        name = asked_for(desk)
        carl, anna = desk.as_("carl"), desk.as_("anna")
        act = f"/waivers/{name}/approve"
        told = [(each, {"csrf": each.csrf(), "shown": shown(each, "/waivers", act)}) for each in (carl, anna)]  # fmt: skip
        before = lines(desk)

        def send(one):
            return one[0].post(act, data=one[1], allow_redirects=False)

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(send, told))
        assert sorted(each.status_code for each in answers) == [303, 409]
        second = next(each for each in answers if each.status_code == 409)
        row = waiver(desk, name)
        assert f"Waiver {name} was approved by {row.approved_name} on" in words(second)
        assert "Nothing was changed by you" in words(second)
        assert lines(desk) == before + 1

    def test_a_page_from_before_refuses_nothing(self, desk):
        name = asked_for(desk)
        carl, anna = desk.as_("carl"), desk.as_("anna")
        seen = shown(carl, "/waivers", f"/waivers/{name}/refuse")
        assert anna.submit(f"/waivers/{name}/refuse", shown=seen, why="too broad").status_code == 303  # fmt: skip
        answer = carl.submit(f"/waivers/{name}/approve", shown=seen)
        assert answer.status_code == 409
        assert "was refused by Anna on" in words(answer)
        # One that no page made has nothing to show.
        assert carl.submit(f"/waivers/{name}/revoke", why="x").status_code == 409
        assert waiver(desk, name).ended_why == "too broad"

    def test_what_is_wrong_with_a_form_is_said_beside_what_was_written(self, desk):
        carl = desk.as_("carl")
        told = {"rule": RULE, "target": "one", "complaint": "nope", "why": "because", "until": ""}
        answer = carl.submit("/waivers/new", **told)
        assert answer.status_code == 409
        assert "No complaint 'nope' is known here" in words(answer)
        assert "because" in answer.text
        today = f"{desk.service.clock.now():%Y-%m-%d}"
        told |= {"complaint": desk.keys["failing"], "rule": RIGID, "until": today}
        answer = carl.submit("/waivers/new", **told)
        assert "cannot be waived" in words(answer)
        assert 'formaction="/waivers/explain"' in answer.text
        assert carl.submit("/waivers/explain", **told).status_code == 303
        with desk.service.store.acts() as acts:
            assert [each.why for each in acts.explanations()] == ["because"]
            assert acts.waivers() == []
        answer = carl.submit("/waivers/new", **told | {"rule": LATE, "target": "where", "where": "{nope: 1}"})  # fmt: skip
        assert "nope" in words(answer)
        told |= {"rule": LATE, "target": "where", "where": "{severity: low}"}
        assert carl.submit("/waivers/new", **told).status_code == 303

    def test_what_is_restricted_is_shown_to_its_group_alone(self, desk):
        name = asked_for(desk, name="restricted")
        key = desk.keys["restricted"]
        carl, lena = desk.as_("carl"), desk.as_("lena")
        assert key in lena.get("/waivers").text
        assert key not in carl.get("/waivers").text
        assert name not in carl.get("/waivers").text
        # Nor can it be acted on, or asked about, as if it were not there.
        assert carl.submit(f"/waivers/{name}/approve", shown="x").status_code == 404
        for path in ("/waivers/new", "/disputes/new"):
            told = {"rule": RULE, "target": "one", "why": "x", "until": "2027-01-01"}
            answers = [carl.submit(path, complaint=each, **told) for each in (key, "CMP-99999")]
            assert [each.status_code for each in answers] == [409, 409]
            seen = {each.text.replace(key, "K").replace("CMP-99999", "K") for each in answers}
            assert len(seen) == 1
            assert f"No complaint '{key}' is known here" in words(answers[0])
        assert waiver(desk, name).approved is None
        row = desk.roster.named("carl")
        desk.roster.change(row.id, by=None, role="compliance", groups=(GROUP,), until=None, endless=True)  # fmt: skip
        act = f"/waivers/{name}/approve"
        assert carl.submit(act, shown=shown(carl, "/waivers", act)).status_code == 303


class TestDisputes:
    def test_a_finding_is_disputed_and_somebody_else_decides(self, desk):
        carl, anna = desk.as_("carl"), desk.as_("anna")
        told = {"rule": RULE, "complaint": desk.keys["failing"], "why": "it has a cause", "once": "d1"}  # fmt: skip
        assert carl.submit("/disputes/new", **told).status_code == 303
        assert carl.submit("/disputes/new", **told).status_code == 303
        with desk.service.store.acts() as acts:
            [row] = acts.disputes()
        act = f"/disputes/{row.id}/decide"
        assert "somebody else decides it" in words(carl.get("/disputes"))
        seen = shown(anna, "/disputes", act)
        assert carl.submit(act, shown=seen, outcome="upheld", why="x").status_code == 409
        assert anna.submit(act, shown=seen, outcome="great", why="x").status_code == 409
        assert anna.submit(act, shown=seen, outcome="upheld", why="a wrong mapping").status_code == 303  # fmt: skip
        answer = anna.submit(act, shown=seen, outcome="rejected", why="x")
        assert answer.status_code == 409
        assert "was upheld by Anna on" in words(answer)
        page = words(carl.get(f"/disputes?rule={RULE}"))
        assert "0 wait for a decision, of close.with_cause; 1 was decided" in page
        assert "a wrong mapping" in page

    def test_what_is_restricted_is_not_shown(self, desk):
        with desk.service.store.book() as acts:
            name = dispute(
                acts, desk.desk.bound, rule=RULE, case=case_of(desk, "restricted"), why="secret words",
                by=desk.desk.who("dora"), now=desk.service.now(),
            )  # fmt: skip
        carl = desk.as_("carl")
        assert "secret words" in desk.as_("lena").get("/disputes").text
        assert "secret words" not in carl.get("/disputes").text
        told = {"outcome": "upheld", "why": "x", "shown": "x"}
        assert carl.submit(f"/disputes/{name}/decide", **told).status_code == 404


class TestTriage:
    def question(self, desk):
        told = {"summary": "where is my router", SEVERITY: "10203"}
        issue = desk.desk.world.create("CMP", "Question", told, CUSTOMER)
        desk.desk.pass_time(minutes=20)
        desk.desk.sync()
        return Ref("sandbox", "jira", issue.id), issue.key

    def test_a_ticket_becomes_a_complaint_by_a_decision_and_shows_everywhere(self, desk):
        ref, key = self.question(desk)
        carl, anna = desk.as_("carl"), desk.as_("anna")
        act = f"/triage/sandbox/{ref.id}"
        seen = shown(carl, "/triage", act)
        answer = carl.submit(act, shown=seen, decision="complaint", why="it says what went wrong")
        assert answer.status_code == 303
        answer = anna.submit(act, shown=seen, decision="not_a_complaint", why="a question")
        assert answer.status_code == 409
        assert f"{key} was decided to be a complaint by Carl on" in words(answer)
        desk.desk.sync()
        desk.keeper.refresh()
        assert carl.get(f"/complaint/sandbox/{ref.id}").status_code == 200
        assert key in carl.get("/complaints?period=all").text
        # Another decision withdraws it.
        seen = shown(anna, "/triage", act)
        told = {"shown": seen, "decision": "not_a_complaint", "why": "a question after all"}
        assert anna.submit(act, **told).status_code == 303
        desk.desk.pass_time(minutes=20)
        desk.desk.sync()
        desk.keeper.refresh()
        assert key not in carl.get("/complaints?period=all").text
        # Out of every figure, it still can be decided otherwise.
        told = {"shown": shown(carl, "/triage", act), "decision": "undecided", "why": "so be it"}
        assert carl.submit(act, **told).status_code == 303
        desk.desk.pass_time(minutes=20)
        desk.desk.sync()
        assert shown(carl, "/triage", act) is not None

    def test_what_is_restricted_is_decided_by_its_group_alone(self, desk):
        ref, _ = self.question(desk)
        carl, lena = desk.as_("carl"), desk.as_("lena")
        act = f"/triage/sandbox/{ref.id}"
        told = {"decision": "complaint", "why": "a matter for lawyers"}
        assert carl.submit(act, shown=shown(carl, "/triage", act), **told).status_code == 303
        desk.desk.world.edit(ref.id, {GROUP_FIELD: GROUP}, CUSTOMER)
        desk.desk.pass_time(minutes=20)
        desk.desk.sync()
        # Whether the book has it yet or not.
        for _ in range(2):
            assert "a matter for lawyers" not in carl.get("/triage").text
            assert "a matter for lawyers" in lena.get("/triage").text
            answer = carl.submit(act, shown="x", decision="not_a_complaint", why="x")
            assert answer.status_code == 404
            desk.keeper.refresh()

    def test_what_the_scope_takes_for_a_complaint_is_not_decided_away(self, desk):
        carl = desk.as_("carl")
        told = {"shown": "x", "decision": "not_a_complaint", "why": "x"}
        assert carl.submit(f"/triage/sandbox/{desk.tickets['fine']}", **told).status_code == 409
        told["sample"] = "any"
        answer = carl.submit(f"/triage/sandbox/{desk.tickets['fine']}", **told)
        assert "for a complaint" in words(answer)
        for path in (f"/triage/sandbox/{desk.tickets['restricted']}", "/triage/sandbox/1", "/triage/nowhere/1"):  # fmt: skip
            assert carl.submit(path, **told).status_code == 404

    def test_a_sample_says_what_it_found_once_all_were_looked_at(self, desk):
        refs = [self.question(desk)[0] for _ in range(3)]
        carl = desk.as_("carl")
        for ref in refs:
            act = f"/triage/sandbox/{ref.id}"
            carl.submit(act, shown=shown(carl, "/triage", act), decision="not_a_complaint", why="a question")  # fmt: skip
        desk.desk.sync()
        answer = carl.submit("/triage/samples", size="2", seed="7")
        page = answer.headers["location"].partition("?")[0]
        assert "2 of 2 are left" in words(carl.get(page))
        # Whoever looks is not told why it is none.
        assert "a question" not in carl.get(page).text
        assert carl.submit(page, place="1", answer="complaint").status_code == 303
        assert "told once all were looked at" in words(carl.get("/triage"))
        assert carl.submit(page, place="1", answer="not_a_complaint").status_code == 409
        assert carl.submit(page, place="2", answer="cannot_tell").status_code == 303
        assert "1 of 1 tickets were complaints" in words(carl.get(page))
        found = re.search(r'action="(/triage/sandbox/\d+)"', carl.get(page).text).group(1)
        told = {"sample": page.rpartition("/")[2], "decision": "complaint", "why": "missed"}
        assert carl.submit(found, **told).headers["location"].startswith(page)


class TestActions:
    def test_an_action_goes_its_way(self, desk):
        carl, anna = desk.as_("carl"), desk.as_("anna")
        told = {
            "title": "Read the meter twice", "root_cause": "billing", "why": "one reading is wrong", "owner": "Billing",
            "due": "2027-01-05", "check_due": "2027-04-05", "once": "a1",
        }  # fmt: skip
        answer = carl.submit("/actions/new", **told)
        page = answer.headers["location"].partition("?")[0]
        assert carl.submit("/actions/new", **told).headers["location"].startswith(page)
        assert "Read the meter twice" in carl.get("/actions?cause=billing").text
        assert "Read the meter twice" not in carl.get("/actions?cause=product").text
        answer = carl.submit("/actions/new", **told | {"once": "a2", "owner": " "})
        assert answer.status_code == 409
        assert "one reading is wrong" in answer.text
        seen = shown(carl, page, f"{page}/done")
        assert carl.submit(f"{page}/done", shown=seen, what="two readings").status_code == 303
        answer = anna.submit(f"{page}/drop", shown=seen, why="x")
        assert answer.status_code == 409
        assert "said to be done by Carl on" in words(answer)
        seen = shown(anna, page, f"{page}/check")
        told = {"shown": seen, "effect": "cannot_tell", "why": "too early"}
        assert anna.submit(f"{page}/check", **told).status_code == 303
        assert "cannot tell, found Anna: too early" in words(carl.get(page))
        assert carl.get("/actions/nope").status_code == 404


class TestRollout:
    def page(self, rule=LATE):
        return f"/rollout/complaints/{rule}"

    def test_a_rule_goes_down_at_once_and_up_past_its_gates(self, desk):
        carl, anna = desk.as_("carl"), desk.as_("anna")
        page = self.page()
        seen = shown(carl, page, f"{page}/demote")
        told = {"shown": seen, "to": "observe", "why": "too loud"}
        assert carl.submit(f"{page}/demote", **told).status_code == 303
        answer = anna.submit(f"{page}/demote", **told | {"to": "off"})
        assert answer.status_code == 409
        assert "was taken from flag to observe by Carl on" in words(answer)
        seen = shown(anna, page, f"{page}/promote")
        told = {"shown": seen, "to": "flag", "why": "ready"}
        answer = anna.submit(f"{page}/promote", **told)
        assert answer.status_code == 409
        assert "there is no backtest" in words(answer)
        assert desk.service.bounds[0].modes[LATE] == "observe"
        assert anna.submit(f"{page}/backtest").status_code == 303
        for each in threading.enumerate():
            if each.name == "backtest":
                each.join()
        assert "a promotion within a day records it" in words(anna.get(page))
        assert anna.submit(f"{page}/review", sample="20", mistaken="0").status_code == 303
        told |= {"despite": "the days are short"}
        assert anna.submit(f"{page}/promote", **told).status_code == 303
        assert desk.service.bounds[0].modes[LATE] == "flag"
        with desk.service.store.acts() as acts:
            last = acts.steps("complaints", LATE)[-1]
        assert (last.approved_name, last.despite) == ("Anna", "the days are short")
        assert last.backtest is not None
        assert anna.get("/rollout/complaints/nope").status_code == 404
        assert anna.get("/rollout/nowhere/x").status_code == 404

    def test_only_an_admin_stops_a_helpdesk_and_lets_it_be_written_to(self, desk):
        carl, anna = desk.as_("carl"), desk.as_("anna")
        act = "/rollout/accounts/sandbox/stop"
        assert shown(carl, "/rollout", act) is None
        seen = shown(anna, "/rollout", act)
        assert carl.submit(act, shown=seen, why="x").status_code == 403
        assert desk.service.store.stopped("sandbox") is None
        assert anna.submit(act, shown=seen, why=" ").status_code == 409
        assert anna.submit(act, shown=seen, why="wrong notes").status_code == 303
        assert desk.service.store.stopped("sandbox").stopped_why == "wrong notes"
        assert "sandbox is stopped" in words(carl.get("/rollout"))
        answer = anna.submit(act, shown=seen, why="again")
        assert "was stopped by Anna on" in words(answer)
        act = "/rollout/accounts/sandbox/resume"
        assert carl.submit(act, shown="x", why="x").status_code == 403
        assert anna.submit(act, shown=shown(anna, "/rollout", act), why="mended").status_code == 303
        assert desk.service.store.stopped("sandbox") is None

    def test_what_ombud_toml_asks_for_waits_and_is_put_in_force_once(self, desk):
        desk.desk.add('\n[approval]\napprovers = ["Anna"]\n')
        desk.desk.write_pack(version="1.1.0")
        # The service that the door serves reads the file anew, as one that was started again does.
        service = desk.service
        service.footing = Footing(load_settings(desk.desk.config), service.store)
        service.settings = load_settings(desk.desk.config)
        service.persons = Persons.of(service.settings, service.store.pseudonym)
        carl, anna = desk.as_("carl"), desk.as_("anna")
        page = words(carl.get("/rollout"))
        assert "Waiting for an approval" in page
        assert "1.0.0" in page
        assert "1.1.0" in page
        seen = shown(anna, "/rollout", "/rollout/accept")
        told = {"binding": "complaints", "shown": seen, "why": "agreed"}
        answer = carl.submit("/rollout/accept", **told)
        assert answer.status_code == 409
        assert "Approvers: Anna" in words(answer)
        assert anna.submit("/rollout/accept", **told).status_code == 303
        assert desk.service.bounds[0].pack.version == "1.1.0"
        answer = anna.submit("/rollout/accept", **told)
        assert answer.status_code == 409
        assert "is in force for complaints already" in words(answer)
        assert "Waiting for an approval" not in words(carl.get("/rollout"))


PAGES = ("/waivers", "/disputes", "/triage", "/actions", "/rollout", f"/rollout/complaints/{LATE}")
FORMS = (
    "/waivers/new", "/waivers/explain", "/waivers/x/approve", "/waivers/x/refuse", "/waivers/x/revoke",
    "/disputes/new", "/disputes/x/decide", "/triage/samples", "/triage/samples/x", "/triage/sandbox/1",
    "/actions/new", "/actions/x/done", "/actions/x/check", "/actions/x/drop", "/rollout/accept",
    "/rollout/accounts/sandbox/stop", "/rollout/accounts/sandbox/resume", f"/rollout/complaints/{LATE}/promote",
    f"/rollout/complaints/{LATE}/demote", f"/rollout/complaints/{LATE}/backtest", f"/rollout/complaints/{LATE}/review",
)  # fmt: skip


def test_who_may_only_look_sees_all_of_it_and_no_form(desk):
    asked_for(desk)
    before = lines(desk)
    for login in ("vera", "otto"):
        browser = desk.as_(login)
        for page in PAGES:
            answer = browser.get(page)
            assert answer.status_code == 200, page
            acts = set(re.findall(r'<form method="post" action="([^"]+)"', answer.text))
            assert acts <= {"/theme", "/signout", "/views"}, (page, acts)
        for page in ("/waivers/new", "/disputes/new"):
            assert browser.get(page).status_code == 403
        for act in FORMS:
            assert browser.submit(act, why="x").status_code == 403, act
    for act in FORMS:
        # Nor does anybody without a page of the session.
        assert desk.as_("anna").post(act, data={"why": "x"}).status_code == 403, act
    assert lines(desk) == before
