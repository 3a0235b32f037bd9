"""`ombud staff`: who may sign in to the dashboard, as what, and until when."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from ombud import terminal
from ombud.commands import Form, Format, out
from ombud.commands.asked import By, day, end_of_day, refusals
from ombud.model.clock import SystemClock
from ombud.model.instant import iso
from sync.service import open_service
from sync.staff import Roster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sync.service import Service

staff = typer.Typer(
    help="Say who may sign in to the dashboard, as what, and until when.", no_args_is_help=True
)

Login = Annotated[str, typer.Argument(help="What they sign in as.")]
Until = Annotated[
    str | None,
    typer.Option(
        help="When they are let in no more: 2026-12-31 is the end of that day at the desk."
    ),
]
Groups = Annotated[
    list[str] | None,
    typer.Option("--group", help="A restricted group they may see; may be repeated; * is all."),
]


class Role(StrEnum):
    """What somebody may be."""

    viewer = "viewer"
    compliance = "compliance"
    admin = "admin"
    auditor = "auditor"


@staff.command("add")
def staff_add(
    context: typer.Context,
    login: Login,
    by: By,
    name: Annotated[str, typer.Option(help="What they are called.")],
    role: Annotated[Role, typer.Option(help="What they are.")] = Role.viewer,
    person: Annotated[
        str | None,
        typer.Option(help="Who they are: a person of ombud.toml, or an account; --name without."),
    ] = None,
    group: Groups = None,
    until: Until = None,
    zone: Annotated[
        str | None, typer.Option(help="Time zone of what they are shown; the desk's without.")
    ] = None,
) -> None:
    """Take somebody on, and print a link that signs them in once."""
    with open_service(context.obj, SystemClock()) as service, refusals():
        roster = Roster(service)
        row = roster.add(
            login,
            name=name,
            role=role.value,
            by=service.persons.named(by),
            person=person,
            groups=group,
            zone=zone,
            until=_end(service, until),
        )
        link = roster.link(row.id, by=service.persons.named(by))
        _print_link(service, row.name, link)


@staff.command("list")
def staff_list(context: typer.Context, form: Format = Form.table) -> None:
    """List the staff: who they are, what they may see, until when."""
    with open_service(context.obj, SystemClock()) as service:
        roster, now = Roster(service), service.now()
        rows: list[Sequence[object]] = []
        for row in service.store.access.staff():
            person = roster.person(row)
            state = "disabled" if row.disabled else "may sign in" if row.let_in(now) else "ended"
            ways = [way for way, held in (("password", row.password), ("oidc", row.issuer)) if held]
            rows.append(
                (
                    row.login,
                    row.name,
                    person.name or person.key,
                    row.role,
                    state,
                    ", ".join(ways) or "link",
                    ", ".join(sorted(row.circle)),
                    day(row.until, service.zone) if form is Form.table else iso(row.until),
                    row.created_by,
                )
            )
    columns = ("login", "name", "person", "role", "state", "signs in by", "groups", "until", "by")
    terminal.print_rows(out, columns, rows, form=form)
    if form is Form.table and not rows:
        out.print("There are none. Next: ombud staff add LOGIN --name … --role admin --by …")


@staff.command("role")
def staff_role(
    context: typer.Context,
    login: Login,
    role: Annotated[Role, typer.Argument(help="What they are from now on.")],
    by: By,
    group: Groups = None,
    until: Until = None,
    *,
    endless: Annotated[bool, typer.Option("--endless", help="Take their end away.")] = False,
) -> None:
    """Change what somebody may do and see; it holds from their next click. What is not given stays."""
    with open_service(context.obj, SystemClock()) as service, refusals():
        roster = Roster(service)
        row = roster.change(
            roster.named(login).id,
            by=service.persons.named(by),
            role=role.value,
            groups=group,
            until=_end(service, until),
            endless=endless,
        )
        out.print(terminal.plain(f"{row.name} is {row.role}."))


@staff.command("disable")
def staff_disable(context: typer.Context, login: Login, by: By) -> None:
    """Let somebody in no more: their sessions and API tokens end at once."""
    with open_service(context.obj, SystemClock()) as service, refusals():
        roster = Roster(service)
        row = roster.disable(roster.named(login).id, by=service.persons.named(by))
        out.print(terminal.plain(f"{row.name} is let in no more. What they did stays on record."))


@staff.command("enable")
def staff_enable(context: typer.Context, login: Login, by: By) -> None:
    """Let somebody in again whom `ombud staff disable` shut out; they sign in anew."""
    with open_service(context.obj, SystemClock()) as service, refusals():
        roster = Roster(service)
        row = roster.enable(roster.named(login).id, by=service.persons.named(by))
        out.print(terminal.plain(f"{row.name} may sign in again."))


@staff.command("link")
def staff_link(context: typer.Context, login: Login, by: By) -> None:
    """Print a link that signs somebody in once, within five minutes."""
    with open_service(context.obj, SystemClock()) as service, refusals():
        roster = Roster(service)
        row = roster.named(login)
        _print_link(service, row.name, roster.link(row.id, by=service.persons.named(by)))


@staff.command("password")
def staff_password(context: typer.Context, login: Login, by: By) -> None:
    """Ask for a new password of somebody's, and sign them out everywhere."""
    with open_service(context.obj, SystemClock()) as service, refusals():
        roster = Roster(service)
        row = roster.named(login)
        told = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
        roster.set_password(row.id, told, by=service.persons.named(by))
        out.print(terminal.plain(f"{row.name} has a new password, and is signed out everywhere."))


def _end(service: Service, until: str | None) -> int | None:
    return None if until is None else end_of_day(until, service.zone, "--until")


def _print_link(service: Service, name: str, link: str) -> None:
    told = service.settings.serve
    base = (told.url or f"http://{told.host}:{told.port}").rstrip("/")
    out.print(terminal.plain(f"This link signs {name} in once, within five minutes:"))
    out.print(terminal.plain(f"{base}{link}"), soft_wrap=True)
