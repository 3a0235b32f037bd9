"""`ombud accounts`: sign accounts in, and look at what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from connectors.redirect import PORT
from ombud import terminal
from ombud.commands import HELPDESK, Form, Format, err, out
from ombud.model.clock import SystemClock
from sync.completeness import completeness, week
from sync.service import open_service

if TYPE_CHECKING:
    from ombud.model.connector import Check

accounts = typer.Typer(
    help="Sign accounts in, and look at them: permissions, what fires on a reopen.",
    no_args_is_help=True,
)


@accounts.command("check")
def accounts_check(
    context: typer.Context,
    account: Annotated[str | None, typer.Argument()] = None,
    form: Format = Form.table,
) -> None:
    """Test sign-in and each permission with its reason, list what fires on a reopen, and show the ledger's last days."""
    with open_service(context.obj, SystemClock()) as service:
        found = [
            (name, each)
            for name in ([account] if account else list(service.settings.accounts))
            for each in (*service.checks(name), *week(service, name))
        ]
    print_checks(found, form)


@accounts.command("census")
def accounts_census(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="The account, as ombud.toml names it.")],
    form: Format = Form.table,
) -> None:
    """List every complaint of an account now, as the night does, and write its line in the ledger."""
    with (
        open_service(context.obj, SystemClock()) as service,
        terminal.progress(err, f"Counting {account}") as tell,
    ):
        service.known(account)
        service.census(account, tell=tell)
        found = [(account, each) for each in week(service, account)]
        said = completeness(service, account).sentence()
    if form is Form.table:
        out.print(terminal.plain(said), soft_wrap=True)
    print_checks(found, form)


@accounts.command("connect")
def accounts_connect(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="The account, as ombud.toml names it.")],
    *,
    paste: Annotated[
        bool, typer.Option("--paste", help="Ask for the address you came back to; do not listen.")
    ] = False,
    port: Annotated[
        int, typer.Option(help="Port of this machine at which you come back from signing in.")
    ] = PORT,
    form: Format = Form.table,
) -> None:
    """Sign an account in, store what that gave, and compare what was granted with what is needed.

    Ways of signing in stand in ombud.toml: options = {sign_in = "client_credentials"}, "code", "token".
    """

    def tell(address: str) -> None:
        err.print("Open this address, and let Ombud in:")
        err.print(Text(address), soft_wrap=True)

    def pasted() -> str:
        return str(typer.prompt("The address you came back to", err=True))

    with open_service(context.obj, SystemClock()) as service:
        found = service.connect(account, port=port, tell=tell, paste=pasted if paste else None)
    print_checks([(account, each) for each in found], form)


@accounts.command("adopt")
def accounts_adopt(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="The account, as ombud.toml names it.")],
) -> None:
    """Take the other Ombud that writes to an account for this one, as it was before its database was lost.

    Run it only where that one runs no more: two that write to the same tickets would undo each other's work.
    """
    with open_service(context.obj, SystemClock()) as service:
        found = service.adopt(account)
    if found:
        out.print(
            f"Adopted: {', '.join(found)}. Their tickets are ours again. Next: ombud sync {account}"
        )
    else:
        out.print(f"No other Ombud was seen on {account}.")


def print_checks(found: list[tuple[str, Check]], form: Form) -> None:
    """Print what was looked at; ends with 3 where something does not hold."""
    rows = [
        (
            name,
            "yes" if each.ok else "unknown" if each.ok is None else "NO",
            each.name,
            each.why,
            each.remedy,
        )
        for name, each in found
    ]
    terminal.print_rows(out, ("account", "holds", "what", "why", "remedy"), rows, form=form)
    if any(each.ok is False for _, each in found):
        raise typer.Exit(HELPDESK)
