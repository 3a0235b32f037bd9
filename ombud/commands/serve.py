"""`ombud serve`: hear hooks, watch deadlines, sweep, and answer what people ask, until it is stopped."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Annotated

import typer

from ombud import terminal
from ombud.commands import USAGE, err, out
from ombud.log import LogFormat, log_as
from ombud.model.clock import SystemClock
from ombud.settings import secret
from sync.service import open_service

if TYPE_CHECKING:
    from ombud.web.serving import Serving
    from sync.service import Service

#: Opens figures and reasons to whoever brings it.
TOKEN = "OMBUD_METRICS_TOKEN"  # noqa: S105 (a variable's name)
_log = logging.getLogger(__name__)


def serve(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(help="Where to listen; \\[serve] host without.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="The port; 0 takes a free one; \\[serve] port without.", min=0, max=65_535
        ),
    ] = None,
    log_format: Annotated[
        LogFormat, typer.Option(help="text for people, json for programs.")
    ] = LogFormat.text,
) -> None:
    """Hear hooks, watch deadlines and sweep every account, until stopped; ends cleanly on SIGTERM and Ctrl-C."""  # fmt: skip
    log_as(log_format)
    # Heavy libraries: other commands do without them.
    from ombud.web.serving import Pause, Serving

    pause = Pause()
    ended = False
    with open_service(context.obj, SystemClock(), sleep=pause) as service:
        settings = service.settings
        if not any(service.asks(name) for name in settings.accounts):
            err.print("Error: ombud.toml names no account of a helpdesk. Next: ombud init")
            raise typer.Exit(USAGE)
        serving = Serving(
            service,
            pause,
            host=host if host is not None else settings.serve.host,
            port=port if port is not None else settings.serve.port,
            token=secret(TOKEN, settings.folder),
        )
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        serving.start()
        _announce(service, serving)
        while not (stop.wait(0.2) or serving.door.ended.is_set()):
            pass
        fell = serving.door.ended.is_set()
        _log.info("stopping: nothing new is begun, what is under way ends")
        ended = serving.stop()
    if fell:
        err.print("Error: the door fell shut; the log says why. Start it again.")
        code = USAGE
    else:
        err.print("Stopped. Nothing is lost; what waits goes on at the next start.")
        code = 0
    if not ended:
        # A helpdesk that does not answer must not hold the process: what is cut off is looked up at the next start.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    raise typer.Exit(code)


def _announce(service: Service, serving: Serving) -> None:
    """Say where it listens and what finds changes, in one line each."""
    accounts = ", ".join(serving.accounts)
    out.print(terminal.plain(f"Ombud serves {accounts} at {serving.door.url}"), soft_wrap=True)
    out.print(terminal.plain(f"Dashboard: {serving.door.url}/"), soft_wrap=True)
    code = serving.dashboard.guard.roster.setup_code()
    if code is not None:
        out.print(
            terminal.plain(
                f"Nobody can sign in yet. Open it on this machine; the setup code is {code}"
            ),
            soft_wrap=True,
        )
    every = service.settings.serve.sweep_seconds
    if service.settings.serve.url is None:
        out.print(
            terminal.plain(
                f"No [serve] url: no hooks, no links in notes; the sweep finds changes every {every} s."
            ),
            soft_wrap=True,
        )
        return
    without = [
        name
        for name in serving.hooks.accounts
        if (kept := serving.hooks.kept(name)) is None or not kept.kind
    ]
    if without:
        out.print(
            terminal.plain(
                f"No hook of {', '.join(without)}: the sweep finds changes every {every} s. "
                f"Next: ombud hooks install {' '.join(without)}"
            ),
            soft_wrap=True,
        )
