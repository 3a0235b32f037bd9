"""`ombud backtest`: what a pack would have done to the complaints that are stored; no helpdesk is written to."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ombud import terminal
from ombud.commands import Form, Format, err, out, print_completeness
from ombud.commands.backtest_report import next_step, show, write
from ombud.model.clock import SystemClock
from sync.completeness import sentences
from sync.service import NotFound, open_service

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sync.binding import Bound
    from sync.service import Service


class Cap(StrEnum):
    """The most that a rule would do."""

    observe = "observe"
    flag = "flag"
    block = "block"


class Reading(StrEnum):
    """How the stored complaints are judged."""

    auto = "auto"
    rows = "rows"
    sql = "sql"


class Against(StrEnum):
    """What the pack is compared with."""

    in_force = "in-force"
    nothing = "nothing"


def backtest(
    context: typer.Context,
    pack: Annotated[
        str | None,
        typer.Option(help="The pack to try: a name or a file; the binding's own without."),
    ] = None,
    profile: Annotated[str | None, typer.Option(help="Its profile; the binding's without.")] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Complaints received since: 12m, 52w, 90d, 1y, or 2026-01-31."),
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="As of the end of this day; later events are left out.")
    ] = None,
    param: Annotated[
        list[str] | None, typer.Option(help="A parameter to try, name=value; may be repeated.")
    ] = None,
    rule: Annotated[list[str] | None, typer.Option(help="Only these rules.")] = None,
    mode: Annotated[
        Cap, typer.Option(help="The most a rule would do: observe, flag or block.")
    ] = Cap.block,
    binding: Annotated[
        str | None, typer.Option(help="The binding; needed where there are several.")
    ] = None,
    against: Annotated[
        Against, typer.Option(help="Compare with the version in force, or with nothing.")
    ] = Against.in_force,
    sample: Annotated[int, typer.Option(help="Failures to draw for review.", min=0, max=1000)] = 20,
    seed: Annotated[str, typer.Option(help="Of that draw: the same seed draws the same.")] = "1",
    chart: Annotated[Path | None, typer.Option(help="Draw an SVG into this file.")] = None,
    folder: Annotated[
        Path | None,
        typer.Option("--out", help="Write summary.json and CSV tables into this folder."),
    ] = None,
    reading: Annotated[
        Reading,
        typer.Option(help="Judge histories one by one (rows), or facts kept as Parquet (sql)."),
    ] = Reading.auto,
    form: Format = Form.table,
) -> None:
    """Show what a pack would have done to the complaints that are stored; no helpdesk is written to.

    Guards are judged at the moment a stage was entered, deadlines as of now or --until. Counts say what
    would have been flagged or moved back had the pack been in force, if people had acted as they did.
    """
    from sync.backtest import backtest as run
    from sync.backtest import candidate
    from sync.period import begin_of, end_of
    from sync.tried import Asked, Unreadable

    with opened(context) as service:
        bound = chosen(service, binding)
        zone = bound.mapping.tzinfo
        end = (
            option("--until", lambda: end_of(until, service.now(), zone))
            if until
            else service.now()
        )
        begin = option("--since", lambda: begin_of(since, end, zone)) if since else None
        tried = candidate(
            service, bound, pack=pack, profile=profile, params=dict(map(_pair, param or []))
        )
        asked = Asked(
            tried,
            bound if against is Against.in_force else None,
            begin,
            end,
            mode.value,
            sample,
            seed,
            _known_rules(tried, rule),
            until is not None,
        )
        with terminal.progress(err, f"Judging {bound.name}") as tell:
            try:
                result = run(service, asked, reading=reading.value, tell=tell)
            except Unreadable as error:
                raise typer.BadParameter(str(error), param_hint="--reading") from error
        written = write(result, chart, folder)
        show(result, zone, form)
        said = sentences(service, [bound])
    if form is Form.table:
        print_completeness(said)
        for path in written:
            out.print(terminal.plain(f"Written: {path}"), soft_wrap=True)
        out.print(next_step(result, written), style="dim", soft_wrap=True)


def opened(context: typer.Context) -> Service:
    """Open the service that the configuration file describes."""
    return open_service(context.obj, SystemClock())


def chosen(service: Service, name: str | None) -> Bound:
    """Give the binding of a name, or the only one; raises `NotFound`."""
    known = {bound.name: bound for bound in service.bounds}
    if name is None and len(known) == 1:
        return next(iter(known.values()))
    if name in known:
        return known[name]
    told = f"There is no binding {name!r}" if name is not None else "There are several bindings"
    raise NotFound(
        f"{told}. Write --binding with one of: {', '.join(known) or 'none is configured'}"
    )


def option(name: str, read: Callable[[], int]) -> int:
    """Read an option's value; what is wrong with it is told under its name."""
    try:
        return read()
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=name) from error


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise typer.BadParameter(
            f"{text!r} is no parameter; write name=value, as in acknowledge_business_days=2",
            param_hint="--param",
        )
    return name.strip(), value.strip()


def _known_rules(bound: Bound, wanted: Sequence[str] | None) -> frozenset[str] | None:
    if not wanted:
        return None
    known = {rule.id for rule in bound.pack.rules}
    for name in wanted:
        if name not in known:
            raise NotFound(
                f"{bound.pack.title_version}, profile {bound.pack.profile}, has no rule {name!r}. "
                f"See: ombud packs show {bound.pack.id} --profile {bound.pack.profile}"
            )
    return frozenset(wanted)
