"""The dashboard's charts: what they reckon, what they say, and what they refuse to show."""

from __future__ import annotations

import json
import math
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import altair as alt
import pytest
import vl_convert

from ombud.web.dash.chart_server import drawn
from ombud.web.dash.charts import (
    Bar,
    Budget,
    Change,
    Curve,
    Group,
    Holiday,
    Look,
    Month,
    PackChange,
    Rates,
    Sample,
    Times,
    before_after,
    budget,
    funnel,
    histogram,
    limits_of,
    months,
    multiples,
    pareto,
    pchart,
    survival,
    to_png,
    to_svg,
)
from sync.palette import DARK, LIGHT

MONDAY = date(2026, 1, 5)
WIDE, PHONE = Look("light", 1032), Look("light", 330)
VERDICTS = {colour for each in (LIGHT, DARK) for verdict, mark in each.marks.items() if verdict != "unknown" for colour in (mark.fill, mark.edge, mark.text)}  # fmt: skip


def week(number: int) -> date:
    return MONDAY + timedelta(weeks=number)


def rates(*counts: tuple[int, int], **more) -> Rates:
    return Rates(tuple(Sample(week(n), of, total) for n, (of, total) in enumerate(counts)), **more)


STEADY = rates(
    *[(80 + n % 3, 100) for n in range(30)],
    packs=(PackChange(week(12), "1.3.0"),),
    holidays=(Holiday(week(4), week(4) + timedelta(4), "Easter"),),
    objective=0.9,
)
TIMES = Times(((0, 5, 40), (5, 10, 30), (10, 15, 6)), "working days", 10, "working days", (("median", 4.5),), 70, 6)  # fmt: skip
CHARTS = {
    "p": lambda look: pchart(STEADY, look),
    "multiples": lambda look: multiples([("Billing", STEADY), ("Field", STEADY)], look),
    "histogram": lambda look: histogram(TIMES, look),
    "survival": lambda look: survival([Curve("", ((0, 1, 1, 1), (5, 0.4, 0.3, 0.5)), 80, 4)], "days", 10, look),
    "pareto": lambda look: pareto([Bar("Billing", 40), Bar("Other", 12)], look),
    "funnel": lambda look: funnel([Group("Billing", 60, 100), Group("Retail", 95, 100), Group("Legal", 1, 5)], "complaints", look),
    "budget": lambda look: budget(Budget(((MONDAY, 1.0), (week(4), 0.4), (week(9), -0.3)), "14 more late"), look),
    "months": lambda look: months([Month(MONDAY, {"fail": 9, "unknown": 5, "pass": 90})], look),
    "before_after": lambda look: before_after([(week(n), 9 - n) for n in range(8)], Change(week(4), "macro mended"), "a week", look),
}  # fmt: skip


def words(spec) -> list[str]:
    found = ET.fromstring(to_svg(spec)).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(node.itertext()) for node in found]


def labels(spec) -> list[str]:
    return re.findall(r'aria-label="([^"]+)"', to_svg(spec))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [330, 500, 1032])
@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_is_valid_and_as_wide_as_its_place(name, width, theme) -> None:
    spec = CHARTS[name](Look(theme, width))
    alt.Chart.from_dict(spec)
    root = ET.fromstring(to_svg(spec))
    assert float(root.get("width")) == pytest.approx(width, abs=1 if "layer" in spec else 40)
    assert float(root.get("width")) <= width + 1
    assert root[0 if name != "months" else 1].get("fill") == (LIGHT if theme == "light" else DARK).paper  # fmt: skip


@pytest.mark.parametrize("name", CHARTS)
def test_text_stays_text_in_the_readers_own_sans_and_nothing_is_styled_inline(name) -> None:
    svg = to_svg(CHARTS[name](WIDE))
    assert set(re.findall(r'font-family="([^"]+)"', svg)) == {
        "system-ui, -apple-system, 'Segoe UI', Inter, Roboto, sans-serif"
    }
    assert " style=" not in svg
    assert "<style" not in svg
    assert "<image" not in svg


@pytest.mark.parametrize("name", ["p", "multiples", "pareto", "funnel", "budget", "before_after", "survival"])  # fmt: skip
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colour_is_for_verdicts_only(name, theme) -> None:
    assert not VERDICTS & set(re.findall(r"#[0-9a-f]{6}", to_svg(CHARTS[name](Look(theme)))))


def test_limits_stand_three_standard_errors_from_the_mean() -> None:
    limits = limits_of(rates((80, 100), (90, 100), (170, 200)))
    mean = 340 / 400
    assert [each.mean for each in limits] == [pytest.approx(85)] * 3
    assert limits[0].lower == pytest.approx(100 * (mean - 3 * math.sqrt(mean * 0.15 / 100)))
    assert limits[2].upper == pytest.approx(100 * (mean + 3 * math.sqrt(mean * 0.15 / 200)))
    assert limits_of(rates((99, 100), (99, 100)))[0].upper == 100


def test_the_mean_begins_anew_at_each_version_of_the_pack() -> None:
    limits = limits_of(rates((50, 100), (50, 100), (90, 100), (90, 100), packs=(PackChange(week(2), "2"),)))  # fmt: skip
    assert [each.mean for each in limits] == [50, 50, 90, 90]
    assert not any(each.signal for each in limits)


def test_what_lies_outside_its_limits_is_ringed_and_named() -> None:
    samples = [Sample(week(n), 86, 100) for n in range(12)]
    samples[8] = Sample(week(8), 60, 100, "bill run error")
    assert [n for n, each in enumerate(limits_of(Rates(tuple(samples)))) if each.signal] == [8]
    assert "w/c 2 Mar: 60 %, bill run error" in words(pchart(Rates(tuple(samples)), WIDE))


def test_fewer_than_thirty_are_no_signal_and_have_no_rate() -> None:
    few = rates(*[(95, 100)] * 8, (2, 20))
    assert not any(each.signal for each in limits_of(few))
    assert "w/c 2 Mar: 2 of 20" in labels(pchart(few, WIDE))


def test_a_week_that_counts_nothing_breaks_the_line() -> None:
    whole = to_svg(pchart(rates((8, 40), (9, 40), (8, 40), (9, 40)), WIDE))
    broken = to_svg(pchart(rates((8, 40), (0, 0), (8, 40), (9, 40)), WIDE))
    lines = '<path aria-label="[^"]*" role="graphics-symbol" aria-roledescription="line mark"|stroke-width="1"/>'
    assert len(re.findall(lines, broken)) == len(re.findall(lines, whole)) + 1


def test_lines_are_named_where_they_end_and_no_name_covers_another() -> None:
    spec = pchart(STEADY, WIDE)
    for told in ("Upper limit", "Lower limit", "Objective 90 %", "Mean 81.0 %", "1.3.0", "axis from 60 %"):  # fmt: skip
        assert told in words(spec)
    assert any(each.startswith("Easter") for each in labels(spec))
    ends = [
        layer["encoding"]["y"]["value"] for layer in spec["layer"]
        if layer["mark"]["type"] == "text" and layer["encoding"]["x"] == {"value": 1032 - 40 - 104}
    ]  # fmt: skip
    ends.sort()
    assert all(after - before >= 15 for before, after in pairwise(ends))


def test_an_axis_from_nothing_does_not_say_that_it_is_cut() -> None:
    assert not any("axis from" in each for each in words(pchart(rates((4, 40), (30, 40)), WIDE)))


def test_a_telephone_shows_half_a_year() -> None:
    assert sum(each.startswith("w/c ") for each in labels(pchart(STEADY, PHONE))) == 26
    assert sum(each.startswith("w/c ") for each in labels(pchart(STEADY, WIDE))) == 30


@pytest.mark.parametrize(
    "spec",
    [
        pchart(Rates(()), WIDE), pchart(rates((0, 0)), WIDE), multiples([], WIDE), histogram(Times((), "days"), WIDE),
        survival([], "days", None, WIDE), pareto([], WIDE), funnel([], "n", WIDE), budget(Budget(()), WIDE),
        months([], WIDE), before_after([], Change(MONDAY, "x"), "a week", WIDE),
    ],
)  # fmt: skip
def test_nothing_is_said_and_not_drawn(spec) -> None:
    assert words(spec) == ["Nothing to show for this filter."]


def test_times_tell_what_was_in_time_and_what_was_late() -> None:
    told = words(histogram(TIMES, WIDE))
    for each in ("Term: 10 working days", "70 in time", "6 late", "median 4.5"):
        assert each in told
    assert "10 to 15: 6, late" in labels(histogram(TIMES, WIDE))
    assert "5 to 10: 30, in time" in labels(histogram(TIMES, WIDE))


def test_few_times_have_counts_and_no_rate_and_without_a_term_nothing_is_late() -> None:
    few = Times(((0, 5, 9), (5, 10, 2)), "days", 5, "", (), 9, 2)
    assert {"9 in time", "2 late"} <= set(words(histogram(few, WIDE)))
    free = histogram(Times(((0, 5, 9), (5, 10, 2)), "days"), WIDE)
    assert not any("late" in each for each in [*words(free), *labels(free)])
    assert not VERDICTS & set(re.findall(r"#[0-9a-f]{6}", to_svg(free)))


def test_causes_go_from_the_largest_and_add_up() -> None:
    told = words(pareto([Bar("Other", 10), Bar("Billing", 60), Bar("Delivery", 30)], WIDE))
    assert [each for each in told if each in {"Billing", "Delivery", "Other"}] == ["Billing", "Delivery", "Other"]  # fmt: skip
    assert [each for each in told if each in {"60 %", "90 %", "100 %"}] == ["60 %", "90 %", "100 %"]
    many = words(pareto([Bar(f"Cause {n}", 40 - n) for n in range(20)], WIDE))
    assert "9 more" in many
    assert "80 % together" not in words(pareto([Bar("Billing", 20), Bar("Other", 9)], WIDE))


def test_small_groups_are_words_and_not_points_and_who_stands_out_is_told() -> None:
    spec = funnel(
        [Group("Billing", 240, 400), Group("Retail", 380, 400), Group("Field", 320, 400), Group("Legal", 1, 5)],
        "complaints", WIDE,
    )  # fmt: skip
    assert "Fewer than 30: Legal 1 of 5" in words(spec)
    assert not any(each.startswith("Legal") for each in labels(spec))
    rings = [layer for layer in spec["layer"] if layer["mark"].get("filled") is False]
    assert [value["x"] for value in rings[0]["data"]["values"]] == [400, 400]
    assert {"Billing", "Retail", "Field", "95 %", "99.8 %", "Mean 78.1 %"} <= set(words(spec))


def test_unknown_is_hatched_and_failures_stand_at_the_foot() -> None:
    svg = to_svg(CHARTS["months"](WIDE))
    assert re.search(r'fill="url\(#hatch-\w+\)"', svg)
    assert svg.count('<pattern id="hatch-') == 1
    feet = [value for layer in CHARTS["months"](WIDE)["layer"] if layer["mark"]["type"] == "bar" for value in layer["data"]["values"]]  # fmt: skip
    assert [(each["verdict"], each["y"], each["y2"]) for each in feet] == [("fail", 0, 9), ("unknown", 9, 14), ("pass", 14, 104)]  # fmt: skip
    assert {"fail 9", "unknown 5", "pass 90"} <= set(words(CHARTS["months"](WIDE)))


def test_a_budget_overspent_is_told_with_a_true_minus() -> None:
    told = words(CHARTS["budget"](WIDE))
    assert "−30 %: 14 more late" in told
    assert {"100 %", "50", "0", "−50", "even spending"} <= set(told)


def test_before_and_after_have_medians_of_their_own() -> None:
    told = words(CHARTS["before_after"](WIDE))
    assert {"7.5 a week before", "3.5 a week after", "macro mended"} <= set(told)


def test_half_closed_is_told_and_fewer_than_thirty_have_no_curve() -> None:
    assert {"half within 4", "40 % open"} <= set(words(CHARTS["survival"](WIDE)))
    few = survival([Curve("", ((0, 1, 1, 1), (5, 0.4, 0.3, 0.5)), 12, 4)], "days", 10, WIDE)
    assert words(few) == ["Nothing to show for this filter."]


def test_hostile_names_stay_words_and_are_cut() -> None:
    bad = "\"></text><script>alert(1)</script>'+datum\u202e\x00\x08\ud800\n" + "x" * 1_000_000
    for spec in (
        pareto([Bar(bad, 40), Bar("Other", 20)], WIDE),
        funnel([Group(bad, 30, 100), Group("Retail", 95, 100)], bad[:40], WIDE),
        multiples([(bad, STEADY)], WIDE),
        pchart(Rates((*STEADY.samples, Sample(week(31), 1, 100, bad))), WIDE),
    ):
        root = ET.fromstring(to_svg(spec).encode())
        assert "\u202e" not in to_svg(spec)
        assert not [node for node in root.iter() if node.tag.endswith("script")]
        assert max(len(each) for each in words(spec)) < 150
        assert len(to_svg(spec)) < 100_000


def test_a_picture_asked_for_again_is_not_drawn_again(monkeypatch) -> None:
    times = []
    real = vl_convert.vegalite_to_svg
    monkeypatch.setattr(vl_convert, "vegalite_to_svg", lambda *told, **more: (times.append(1), real(*told, **more))[1])  # fmt: skip
    spec = pchart(rates((7, 77), (8, 88), (9, 99)), WIDE)
    assert to_svg(spec) == to_svg(json.loads(json.dumps(spec)))
    assert len(times) == 1


def test_ids_in_a_picture_are_its_own_so_that_several_stand_in_one_page() -> None:
    one, other = (
        set(re.findall(r' id="([^"]+)"', to_svg(CHARTS["p"](Look(each)))))
        for each in ("light", "dark")
    )
    assert one
    assert not one & other


def test_pictures_are_drawn_from_several_threads() -> None:
    specs = [pchart(rates((n, 50), (n + 1, 50)), WIDE) for n in range(6)] * 2
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(to_svg, specs))
    assert found[:6] == found[6:]
    assert len(set(found)) == 6


def test_nothing_is_fetched_for_a_picture() -> None:
    spec = pchart(STEADY, WIDE)
    spec["layer"][0]["data"] = {"url": "http://127.0.0.1:9/rows.json"}
    with pytest.raises(ValueError, match=r"127\.0\.0\.1:9"):
        to_svg(spec)


def test_a_chart_is_given_as_svg_png_and_vega_lite() -> None:
    spec = CHARTS["months"](WIDE)
    assert to_png(spec).startswith(b"\x89PNG")
    svg = drawn("svg", "months", spec)
    assert svg.media_type == "image/svg+xml"
    assert "sandbox" in svg.headers["content-security-policy"]
    assert drawn("png", "months", spec).media_type == "image/png"
    assert json.loads(bytes(drawn("json", "months", spec).body)) == spec
