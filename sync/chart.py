"""A backtest as a chart: the failing share a week, the findings behind it, and the rules that fail most.

Colours, order of verdicts and what is left out follow the project's look: colour for verdicts alone,
words beside the marks, and below 30 findings counts and no rate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sync.palette import LIGHT, SMALL, configured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sync.tried import Backtest

_TITLE: Final = {
    "fontSize": 16,
    "fontWeight": 600,
    "color": LIGHT.ink,
    "subtitleColor": LIGHT.ink_2,
    "subtitleFontSize": 12,
}
_WIDTH: Final = 760
_RULES: Final = 14
#: Where a rule's figures begin, behind its name.
_NAMED: Final = 300


def chart(result: Backtest) -> str:
    """Draw a backtest as SVG."""
    import altair as alt
    import vl_convert

    alt.data_transformers.disable_max_rows()
    whole = alt.vconcat(_shares(alt, result), _counts(alt, result), _rules(alt, result), spacing=28)
    spec = whole.properties(
        title={
            "text": _title(result),
            "subtitle": _subtitle(result),
            "anchor": "start",
            "offset": 16,
        },
        background=LIGHT.paper,
        padding=16,
    ).to_dict()
    spec["config"] = configured(LIGHT) | {"title": _TITLE}
    told: str = vl_convert.vegalite_to_svg(spec)
    return told


def _title(result: Backtest) -> str:
    pack = result.asked.bound.pack
    return f"Backtest of {pack.title_version}, profile {pack.profile}, on {result.asked.bound.name}"


def _subtitle(result: Backtest) -> str:
    told = result.summary()
    verdicts = told["verdicts"]
    judged = verdicts["pass"] + verdicts["fail"]
    share = (
        f"{100 * verdicts['fail'] / judged:.1f} % of {judged:,} judged findings fail"
        if judged
        else "Nothing was judged"
    )
    return (
        f"{share} · {verdicts['unknown']:,} unknown · {told['complaints']:,} complaints · "
        f"{told['flagged']:,} flagged · {told['moved_back']:,} moved back"
    )


def _dated(result: Backtest) -> Sequence[Mapping[str, Any]]:
    return [line for line in result.weeks() if line["week"]]


def _weeks_axis(alt: Any, result: Backtest) -> Any:
    weeks = [line["week"] for line in _dated(result)]
    return alt.X(
        "week:T",
        title=None,
        scale=alt.Scale(domain=[weeks[0], weeks[-1]]),
        axis=alt.Axis(grid=False, format="%d %b %y", tickCount=8, labelFlush=True),
    )


def _shares(alt: Any, result: Backtest) -> Any:
    lines = [
        {
            "week": line["week"],
            "share": line["failing_share"],
            "judged": line["fail"] + line["pass"],
        }
        for line in _dated(result)
        if line["fail"] + line["pass"] >= SMALL
    ]
    failed = sum(line["fail"] for line in _dated(result))
    judged = sum(line["fail"] + line["pass"] for line in _dated(result))
    title = _heading(
        "Failing share a week", f"Weeks with fewer than {SMALL} judged findings have no rate."
    )
    if not lines:
        return _nothing(alt, title)
    y = alt.Y(
        "share:Q",
        title=None,
        scale=alt.Scale(domainMin=0, nice=True),
        axis=alt.Axis(format="%", tickCount=5),
    )
    x = _weeks_axis(alt, result)
    drawn = alt.Chart(alt.InlineData(lines))
    line = drawn.mark_line(color=LIGHT.ink_2, strokeWidth=1).encode(x=x, y=y)
    points = drawn.mark_point(color=LIGHT.ink, filled=True, size=24, opacity=1).encode(x=x, y=y)
    mean = [
        {
            "mean": failed / judged,
            "told": f"mean {100 * failed / judged:.1f} %",
            "week": lines[-1]["week"],
        }
    ]
    rule = alt.Chart(alt.InlineData(mean)).mark_rule(color=LIGHT.ink).encode(y="mean:Q")
    label = (
        alt.Chart(alt.InlineData(mean))
        .mark_text(align="left", dx=8, color=LIGHT.ink, fontSize=12)
        .encode(x="week:T", y="mean:Q", text="told:N")
    )
    return alt.layer(line, points, rule, label).properties(width=_WIDTH, height=150, title=title)


def _counts(alt: Any, result: Backtest) -> Any:
    order = list(LIGHT.marks)
    lines = [
        {"week": line["week"], "verdict": verdict, "number": line[verdict], "place": place}
        for line in _dated(result)
        for place, verdict in enumerate(order)
        if line[verdict]
    ]
    title = _heading(
        "Findings a week", "Fail, unknown, pending, waived, pass, from the baseline upward."
    )
    if not lines:
        return _nothing(alt, title)
    present = [verdict for verdict in order if any(line["verdict"] == verdict for line in lines)]
    fills = alt.Scale(domain=present, range=[LIGHT.marks[each].fill for each in present])
    edges = alt.Scale(domain=present, range=[LIGHT.marks[each].edge for each in present])
    weeks = len({line["week"] for line in lines})
    bars = (
        alt.Chart(alt.InlineData(lines))
        .mark_bar(strokeWidth=0.5, size=max(1.5, min(18, 0.8 * _WIDTH / (weeks + 1))))
        .encode(
            x=_weeks_axis(alt, result),
            y=alt.Y("number:Q", title=None, stack=True, axis=alt.Axis(tickCount=4, format=",d")),
            color=alt.Color("verdict:N", scale=fills, legend=None),
            stroke=alt.Stroke("verdict:N", scale=edges, legend=None),
            order=alt.Order("place:Q"),
        )
    )
    sums = {
        each: sum(line["number"] for line in lines if line["verdict"] == each) for each in present
    }
    words = [
        {"verdict": each, "told": f"{each} {sums[each]:,}", "px": 120 * place}
        for place, each in enumerate(present)
    ]
    keyed = alt.Chart(alt.InlineData(words))
    squares = keyed.mark_square(size=70, opacity=1, yOffset=-10, xOffset=5).encode(
        x=alt.X("px:Q", scale=None), y=alt.value(0),
        color=alt.Color("verdict:N", scale=fills, legend=None),
        stroke=alt.Stroke("verdict:N", scale=edges, legend=None),
    )  # fmt: skip
    texts = keyed.mark_text(align="left", dx=14, dy=-10, color=LIGHT.ink, fontSize=12).encode(
        x=alt.X("px:Q", scale=None), y=alt.value(0), text="told:N"
    )
    return (
        alt.layer(bars, squares, texts)
        .resolve_scale(x="independent")
        .properties(width=_WIDTH, height=120, title=title | {"offset": 24})
    )


def _rules(alt: Any, result: Backtest) -> Any:
    judged = [line for line in result.rules() if line["fail"]]
    shown = sorted(judged, key=lambda line: (-line["fail"], line["rule"]))[:_RULES]
    title = _heading(
        "Failures by rule",
        f"The {len(shown)} rules that fail most, of {len(judged)} that fail at all.",
    )
    if not shown:
        return _nothing(alt, title)
    lines = []
    for line in shown:
        of = line["fail"] + line["pass"]
        rate = f" · {100 * line['fail'] / of:.1f} % of {of:,}" if of >= SMALL else f" of {of:,}"
        lines.append(
            {"rule": line["rule"], "fail": line["fail"], "told": f"{line['fail']:,}{rate}"}
        )
    drawn = alt.Chart(alt.InlineData(lines))
    y = alt.Y("rule:N", sort=[line["rule"] for line in lines], title=None, axis=None)
    bars = drawn.mark_bar(color=LIGHT.marks["fail"].fill, height=6, yOffset=8).encode(
        x=alt.X("fail:Q", title=None, axis=None), y=y
    )
    names = drawn.mark_text(align="left", dy=-4, color=LIGHT.ink, fontSize=12)
    texts = drawn.mark_text(align="left", dy=-4, color=LIGHT.ink_2, fontSize=12)
    return alt.layer(
        bars,
        names.encode(x=alt.value(0), y=y, text="rule:N"),
        texts.encode(x=alt.value(_NAMED), y=y, text="told:N"),
    ).properties(width=_WIDTH, height=30 * len(lines), title=title)


def _heading(text: str, sentence: str) -> dict[str, Any]:
    return {"text": text, "subtitle": sentence, "anchor": "start", "fontSize": 14, "offset": 8}


def _nothing(alt: Any, title: dict[str, Any]) -> Any:
    return (
        alt.Chart(alt.InlineData([{"told": "Nothing to show."}]))
        .mark_text(align="left", color=LIGHT.ink_3, fontSize=12)
        .encode(x=alt.value(0), text="told:N")
        .properties(width=_WIDTH, height=24, title=title)
    )
