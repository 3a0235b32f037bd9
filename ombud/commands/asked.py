"""What commands of people's decisions share: refusals as exit codes, whose turn it is, dates in the desk's zone."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from ombud import terminal
from ombud.commands import USAGE, err
from ombud.model.instant import instant_of, moment
from sync.persons import Refused
from sync.service import NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.store import TicketState
    from sync.binding import Bound
    from sync.service import Service

By = Annotated[
    str,
    typer.Option("--by", help="Who you are: a person as ombud.toml or your colleagues name you."),
]
Why = Annotated[str, typer.Option("--why", help="The reason, for whoever reads this later.")]


@contextmanager
def refusals(code: int = USAGE) -> Iterator[None]:
    """Print why something is not done, and exit."""
    try:
        yield
    except Refused as refused:
        complain(str(refused))
        raise typer.Exit(code) from refused


def complain(said: str) -> None:
    """Print an error."""
    err.print(Text("Error: ", style="bold red").append_text(terminal.plain(said)), soft_wrap=True)


def complaint_of(service: Service, told: str) -> tuple[TicketState, str, Bound]:
    """Give a stored complaint by account:id or key, its case and its binding; raises `NotFound`."""
    state = service.store.find_ticket(told)
    if state is None:
        raise NotFound(
            f"No ticket {told!r} is known here. Write account:id or the ticket's key, or sync first"
        )
    if state.case is None:
        raise NotFound(f"{told} is no complaint by the scope of {state.binding}. See: ombud triage")
    bound = next((each for each in service.bounds if each.name == state.binding), None)
    if bound is None:
        raise NotFound(
            f"{told} belongs to binding {state.binding!r}, which ombud.toml no longer has"
        )
    return state, state.case, bound


def end_of_day(text: str, zone: ZoneInfo, option: str) -> Instant:
    """Read a time; a bare date is the end of that day in the desk's zone."""
    at = instant_of(text, zone, day_end=True)
    if at is None:
        raise typer.BadParameter(
            f"{text!r} is no date; write the year first, as in 2026-12-31, or 2026-12-31T17:00",
            param_hint=option,
        )
    return at


def day(at: Instant | None, zone: ZoneInfo) -> str | None:
    """Write an instant for people: the day and the minute, in the desk's zone."""
    return None if at is None else f"{moment(at, zone):%Y-%m-%d %H:%M}"
