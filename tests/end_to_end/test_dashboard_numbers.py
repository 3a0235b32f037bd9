"""Over real HTTP, every number of the first pages leads to just so many complaints, or says of how many checks they are."""

from __future__ import annotations

import html
import re

import pytest

from tests.dash_desk import dash_desk

PAGES = ("/", "/rules", "/flow")
PERIODS = ("period=all", "period=last-90d", "period=all&helpdesk=acme", "period=last-90d&against=before")  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with dash_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


@pytest.fixture(scope="module", params=["vera", "lena"])
def reader(request, desk):
    return desk.as_(request.param)


def numbers(page):
    """Give the links of a page to complaints, with the number that each stands for."""
    found = re.findall(r'<a class="num" href="(/complaints[^"]*)"[^>]*>(.*?)</a>', page)
    told = [(html.unescape(href), re.match(r"[\d,]+(?![\d.,]*\s*%)", words)) for href, words in found]  # fmt: skip
    return dict.fromkeys((href, number[0]) for href, number in told if number)


def held(reader, href):
    """Give how many complaints a list has, and how many checks, where those are another number."""
    page = reader.get(href).text
    said = re.search(r'<div class="sentence">\s*<p><b>([\d,]+) complaints?</b>(?: \(([\d,]+) checks\))?', page)  # fmt: skip
    assert said is not None, href
    return {said[1], said[2]}


@pytest.mark.parametrize("period", PERIODS)
@pytest.mark.parametrize("path", PAGES)
def test_every_number_leads_to_as_many(reader, path, period):
    found = numbers(reader.get(f"{path}?{period}").text)
    assert found or "acme" in period
    for href, number in found:
        assert number in held(reader, href), href


def test_every_number_of_one_rule_leads_to_as_many(reader):
    rules = re.findall(r'href="(/rules/[\w.]+/[\w.]+)[?"]', reader.get("/rules?period=all").text)
    assert rules
    for path in dict.fromkeys(rules):
        for href, number in numbers(reader.get(f"{path}?period=last-90d").text):
            assert number in held(reader, href), href


def test_a_rule_keeps_its_page_where_filters_leave_nothing(reader):
    path = re.search(r'href="(/rules/[\w.]+/[\w.]+)[?"]', reader.get("/rules?period=all").text)[1]
    assert reader.get(f"{path}?period=2001").status_code == 200
