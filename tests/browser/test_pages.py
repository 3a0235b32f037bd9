"""Every page in a real browser: it loads in silence, reads without JavaScript, fits a phone, and axe finds nothing serious."""

from __future__ import annotations

import pytest

from ombud.web.dash.pages import PAGES
from tests.browser_window import is_page

pytestmark = pytest.mark.browser

#: What the table of pages does not hold: the guard's own pages.
OWN = ("/signin", "/account", "/staff", "/staff/audit")
SHOWN = [*(page.path for page in PAGES if is_page(page.path)), *OWN]


@pytest.fixture(scope="module")
def window(windows):
    return windows()


@pytest.fixture(scope="module")
def outside(windows):
    return windows(None)


@pytest.fixture(scope="module")
def bare(windows):
    return windows(java_script_enabled=False)


def address(addresses, path):
    if path in OWN:
        return path
    assert path in addresses, f"no page has a link to {path}"
    return addresses[path]


@pytest.mark.parametrize("path", SHOWN)
def test_a_page_is_silent_accessible_in_both_themes_and_fits_a_phone(
    window, outside, addresses, path
):
    seen = outside if path == "/signin" else window
    page = seen.page
    seen.told.clear()
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")
    assert seen.go(address(addresses, path)).status == 200
    wide = seen.overflow
    light = seen.findings()
    page.emulate_media(color_scheme="dark")
    dark = seen.findings()
    page.set_viewport_size({"width": 360, "height": 740})
    narrow = seen.overflow
    small = seen.findings()
    assert {"light": light, "dark": dark, "at 360 px": small} == {
        "light": [],
        "dark": [],
        "at 360 px": [],
    }
    assert (wide, narrow) == (0, 0)
    assert seen.told == []


@pytest.mark.parametrize("path", [each for each in SHOWN if each not in OWN])
def test_a_page_reads_without_javascript(window, bare, addresses, path):
    window.page.set_viewport_size({"width": 1280, "height": 900})
    where = address(addresses, path)
    bare.go(where)
    window.go(where)
    told = bare.page.inner_text("main")
    assert len(told) > len(bare.page.inner_text("h1")) > 0
    # A script adds nothing that is to be read: only buttons that copy.
    window.page.evaluate("() => document.querySelectorAll('[data-copy]').forEach(x => x.remove())")
    assert window.page.inner_text("main").split() == told.split()


def test_what_a_helpdesk_sends_stays_text(window, desk):
    window.told.clear()
    window.page.set_viewport_size({"width": 360, "height": 740})
    hostile = desk.as_("anna").get("/complaints").text
    assert desk.keys["hostile"] in hostile
    window.go("/complaints?period=all")
    window.page.get_by_role("link", name=desk.keys["hostile"], exact=True).click()
    window.page.wait_for_load_state()
    assert "alert(1)" in window.page.inner_text("main")
    assert window.page.locator("main script").count() == 0
    assert window.overflow == 0
    assert window.told == []


def test_a_chart_is_read_off_without_a_breach_of_the_content_policy(window):
    window.told.clear()
    window.page.set_viewport_size({"width": 1280, "height": 900})
    window.go("/clocks?period=all")
    figure = window.page.locator(".chart figure").first
    figure.scroll_into_view_if_needed()
    figure.hover()
    figure.locator(".drawn svg").first.wait_for()
    assert window.findings() == []
    assert window.told == []


def test_what_watches_sees_what_is_wrong(windows):
    window = windows()
    window.go("/account")
    assert window.findings() == []
    window.page.evaluate(
        """() => {
          const wrong = document.createElement("p");
          wrong.textContent = "Pale words on pale paper";
          wrong.style.color = "#ccc";
          wrong.style.background = "#fff";
          wrong.style.width = "3000px";
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.querySelector("main").append(wrong, script);
        }"""
    )
    assert [each.partition(":")[0] for each in window.findings()] == ["color-contrast"]
    assert window.overflow > 0
    # The policy of the page holds, and whoever breaks it is heard.
    assert window.page.evaluate("() => window.ran") is None
    assert any("Content Security Policy" in each for each in window.told)
