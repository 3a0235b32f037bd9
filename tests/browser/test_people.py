"""What people do with the dashboard, in a real browser: sign in, filter, follow a number, decide, export, print."""

from __future__ import annotations

import csv
import io
import re

import pytest
from starlette.routing import compile_path

from ombud.web.dash.pages import FORMS, PAGES
from ombud.web.dash.viewer import MAY
from tests.browser_window import is_page
from tests.dash_house import SECRET
from tests.people_desk import RULE

pytestmark = pytest.mark.browser

#: What everybody may send: the theme, leaving, what is one's own.
EVERYBODYS = re.compile(r"^/(theme|signout|views|account(/.*)?)$")
HEADINGS = "() => [...document.querySelectorAll('main h1')].map(x => x.innerText)"


@pytest.fixture(scope="module")
def anna(windows):
    return windows()


def rows(window, of="Complaints"):
    """Give the first cell of each row of a table."""
    return window.page.locator(f'table:has(caption:text-is("{of}")) tbody th').all_inner_texts()


def counted(window):
    """Give how many complaints the list says that it counts."""
    return int(window.page.locator(".sentence b").first.inner_text().split()[0])


def choose(window, menu, option):
    """Open a filter's menu, choose, and apply."""
    line = window.page.locator(".filters.wide")
    line.locator("summary", has_text=menu).click()
    opened = line.locator("details[open]")
    opened.get_by_text(option, exact=True).click()
    with window.page.expect_navigation():
        opened.get_by_role("button", name="Apply").click()


def test_signing_in_and_out_by_keyboard_alone(windows):
    window = windows(None)
    keys = window.page.keyboard
    window.go("/complaints")
    assert window.path.startswith("/signin")
    assert window.tab_to("login")["seen"]
    keys.type("anna")
    assert window.tab_to("password")["seen"]
    keys.type(SECRET)
    with window.page.expect_navigation():
        keys.press("Enter")
    # They come to where they wanted to go.
    assert window.path == "/complaints"
    assert window.tab_to("Sign out")["seen"]
    with window.page.expect_navigation():
        keys.press("Enter")
    window.go("/complaints")
    assert window.path.startswith("/signin")


def test_a_wrong_password_is_said_in_words(windows):
    window = windows(None)
    window.go("/signin")
    window.page.fill("[name=login]", "anna")
    window.page.fill("[name=password]", "five words do it badly")
    with window.page.expect_navigation():
        window.page.get_by_role("button", name="Sign in").click()
    assert window.page.get_by_role("alert").inner_text()
    assert window.findings() == []


def test_the_first_tab_skips_to_the_page_and_the_focus_is_seen_everywhere(anna):
    anna.go("/?period=all")
    anna.page.keyboard.press("Tab")
    assert anna.focused()["words"] == "Skip to the page"
    assert anna.page.locator(".skip").bounding_box()["y"] >= 0
    anna.page.keyboard.press("Enter")
    unseen = []
    for _ in range(40):
        anna.page.keyboard.press("Tab")
        focused = anna.focused()
        # Into the page and never back into the rail.
        assert not anna.page.evaluate("() => document.activeElement.closest('.rail') !== null")
        if focused["tag"] == "body":
            break
        unseen += [] if focused["seen"] else [focused]
    assert unseen == []


def test_escape_closes_a_menu_and_gives_the_focus_back(anna):
    anna.go("/complaints?period=all")
    summary = anna.page.locator(".filters.wide summary").first
    summary.focus()
    anna.page.keyboard.press("Enter")
    assert anna.page.locator(".filters.wide details[open]").count() == 1
    anna.page.keyboard.press("Tab")
    anna.page.keyboard.press("Escape")
    assert anna.page.locator(".filters.wide details[open]").count() == 0
    assert anna.focused()["tag"] == "summary"


def test_a_filter_changes_address_and_numbers_and_is_cleared(anna):
    anna.go("/complaints?period=all")
    every = counted(anna)
    assert every == len(rows(anna)) > 2
    choose(anna, "Product", "Fibre")
    assert "product=Fibre" in anna.path
    assert 0 < counted(anna) == len(rows(anna)) < every
    # The filter goes along to other pages' numbers and back.
    anna.page.go_back()
    assert counted(anna) == every
    anna.page.go_forward()
    anna.page.locator(".filters.wide").get_by_role("link", name="Clear").click()
    anna.page.wait_for_load_state()
    assert "product" not in anna.path


def test_a_filter_works_without_javascript_on_a_phone(windows):
    window = windows(java_script_enabled=False, viewport={"width": 360, "height": 740})
    window.go("/complaints?period=all")
    every = counted(window)
    narrow = window.page.locator(".filters.narrow")
    narrow.locator("summary").first.click()
    narrow.locator("details.menu > summary", has_text="Product").click()
    narrow.get_by_text("Fibre", exact=True).click()
    with window.page.expect_navigation():
        narrow.locator("details.menu[open] button", has_text="Apply").click()
    assert "product=Fibre" in window.path
    assert counted(window) < every


@pytest.mark.parametrize("title", ["Without a major failure", "Late now"])
def test_from_a_headline_to_a_complaint_in_three_clicks(anna, title):
    anna.go("/?period=all")
    headline = anna.page.locator(".headline", has=anna.page.get_by_role("heading", name=title))
    with anna.page.expect_navigation():
        headline.locator(".big a").click()
    assert anna.page.evaluate(HEADINGS) == ["Complaints"]
    key = rows(anna)[0]
    with anna.page.expect_navigation():
        anna.page.locator("main").get_by_role("link", name=key, exact=True).click()
    assert anna.path.startswith("/complaint/sandbox/")
    assert key in anna.page.evaluate(HEADINGS)[0]


def test_every_number_of_the_overview_leads_to_as_many(anna):
    anna.go("/?period=all")
    links = anna.page.locator(
        "main a.num[href^='/complaints?'], main .big a.num[href^='/complaints?']"
    )
    told = {(each.get_attribute("href"), each.inner_text()) for each in links.all()}
    whole = {(href, words) for href, words in told if re.fullmatch(r"\d+( unknown)?", words)}
    assert len(whole) > 5
    for href, words in sorted(whole):
        # Numbers of checks lead to the complaints that have them: never to more.
        anna.go(href)
        held = counted(anna) if anna.page.locator(".sentence b").count() else 0
        number = int(words.split()[0])
        if "verdict=" in href or "clause=" in href:
            assert 0 < held <= number, (href, words)
        else:
            assert held == number, (href, words)


@pytest.mark.parametrize("login", ["vera", "otto"])
def test_who_only_looks_is_offered_nothing_to_do(windows, addresses, login):
    role = {"vera": "viewer", "otto": "auditor"}[login]
    may = MAY[role]
    window = windows(login, java_script_enabled=False)
    window.page.route(re.compile(r"\.(css|js|svg|png)"), lambda route: route.abort())
    forms = [(compile_path(form.path)[0], form.action) for form in FORMS]
    offered = []
    for page in PAGES:
        if not is_page(page.path) or page.path not in addresses:
            continue
        answer = window.go(addresses[page.path])
        assert answer.status == (200 if page.action in may else 403), page.path
        for form in window.page.locator("form[method=post]").all():
            action = form.get_attribute("action")
            needs = {needed for pattern, needed in forms if pattern.match(action)}
            if not EVERYBODYS.match(action) and not needs & may:
                offered.append((page.path, action))
    assert offered == []


def test_a_waiver_is_asked_for_by_one_and_approved_by_another(windows, desk):
    carl, anna = windows("carl"), windows("anna")
    ticket = desk.tickets["failing"]
    page = carl.page
    carl.go("/waivers/new")
    page.select_option("[name=rule]", "answer.in_time")
    page.fill("[name=complaint]", f"sandbox:{ticket}")
    page.fill("[name=why]", "The customer asked us to wait")
    page.fill("[name=until]", "2027-01-20")
    with page.expect_navigation():
        page.get_by_role("button", name="Ask for it").click()
    assert carl.path.startswith("/waivers?")
    row = page.locator("#waiting tr", has_text="The customer asked us to wait")
    # Who asked cannot approve.
    assert row.count() == 1
    assert row.get_by_role("button", name="Approve").count() == 0
    anna.go("/waivers")
    row = anna.page.locator("#waiting tr", has_text="The customer asked us to wait")
    with anna.page.expect_navigation():
        row.get_by_role("button", name="Approve").click()
    assert anna.page.get_by_role("status").inner_text()
    register = anna.page.locator("tr", has_text="The customer asked us to wait").last.inner_text()
    assert "active" in register or "expiring" in register
    assert "Carl" in register
    assert "Anna" in register


def test_a_file_of_a_filter_has_the_rows_of_the_table(anna):
    anna.go(f"/complaints?period=all&rule={RULE}&verdict=fail")
    shown = rows(anna)
    assert shown
    anna.page.locator("summary", has_text="Export").click()
    with anna.page.expect_download() as waiting:
        anna.page.locator(".actions").get_by_role("link", name="CSV", exact=True).click()
    text = waiting.value.path().read_text(encoding="utf-8-sig")
    told = list(csv.DictReader(io.StringIO(text)))
    taken = [row["key"] for row in told if not next(iter(row.values())).startswith("# ")]
    assert sorted(taken) == sorted(shown)


def test_on_paper_there_is_no_rail_and_the_filter_is_said(anna):
    anna.go("/?period=all")
    anna.page.emulate_media(media="print")
    for gone in (".rail", ".top", ".filters.wide", ".skip"):
        assert not anna.page.locator(gone).first.is_visible(), gone
    assert anna.page.locator(".filter-words").is_visible()
    assert anna.page.locator("main h1").is_visible()
    anna.page.emulate_media(media="screen")


def test_the_whole_rail_is_seen_on_a_usual_screen(windows):
    window = windows(viewport={"width": 1440, "height": 900})
    window.go("/complaints?period=all")
    end = window.page.locator(".rail").get_by_role("button", name="Sign out").bounding_box()
    assert end["y"] + end["height"] <= 900


def test_the_chosen_theme_stays(windows):
    window = windows("lena", color_scheme="light")
    window.go("/rules")
    paper = "() => getComputedStyle(document.body).backgroundColor"
    light = window.page.evaluate(paper)
    with window.page.expect_navigation():
        window.page.locator(".rail").get_by_role("button", name="Dark").click()
    assert window.path == "/rules"
    assert window.page.evaluate(paper) != light
    window.go("/complaints")
    assert window.page.evaluate(paper) != light
    assert window.findings() == []
