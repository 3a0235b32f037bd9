"""`ombud hooks`: have helpdesks tell what changes, look whether they still do, and stop it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ombud import terminal
from ombud.commands import Form, Format, err, out
from ombud.commands.accounts import print_checks
from ombud.model.clock import SystemClock
from sync.hooks import HookKeeper
from sync.service import open_service

if TYPE_CHECKING:
    from ombud.model.hook import Order

hooks = typer.Typer(
    help="Have helpdesks tell what changes as it changes: install, check, remove.",
    no_args_is_help=True,
)

_Accounts = Annotated[list[str], typer.Argument(help="Accounts, as ombud.toml names them.")]
_Folder = Annotated[
    Path, typer.Option("--out", help="Folder for the file that Request Tracker's administrator needs.")
]  # fmt: skip


@hooks.command("install")
def hooks_install(
    context: typer.Context,
    accounts: _Accounts,
    kind: Annotated[
        str,
        typer.Option(
            help="Jira: admin or dynamic; the one that goes with how it signs in without."
        ),
    ] = "",
    folder: _Folder = Path(),
) -> None:
    """Have helpdesks tell Ombud which tickets to look at; what is there already is put right.

    Addresses and secrets are kept sealed and shown to nobody. Needs `serve.url` in ombud.toml.
    """  # fmt: skip
    with open_service(context.obj, SystemClock()) as service:
        keeper = HookKeeper(service)
        for account in accounts:
            order = keeper.install(account, kind)
            if order is None:
                out.print(f"{account} tells Ombud what changes.", soft_wrap=True)
            else:
                _write(account, order, folder)
    out.print("Next: ombud serve, then ombud hooks check", style="dim")


@hooks.command("check")
def hooks_check(
    context: typer.Context,
    accounts: Annotated[list[str] | None, typer.Argument(help="Accounts; all without.")] = None,
    form: Format = Form.table,
) -> None:
    """Say whether hooks are there, switched on, point to us and deliver, and when the last hint came."""
    with open_service(context.obj, SystemClock()) as service:
        keeper = HookKeeper(service)
        found = [
            (account, each)
            for account in accounts or keeper.accounts
            for each in keeper.check(account, service.now())
        ]
    print_checks(found, form)


@hooks.command("remove")
def hooks_remove(
    context: typer.Context, accounts: _Accounts, folder: _Folder = Path()
) -> None:  # fmt: skip
    """Remove hooks from helpdesks, and forget their addresses; what others installed stays."""
    with open_service(context.obj, SystemClock()) as service:
        keeper = HookKeeper(service)
        for account in accounts:
            order = keeper.remove(account)
            if order is None:
                out.print(f"{account} tells Ombud nothing any more; the sweep goes on.")
            else:
                _write(account, order, folder)


def _write(account: str, order: Order, folder: Path) -> None:
    """Write what an administrator has to carry out, readable by nobody else."""
    file = folder / order.name
    with suppress(FileNotFoundError):
        file.unlink()
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write(order.text)
    out.print(terminal.plain(f"{account}: wrote {file}, readable by you alone."), soft_wrap=True)
    err.print(terminal.plain(order.advice.format(file=file)), soft_wrap=True)
