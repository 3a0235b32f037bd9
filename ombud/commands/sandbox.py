"""`ombud sandbox`: a helpdesk to try things against."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

sandbox = typer.Typer(help="Run a helpdesk to try things against.", no_args_is_help=True)


@sandbox.command("serve")
def sandbox_serve(
    jira_port: Annotated[int, typer.Option(help="Jira's port; 0 takes a free one.")] = 0,
    zendesk_port: Annotated[int, typer.Option(help="Zendesk's port; 0 takes a free one.")] = 0,
    seed: Annotated[int, typer.Option(help="Another seed is another desk.")] = 1,
    tickets: Annotated[int, typer.Option(help="How many tickets to seed.")] = 400,
    replay: Annotated[
        Path | None, typer.Option(help="An event log to lay in as tickets with history.")
    ] = None,
    mapping: Annotated[Path | None, typer.Option(help="How the log's columns are named.")] = None,
    *,
    empty: Annotated[bool, typer.Option("--empty", help="Seed nothing.")] = False,
) -> None:
    """Run a Jira Cloud and a Zendesk to try against; prints one JSON line when they are ready."""
    from ombud.sandbox.serve import run

    run(
        jira_port=jira_port,
        zendesk_port=zendesk_port,
        seed=seed,
        tickets=tickets,
        empty=empty,
        replay=replay,
        mapping=mapping,
    )
