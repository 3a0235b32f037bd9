"""Chromium over a small desk: a window for whoever is signed in, from which nothing goes elsewhere."""

from __future__ import annotations

import re
import shutil

import pytest
from playwright.sync_api import sync_playwright
from starlette.routing import compile_path

from ombud.web.dash.pages import PAGES
from tests.browser_window import ALONE, Window, decide, is_page
from tests.dash_desk import dash_desk

#: Milliseconds within which a page has what is looked for.
_PATIENCE = 15_000
_LINK = re.compile(r'href="(/[^"]*)"')


@pytest.fixture(scope="module")
def chromium():
    """Give Chromium; Debian's, which `make setup-test` installs."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("no Chromium; on Debian `make setup-test` installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ALONE)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Give a desk with its dashboard, on which people have decided things."""
    with dash_desk(tmp_path_factory.mktemp("desk")) as opened:
        decide(opened)
        yield opened


@pytest.fixture(scope="module")
def windows(chromium, desk):
    """Give a function that opens a window in which somebody is signed in (`None`: nobody).

    Afterwards no request of any window has gone anywhere but to the dashboard.
    """
    opened = []

    def opening(login="anna", **told):
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 900}} | told)
        context.set_default_timeout(_PATIENCE)
        if login is not None:
            cookies = desk.as_(login).cookies
            context.add_cookies(
                [{"name": each.name, "value": each.value, "url": desk.url} for each in cookies]
            )
        window = Window(context.new_page(), desk.url)
        window.page.on("request", lambda request: window.asked.append(request.url))
        window.page.on("pageerror", lambda error: window.told.append(str(error)))
        window.page.on(
            "console",
            lambda line: window.told.append(line.text) if line.type == "error" else None,
        )
        opened.append(window)
        return window

    yield opening
    elsewhere = [
        url
        for window in opened
        for url in window.asked
        if not url.startswith((f"{desk.url}/", "data:", "about:"))
    ]
    for window in opened:
        window.page.context.close()
    assert elsewhere == []


@pytest.fixture(scope="module")
def addresses(desk):
    """Give for each page's path an address of it, as the pages' own links have it."""
    anna = desk.as_("anna")
    patterns = {page.path: compile_path(page.path)[0] for page in PAGES}
    found = {path: path for path in patterns if "{" not in path}
    looked, ahead = set(), [path for path in found if is_page(path)]
    while ahead and found.keys() != patterns.keys():
        path = ahead.pop(0)
        looked.add(path)
        for link in _LINK.findall(anna.get(path).text):
            plain = link.partition("?")[0]
            # The first of the table answers an address that fits several.
            name = next((each for each, form in patterns.items() if form.match(plain)), None)
            if name is not None and name not in found:
                found[name] = plain
                if is_page(name) and plain not in looked:
                    ahead.append(plain)
    return found
