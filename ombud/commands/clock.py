"""`ombud clock`: received then, what is due when."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ombud import terminal
from ombud.commands import Form, Format, out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ombud.settings import Settings
    from sync.clock import Answer, Due

_COLUMNS = ("due", "rule", "state", "mode")


def clock(
    context: typer.Context,
    received: Annotated[
        str,
        typer.Argument(
            help="When the complaint was received: 2026-04-02, or 2026-04-02T10:30 at the desk.",
            metavar="DATE",
        ),
    ],
    pack: Annotated[str, typer.Option(help="The pack: its name, its folder or its YAML file.")],
    calendar: Annotated[
        str | None, typer.Option(help="Whose hours count: a calendar of ombud.toml or of the pack.")
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(help="A desk open Mon-Fri 09:00-17:00 in this zone, such as Europe/London."),
    ] = None,
    country: Annotated[
        str | None, typer.Option(help="With --zone: whose public holidays it keeps, such as GB.")
    ] = None,
    subdivision: Annotated[
        str | None, typer.Option(help="With --country: which part's holidays, such as ENG.")
    ] = None,
    fact: Annotated[
        list[str] | None,
        typer.Option("--set", help="A field of the complaint: --set severity=high. Repeatable."),
    ] = None,
    stop: Annotated[
        list[str] | None,
        typer.Option(
            help="When a milestone was reached: --stop acknowledged=2026-04-07, by the end of that day."
        ),
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Only this profile's rules; the binding's, else all.")
    ] = None,
    form: Format = Form.table,
) -> None:
    """Say what is due when for a complaint received then, by which sum, and by which source.

    Nothing is read from a helpdesk or a database. Where ombud.toml binds the pack, its calendar and
    parameters count; else the pack's own calendar, or the one you name. Every deadline and cadence is
    shown, those too that are off. A field that you do not tell is blank, and a blank field evades nothing:
    the first term that may apply counts.

    [dim]Try: ombud clock 2026-04-02 --pack uk-fca-disp[/dim]
    """
    from sync.clock import Desk, reckon

    desk = Desk(calendar, zone, country, subdivision)
    if calendar is not None and zone is not None:
        raise typer.BadParameter("give --calendar or --zone, not both")
    settings = _settings(context.obj)
    answer = reckon(
        received,
        pack,
        folder=settings.folder if settings is not None else Path(),
        settings=settings,
        desk=desk,
        facts=_pairs(fact, "--set", "severity=high"),
        stops=_pairs(stop, "--stop", "acknowledged=2026-04-07"),
        profile=profile,
    )
    if form is Form.json:
        head = {"pack": answer.pack.id, "version": answer.pack.version}
        terminal.write_json(head | each.as_json() for each in answer.dues)
        return
    if form is Form.csv:
        rows = [each.as_json() for each in answer.dues]
        columns = list(rows[0]) if rows else ["rule"]
        terminal.write_csv(columns, ([row[name] for name in columns] for row in rows))
        return
    _print(answer)


def _settings(config: object) -> Settings | None:
    """Read ombud.toml where there is one: the question needs none."""
    from ombud.settings import load_settings

    path = config if isinstance(config, Path) else Path("ombud.toml")
    return load_settings(path) if path.exists() else None


def _pairs(told: list[str] | None, option: str, sample: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in told or ():
        name, equals, value = each.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise typer.BadParameter(f"{each!r} is no pair; write {option} {sample}")
        if name.strip() in found:
            raise typer.BadParameter(f"{option} {name.strip()} stands twice")
        found[name.strip()] = value.strip()
    return found


def _print(answer: Answer) -> None:
    from sync.sum import due_words

    desk, pack = answer.calendar, answer.pack
    out.print(
        terminal.plain(
            f"Received {due_words(answer.received, desk, start=True)} ({desk.zone}), by {pack.title_version}"
        ),
        style="bold",
        soft_wrap=True,
    )
    if not answer.dues:
        out.print("The pack asks for nothing within a time.")
        return
    running = [each for each in answer.dues if each.due is not None or each.state == "paused"]
    rows = [(each.words(each.due), each.rule.id, each.state, each.rule.mode) for each in running]
    terminal.print_rows(out, _COLUMNS, rows, form="table")
    for each in running:
        out.print("")
        for line in _lines(each):
            out.print(terminal.plain(line), soft_wrap=True)
    others = [each for each in answer.dues if each not in running]
    if others:
        out.print("")
    for each in others:
        told = f"; may come out otherwise with: {', '.join(each.untold)}" if each.untold else ""
        why = f" ({'; '.join(each.why)})" if each.why else ""
        out.print(terminal.plain(f"{each.rule.id}: {each.state}{why}{told}"), soft_wrap=True)


def _lines(due: Due) -> Iterator[str]:
    where = "" if due.due is None else f": {due.words(due.due)}, {due.calendar.zone}"
    yield f"{due.rule.id}{where}"
    yield f"  {due.rule.title}"
    if due.term:
        yield f"  term: {due.term}"
    if due.warn is not None:
        yield f"  to be warned of: {due.words(due.warn)}"
    if due.extended is not None:
        yield f"  with a notice before it is due: {due.words(due.extended)}"
    if due.stop is not None:
        yield f"  stopped {due.words(due.stop)}: {due.state}"
    for line in due.why:
        yield f"  {line}"
    if due.untold:
        yield f"  may come out otherwise with: {', '.join(due.untold)}"
    for source in due.rule.sources:
        note = f": {source.note}" if source.note else ""
        yield f"  source: {source.ref} ({source.status}, {source.verified.isoformat()}){note}"
