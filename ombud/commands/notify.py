"""`ombud notify`: who is told what, where and when; and a test of a channel."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from ombud import terminal
from ombud.commands import HELPDESK, USAGE, Form, Format, err, out
from ombud.model.clock import SystemClock
from ombud.model.instant import iso
from sync.live.tell import Teller
from sync.service import open_service

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ombud.store import Notice
    from sync.service import Service

notify = typer.Typer(
    help="Tell people by e-mail, chat or webhook: test a channel, list what waits.",
    no_args_is_help=True,
)

_COLUMNS = ("state", "kind", "ticket", "rule", "channel", "when", "message")
#: Later than anything that waits.
_EVER = 2**62


@notify.command("test")
def notify_test(
    context: typer.Context,
    channel: Annotated[str, typer.Argument(help="The channel, as ombud.toml names it.")],
) -> None:
    """Send a channel a message of no consequence. Ends with 3 where it is not taken."""
    with open_service(context.obj, SystemClock()) as service:
        known = service.settings.notify.channels
        if channel not in known:
            err.print(
                terminal.plain(
                    f"Error: there is no channel {channel!r}. Known: {', '.join(known) or 'none'}"
                )
            )
            raise typer.Exit(USAGE)
        why = Teller(service).test(channel, service.now())
    if why:
        err.print(terminal.plain(f"Error: {channel} did not take it: {why}"), soft_wrap=True)
        raise typer.Exit(HELPDESK)
    out.print(terminal.plain(f"{channel} took it. Look whether it has arrived."), soft_wrap=True)


@notify.command("list")
def notify_list(
    context: typer.Context,
    most: Annotated[int, typer.Option(help="How many that wait and were told lately.", min=1)] = 20,
    form: Format = Form.table,
) -> None:
    """List what people are to be told, where and when, and what they were told lately."""
    with open_service(context.obj, SystemClock()) as service:
        teller = Teller(service)
        rows = [*_waiting(service, teller, most), *_told(service, most)]
        failing = [state.sentence(name) for name, state in teller.states().items()]
    terminal.print_rows(out, _COLUMNS, rows, form=form)
    if form is Form.table:
        for said in filter(None, failing):
            out.print(terminal.plain(said), soft_wrap=True)


def _waiting(service: Service, teller: Teller, most: int) -> Iterator[tuple[object, ...]]:
    """Give what waits, once for each channel that was not told yet."""
    live = service.store.live
    notices = live.notices(_EVER, most=most)
    told = {(each.notice, each.channel) for each in live.tellings([n.seq for n in notices])}
    states = teller.states()
    for notice in notices:
        _, slots = teller.plan(notice, states)
        for channel, slot in slots.items():
            if (notice.seq, channel) not in told:
                when = max(slot, states[channel].next_try)
                yield ("waiting", *_about(notice), channel, iso(when), "")
        if not slots:
            yield ("waiting", *_about(notice), "nobody", "", "")


def _told(service: Service, most: int) -> Iterator[tuple[object, ...]]:
    """Give what was dealt with lately, once for each channel that was told."""
    live = service.store.live
    lately = live.told_lately(most=most)
    where: dict[int, list[tuple[str, str | None, str]]] = {}
    for each in live.tellings([notice.seq for notice, _ in lately]):
        where.setdefault(each.notice, []).append((each.channel, iso(each.sent), each.message))
    for notice, ended in lately:
        for channel, when, message in where.get(notice.seq, []):
            yield ("told", *_about(notice), channel, when, message)
        if notice.seq not in where:
            # No route led anywhere, or it was not true any more.
            yield ("dropped", *_about(notice), "nobody", iso(ended), "")


def _about(notice: Notice) -> tuple[str, str, str]:
    key = json.loads(notice.told)["key"]
    return notice.kind, key or notice.ref.account, notice.rule
