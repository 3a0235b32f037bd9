"""The chart of a backtest: SVG that says its figures in words and colours verdicts alone."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from sync.backtest import backtest
from sync.chart import chart
from sync.tried import Asked
from tests.histories import fill, service_over


def texts(svg: str) -> str:
    return " ".join("".join(node.itertext()) for node in ET.fromstring(svg).iter() if node.tag.endswith("text"))  # fmt: skip


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with service_over(tmp_path_factory.mktemp("desk"), "iso10002", "starter") as opened:
        yield opened


def drawn(service) -> tuple[str, dict]:
    asked = Asked(service.bounds[0], None, None, service.now(), sample=0)
    result = backtest(service, asked, reading="rows")
    return chart(result), result.summary()


def test_nothing_stored_is_said_and_not_drawn(service) -> None:
    svg, _ = drawn(service)
    assert texts(svg).count("Nothing to show.") == 3


def test_a_chart_says_what_it_shows(service) -> None:
    fill(service, 80)
    svg, told = drawn(service)
    words = texts(svg)
    assert f"{told['flagged']:,} flagged" in words
    assert f"fail {told['verdicts']['fail']:,}" in words
    assert "Failing share a week" in words
    assert "fewer than 30 judged findings have no rate" in words
    assert re.search(r"[a-z]+\.[a-z_]+", words)
    # Verdicts alone have colour: the others are the inks and greys of the page.
    colours = set(re.findall(r'(?:fill|stroke)="(#[0-9a-fA-F]{6})"', svg))
    verdicts = {"#d4521a", "#c3c8cd", "#858e98", "#458fd4", "#733c9f", "#c9e6e2", "#2a9185"}
    page = {"#1b1f24", "#4a535d", "#666f79", "#e8ebee", "#ffffff", "#000000"}
    assert colours <= verdicts | page
