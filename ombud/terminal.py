"""How findings, reports and errors look in a terminal: verdict words before colours, the next command last."""

from __future__ import annotations

import csv
import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from ombud.model.facts import Verdict
from ombud.model.instant import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.finding import Finding

#: Verdict -> word and style; the word always comes first.
_WORDS = {
    Verdict.failed: ("FAIL", "bold red"),
    Verdict.unknown: ("UNKNOWN", "yellow"),
    Verdict.pending: ("PENDING", "blue"),
    Verdict.waived: ("WAIVED", "magenta"),
    Verdict.passed: ("PASS", "green"),
    Verdict.not_applicable: ("N/A", "dim"),
}
ORDER = tuple(_WORDS)
#: Cells that a spreadsheet would take for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def consoles() -> tuple[Console, Console]:
    """Give the console for results (standard output) and the one for progress and errors (standard error)."""
    return Console(highlight=False), Console(stderr=True, highlight=False)


def plain(text: str) -> Text:
    """Make text from a helpdesk safe to print: no markup, no control or bidirectional characters."""
    return Text(
        "".join(
            char if char.isprintable() and char not in _BIDI else "\N{REPLACEMENT CHARACTER}"
            for char in text
        )
    )


_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c")


def print_findings(
    out: Console,
    checked: Iterable[tuple[Finding, str, str]],
    *,
    zone: ZoneInfo,
    most: int | None,
    wanted: Collection[Verdict],
) -> dict[str, dict[Verdict, int]]:
    """Print the findings wanted as they come, at most so many, and give the counts of all per rule."""
    counts: dict[str, dict[Verdict, int]] = {}
    printed = 0
    for finding, key, _ in checked:
        per_rule = counts.setdefault(finding.rule, {})
        per_rule[finding.verdict] = per_rule.get(finding.verdict, 0) + 1
        if most is not None and printed >= most:
            continue
        if finding.verdict in wanted:
            printed += 1
            _print_finding(out, finding, key, zone)
    return counts


def _print_finding(out: Console, finding: Finding, key: str, zone: ZoneInfo) -> None:
    word, style = _WORDS[finding.verdict]
    head = Text.assemble((f"{word:<8}", style), f"{finding.rule:<32} ", plain(key))
    if finding.entered is not None:
        head.append(f"  {moment(finding.entered, zone):%d %b %Y %H:%M}")
    if finding.due is not None:
        head.append(f"  due {moment(finding.due, zone):%d %b %Y %H:%M}")
    out.print(head, soft_wrap=True)
    for reason in finding.reasons:
        out.print(Text("        ").append_text(plain(reason)), soft_wrap=True)
    if finding.standing is Verdict.failed:
        for fix in finding.fixes:
            native = f" ({fix.native})" if fix.native else ""
            where = f" at {fix.url}" if fix.url else ""
            out.print(
                Text("        Mend: ").append_text(
                    plain(f"{fix.label}{native}: {fix.advice}{where}")
                ),
                soft_wrap=True,
            )
    elif finding.verdict is Verdict.failed:
        out.print(Text("        Mended since; the failure stays in the history."), soft_wrap=True)
    out.print(Text(f"        Why:  ombud explain {finding.ref} {finding.rule}"), soft_wrap=True)


def print_counts(out: Console, counts: Mapping[str, Mapping[Verdict, int]], title: str) -> None:
    """Print a table of verdicts per rule."""
    out.print(title, style="italic")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("rule", no_wrap=True)
    for verdict in ORDER:
        table.add_column(_WORDS[verdict][0].lower(), justify="right")
    for rule in sorted(counts):
        table.add_row(rule, *(f"{counts[rule].get(verdict, 0):,}" for verdict in ORDER))
    out.print(table)


#: No column of words is made narrower for the sake of names.
_NARROW = 12


def print_rows(
    out: Console,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    form: str,
    title: str = "",
) -> None:
    """Print rows as a table, as JSON lines or as CSV whose cells no spreadsheet takes for formulas."""
    if form == "json":
        for row in rows:
            sys.stdout.write(
                json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) + "\n"
            )
        return
    if form == "csv":
        write_csv(columns, rows)
        return
    if title:
        out.print(title, style="italic")
    table = Table(box=None, pad_edge=False, header_style="bold")
    told = [["" if cell is None else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, each)) for each in zip(columns, *told, strict=True)]
    names = [all(" " not in row[index] for row in told) for index in range(len(columns))]
    asked = sum(
        width if name else min(width, _NARROW) for width, name in zip(widths, names, strict=True)
    )
    # A name broken over two lines can be neither copied nor found: words give way first, where that is enough.
    whole = asked + 2 * len(columns) <= out.width
    for column, name in zip(columns, names, strict=True):
        table.add_column(column, overflow="fold", no_wrap=whole and name)
    for row in told:
        table.add_row(*(plain(cell) for cell in row))
    out.print(table)


def write_csv(
    columns: Sequence[str], rows: Iterable[Sequence[object]], file: TextIO | None = None
) -> None:
    """Write CSV to a file, else to standard output; cells that begin like formulas are made text."""
    writer = csv.writer(sys.stdout if file is None else file)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(cell) for cell in row])


def _cell(cell: object) -> str:
    text = (
        ""
        if cell is None
        else "; ".join(map(str, cell))
        if isinstance(cell, (list, tuple))
        else str(cell)
    )
    return f"'{text}" if text.startswith(_FORMULA) else text


def write_json(rows: Iterable[Mapping[str, Any]]) -> None:
    """Write one JSON object a line to standard output."""
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")


@contextmanager
def progress(err: Console, what: str) -> Iterator[Callable[[int, int | None, str], None]]:
    """Show a bar on standard error; the callable takes how many are done, of how many, and what it waits for."""
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[waiting]}"),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    ) as bar:
        task = bar.add_task(what, total=None, waiting="")

        def tell(done: int, total: int | None, waiting: str) -> None:
            bar.update(task, completed=done, total=total, waiting=waiting)

        yield tell


#: Rules that are not judged are listed up to here; a pack in full on a small mapping has a hundred.
_MOST_GAPS = 10


def print_gaps(out: Console, lines: Sequence[str], advice: str) -> None:
    """Print which rules are not judged and what nothing maps, the first ones in words and the rest as a number."""
    for line in lines[:_MOST_GAPS]:
        out.print(plain(f"NOT JUDGED  {line}"), style="yellow", soft_wrap=True)
    left = len(lines) - _MOST_GAPS
    more = f"NOT JUDGED  and {left} more rules. " if left > 0 else ""
    if lines:
        out.print(plain(f"{more}{advice}"), style="yellow", soft_wrap=True)
