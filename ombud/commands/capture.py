"""`ombud capture`: a stored ticket as an example of its pack."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ombud import terminal
from ombud.commands import FOUND, err, out


def capture(
    context: typer.Context,
    ref: Annotated[str, typer.Argument(help="A ticket: account:id, or its key.")],
    output: Annotated[
        Path | None, typer.Option("--out", help="Where to write it; printed without.")
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option(help="Only these rules; every one that applies without.")
    ] = None,
    shift_weeks: Annotated[
        int, typer.Option(help="Move all times by so many weeks; they stay as they are without.")
    ] = 0,
) -> None:
    """Turn a stored ticket into a test fixture of its pack, anonymised, with the same verdicts.

    Persons become agent-1, complainant-1 and so on, texts text-1; identifiers, names and words are left
    out, and so is every field that no rule reads. Times stay as they are, as verdicts depend on weekdays,
    holidays and clock changes. The fixture is judged before it is written; where it would not give the
    ticket's verdicts, nothing is written.
    """
    from ombud.model.clock import SystemClock
    from sync.capture import NotCaptured, capture
    from sync.service import NotFound, open_service

    config: Path = context.obj
    with open_service(config, SystemClock()) as service:
        state = service.store.find_ticket(ref)
        bound = next((b for b in service.bounds if state and b.name == state.binding), None)
        if state is None or bound is None:
            raise NotFound(f"No ticket {ref!r} is known here. Write account:id or the ticket's key")
        try:
            made = capture(
                service.settings,
                bound,
                service.elsewhere,
                service.store,
                state,
                service.now(),
                rules=frozenset(rule or ()),
                weeks=shift_weeks,
            )
        except NotCaptured as error:
            err.print(terminal.plain(f"Not captured: {error}"), soft_wrap=True)
            raise typer.Exit(FOUND) from error
    if output is None:
        sys.stdout.write(made.text)
        return
    output.write_text(made.text, "utf-8")
    out.print(f"Wrote {output}: {len(made.verdicts)} examples. Put it in tests/ beside the pack.")
