"""`ombud measures`: what many complaints show together; never a verdict."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from ombud import terminal
from ombud.commands import Form, Format, err, out, print_completeness
from ombud.commands.backtest import chosen, opened, option
from policies.measure import SMALL, Per
from sync.completeness import sentences

if TYPE_CHECKING:
    from policies.measure import Measured


def measures(
    context: typer.Context,
    binding: Annotated[str | None, typer.Option(help="Only this binding.")] = None,
    since: Annotated[
        str | None, typer.Option(help="The period's beginning: 12m, 52w, 90d, 1y, or 2026-01-31.")
    ] = None,
    form: Format = Form.table,
) -> None:
    """Count what a pack's measures count: shares and numbers over many complaints, never verdicts."""
    from sync.period import begin_of
    from sync.population import count_population

    with opened(context) as service:
        bounds = service.bounds if binding is None else [chosen(service, binding)]
        now = service.now()
        rows: list[tuple[object, ...]] = []
        lacking: list[str] = []
        for bound in bounds:
            zone = bound.mapping.tzinfo
            begin = option("--since", partial(begin_of, since, now, zone)) if since else None
            with terminal.progress(err, f"Counting {bound.name}") as tell:
                found = count_population(
                    service, bound, bound.pack.measures, now=now, since=begin, tell=tell
                )
            vocabulary = bound.pack.vocabulary
            rows += [
                (
                    bound.name,
                    each.measure.id,
                    _value(each, form),
                    each.numerator,
                    each.denominator,
                    each.unknown,
                    each.left_out,
                    each.pending,
                    each.measure.formula(vocabulary),
                )
                for each in found.measured
            ]
            lacking += [
                f"NOT MEASURED  {each.id}: {bound.name}'s mapping has no {', '.join(missing)}. See: ombud init"
                for each, missing in found.not_measured
            ]
        said = sentences(service, bounds) if rows else []
    columns = (
        "binding",
        "measure",
        "value",
        "counted",
        "of",
        "unknown",
        "left out",
        "pending",
        "formula",
    )
    terminal.print_rows(out, columns, rows, form=form)
    if form is Form.table:
        print_completeness(said)
        for line in lacking:
            out.print(terminal.plain(line), style="yellow", soft_wrap=True)
        if not rows and not lacking:
            out.print("No pack here declares measures.")
        out.print("Next: ombud backtest", style="dim")


def _value(each: Measured, form: Form) -> object:
    if form is not Form.table:
        return each.value
    if each.value is None:
        return "-"
    if isinstance(each.measure.body, Per):
        return f"{each.value:.1f}"
    return f"fewer than {SMALL}" if each.small else f"{100 * each.value:.1f} %"
