"""How a backtest is printed, and written into files."""

from __future__ import annotations

import json
from shlex import quote
from typing import TYPE_CHECKING, Any

from ombud import terminal
from ombud.commands import Form, out
from ombud.model.instant import moment
from policies.measure import SMALL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from sync.tried import Backtest

#: Lines of a table printed before the rest is only counted.
_MOST_WEEKS, _MOST_TEAMS = 12, 10


def write(result: Backtest, chart: Path | None, folder: Path | None) -> list[Path]:
    """Write the tables and the chart that were asked for; give the files."""
    written: list[Path] = []
    if folder is not None:
        written += _write_tables(result, folder)
        chart = chart or folder / "backtest.svg"
    if chart is not None:
        from sync.chart import chart as draw

        chart.parent.mkdir(parents=True, exist_ok=True)
        chart.write_text(draw(result), encoding="utf-8")
        written.append(chart)
    return written


def _write_tables(result: Backtest, folder: Path) -> list[Path]:
    """Write every table of a backtest into a folder: summary.json, and one CSV file for each table."""
    folder.mkdir(parents=True, exist_ok=True)
    told = result.as_json()
    tables = {
        name: told.pop(name) for name in ("rules", "weeks", "teams", "agents", "sample", "turned")
    }
    written = [folder / "summary.json"]
    written[0].write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for name, lines in tables.items():
        written.append(folder / f"{name}.csv")
        with written[-1].open("w", encoding="utf-8", newline="") as file:
            terminal.write_csv(
                list(lines[0]) if lines else (), [list(line.values()) for line in lines], file
            )
    return written


def show(result: Backtest, zone: ZoneInfo, form: Form) -> None:
    """Print a backtest: counts before lists."""
    if form is Form.json:
        terminal.write_json([result.as_json()])
        return
    if form is Form.csv:
        lines = result.rules()
        terminal.write_csv(list(lines[0]) if lines else (), [list(line.values()) for line in lines])
        return
    told = result.summary()
    for line in _headline(result, told, zone):
        out.print(terminal.plain(line), soft_wrap=True)
    moved: tuple[str, ...] = ()
    if result.asked.against is not None:
        moved = ("newly_failing", "newly_passing")
    columns = ("rule", "mode", "fail", "unknown", "pending", "waived", "pass", "fails", *moved)
    rows = [
        tuple(_percent(line["failing_share"], line) if c == "fails" else line[c] for c in columns)
        for line in result.rules()
    ]
    names = tuple(column.replace("newly_", "newly ") for column in columns)
    _print_table(names, rows, "By rule")
    _print_lines(result.weeks()[-_MOST_WEEKS:], "week", "By week, the last of them")
    _print_lines(
        result.teams()[:_MOST_TEAMS],
        "team",
        f"By {told['facet'].replace('_', ' ')}, most failures first",
    )
    gaps = [
        f"{rule}: the mapping has no {', '.join(missing)}"
        for rule, missing in told["not_judged"].items()
    ]
    terminal.print_gaps(out, gaps, "All of them: --format json")
    if result.review:
        out.print("Drawn for review: is each of these a failure?", style="italic")
        for each in result.review:
            at = f"  {moment(each.when, zone):%d %b %Y %H:%M}" if each.when is not None else ""
            out.print(terminal.plain(f"  {each.rule:<32} {each.key}{at}"), soft_wrap=True)
            for reason in each.reasons:
                out.print(terminal.plain(f"      {reason}"), soft_wrap=True)
            if each.url:
                out.print(terminal.plain(f"      {each.url}"), soft_wrap=True)


def _headline(result: Backtest, told: dict[str, Any], zone: ZoneInfo) -> list[str]:
    asked, verdicts, notes = result.asked, told["verdicts"], told["notes"]
    begin = (
        f" received since {moment(asked.since, zone):%d %b %Y}" if asked.since is not None else ""
    )
    judged = verdicts["pass"] + verdicts["fail"]
    share = f"{100 * verdicts['fail'] / judged:.1f} %" if judged else "none"
    lines = [
        (
            f"{told['pack']}, profile {told['profile']}, on {told['binding']}: {told['complaints']:,} complaints"
            f"{begin}, judged as of {moment(asked.until, zone):%d %b %Y %H:%M}. Nothing was written to a helpdesk."
        ),
        (
            f"  {share} of {judged:,} judged findings fail · {verdicts['unknown']:,} unknown · "
            f"{verdicts['pending']:,} pending · {verdicts['waived']:,} waived"
        ),
        (
            f"  {told['flagged']:,} complaints would have been flagged, {told['moved_back']:,} moved back "
            f"({told['move_backs']:,} times; {told['asked_a_person']:,} times a person would have been asked instead)"
        ),
        (
            f"  {notes['notes']:,} notes: on a day with any, an agent has {notes['median']:g} of them (median), "
            f"at most {notes['p90']:,} on nine days of ten, {notes['most']:,} on the worst"
        ),
    ]
    if told["against"] is not None:
        failing, passing = told["newly_failing"], told["newly_passing"]
        lines.append(
            f"  Against {told['against']} in force: {failing['findings']:,} findings newly failing "
            f"({failing['complaints']:,} complaints), {passing['findings']:,} newly passing "
            f"({passing['complaints']:,} complaints)"
        )
    return lines


def _print_lines(lines: Sequence[dict[str, Any]], name: str, title: str) -> None:
    columns = (name, "fail", "unknown", "pending", "waived", "pass", "fails")
    rows = [
        tuple(_percent(line["failing_share"], line) if c == "fails" else line[c] for c in columns)
        for line in lines
    ]
    _print_table(columns, rows, title)


def _print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str) -> None:
    """Print names at the left and numbers at the right; a rule's id is never broken."""
    cells = [
        [f"{cell:,}" if isinstance(cell, int) else str(cell or "-") for cell in row] for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    lefts = {0, *(index for index, name in enumerate(columns) if name == "mode")}
    out.print(title, style="italic")
    for row, style in [(list(columns), "bold"), *((row, "") for row in cells)]:
        told = "  ".join(
            cell.ljust(width) if index in lefts else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        out.print(terminal.plain(told.rstrip()), style=style, soft_wrap=True)


def _percent(share: float | None, line: dict[str, Any]) -> str:
    if share is None:
        return "-"
    judged = line["pass"] + line["fail"]
    return f"{100 * share:.1f} %" if judged >= SMALL else f"{line['fail']} of {judged}"


def next_step(result: Backtest, written: Sequence[Path]) -> str:
    """Give the command that comes next."""
    if not written:
        return "Next: ombud backtest with --out FOLDER for every table and a chart"
    if result.review:
        first = result.review[0]
        return f"Next: ombud explain {quote(first.ref)} {first.rule}"
    return "Next: ombud check"
