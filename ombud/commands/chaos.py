"""`ombud chaos`: a day of agents played twice, once disturbed by faults, to see that both end alike."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ombud import terminal
from ombud.commands import FOUND, Form, Format, err, out

if TYPE_CHECKING:
    from ombud.chaos.play import Result

_SPAN = re.compile(r"(\d+)(?:-(\d+))?")


class Vendor(StrEnum):
    """A helpdesk of the sandbox, or both."""

    jira = "jira"
    zendesk = "zendesk"
    both = "both"


def chaos(
    seed: Annotated[str, typer.Option(help="A seed, or several: 1-10.")] = "1",
    vendor: Annotated[Vendor, typer.Option(help="Which of the sandbox's helpdesks.")] = Vendor.both,
    tickets: Annotated[int, typer.Option(help="Tickets of the day, at each helpdesk.", min=3)] = 12,
    fault: Annotated[
        list[str] | None,
        typer.Option(help="Only these kinds of faults; drawn by the seed without."),
    ] = None,
    form: Format = Form.table,
) -> None:
    """Play a day of agents on two worlds, disturb one by faults drawn from a seed, and compare how both end.

    Judged by the helpdesks' own journals after quiet. A run in which an ordered kind of fault never struck shows
    nothing of it, and counts as failed. Exits with 1 where a run failed.
    """
    from ombud.chaos.kinds import FAULTS, VENDORS
    from ombud.chaos.play import play

    vendors = VENDORS if vendor is Vendor.both else (vendor.value,)
    if fault and (unknown := [each for each in fault if each not in FAULTS]):
        raise typer.BadParameter(f"{', '.join(unknown)}: not known. Known: {', '.join(FAULTS)}")
    seeds = _seeds(seed)
    results: list[Result] = []
    with terminal.progress(err, "Playing days") as tell:
        for number in seeds:
            results.append(play(number, vendors=vendors, tickets=tickets, only=fault))
            tell(len(results), len(seeds), "")
    if form is Form.json:
        terminal.write_json(each.as_json() for each in results)
    else:
        terminal.print_rows(
            out, ("seed", "result", "kinds of faults", "times", "kills", "beats"),
            [_row(each) for each in results], form=form,
        )  # fmt: skip
        if form is Form.table:
            _print_kinds(results)
    if not all(each.good for each in results):
        raise typer.Exit(FOUND)


def _seeds(told: str) -> range:
    found = _SPAN.fullmatch(told)
    if found is None:
        raise typer.BadParameter("Write a number, or two with a hyphen between them: 1-10")
    first = int(found[1])
    return range(first, int(found[2] or first) + 1)


def _row(result: Result) -> tuple[str, ...]:
    return (
        str(result.seed),
        "alike" if result.good else "FAILED",
        str(len(result.fired)),
        str(sum(result.fired.values())),
        str(result.counts["kills"]),
        str(result.counts["beats"]),
    )


def _print_kinds(results: list[Result]) -> None:
    """Say which kinds struck how often, those between a vendor's commit and its reply apart, and what went wrong."""
    from ombud.chaos.kinds import FAULTS

    times = {
        name: sum(each.fired.get(name, 0) for each in results)
        for name in FAULTS
        if any(name in each.fired for each in results)
    }
    terminal.print_rows(
        out,
        ("fault", "times", "between commit and reply", "what happens"),
        [
            (name, str(count), "yes" if FAULTS[name].between else "", FAULTS[name].what)
            for name, count in times.items()
        ],
        form=Form.table,
        title="Faults that struck",
    )
    for each in results:
        for name in each.silent:
            out.print(f"Seed {each.seed}: {name} was ordered and never struck", soft_wrap=True)
        for line in each.wrong:
            out.print(terminal.plain(f"Seed {each.seed}: {line}"), soft_wrap=True)
    good = sum(each.good for each in results)
    out.print(f"{good} of {len(results)} runs ended alike.")
