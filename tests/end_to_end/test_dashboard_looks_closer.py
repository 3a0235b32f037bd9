"""Clocks, root causes and teams over real HTTP: every number leads to as many complaints, nothing restricted shows, no person is a group."""

from __future__ import annotations

import html
import re

import pytest

from tests.dash_desk import SECRET_PRODUCT, dash_desk

PAGES = ("/clocks", "/causes", "/teams?by=channel", "/teams?by=project", "/teams?by=product")


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with dash_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@pytest.fixture(scope="module", params=["vera", "lena"])
def reader(request, desk):
    return desk.as_(request.param)


def with_all(path):
    return f"{path}{'&' if '?' in path else '?'}period=all"


@pytest.mark.parametrize("path", PAGES)
def test_every_number_leads_to_as_many_complaints(reader, path):
    page = reader.get(with_all(path)).text
    links = re.findall(r'<a class="num" href="(/complaints[^"]*)"[^>]*>([\d,]+)(?: [^<%]*)?</a>', page)  # fmt: skip
    assert links
    for href, number in dict.fromkeys(links):
        listed = reader.get(html.unescape(href)).text
        total = re.search(r'<div class="sentence">\s*<p><b>([\d,]+) complaint', listed)
        assert total is not None, href
        assert total[1] == number, href


def test_who_may_not_see_a_complaint_finds_nothing_of_it(desk):
    path = with_all("/teams?by=product")
    assert SECRET_PRODUCT not in desk.as_("vera").get(path).text
    assert SECRET_PRODUCT in desk.as_("lena").get(path).text
    assert SECRET_PRODUCT not in desk.as_("vera").get(with_all("/causes")).text


@pytest.mark.parametrize("name", ["clock-used", "clock-open", "clock-weeks", "clock-budget", "causes", "cause-trend", "groups"])  # fmt: skip
def test_every_picture_is_drawn_from_the_pages_address(desk, name):
    answer = desk.as_("vera").get(f"/chart/{name}.svg?period=all&by=project&theme=dark&size=640")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.text.startswith("<svg")


def test_figures_by_agent_are_refused_and_said_why(desk):
    answer = desk.as_("anna").get("/teams?by=owner&period=all")
    assert answer.status_code == 403
    assert "figures_by_agent" in answer.text
    assert "<table" not in answer.text
    picture = desk.as_("anna").get("/chart/groups.json?by=owner&period=all").text
    assert "p:" not in picture


def test_a_clock_keeps_its_place_when_the_filter_changes(desk):
    browser = desk.as_("vera")
    clock = re.search(r'href="/clocks\?[^"]*clock=([\w.]+)', browser.get("/clocks?period=all").text)[1]  # fmt: skip
    page = browser.get(f"/clocks?period=all&clock={clock}").text
    assert f'<input type="hidden" name="clock" value="{clock}">' in page
    assert f"clock={clock}" in re.search(r'src="(/chart/clock-weeks[^"]*)"', page)[1]
    assert not re.search(r'class="num" href="/complaints[^"]*clock=', page)


def test_a_cause_that_nobody_named_has_no_page(desk):
    assert desk.as_("vera").get("/causes/moonlight?period=all").status_code == 404
