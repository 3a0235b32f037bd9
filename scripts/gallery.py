"""Serve every part of the dashboard's look with invented data, to be looked at: python scripts/gallery.py [port].

Add ?theme=light, ?theme=dark or ?theme=auto to the address.
"""

from __future__ import annotations

import random
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal
from zoneinfo import ZoneInfo

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from ombud.model.instant import DAY, instant_of
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
    months,
    multiples,
    pareto,
    pchart,
    survival,
)
from ombud.web.dash.frame import FilterMenu, Frame, Link, Option
from ombud.web.pages import _TEMPLATES, STATIC
from ombud.web.shield import Shield

if TYPE_CHECKING:
    from starlette.requests import Request

    from ombud.web.dash.charts import Spec

_ZONE: Final = ZoneInfo("Europe/London")
_NOW: Final = instant_of("2026-11-23T15:08", _ZONE) or 0
_HERE: Final = Path(__file__).parent


class _Reader:
    name = "A. Okafor"
    role = "compliance"


def _frame(theme: str) -> Frame:
    groups = (
        ("", (("Overview", None), ("Complaints", 412), ("Rules", 58))),
        ("Look closer", (("Clocks", None), ("Flow", None), ("Root causes", None), ("Teams and channels", None))),
        ("Decide", (("Triage", 14), ("Waivers", 6), ("Disputes", 2), ("Corrective actions", 9))),
        ("Policy", (("Packs", None), ("Rollout", None), ("Clause coverage", None))),
        ("Prove", (("Data health", None), ("Reports", None), ("Decision log", None))),
    )  # fmt: skip
    menus = {
        "period": ("Period", "October 2026", ("October 2026", "September 2026", "third quarter 2026")),
        "date": ("Date", "received", ("received", "due", "closed")),
        "helpdesk": ("Helpdesk", "all", ("acme", "retail", "phones")),
        "product": ("Product", "all", ("Broadband", "Phone", "\u062e\u062f\u0645\u0629")),
        "team": ("Team", "all", ("Billing", "Field service", "Retail")),
        "pack": ("Pack", "iso10002 1.4.0", ("iso10002 1.4.0", "iso10002 1.3.0")),
        "channel": ("Channel", "all", ("mail", "phone")),
        "severity": ("Severity", "all", ("critical", "high", "normal")),
        "against": ("Against", "September", ("September", "nothing")),
        "known": ("Known", "now", ("now", "October 2026")),
    }  # fmt: skip
    one = {"period", "date", "against", "known"}
    return Frame(
        title="Overview", path="/", zone_name=_ZONE.key, desk_zone_name="Europe/Berlin", organisation="Acme Broadband",
        theme=theme, viewer=_Reader(),  # type: ignore[arg-type]
        pages=tuple(
            (name, tuple(Link("#", each, count, each == "Overview") for each, count in links))
            for name, links in groups
        ),
        filters=tuple(
            FilterMenu(
                name, label, value,
                tuple(Option(each, each, each == value, None if name in one else 100 + n) for n, each in enumerate(offered)),
                kind="one" if name in one else "many", right=name in {"against", "known"},
                more=name in {"channel", "severity"}, free="period" if name == "period" else "",
            )
            for name, (label, value, offered) in menus.items()
        ),
        filter_words="received in October 2026 · against September", csrf="none", cutoff=_NOW,
        completeness="99.8 % complete", packs=("iso10002 1.4.0",), save_to="#", exports=(("#", "CSV"), ("#", "Excel")),
        views=(("#", "Billing, late"),), notice="The waiver for ACME-123 was approved.",
        known="You see what was known on 31 March 2026, under iso10002 1.3.0.", known_href="#",
    )  # fmt: skip


def _told() -> dict[str, Any]:
    rows = (
        ("7.2", "Receipt", (21, 17, 6, 0, 1604), "Receipt date before created"),
        ("7.3", "Tracking", (46, 9, 12, 0, 1173), "Update every 5 working days"),
        ("7.4", "Acknowledgement", (41, 11, 5, 2, 768), "Acknowledged in 1 working day"),
        ("7.5", "Assessment", (62, 14, 5, 4, 1140), "Safety question answered"),
        ("7.6", "Investigation", (31, 12, 6, 0, 774), "Second reviewer, high severity"),
        ("8.2", "Root cause, action", (61, 3, 5, 8, 131), "Root cause before closing"),
        ("4", "Principles", (12, 38, 9, 5, 1588), "Handler is not the subject"),
        ("8.6", "Review", (2, 0, 0, 0, 9), "Reviewed each quarter"),
    )
    states = ("fail", "unknown", "pending", "waived", "pass")
    names = ("p", "histogram", "budget", "pareto", "funnel", "months", "survival", "run", "multiples")  # fmt: skip
    return {
        "groups": [(c, g, dict(zip(states, n, strict=True)), w) for c, g, n, w in rows],
        "dues": [
            ("Late", 3, "fail", "Billing 2 · Field 1"),
            ("Mon 23 Nov, today", 2, "pending", "Billing 1 · Retail 1"),
            ("Tue 24 Nov", 9, "pending", "Billing 5 · Field 3 · Retail 1"),
            ("Wed 25 Nov", 7, "pending", "Retail 4 · Billing 2 · Field 1"),
        ],
        "complaints": [
            ("ACME-98", "Router replaced twice, still no line, and nobody called back", _NOW - 24 * DAY, "Investigating", _NOW - 20 * DAY, "fail", "Answer late"),
            ("#48211", "Contract renewed without my knowledge", _NOW - 25 * DAY, "Closed", _NOW - 11 * DAY, "fail", "Root cause empty"),
            ("ACME-112", "\u0634\u0643\u0648\u0649 \u0639\u0646 \u0641\u0627\u062a\u0648\u0631\u0629 \u0645\u0643\u0631\u0631\u0629", _NOW - 27 * DAY, "Closed", None, "unknown", "Corrective action cannot be read"),
        ],
        "sentences": dict.fromkeys(names, "Each pack version was followed by a higher mean. Axis from 60 %."),
        "tables": {name: (["Week", "Received", "Share"], [["2 Mar", 61, "66.0 %"], ["9 Mar", 58, "79.3 %"]]) for name in names},
        "now": _NOW,
    }  # fmt: skip


def show(request: Request) -> HTMLResponse:
    """Show the gallery."""
    frame = _frame(request.query_params.get("theme", "auto"))
    template = _TEMPLATES.from_string((_HERE / "gallery.html").read_text("utf-8"))
    return HTMLResponse(template.render(frame=frame, **_told()))


def _weeks(
    seed: int, mean: float, size: int, *, first: date = date(2025, 11, 3), count: int = 52
) -> tuple[Sample, ...]:
    chance = random.Random(seed)  # noqa: S311 - invented data
    found = []
    for week in range(count):
        of = sum(
            chance.random() < mean + week * 0.0018 for _ in range(size + chance.randrange(-9, 10))
        )
        found.append(Sample(first + timedelta(7 * week), of, size + 9))
    return tuple(found)


def _rates(seed: int = 5, size: int = 61) -> Rates:
    samples = list(_weeks(seed, 0.86, size))
    bad = samples[17]
    samples[17] = Sample(bad.day, int(0.6 * bad.total), bad.total, "bill run error")
    samples[30] = Sample(samples[30].day, 5, 9)
    samples[40] = Sample(samples[40].day, 0, 0)
    packs = (
        PackChange(date(2026, 1, 12), "1.2.0"), PackChange(date(2026, 4, 20), "1.3.0"), PackChange(date(2026, 9, 1), "1.4.0"),
    )  # fmt: skip
    shut = (
        Holiday(date(2025, 12, 24), date(2026, 1, 2), "Christmas"),
        Holiday(date(2026, 4, 3), date(2026, 4, 7), "Easter"),
    )
    return Rates(tuple(samples), packs, shut, 0.9)


def _spec(name: str, look: Look) -> Spec:
    if name == "p":
        return pchart(_rates(), look)
    if name == "histogram":
        counts = (3, 8, 26, 35, 43, 51, 52, 46, 43, 37, 8, 5, 4, 2, 1, 1, 1, 0, 1, 0, 1)
        return histogram(
            Times(
                tuple((n, n + 1, count) for n, count in enumerate(counts)),
                "working days from receipt to answer",
                10,
                "working days",
                (("median", 6.4), ("p90", 9.7)),
                344,
                24,
            ),
            look,
        )
    if name == "budget":
        left = tuple(
            (date(2026, 8, 25) + timedelta(n), 1 - n / 72 - 0.06 * (n % 5 == 0)) for n in range(91)
        )
        return budget(
            Budget(left, "14 more late than allowed", (PackChange(date(2026, 9, 1), "1.4.0"),)),
            look,
        )
    if name == "pareto":
        return pareto(
            [
                Bar("Billing run", 88),
                Bar("Engineer did not come", 61),
                Bar("Contract unclear", 40),
                Bar("Conduct", 22),
                Bar("Other", 19),
                Bar("Delivery", 7),
            ],
            look,
        )
    if name == "funnel":
        return funnel(
            [
                Group("Billing", 300, 391),
                Group("Field service", 188, 201),
                Group("Retail", 151, 160),
                Group("Phones", 82, 90),
                Group("Web", 40, 44),
                Group("Partners", 55, 61),
                Group("Legal", 3, 5),
                Group("Fraud", 8, 9),
            ],
            "complaints of a team",
            look,
        )
    if name == "months":
        return months(
            [
                Month(
                    date(2025 + (n + 10) // 12, (n + 10) % 12 + 1, 1),
                    {
                        "fail": 60 - n,
                        "unknown": 20,
                        "pending": 4 * n,
                        "waived": 9,
                        "pass": 500 + 8 * n,
                    },
                )
                for n in range(12)
            ],
            look,
        )
    if name == "survival":
        steps = tuple(
            (float(n), 0.9**n, max(0, 0.9**n - 0.05), min(1, 0.9**n + 0.05)) for n in range(31)
        )
        return survival([Curve("", steps, 400, 6.6)], "days since receipt", 10, look)
    if name == "run":
        chance = random.Random(3)  # noqa: S311 - invented data
        values = [
            (date(2026, 3, 2) + timedelta(7 * n), float(chance.randrange(8, 16) - 5 * (n > 18)))
            for n in range(34)
        ]
        return before_after(values, Change(date(2026, 7, 8), "macro mended"), "a week", look)
    return multiples(
        [
            (team, _rates(n, 40 + 9 * n))
            for n, team in enumerate(("Billing", "Field service", "Retail", "Phones", "Web"))
        ],
        look,
    )


def chart(request: Request) -> Response:
    """Draw one chart."""
    name, kind = request.path_params["name"].split(".")
    theme: Literal["light", "dark"] = (
        "dark" if request.query_params.get("theme") == "dark" else "light"
    )
    return drawn(kind, name, _spec(name, Look(theme, int(request.query_params.get("size", 1032)))))


app = Starlette(
    routes=[Route("/", show), Route("/chart/{name}", chart), Mount("/static", StaticFiles(directory=STATIC))],
    middleware=[Middleware(Shield)],
)  # fmt: skip

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]) if len(sys.argv) > 1 else 8600, log_level="warning")
