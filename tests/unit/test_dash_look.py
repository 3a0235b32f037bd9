"""The dashboard's frame and parts: escaped, without inline style or script, and readable without either."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from ombud.model.instant import DAY, HOUR, MINUTE, SECOND, instant_of
from ombud.web.dash.frame import FilterMenu, Frame, Link, Option, theme_of
from ombud.web.dash.theme import choose
from ombud.web.dash.told import clocked, hours, lasting, number, percent, signed
from ombud.web.pages import _TEMPLATES, STATIC
from sync.persons import Refused

BERLIN = ZoneInfo("Europe/Berlin")
NOON = instant_of("2026-11-23T15:08", BERLIN)
HOSTILE = '"><script>alert(1)</script>'
FRAME = Frame(
    title="Clocks", path="/clocks", zone_name="Europe/London", desk_zone_name="Europe/Berlin", section="Clocks",
    pages=(("", (Link("/", "Overview", None, False),)), ("Look closer", (Link("/clocks", "Clocks", 1412, True),))),
    organisation=HOSTILE, viewer=SimpleNamespace(name=HOSTILE, role="compliance", may=lambda _: True),  # type: ignore[arg-type]
    filters=(
        FilterMenu("period", "Period", "October 2026", (Option("2026-10", "October 2026", True),), kind="one", free="period"),
        FilterMenu("team", "Team", HOSTILE, (Option(HOSTILE, HOSTILE, True, 3), Option("-", "none", False, 0))),
        FilterMenu("channel", "Channel", "all", (), more=True),
        FilterMenu("known", "Known", "now", kind="date", right=True),
    ),
    kept=(("q", HOSTILE),), filter_words="received in October 2026", query="period=2026-10", clear_href="/clocks",
    views=(("/clocks?team=x", HOSTILE),), save_to="/views", exports=(("/export/clocks.csv", "CSV"),), csrf="t0ken",
    cutoff=NOON, completeness="99.8 % complete", packs=("iso10002 1.4.0",), known="As it was.", notice=HOSTILE,
)  # fmt: skip


def page(content: str = "", frame: Frame = FRAME, **told) -> str:
    text = (
        '{% extends "dash/base.html" %}{% import "dash/parts.html" as p with context %}'
        '{% import "dash/states.html" as states with context %}{% block content %}' + content + "{% endblock %}"
    )  # fmt: skip
    return _TEMPLATES.from_string(text).render(frame=frame, **told)


def part(content: str, **told) -> str:
    found = page(f"@@{content}@@", **told).split("@@")[1]
    return re.sub(r"\s+", " ", found).strip()


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html)).strip()


def test_what_comes_from_elsewhere_is_escaped_everywhere() -> None:
    html = page("{{ p.figure_chart(bad, bad, bad, ([bad], [[bad]]), bad) }}{{ p.facts([(bad, bad, bad)]) }}{{ p.sum_lines([(bad, bad)]) }}"
                "{{ p.field('x', bad, bad, bad, bad) }}{{ p.small_bar(1, 2, words=bad) }}{{ p.crumbs([(bad, bad)]) }}{{ p.empty(bad, bad) }}"
                "{{ states.partial([bad], bad, bad) }}{{ states.nothing(bad, bad) }}", bad=HOSTILE)  # fmt: skip
    assert "<script>" not in html
    assert html.count("&lt;script&gt;") > 20


def test_nothing_runs_or_is_styled_inline_and_nothing_comes_from_elsewhere() -> None:
    html = page("{{ p.bar({'fail': 2, 'pass': 7}, {'fail': '/x'}) }}{{ p.figure_chart('p', 'a=1&b=2', 'Words.', ([], []), 'Rates') }}")  # fmt: skip
    assert not re.search(r"<[^>]+\s(style|on\w+)=", html)
    assert re.findall(r"<script[^>]*>([^<]*)</script>", html) == [""]
    loaded = re.findall(r'(?:src|srcset)="([^"]+)"', html)
    loaded += re.findall(r'<link[^>]+href="([^"]+)"', html)
    assert loaded
    assert all(each.startswith("/") and not each.startswith("//") for each in loaded)
    assert not re.search(r"url\((?!#)|@import|https?:", (STATIC / "dash.css").read_text("utf-8"))


def test_the_frame_has_its_landmarks_and_one_heading() -> None:
    html = page()
    assert html.count("<h1") == html.count("<main") == html.count("<footer") == 1
    assert '<a class="skip" href="#content">' in html
    assert 'aria-current="page"><span>Clocks</span><span class="rail-count">1,412</span>' in html
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))


def test_filters_are_a_form_that_keeps_what_no_menu_shows() -> None:
    form = re.search(r'<form method="get" action="/clocks".*?</form>', page(), re.DOTALL)
    assert form
    assert '<input type="hidden" name="q" value="&#34;&gt;&lt;script' in form[0]
    assert '<input type="radio" name="period" value="2026-10" checked>' in form[0]
    assert '<input type="checkbox" name="team" value="-">' in form[0]
    assert '<input type="date" name="known" value="">' in form[0]
    assert form[0].index("+ Filter") < form[0].index("Nothing to choose from yet.")


def test_forms_that_change_something_carry_the_token() -> None:
    for form in re.findall(r'<form method="post".*?</form>', page(), re.DOTALL):
        assert '<input type="hidden" name="csrf" value="t0ken">' in form


@pytest.mark.parametrize(
    "theme, said", [("auto", "light dark"), ("light", "light"), ("dark", "dark")]
)
def test_the_theme_that_was_chosen_holds_for_page_and_pictures(theme, said) -> None:
    html = page("{{ p.figure_chart('p', '', 'Words.', ([], [])) }}", replace(FRAME, theme=theme))
    assert f'<html lang="en" class="theme-{theme}">' in html
    assert f'<meta name="color-scheme" content="{said}">' in html
    shown = re.search(r'<img src="([^"]+)"', html)
    assert shown
    assert f"theme={'dark' if theme == 'dark' else 'light'}" in shown[1]
    assert ("prefers-color-scheme: dark" in html) is (theme == "auto")
    assert '<source media="print" srcset="/chart/p.svg?theme=light' in html


def chosen(theme: str, back: str) -> Response:
    scope = {
        "type": "http",
        "scheme": "https",
        "path": "/theme",
        "headers": [(b"host", b"ombud.example")],
        "client": ("192.0.2.7", 1),
    }
    asked = SimpleNamespace(request=Request(scope))
    return choose(asked, FormData({"theme": theme, "back": back}))  # type: ignore[arg-type]


def test_a_chosen_theme_is_kept_and_leads_back_to_where_it_was_chosen() -> None:
    answer = chosen("dark", "/clocks?period=2026-10")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/clocks?period=2026-10"
    told = answer.headers["set-cookie"]
    assert told.startswith("theme=dark; HttpOnly; Max-Age=31536000; Path=/; SameSite=lax; Secure")
    assert theme_of(Request({"type": "http", "headers": [(b"cookie", b"theme=dark")]})) == "dark"
    assert theme_of(Request({"type": "http", "headers": [(b"cookie", b"theme=x")]})) == "auto"
    assert chosen("dark", "//elsewhere.example").headers["location"] == "/"
    with pytest.raises(Refused):
        chosen("'><script>", "/")


def test_before_signing_in_there_is_no_rail() -> None:
    html = page(frame=Frame(title="Sign in", path="/sign-in", zone_name="UTC", desk_zone_name="UTC"))  # fmt: skip
    assert "<nav" not in html
    assert "Nothing was counted yet" in html


def test_a_rate_tells_what_it_is_of_and_few_have_none() -> None:
    assert plain(part("{{ p.rate(none, 1204, 1377, 61, 0.998) }}")) == "87.4 % 1,204 of 1,377 · 61 unknown · data 99.8 % complete"  # fmt: skip
    assert plain(part("{{ p.rate(none, 19, 21, 0) }}")) == "19 of 21 · 0 unknown"
    assert plain(part("{{ p.share(19, 21) }}")) == "19 of 21"
    assert part("{{ p.share(0, 0) }}") == "–"


def test_numbers_lead_to_their_complaints() -> None:
    assert part("{{ p.num(1204, '/complaints?a=1&b=2') }}") == '<a class="num" href="/complaints?a=1&amp;b=2">1,204</a>'  # fmt: skip
    assert part("{{ p.num(none) }}") == '<span class="num">–</span>'


def test_a_bar_has_its_verdicts_in_order_and_in_words() -> None:
    bar = part("{{ p.bar({'pass': 60, 'fail': 20, 'unknown': 20, 'waived': 0}) }}")
    assert 'role="img" aria-label="Fail 20, Unknown 20, Pass 60"' in bar
    assert re.findall(r'<rect class="m-(\w+)"', bar) == ["fail", "unknown", "pass"]
    assert re.findall(r'<svg x="([\d.]+)%" width="([\d.]+)%"', bar) == [("0.000", "20.000"), ("20.000", "20.000"), ("40.000", "60.000")]  # fmt: skip
    assert 'fill="url(#hatch)"' in bar
    assert 'aria-label="Nothing judged"' in part("{{ p.bar({}) }}")


def test_a_verdict_is_never_told_by_colour_alone() -> None:
    for verdict in ("fail", "unknown", "pending", "waived", "pass", "not_applicable"):
        told = part("{{ p.verdict(v) }}", v=verdict)
        assert f"#i-{verdict}" in told
        assert plain(told)
        assert f'id="i-{verdict}"' in page()


def test_times_are_the_readers_and_the_desks_on_hover() -> None:
    told = part("{{ p.when(at, 'wall') }}", at=NOON)
    assert plain(told) == "Mon 23 Nov, 14:08"
    assert 'title="Mon 23 Nov 2026, 15:08, Europe/Berlin"' in told
    assert plain(part("{{ p.when(none) }}")) == "unknown"


def test_a_wrong_field_is_told_beside_it_and_on_top() -> None:
    told = part("{{ p.error_summary([('why', 'Say why.')]) }}{{ p.field('why', 'Why', error='Say why.', hint='Read by all.') }}")  # fmt: skip
    assert '<a href="#f-why">Say why.</a>' in told
    assert 'id="f-why" name="why" aria-describedby="h-why e-why" aria-invalid="true"' in told


def test_numbers_in_words() -> None:
    assert number(1234567) == "1,234,567"
    assert number(-3) == "−3"
    assert percent(0.874) == "87.4\u00a0%"
    assert percent(1) == "100.0\u00a0%"
    assert percent(0.99996) == ">\u00a099.9\u00a0%"
    assert percent(0.0001) == "<\u00a00.1\u00a0%"
    assert percent(0) == "0.0\u00a0%"
    assert signed(1.94, 1, "pt") == "+1.9\u00a0pt"
    assert signed(-12) == "−12"
    assert signed(0.04, 1) == "0.0"
    assert {number(None), percent(None), signed(None), lasting(None), hours(None)} == {"–"}


def test_spans_and_instants_in_words() -> None:
    assert lasting(8 * DAY + 21 * HOUR + MINUTE) == "8\u00a0d 21\u00a0h"
    assert lasting(9 * HOUR + 50 * MINUTE) == "9\u00a0h 50\u00a0min"
    assert lasting(2 * DAY) == "2\u00a0d"
    assert lasting(41 * SECOND) == "41\u00a0s"
    assert lasting(-2 * MINUTE) == "−2\u00a0min"
    assert hours(62 * HOUR + 18 * MINUTE) == "62:18"
    assert clocked(NOON, "full", BERLIN) == "Mon 23 Nov 2026, 15:08"
    assert clocked(NOON, "date", "Europe/Berlin") == "23 Nov 2026"
    assert clocked(None, "day", BERLIN) == "unknown"
