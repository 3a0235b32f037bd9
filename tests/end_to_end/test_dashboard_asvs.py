"""What docs/reference/asvs.md says of the dashboard holds on every page there is: links are followed, so new pages count too."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import requests

from ombud.model.instant import DAY
from ombud.web.dash.api import ENDPOINTS
from ombud.web.dash.pages import FORMS, PAGES
from ombud.web.shield import HEADERS
from sync.book import MOST_PAST, Bookkeeper, Progress
from tests.dash_crawl import Page, crawl
from tests.dash_desk import GROUP, HIDDEN_REASON, HOSTILE, SECRET_PRODUCT, STAFF, dash_desk
from tests.web_desk import until

CHECKOUT = Path(__file__).resolve().parents[2]
BEGINS = [
    "/?period=all",
    "/complaints?period=all",
    "/rules?period=all",
    *(each.path for each in (*PAGES, *ENDPOINTS) if "{" not in each.path),
]
#: These judge a rule and a reading, not complaints, and name none: docs/explanation/security.md says so.
OF_EVERYTHING = ("/rollout", "/health", "/api/health", "/log", "/api/log", "/staff")
FILES = ("application/pdf", "application/vnd.", "application/zip")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    with dash_desk(tmp_path_factory.mktemp("asvs")) as made:
        made.waive()
        yield made


@pytest.fixture(scope="module")
def answers(home):
    """Give what every address answers to an admin, who is in no group."""
    return crawl(home.as_("anna"), BEGINS)


@pytest.fixture(scope="module")
def pages(answers):
    return {
        where: each
        for where, each in answers.items()
        if each.headers.get("content-type", "").startswith("text/html")
    }


def each_of(found):
    return sorted({where.partition("?")[0] for where in found})


class TestEveryPage:
    def test_links_lead_to_every_page_there_is(self, answers):
        paths = each_of(answers)
        for page in PAGES:
            told = "".join(
                part if place % 2 == 0 else (".+" if part.endswith(":path") else "[^/]+")
                for place, part in enumerate(re.split(r"[{}]", page.path))
            )
            if not page.path.startswith(NEEDS_MORE):
                assert any(re.fullmatch(told, path) for path in paths), page.path

    def test_nothing_fails(self, answers):
        assert {w: a.status_code for w, a in answers.items() if a.status_code >= 500} == {}

    def test_every_answer_carries_the_shield(self, home, answers):
        more = {
            "nothing there": home.browser().get("/nothing"),
            "not signed in": home.browser().get("/complaints", allow_redirects=False),
            "a mistake in the address": home.as_("anna").get("/?colour=red"),
            "a file of ours": home.browser().get("/static/dash.css"),
        }
        for where, answer in {**answers, **more}.items():
            lacking = {
                name: value for name, value in HEADERS.items() if answer.headers.get(name) != value
            }
            if where.startswith("/chart/"):
                # Opened by itself, a picture may do even less than a page.
                assert lacking.pop("content-security-policy", None) is not None or where.partition(
                    "?"
                )[0].endswith(".json")
                assert answer.headers["content-security-policy"].startswith("default-src ")
            assert lacking == {}, where
            assert "set-cookie" not in answer.headers, where
            assert "server" not in answer.headers, where

    def test_the_policy_lets_nothing_run_but_files_of_ours(self):
        policy = HEADERS["content-security-policy"]
        for needed in ("script-src 'self'", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"):  # fmt: skip
            assert needed in policy
        assert "unsafe" not in policy

    def test_no_page_has_anything_that_the_policy_would_stop(self, pages):
        assert len(pages) > 50
        assert {w: Page(a.text).wrong for w, a in pages.items() if Page(a.text).wrong} == {}

    def test_the_reader_of_pages_sees_what_is_wrong(self):
        nasty = (
            "<p style='x'>a</p><a href='javascript:x'>b</a><script>c</script><img onerror=d src=/x>"
            "<style>e</style><iframe></iframe><form><input></form><p>\u202eturned</p>"
        )
        assert len(Page(nasty).wrong) == 8
        assert Page(f"<html><body>{nasty}").turned == ["\u202eturned"]
        assert Page("<html><body><bdi>\u202eturned</bdi>").turned == []

    def test_what_a_helpdesk_sends_is_text(self, answers, pages):
        shown = [where for where, each in pages.items() if "&lt;script&gt;alert(1)" in each.text]
        assert len(shown) > 10
        for where, each in pages.items():
            assert "<script>alert" not in each.text, where
            # {{7*7}} was not reckoned.
            if "&lt;script&gt;" in each.text:
                assert "{{7*7}}" in each.text or "7*7" not in each.text, where

    def test_what_turns_a_line_round_turns_no_words_of_ours(self, pages):
        assert any("\u202e" in each.text for each in pages.values())
        assert {w: Page(a.text).turned for w, a in pages.items() if Page(a.text).turned} == {}

    def test_every_answer_names_what_it_is(self, answers):
        for where, each in answers.items():
            if each.content:
                assert each.headers.get("content-type"), where
                if each.headers["content-type"].startswith("text/"):
                    assert "charset=utf-8" in each.headers["content-type"].lower(), where

    def test_every_form_that_acts_is_sent_with_the_mark_of_the_session(self, pages):
        for where, each in pages.items():
            for form in Page(each.text).forms:
                if (form["method"] or "get").lower() == "post":
                    assert "csrf" in form["fields"], (where, form)

    def test_one_can_sign_out_on_every_page(self, pages):
        for where, each in pages.items():
            assert any(form["action"] == "/signout" for form in Page(each.text).forms), where

    def test_no_address_holds_what_lets_somebody_in(self, home, pages):
        anna = home.as_("anna")
        secrets = [anna.csrf(), *(each.value for each in anna.cookies)]
        for where, each in pages.items():
            for link in Page(each.text).links:
                assert not any(secret in link for secret in secrets), (where, link)

    def test_our_script_keeps_nothing_and_asks_nobody_else(self):
        for script in (CHECKOUT / "ombud/web/static").glob("*.js"):
            told = script.read_text("utf-8")
            for word in (
                "localStorage",
                "sessionStorage",
                "indexedDB",
                "document.cookie",
                "eval(",
                "innerHTML",
                "__proto__",
                "postMessage",
                "http://",
                "https://",
            ):
                assert word not in told.replace("http://www.w3.org/2000/svg", ""), (
                    script.name,
                    word,
                )

    def test_nothing_acts_on_a_request_to_read(self, home):
        shown = {each.path for each in PAGES}
        for form in FORMS:
            if form.path not in shown and "{" not in form.path:
                found = home.as_("anna").get(form.path, allow_redirects=False)
                assert found.status_code in {404, 405}, form.path

    def test_nobody_sees_a_page_without_signing_in(self, home, answers):
        browser = home.browser()
        for where in each_of(answers):
            found = browser.get(where, allow_redirects=False)
            assert found.status_code in {303, 401}, where
            assert not any(key.encode() in found.content for key in home.keys.values()), where

    @pytest.mark.parametrize("login", STAFF)
    def test_a_role_gets_no_page_that_it_may_not(self, home, login):
        row = home.guard.of(home.roster.named(login))
        for page in PAGES:
            if "{" not in page.path:
                found = home.as_(login).get(page.path, allow_redirects=False)
                assert (found.status_code == 403) is not row.may(page.action), page.path


#: Pages that a desk has only after somebody did something; their own tests open them.
NEEDS_MORE = ("/reports/", "/triage/", "/actions/", "/causes/", "/packs/", "/export/", "/chart/")


class TestRestricted:
    @pytest.mark.parametrize("login", ["vera", "carl", "anna"])
    def test_nothing_of_it_is_anywhere_for_others(self, home, answers, login):
        found = answers if login == "anna" else crawl(home.as_(login), BEGINS, each=2)
        told = [
            SECRET_PRODUCT, HIDDEN_REASON, home.keys["restricted"] + "<",
            f"/{home.tickets['restricted']}?", home.desk.case(home.tickets["restricted"]),
        ]  # fmt: skip
        for where, each in found.items():
            if not where.startswith(OF_EVERYTHING) and not each.headers.get("content-type", "").startswith(FILES):  # fmt: skip
                assert [word for word in told if word in each.text] == [], where

    def test_its_group_finds_it(self, home):
        assert home.keys["restricted"] in home.as_("lena").get("/complaints?period=all").text

    @pytest.mark.parametrize("login", ["vera", "anna"])
    def test_everything_is_as_if_it_were_not_there(self, home, tmp_path_factory, login):
        """Two desks, one without it: whoever may not see it cannot tell them apart, by no page and no number."""
        with_it = _as_told(home, login)
        with dash_desk(tmp_path_factory.mktemp("without"), restricted=False) as other:
            other.waive()
            without = _as_told(other, login)
        assert with_it.keys() == without.keys()
        assert [where for where, text in with_it.items() if text != without[where]] == []

    @pytest.mark.parametrize(
        "path",
        [
            "/complaint/sandbox/{ticket}",
            "/complaint/sandbox/{ticket}/evidence.json",
            "/api/complaints/sandbox/{ticket}",
            "/complaint/sandbox/{key}",
        ],
    )
    def test_its_address_is_like_one_that_is_not_there(self, home, path):
        told = {"ticket": home.tickets["restricted"], "key": home.keys["restricted"]}
        absent = {"ticket": "424242", "key": "CMP-424242"}
        hidden, nothing = (home.as_("anna").get(path.format(**each)) for each in (told, absent))
        assert hidden.status_code == nothing.status_code == 404
        assert hidden.content == nothing.content

    @pytest.mark.parametrize("word", ["q", "product", "case", "variant", "step", "edge"])
    def test_no_filter_finds_it(self, home, word):
        value = {
            "q": home.keys["restricted"],
            "product": SECRET_PRODUCT,
            "case": home.desk.case(home.tickets["restricted"]),
            "variant": "0" * 12,
            "step": "closed",
            "edge": "investigating>closed",
        }[word]
        told = {
            login: home.as_(login)
            .get("/api/complaints", params={"period": "all", word: value})
            .json()["figures"]["complaints"]
            for login in ("anna", "lena")
        }
        keys = {login: {each["key"] for each in found} for login, found in told.items()}
        assert home.keys["restricted"] not in keys["anna"]
        if word != "variant":
            assert home.keys["restricted"] in keys["lena"]

    def test_whoever_is_put_out_of_the_group_sees_it_no_more_at_the_next_click(self, home):
        home.add("mona", "viewer", groups=(GROUP,))
        mona = home.signed_in("mona")
        address = f"/complaint/sandbox/{home.tickets['restricted']}"
        assert mona.get(address).status_code == 200
        home.roster.change(home.roster.named("mona").id, groups=(), by=None)
        assert mona.get(address).status_code == 404


def _as_told(home, login):
    """Give every page's text without what differs between two runs of the same: ports, marks, links of the log's chain."""
    found = crawl(home.as_(login), BEGINS, each=2, closed=OF_EVERYTHING)
    told = {}
    for where, answer in found.items():
        kind = answer.headers.get("content-type", "")
        if kind.startswith(FILES):
            continue
        text = answer.text.replace("\r\n ", "")
        for told_twice in (
            r'name="(csrf|once|shown)" value="[^"]*"',
            r'"(sha256|hash)":\s*"[0-9a-f]{64}"',
            r'"seq":\s*\d+',
            r'"decision_log":\s*\[[^\]]*\]',
            r"decision \d+( and \d+ more)?",
        ):
            text = re.sub(told_twice, "", text)
        told[where] = text.replace(home.desk.server.url, "").replace(home.url, "")
    return told


class TestHostileAddresses:
    @pytest.mark.parametrize(
        "path", ["/complaints", "/api/complaints", "/", "/export/complaints.csv"]
    )
    def test_a_megabyte_of_address_is_refused_and_the_next_is_answered(self, home, path):
        anna = home.as_("anna")
        for query in ("q=" + "x" * 1_000_000, "&".join(["team=x"] * 140_000)):
            try:
                status = anna.get(f"{path}?{query}").status_code
            except requests.RequestException:
                # It was hung up on before everything was sent.
                status = 400
            assert status in {400, 414, 431}
        assert anna.get(path).status_code == 200

    @pytest.mark.parametrize(
        "path", ["/complaints?size=10000000", "/complaints?page=99999999", "/complaints?page=-1"]
    )
    def test_ten_million_rows_are_a_page(self, home, path):
        assert home.as_("anna").get(path).text.count('data-label="Key"') <= 50

    def test_more_values_than_a_filter_takes_are_refused(self, home):
        many = "&".join(f"team=t{each}" for each in range(300))
        answer = home.as_("anna").get(f"/api/complaints?{many}")
        assert answer.status_code == 400
        assert "too much" in answer.json()["problems"][0]

    @pytest.mark.parametrize("value", ["' OR 1=1 --", '"; DROP TABLE complaint; --', "%", "_", "\x00", HOSTILE])  # fmt: skip
    @pytest.mark.parametrize("word", ["helpdesk", "team", "product", "rule", "clause", "case", "pack", "q", "step", "edge"])  # fmt: skip
    def test_words_of_sql_are_words(self, home, word, value):
        answer = home.as_("anna").get("/api/complaints", params={"period": "all", word: value})
        if answer.status_code == 200:
            found = answer.json()["figures"]["complaints"]
            fits = word == "product" and value == HOSTILE
            assert [each["key"] for each in found] == ([home.keys["hostile"]] if fits else [])
        else:
            assert answer.status_code == 400
        assert home.as_("anna").get("/api/complaints?period=all").json()["figures"]["total"] == 6

    @pytest.mark.parametrize(
        "path",
        [
            "/static/../app.py", "/static/..%2f..%2fapp.py", "/static/%2e%2e/%2e%2e/app.py", "/static//etc/passwd",
            "/export/..%2f..%2fetc%2fpasswd", "/complaint/../../etc/passwd", "/static/", "/.git/config", "/.env",
        ],
    )  # fmt: skip
    def test_no_path_leads_out(self, home, path):
        host, port = home.url.removeprefix("http://").split(":")
        told = _raw(host, int(port), f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")  # fmt: skip
        status = int(told.split(b" ", 2)[1])
        assert status in {303, 404}
        for secret in (b"root:", b"OMBUD_KEY", b"import "):
            assert secret not in told

    @pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PUT", "DELETE", "PATCH", "OPTIONS"])
    def test_other_methods_are_not_answered(self, home, method):
        for path in ("/", "/complaints", "/api/overview"):
            answer = home.as_("anna").request(method, path, allow_redirects=False)
            assert answer.status_code in {404, 405}
            assert "cookie" not in answer.text.lower()

    def test_two_bodies_in_one_request_are_not_taken(self, home):
        host, port = home.url.removeprefix("http://").split(":")
        smuggled = (
            f"POST /theme HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
            f"0\r\n\r\nGET /complaints HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )
        told = _raw(host, int(port), smuggled)
        assert b"CMP-" not in told
        assert home.as_("anna").get("/").status_code == 200

    def test_another_origin_reads_nothing(self, home):
        answer = home.browser().get(
            "/api/overview", headers={**home.token("anna"), "origin": "https://evil.example"}
        )
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]

    def test_what_is_in_an_address_is_text_on_the_page(self, home):
        answer = home.as_("anna").get("/complaints", params={"q": HOSTILE, "team": HOSTILE})
        assert "<script>alert" not in answer.text
        assert Page(answer.text).wrong == []
        refused = home.as_("anna").get("/complaints", params={HOSTILE[:30]: "x", "stage": HOSTILE})
        assert refused.status_code == 400
        assert "<script>alert" not in refused.text


def _raw(host, port, told):
    import socket

    with socket.create_connection((host, port), timeout=30) as connection:
        connection.sendall(told.encode())
        found = b""
        while more := connection.recv(65_536):
            found += more
    return found


class TestSigningInPage:
    def test_passwords_are_hidden_and_may_be_pasted(self, home):
        page = home.browser().get("/signin").text
        assert re.search(r'<input[^>]*type="password"[^>]*autocomplete="current-password"', page)
        assert "onpaste" not in page
        assert not re.search("hint|secret question", page, flags=re.IGNORECASE)
        assert Page(page).wrong == []


class TestCostlyThings:
    def test_past_days_are_judged_one_at_a_time_and_leave_nothing_behind(self, home, monkeypatch):
        keeper = Bookkeeper(home.service, kept=False)
        began, held = [], []
        build = keeper.build_past

        def slow(at, **told):
            began.append(at)
            until(lambda: held)
            return build(at, **told)

        monkeypatch.setattr(keeper, "build_past", slow)
        now = home.service.now()
        days = [now - each * DAY for each in range(1, 9)]
        assert all(isinstance(keeper.as_known(day), Progress) for day in days)
        assert len(began) <= 1
        held.append(True)
        for day in days:
            until(lambda day=day: not isinstance(keeper.as_known(day), Progress))
        books = [each for each in keeper._past.values() if not isinstance(each, Progress)]
        assert len(books) <= MOST_PAST
        keeper.close()
