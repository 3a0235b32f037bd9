"""Who may look at the dashboard: signing in and out, sessions, forms, roles, tokens, the audit trail, over real HTTP."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import requests
from typer.testing import CliRunner

import cli  # noqa: TID251 (the command is run as people run it)
from ombud.store.errors import StoreError
from ombud.web.dash.viewer import ACTIONS
from sync.persons import Refused
from tests.dash_house import SECRET, house
from tests.web_desk import LONG


@pytest.fixture
def home(tmp_path):
    with house(tmp_path) as opened:
        yield opened


def cookie_of(answer):
    return answer.headers["set-cookie"]


class TestSigningIn:
    def test_a_password_signs_in_and_leads_where_one_was_going(self, home):
        home.add()
        browser = home.browser()
        first = browser.get("/show/export?period=2026-10", allow_redirects=False)
        assert first.status_code == 303
        where = "/signin?next=/show/export%3Fperiod%3D2026-10"
        assert first.headers["location"] == where
        form = browser.get(where).text
        assert 'name="next" value="/show/export?period=2026-10"' in form
        answer = browser.sign_in("Anna", next="/show/export?period=2026-10")
        assert answer.headers["location"] == "/show/export?period=2026-10"
        assert browser.known_as == "anna"

    @pytest.mark.parametrize(
        "to", ["//evil.example", "https://evil.example/x", "/\\evil.example", "/signout", "javascript:x"]
    )  # fmt: skip
    def test_nobody_is_led_to_another_site(self, home, to):
        home.add()
        page = home.browser().get("/signin", params={"next": to})
        assert "evil" not in page.text
        assert 'name="next" value="/"' in page.text
        assert home.browser().sign_in("anna", next=to).headers["location"] == "/"
        link = home.roster.link(home.roster.named("anna").id)
        answer = home.browser().get(link, params={"next": to}, allow_redirects=False)
        assert answer.headers["location"] == "/"

    def test_what_is_wrong_is_not_told_and_costs_the_same(self, home):
        home.add()
        home.add("link-only", password=None)
        gone = home.add("gone", "viewer")
        home.roster.disable(gone.id, by=None)
        seen = set()
        for login in ("anna", "link-only", "gone", "nobody"):
            before = home.hasher.verified
            answer = home.browser().sign_in(login, "not the password")
            seen.add((answer.status_code, answer.text, home.hasher.verified - before))
        [(status, text, hashes)] = seen
        assert (status, hashes) == (401, 1)
        assert "Login or password is wrong." in text
        # The right password of somebody who was shut out is as wrong as any.
        assert home.browser().sign_in("gone").status_code == 401
        lines = home.audited(what="denied")
        assert [line[0] for line in lines] == ["anna", "link-only", "gone", None, "gone"]
        assert SECRET not in str(lines)

    def test_who_fails_often_waits_and_twice_as_long_each_time(self, home):
        home.add()
        for _ in range(5):
            assert home.browser().sign_in("anna", "wrong").status_code == 401
        before = home.hasher.verified
        answer = home.browser().sign_in("anna")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        assert home.hasher.verified == before
        home.pass_time(seconds=1)
        assert home.browser().sign_in("ANNA ", "wrong").status_code == 401
        assert home.browser().sign_in("anna").headers["retry-after"] == "2"
        home.pass_time(seconds=2)
        assert home.browser().sign_in("anna").status_code == 303
        # Then it is forgotten.
        assert home.browser().sign_in("anna", "wrong").status_code == 401

    def test_a_login_that_is_not_there_waits_as_well(self, home):
        for _ in range(5):
            home.browser().sign_in("nobody", "wrong")
        assert home.browser().sign_in("nobody", "wrong").status_code == 429

    def test_an_address_that_tries_many_logins_waits_and_others_do_not(self, home):
        home.add()
        there = {"x-forwarded-for": "198.51.100.1, 203.0.113.7"}
        told = {"password": "wrong"}
        for number in range(30):
            home.browser().post("/signin", data={"login": f"n{number}", **told}, headers=there)
        answer = home.browser().post("/signin", data={"login": "other", **told}, headers=there)
        assert answer.status_code == 429
        # What stands before the last address is anybody's word.
        lie = {"x-forwarded-for": "192.0.2.1, 203.0.113.7"}
        assert home.browser().post("/signin", data={"login": "x", **told}, headers=lie).status_code == 429  # fmt: skip
        assert home.browser().sign_in("anna").status_code == 303

    def test_a_session_that_was_there_before_is_not_taken_over(self, home):
        home.add()
        home.add("eve", "viewer")
        eve = home.signed_in("eve")
        planted = eve.cookies["ombud"]
        browser = home.browser()
        browser.cookies.set("ombud", planted)
        browser.cookies.clear()
        browser.headers["cookie"] = f"ombud={planted}"
        fresh = cookie_of(browser.sign_in("anna")).partition(";")[0].partition("=")[2]
        del browser.headers["cookie"]
        assert fresh != planted
        # The former session has ended.
        assert eve.known_as is None

    def test_a_made_up_session_is_nobodys(self, home):
        home.add()
        browser = home.browser()
        for made_up in ("x", "x" * 43, "' OR 1=1 --", "x" * 5_000):
            browser.headers["cookie"] = f"ombud={made_up}"
            assert browser.known_as is None

    def test_near_by_the_cookie_is_plain_and_elsewhere_it_needs_tls(self, home):
        home.add()
        near = cookie_of(home.browser().sign_in("anna"))
        assert re.fullmatch(
            r"ombud=[\w-]{43}; HttpOnly; Max-Age=604800; Path=/; SameSite=lax", near
        )
        told = {"host": "ombud.example", "origin": "https://ombud.example"}
        far = home.browser().post(
            "/signin",
            data={"login": "anna", "password": SECRET},
            headers=told,
            allow_redirects=False,
        )
        assert re.fullmatch(
            r"__Host-ombud=[\w-]{43}; HttpOnly; Max-Age=604800; Path=/; SameSite=lax; Secure",
            cookie_of(far),
        )
        # One is not taken for the other.
        secret = cookie_of(far).partition(";")[0].partition("=")[2]
        told["cookie"] = f"ombud={secret}"
        assert home.browser().get("/probe", headers=told, allow_redirects=False).status_code == 303
        told["cookie"] = f"__Host-ombud={secret}"
        assert home.browser().get("/probe", headers=told).json()["login"] == "anna"

    def test_without_tls_from_afar_the_page_says_why_it_cannot_work(self, home):
        home.add()
        page = home.browser().get("/signin", headers={"host": "ombud.example"}).text
        assert "over https only" in page
        assert "over https only" not in home.browser().get("/signin").text

    def test_passwords_can_be_off(self, tmp_path):
        with house(tmp_path, dashboard={"passwords": False}) as home:
            home.add()
            assert home.browser().sign_in("anna").status_code == 404
            assert 'type="password"' not in home.browser().get("/signin").text

    def test_a_hash_of_weaker_parameters_is_made_anew(self, home):
        row = home.add()
        weak = home.roster.passwords._hasher
        weak.check_needs_rehash = lambda held: held == row.password
        assert home.browser().sign_in("anna").status_code == 303
        assert home.roster.named("anna").password != row.password
        assert home.browser().sign_in("anna").status_code == 303


class TestLinks:
    def test_a_link_signs_in_once(self, home):
        link = home.roster.link(home.add(password=None).id)
        browser = home.browser()
        assert requests.head(f"{home.url}{link}", timeout=LONG).status_code == 404
        assert browser.get(link, allow_redirects=False).status_code == 303
        assert browser.known_as == "anna"
        again = home.browser().get(link)
        assert again.status_code == 401
        assert "does not work, or not any more" in again.text
        # What signs in stands in no audit line.
        assert link.rpartition("=")[2] not in str(home.audited())

    def test_who_came_by_a_link_sets_a_password_without_an_old_one(self, home):
        home.add(password=None)
        browser = home.browser()
        browser.get(home.roster.link(home.roster.named("anna").id))
        new = "a garden full of snails"
        assert browser.submit("/account/password", new=new, again=new).status_code == 303
        assert home.browser().sign_in("anna", new).status_code == 303


class TestSettingUp:
    def test_a_fresh_installation_makes_its_first_admin_here_with_the_code(self, home):
        browser = home.browser()
        assert browser.get("/probe?x=1", allow_redirects=False).headers["location"] == "/setup"
        assert browser.get("/signin", allow_redirects=False).headers["location"] == "/setup"
        told = {"login": "anna", "name": "Anna", "password": SECRET}
        wrong = browser.post("/setup", data={"code": "guess", **told})
        assert wrong.status_code == 400
        assert "does not work" in wrong.text
        assert SECRET not in wrong.text
        code = home.roster.setup_code()
        assert code in browser.get(f"/setup?code={code}").text
        answer = browser.post("/setup", data={"code": code, **told}, allow_redirects=False)
        assert answer.status_code == 303
        assert browser.get("/probe").json() == {"login": "anna", "role": "admin"}
        # From then on it is not there.
        assert home.browser().get("/setup").status_code == 404
        assert home.browser().post("/setup", data={"code": code, **told}).status_code == 404

    @pytest.mark.parametrize(
        "told", [{"host": "ombud.example"}, {"x-forwarded-for": "203.0.113.7"}, {"via": "1.1 p"}]
    )
    def test_from_elsewhere_it_is_not_there_even_with_the_code(self, home, told):
        code = home.roster.setup_code()
        form = {"code": code, "login": "eve", "name": "Eve", "password": SECRET}
        assert home.browser().get("/setup", headers=told).status_code == 404
        assert home.browser().post("/setup", data=form, headers=told).status_code == 404
        answer = home.browser().get("/probe", headers=told, allow_redirects=False)
        assert answer.headers["location"] == "/signin?next=/probe"

    def test_another_site_cannot_send_it(self, home):
        form = {"code": home.roster.setup_code(), "login": "e", "name": "E", "password": SECRET}
        told = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        assert home.browser().post("/setup", data=form, headers=told).status_code == 403
        assert not home.access.anybody()


class TestSessions:
    def test_a_session_ends_when_idle_and_in_any_case(self, home):
        home.add()
        browser = home.signed_in("anna")
        for _ in range(20):
            home.pass_time(hours=7)
            assert browser.known_as == "anna"
            home.guard.trail.flush()
        home.pass_time(hours=8)
        assert browser.known_as is None
        browser = home.signed_in("anna")
        for _ in range(23):
            home.pass_time(hours=7)
            assert browser.known_as == "anna"
            home.guard.trail.flush()
        home.pass_time(hours=7)
        assert browser.known_as is None

    def test_how_long_stands_in_the_settings(self, tmp_path):
        with house(tmp_path, dashboard={"idle_hours": 0.5, "longest_days": 0.25}) as home:
            home.add()
            browser = home.signed_in("anna")
            home.pass_time(minutes=29)
            assert browser.known_as == "anna"
            home.guard.trail.flush()
            home.pass_time(minutes=30)
            assert browser.known_as is None

    def test_signing_out_ends_it_for_good(self, home):
        home.add()
        browser = home.signed_in("anna")
        held = browser.cookies["ombud"]
        assert browser.post("/signout").status_code == 403
        assert browser.known_as == "anna"
        answer = browser.submit("/signout")
        assert answer.headers["location"] == "/signin"
        assert "Max-Age=0" in cookie_of(answer)
        browser.headers["cookie"] = f"ombud={held}"
        assert browser.known_as is None
        assert home.browser().post("/signout", allow_redirects=False).status_code == 303

    def test_one_sees_where_one_is_signed_in_and_signs_out_there(self, home):
        home.add()
        home.add("ben", "viewer")
        here, there, third, ben = (home.signed_in(login) for login in ("anna", "anna", "anna", "ben"))  # fmt: skip
        page = here.get("/account").text
        assert page.count("Sign out there") == 2
        assert page.count("This browser") == 1
        [of_ben] = home.access.sessions(home.roster.named("ben").id)
        here.submit("/account/sessions/end", session=of_ben.id[:16])
        assert ben.known_as == "ben"
        named = re.search(r'name="session" value="(\w{16})"', page).group(1)
        here.submit("/account/sessions/end", session=named)
        assert sorted(map(str, (there.known_as, third.known_as))) == ["None", "anna"]
        here.submit("/account/sessions/end", session="others")
        assert (there.known_as, third.known_as, here.known_as) == (None, None, "anna")

    def test_a_new_password_asks_for_the_old_one_and_signs_out_everywhere_else(self, home):
        home.add()
        here, there = home.signed_in("anna"), home.signed_in("anna")
        held, new = here.cookies["ombud"], "a garden full of snails"
        for told, status, why in (
            ({"old": "wrong", "new": new, "again": new}, 401, "The old password is wrong"),
            ({"old": SECRET, "new": new, "again": "x"}, 400, "not repeated alike"),
            ({"old": SECRET, "new": "short", "again": "short"}, 400, "too short"),
            ({"old": SECRET, "new": "annaannaanna", "again": "annaannaanna"}, 400, "easy to guess"),
        ):
            answer = here.submit("/account/password", **told)
            assert answer.status_code == status
            assert why in answer.text
        answer = here.submit("/account/password", old=SECRET, new=new, again=new)
        assert answer.status_code == 303
        assert here.cookies["ombud"] != held
        assert (here.known_as, there.known_as) == ("anna", None)
        assert home.browser().sign_in("anna").status_code == 401
        assert home.browser().sign_in("anna", new).status_code == 303

    def test_an_open_browser_is_no_place_to_guess_the_password(self, home):
        home.add()
        browser = home.signed_in("anna")
        told = {"old": "wrong", "new": "x" * 12, "again": "x" * 12}
        answers = [browser.submit("/account/password", **told).status_code for _ in range(7)]
        assert answers == [401] * 5 + [429] * 2

    def test_an_auditor_is_out_when_the_time_is_over(self, home):
        home.add("aud", "auditor", until=home.service.now() + 3_600_000_000)
        browser = home.signed_in("aud")
        home.pass_time(minutes=59)
        assert browser.known_as == "aud"
        home.pass_time(minutes=1)
        assert browser.known_as is None
        assert home.browser().sign_in("aud").status_code == 401

    def test_nobody_is_taken_on_until_a_time_that_is_over(self, home):
        with pytest.raises(Refused, match="past already"):
            home.add("eve", until=home.service.now())

    def test_who_is_shut_out_is_out_at_the_next_click_and_a_role_counts_at_once(self, home):
        home.add()
        ben = home.add("ben", "compliance")
        browser = home.signed_in("ben")
        home.roster.change(ben.id, by=None, role="viewer")
        assert browser.get("/probe").json()["role"] == "viewer"
        assert browser.submit("/do/waive_approve").status_code == 403
        home.roster.disable(ben.id, by=None)
        assert browser.known_as is None
        home.roster.enable(ben.id, by=None)
        assert browser.known_as is None


class TestForms:
    @pytest.fixture
    def browser(self, home):
        home.add()
        return home.signed_in("anna")

    def test_a_form_from_a_page_of_the_session_is_taken(self, browser):
        assert browser.submit("/do/waive_approve", why="agreed").text == "done by anna: agreed"

    @pytest.mark.parametrize("csrf", [None, "", "x", "x" * 43, "ü" * 43])
    def test_a_form_without_its_mark_is_refused(self, home, browser, csrf):
        told = {} if csrf is None else {"csrf": csrf}
        answer = browser.post("/do/waive_approve", data=told)
        assert answer.status_code == 403
        assert "out of date, or was not sent from this site" in answer.text
        assert home.audited(what="act") == []

    def test_the_mark_of_another_session_is_none(self, home, browser):
        other = home.signed_in("anna").csrf()
        assert browser.post("/do/waive_approve", data={"csrf": other}).status_code == 403

    @pytest.mark.parametrize(
        "told, status",
        [
            ({"origin": "https://evil.example", "sec-fetch-site": None}, 403),
            ({"origin": "null", "sec-fetch-site": None}, 403),
            ({"origin": None, "sec-fetch-site": None}, 403),
            ({"sec-fetch-site": "cross-site"}, 403),
            ({"sec-fetch-site": "same-site"}, 403),
            ({"sec-fetch-site": "none"}, 403),
            ({"origin": "https://evil.example"}, 403),
            ({"sec-fetch-site": None}, 200),
            ({"origin": None}, 200),
            # What browsers say from a page that tells no referrer.
            ({"origin": "null"}, 200),
        ],
    )
    def test_a_form_counts_only_where_the_browser_says_it_is_ours(self, home, browser, told, status):  # fmt: skip
        csrf = browser.csrf()
        answer = browser.post("/do/waive_approve", data={"csrf": csrf}, headers=told)
        assert answer.status_code == status
        # Nor can somebody be signed in from there.
        answer = home.browser().post(
            "/signin",
            data={"login": "anna", "password": SECRET},
            headers=told,
            allow_redirects=False,
        )
        assert (answer.status_code == 303) is (status == 200)

    def test_the_address_of_the_settings_is_ours_too(self, tmp_path):
        with house(tmp_path, serve={"url": "https://ombud.example/"}) as home:
            home.add()
            browser = home.signed_in("anna")
            told = {"origin": "https://ombud.example", "sec-fetch-site": None}
            csrf = browser.csrf()
            assert browser.post("/do/waive_approve", data={"csrf": csrf}, headers=told).ok
            told["origin"] = "http://ombud.example"
            assert not browser.post("/do/waive_approve", data={"csrf": csrf}, headers=told).ok

    def test_a_form_that_is_too_large_is_refused(self, browser):
        answer = browser.submit("/do/waive_approve", why="x" * (1 << 20))
        assert answer.status_code == 413

    def test_nobody_acts_without_signing_in(self, home):
        home.add()
        answer = home.browser().post("/do/waive_approve", data={"csrf": ""}, allow_redirects=False)
        assert answer.headers["location"] == "/signin"
        answer = home.browser().get("/do/waive_approve", allow_redirects=False)
        assert answer.status_code == 405

    def test_pages_run_no_script_of_anybodys_and_are_framed_by_nobody(self, browser):
        for path in ("/signin", "/account", "/staff", "/staff/audit"):
            answer = browser.get(path, allow_redirects=path != "/signin")
            policy = answer.headers["content-security-policy"]
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["cache-control"] == "no-store"
            assert " style=" not in answer.text
            assert not re.search(r"<script(?! src)|\son\w+=", answer.text)


@pytest.mark.parametrize("role", ["viewer", "auditor", "compliance", "admin"])
def test_every_action_is_for_the_roles_of_the_table_and_for_no_other(home, role):
    home.add("who", role)
    browser = home.signed_in("who")
    may = {
        action: home.guard.of(home.roster.named("who")).may(action) for action in sorted(ACTIONS)
    }
    shown = {action: browser.get(f"/show/{action}").status_code == 200 for action in may}
    assert shown == may
    csrf = browser.csrf()
    done = {a: browser.post(f"/do/{a}", data={"csrf": csrf}).status_code == 200 for a in may}
    assert done == may
    denied = [line for line in home.audited(what="denied") if line[0] == "who"]
    assert len(denied) == 2 * list(may.values()).count(False)


class TestTokens:
    def make(self, browser, *scopes, days="30", name="BI"):
        answer = browser.submit("/account/tokens", name=name, scope=list(scopes), days=days)
        found = re.search(r"ombud_[\w-]{43}", answer.text)
        return found.group() if found else answer

    def ask(self, home, token, path="/api/probe", method="GET"):
        told = {"authorization": f"Bearer {token}"}
        return requests.request(
            method, f"{home.url}{path}", headers=told, timeout=LONG, allow_redirects=False
        )

    def test_a_token_is_shown_once_and_does_what_its_scopes_say(self, home):
        home.add("lead", "compliance")
        browser = home.signed_in("lead")
        token = self.make(browser, "read")
        assert token not in browser.get("/account").text
        assert self.ask(home, token).json() == {"login": "lead", "role": "compliance"}
        assert self.ask(home, token, "/show/export").status_code == 403
        assert self.ask(home, token, "/do/waive_approve", "POST").status_code == 403
        writes = self.make(browser, "write")
        assert self.ask(home, writes).status_code == 403
        # No cookie, so nothing that another site could have a browser send.
        assert self.ask(home, writes, "/do/waive_approve", "POST").text == "done by lead: "
        assert self.ask(home, writes, "/do/token_make", "POST").status_code == 403

    def test_a_token_ends_and_is_revoked(self, home):
        home.add()
        browser = home.signed_in("anna")
        short, other = (
            self.make(browser, "read", days="1"),
            self.make(browser, "read", name="other"),
        )
        home.pass_time(hours=7)
        assert self.ask(home, short).ok
        browser = home.signed_in("anna")
        page = browser.get("/account").text
        assert "never" in page
        revoked = home.access.by_token(digest(other))[0].id
        browser.submit("/account/tokens/revoke", token=revoked)
        answer = self.ask(home, other)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
        home.pass_time(hours=17)
        assert self.ask(home, short).status_code == 401

    def test_nobody_revokes_anothers(self, home):
        home.add()
        home.add("ben", "compliance")
        token = self.make(home.signed_in("anna"), "read")
        named = home.access.by_token(digest(token))[0].id
        home.signed_in("ben").submit("/account/tokens/revoke", token=named)
        assert self.ask(home, token).ok

    def test_a_token_ends_with_its_owner(self, home):
        home.add()
        ben = home.add("ben", "compliance")
        token = self.make(home.signed_in("ben"), "read")
        home.roster.disable(ben.id, by=None)
        assert self.ask(home, token).status_code == 401
        home.roster.enable(ben.id, by=None)
        assert self.ask(home, token).status_code == 401

    @pytest.mark.parametrize(
        "told", ["ombud_x", "ombud_" + "x" * 43, "", "x", "ombud_" + "x" * 500]
    )
    def test_what_is_no_token_is_nobodys_even_beside_a_session(self, home, told):
        home.add()
        browser = home.signed_in("anna")
        browser.headers["authorization"] = f"Bearer {told}"
        assert browser.get("/probe", allow_redirects=False).status_code == 401

    @pytest.mark.parametrize(
        "told", [{"days": "0"}, {"days": "366"}, {"days": "x"}, {"days": "²"}, {"scope": []}, {"scope": ["once"]}, {"name": "\u202e"}]
    )  # fmt: skip
    def test_a_token_that_is_too_much_is_not_made(self, home, told):
        home.add()
        browser = home.signed_in("anna")
        answer = browser.submit(
            "/account/tokens", **({"name": "n", "scope": ["read"], "days": "9"} | told)
        )
        assert answer.status_code == 400
        assert home.access.tokens(home.roster.named("anna").id) == []

    def test_links_and_tokens_are_not_taken_for_each_other(self, home):
        row = home.add()
        token = self.make(home.signed_in("anna"), "read")
        assert home.browser().get(f"/signin/once?code={token}").status_code == 401
        code = home.roster.link(row.id).rpartition("=")[2]
        assert self.ask(home, code).status_code == 401
        assert home.roster.by_link(code) is not None

    def test_a_token_changes_nothing_of_the_account(self, home):
        home.add()
        token = self.make(home.signed_in("anna"), "read", "export", "write")
        for path in ("password", "sessions/end", "tokens", "tokens/revoke"):
            assert self.ask(home, token, f"/account/{path}", "POST").status_code == 403
        assert self.ask(home, token, "/staff", "POST").status_code == 403

    def test_programs_are_told_401_and_led_nowhere(self, home):
        home.add()
        answer = requests.get(f"{home.url}/api/probe", timeout=LONG, allow_redirects=False)
        assert answer.status_code == 401
        assert "API token" in answer.json()["detail"]


class TestStaffPages:
    def test_an_admin_takes_somebody_on_who_signs_in_by_the_link(self, home):
        home.add()
        admin = home.signed_in("anna")
        told = {
            "login": "Ben@acme.example",
            "name": "Ben",
            "role": "auditor",
            "groups": "fraud, hr",
        }
        refused = admin.submit("/staff", **told)
        assert refused.status_code == 409
        assert "Say until when" in refused.text
        page = admin.submit("/staff", **told, until="2027-02-01", zone="America/New_York").text
        link = re.search(r"http://127[^<]+/signin/once\?code=[\w-]+", page).group()
        ben = home.browser()
        ben.get(link)
        assert ben.known_as == "ben@acme.example"
        row = home.roster.named("ben@acme.example")
        assert row.circle == {"fraud", "hr"}
        # The end of the day where the admin is.
        assert row.until == 1_801_522_800_000_000 - 1
        assert "America/New_York" in ben.get("/account").text

    def test_an_admin_changes_shuts_out_and_lets_in(self, home):
        home.add()
        ben = home.add("ben", "viewer")
        admin, browser = home.signed_in("anna"), home.signed_in("ben")
        admin.submit(f"/staff/{ben.id}", role="compliance", groups="*", until="")
        assert browser.get("/probe").json()["role"] == "compliance"
        assert home.roster.named("ben").circle == {"*"}
        admin.submit(f"/staff/{ben.id}/disable")
        assert browser.known_as is None
        admin.submit(f"/staff/{ben.id}/enable")
        assert home.browser().sign_in("ben").status_code == 303
        anna = home.roster.named("anna").id
        for path, told in ((f"/staff/{anna}/disable", {}), (f"/staff/{anna}", {"role": "viewer"})):
            answer = admin.submit(path, **told)
            assert answer.status_code == 409
            assert "is the last admin" in answer.text
        assert admin.submit("/staff/nobody/disable").status_code == 409

    def test_an_auditor_sees_the_staff_and_the_trail_and_changes_neither(self, home):
        home.add()
        home.add("aud", "auditor")
        browser = home.signed_in("aud")
        page = browser.get("/staff").text
        assert "Anna" in page
        assert "Take somebody on" not in page
        assert browser.get("/staff/audit").status_code == 200
        assert browser.submit("/staff", login="x", name="x", role="admin").status_code == 403

    def test_a_viewer_sees_neither(self, home):
        home.add("vera", "viewer")
        browser = home.signed_in("vera")
        assert browser.get("/staff").status_code == 403
        assert browser.get("/staff/audit").status_code == 403

    def test_what_people_call_themselves_is_text(self, home):
        home.add(name="<script>alert(1)</script>")
        page = home.signed_in("anna").get("/staff").text
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page


class TestAuditTrail:
    def test_reads_exports_and_acts_are_kept_with_filter_and_number(self, home):
        home.add()
        browser = home.signed_in("anna")
        csrf = browser.csrf()
        browser.get("/probe?verdict=fail")
        browser.get("/show/export?team=a")
        browser.post("/do/kill_switch", data={"csrf": csrf, "why": "a reason"})
        assert home.audited()[-4:] == [
            ("anna", "page", "/account", "", None),
            ("anna", "page", "/probe", "verdict=fail", 7),
            ("anna", "export", "/show/export", "team=a", 7),
            ("anna", "act", "/do/kill_switch", "kill_switch", None),
        ]

    def test_what_cannot_be_kept_is_not_given(self, home, monkeypatch):
        home.add()
        browser = home.signed_in("anna")
        csrf = browser.csrf()

        def broken(*_, **__):
            raise StoreError("ombud.db: the disk is full")

        monkeypatch.setattr(home.access, "note", broken)
        assert browser.get("/show/export").status_code == 503
        answer = browser.post("/do/kill_switch", data={"csrf": csrf})
        assert answer.status_code == 503
        assert "done by" not in answer.text

    def test_the_page_shows_them_by_kind_and_by_person(self, home):
        home.add()
        home.add("ben", "viewer")
        home.signed_in("ben").get("/probe?only=bens")
        browser = home.signed_in("anna")
        browser.get("/probe?only=annas")
        page = browser.get("/staff/audit?what=page").text
        assert "only=bens" in page
        assert "only=annas" in page
        ben = home.roster.named("ben").id
        page = browser.get(f"/staff/audit?staff={ben}&what=nonsense&before=x").text
        assert "only=bens" in page
        assert "only=annas" not in page


def test_an_address_is_believed_of_a_proxy_that_is_trusted_alone(tmp_path):
    with house(tmp_path, dashboard={"proxies": ["10.0.0.0/8"]}) as home:
        from starlette.requests import Request

        def asked(client, *told):
            headers = [(b"x-forwarded-for", each.encode()) for each in told]
            scope = {"type": "http", "client": (client, 1), "headers": headers}
            return home.guard.address(Request(scope))

        assert asked("10.1.2.3", "6.6.6.6, 203.0.113.7") == "203.0.113.7"
        assert asked("127.0.0.1", "203.0.113.7") == "203.0.113.7"
        assert asked("192.0.2.1", "203.0.113.7") == "192.0.2.1"
        assert asked("10.1.2.3", "nonsense") == "10.1.2.3"
        # Whoever has one of these addresses has them all.
        assert asked("2001:db8::1") == asked("2001:db8::2:1") == "2001:db8::/64"
        assert asked("::ffff:192.0.2.1") == "192.0.2.1"
        assert asked("10.1.2.3") == "10.1.2.3"


def digest(token):
    from sync.access_secrets import digest_of

    return digest_of(token)


class TestCommands:
    @pytest.fixture
    def ombud(self, tmp_path, monkeypatch):
        from tests.benchmarks import desk

        with desk.service(tmp_path):
            pass
        monkeypatch.chdir(tmp_path)

        def run(*words, code=0, given=""):
            done = CliRunner().invoke(cli.app, ["staff", *words], input=given)
            assert done.exit_code == code, done.output
            return done.output

        return run

    def test_the_staff_is_kept_from_the_command_line(self, ombud):
        said = ombud("add", "anna", "--name", "Anna", "--role", "admin", "--by", "Anna")
        assert re.search(r"http://127\.0\.0\.1:\d+/signin/once\?code=[\w-]{43}\n", said)
        assert "until when" in ombud(
            "add", "aud", "--name", "A", "--role", "auditor", "--by", "Anna", code=2
        )
        ombud("add", "ben", "--name", "Ben", "--by", "Anna", "--group", "fraud")
        assert "Ben is compliance." in ombud("role", "ben", "compliance", "--by", "Anna")
        assert "/signin/once?code=" in ombud("link", "ben", "--by", "Anna")
        listed = ombud("list", "--format", "json")
        assert '"login": "ben"' in listed or '"login":"ben"' in listed
        assert "fraud" in listed
        assert "last admin" in ombud("disable", "anna", "--by", "Anna", code=2)
        assert "let in no more" in ombud("disable", "ben", "--by", "Anna")
        assert "may not sign in" in ombud("link", "ben", "--by", "Anna", code=2)
        ombud("enable", "ben", "--by", "Anna")
        new = "a garden full of snails\n"
        assert "new password" in ombud("password", "ben", "--by", "Anna", given=new + new)
        assert "too short" in ombud(
            "password", "ben", "--by", "Anna", given="short\nshort\n", code=2
        )
        assert "There is no 'eve'" in ombud("link", "eve", "--by", "Anna", code=2)


def test_time_passes_for_sessions_on_each_kind_of_database(either, tmp_path):
    with house(tmp_path) as home:
        home.add()
        browser = home.signed_in("anna")
        home.service.clock.advance(timedelta(hours=7))
        assert browser.known_as == "anna"
        home.guard.trail.flush()
        home.pass_time(hours=7)
        assert browser.known_as == "anna"
        assert browser.submit("/signout").status_code == 303
        assert browser.known_as is None
