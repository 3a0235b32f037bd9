"""Ombud's command line: parse, call the service, print. No logic lives here."""

from __future__ import annotations

import json
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.text import Text

from connectors.errors import ConfigurationError, HelpdeskError
from connectors.file import LogError
from ombud import terminal
from ombud.commands import FOUND, HELPDESK, USAGE, Form, Format, err, out, print_completeness
from ombud.commands.accounts import accounts
from ombud.commands.backtest import backtest
from ombud.commands.capture import capture
from ombud.commands.chaos import chaos
from ombud.commands.clock import clock
from ombud.commands.hooks import hooks
from ombud.commands.macros import macros
from ombud.commands.measures import measures
from ombud.commands.notify import notify
from ombud.commands.packs import packs
from ombud.commands.report import report
from ombud.commands.rollout import rollout
from ombud.commands.sandbox import sandbox
from ombud.commands.serve import serve
from ombud.commands.staff import staff
from ombud.commands.waivers import disputes, waivers
from ombud.log import configure_logging
from ombud.model.clock import SystemClock, parse_instant
from ombud.model.facts import Verdict
from ombud.store import StoreError
from ombud.toml import SettingsError
from policies.vocabulary import PackError
from sync.completeness import sentences
from sync.live.tell import Teller
from sync.persons import Refused
from sync.service import NotFound, Service, open_service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ombud.model.finding import Finding

#: A sync longer than this has its hours foretold, in seconds.
_LONG = 600
#: Failures printed before the rest is only counted.
_MOST_PRINTED = 25

app = typer.Typer(
    name="ombud",
    help="Lay complaint-handling policy over the helpdesk you have: sync, judge, flag, move back.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    epilog="Start with: ombud demo. Exit codes: 0 fine, 1 findings, 2 usage or configuration, 3 helpdesk.",
)
app.add_typer(accounts, name="accounts")
app.add_typer(hooks, name="hooks")
app.add_typer(notify, name="notify")
app.add_typer(packs, name="packs")
app.add_typer(report, name="report")
app.add_typer(rollout, name="rollout")
app.add_typer(waivers, name="waivers")
app.add_typer(disputes, name="disputes")
app.add_typer(macros, name="macros")
app.add_typer(staff, name="staff")
app.add_typer(sandbox, name="sandbox")
for _command in (backtest, capture, chaos, clock, measures, serve):
    app.command()(_command)


class FailOn(StrEnum):
    """Severity from which findings make the exit code 1."""

    none = "none"
    observation = "observation"
    minor = "minor"
    major = "major"


_LADDER = ("observation", "minor", "major")


class _State:
    config = Path("ombud.toml")
    debug = False


@app.callback()
def main_options(
    context: typer.Context,
    config: Annotated[
        Path, typer.Option(help="The configuration file.", envvar="OMBUD_CONFIG")
    ] = Path("ombud.toml"),
    *,
    debug: Annotated[
        bool, typer.Option("--debug", help="Show tracebacks and log in detail.")
    ] = False,
) -> None:
    """Read the options every command shares."""
    _State.config, _State.debug = config, debug
    # For the groups of commands, which cannot ask here.
    context.obj = config
    configure_logging(debug=debug)


def _service() -> Service:
    return open_service(_State.config, SystemClock())


@app.command()
def sync(
    accounts: Annotated[
        list[str] | None, typer.Argument(help="Accounts to sync; all without.")
    ] = None,
    *,
    full: Annotated[
        bool, typer.Option("--full", help="Read everything again from the beginning.")
    ] = False,
    form: Format = Form.table,
) -> None:
    """Bring helpdesk and policy in step: read what changed, judge it, flag it or move it back.

    The first sync of a binding reads and flags, and moves nothing back. `ombud serve` goes on by itself.
    """
    with _service() as service:
        for account in accounts or list(service.settings.accounts):
            _sync_account(service, account, full=full, form=form)
        for told in Teller(service).tell_due(service.now()):
            if told.why:
                err.print(terminal.plain(f"{told.channel} was not told: {told.why}"))


def _sync_account(service: Service, account: str, *, full: bool, form: Form) -> None:
    for estimate in service.estimate(account, full=full):
        if form is Form.table and estimate.tickets:
            seconds = estimate.seconds or 0
            hours = f", about {seconds / 3600:.1f} h at its limits" if seconds > _LONG else ""
            err.print(
                f"{account}: about {estimate.tickets:,} tickets, {estimate.calls or 0:,} calls{hours}"
            )
    with terminal.progress(err, f"Syncing {account}") as tell:
        report = service.sync(account, full=full, tell=tell)
    if form is Form.json:
        terminal.write_json([report.as_json()])
        return
    out.print(report.sentence(), soft_wrap=True)
    if report.findings:
        terminal.print_counts(out, report.verdicts(), "Verdicts of the tickets that were read")
    for ref, said in report.refused.items():
        out.print(Text("  Refused: ").append_text(terminal.plain(f"{ref}: {said}")))
    out.print("Next: ombud check", style="dim")


@app.command()
def check(
    as_of: Annotated[
        str | None, typer.Option(help="Judge as of this time, 2026-03-31T17:00:00+02:00.")
    ] = None,
    known_at: Annotated[
        str | None, typer.Option(help="Use only what was known by this time.")
    ] = None,
    rule: Annotated[list[str] | None, typer.Option(help="Only these rules.")] = None,
    verdict: Annotated[
        list[Verdict] | None,
        typer.Option(help="Only these verdicts; pass and the rest are judged again."),
    ] = None,
    fail_on: Annotated[
        FailOn, typer.Option(help="Exit with 1 where a failure is at least so grave.")
    ] = FailOn.none,
    form: Format = Form.table,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="Print every failure, not only the first ones.")
    ] = False,
) -> None:
    """Judge every complaint again from what is stored, without asking the helpdesk."""
    with _service() as service:
        grave = 0
        wanted = (
            set(verdict)
            if verdict
            else {Verdict.failed, Verdict.unknown, Verdict.waived, Verdict.pending}
        )

        def checked() -> Iterator[tuple[Finding, str, str]]:
            nonlocal grave
            for finding, key, url in service.check(
                as_of=_instant(as_of), known_at=_instant(known_at), rules=set(rule or ())
            ):
                if finding.verdict is Verdict.failed and fail_on is not FailOn.none:
                    grave += _LADDER.index(finding.severity) >= _LADDER.index(fail_on.value)
                if form is Form.table or finding.verdict in wanted:
                    yield finding, key, url

        if form is Form.json:
            terminal.write_json(finding.as_json(url=url) for finding, key, url in checked())
        elif form is Form.csv:
            rows = (finding.as_json(url=url) for finding, key, url in checked())
            first = next(rows, None)
            if first is not None:
                columns = [name for name in first if name != "fix"]
                terminal.write_csv(columns, ([row[c] for c in columns] for row in (first, *rows)))
        else:
            shown = ((f, k, u) for f, k, u in checked())
            counts = terminal.print_findings(
                out, shown, zone=service.zone, most=None if every else _MOST_PRINTED, wanted=wanted
            )
            terminal.print_counts(out, counts, "Verdicts")
            print_completeness(sentences(service, service.bounds))
            _print_gaps(service)
    if grave:
        raise typer.Exit(FOUND)


def _print_gaps(service: Service) -> None:
    lines = [
        f"{gap.rule.id}: {binding}'s mapping has no {', '.join(gap.missing)}"
        for binding, gap in service.gaps()
    ]
    terminal.print_gaps(out, lines, "See: ombud init")


@app.command()
def triage(form: Format = Form.table) -> None:
    """List tickets of which the scope cannot say whether they are complaints."""
    with _service() as service:
        rows = [(item.ref, item.key, item.binding, item.url) for item in service.triage()]
    terminal.print_rows(
        out,
        ("ref", "ticket", "binding", "url"),
        rows,
        form=form,
        title="Undecided: complaint or not?",
    )


@app.command()
def explain(
    ref: Annotated[str, typer.Argument(help="A ticket: account:id, or its key.")],
    rule: Annotated[str | None, typer.Argument(help="One rule; all without.")] = None,
) -> None:
    """Show why: what a rule asks, what was there at the time, and the sum of every deadline."""
    with _service() as service:
        for line in service.explain(ref, rule):
            out.print(terminal.plain(line), soft_wrap=True)


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV or XES, gzipped too.")],
    mapping: Annotated[
        Path, typer.Option(help="The mapping file, with a \\[log] table that names the columns.")
    ],
    form: Format = Form.table,
) -> None:
    """Import an event log as complaints with history, and judge them."""
    with _service() as service, terminal.progress(err, "Importing") as tell:
        report = service.import_log(file, mapping, tell=tell)
    if form is Form.json:
        terminal.write_json([report.as_json()])
        return
    out.print(report.sentence(), soft_wrap=True)
    terminal.print_counts(out, report.verdicts(), "Verdicts")
    out.print("Next: ombud check", style="dim")


@app.command()
def init(
    url: Annotated[
        str | None, typer.Option(help="The helpdesk's address; asked for without.")
    ] = None,
    vendor: Annotated[str, typer.Option(help="jira, rt or zendesk.")] = "jira",
    account: Annotated[str, typer.Option(help="A name for the account: a-z, 0-9 and _.")] = "acme",
    pack: Annotated[str, typer.Option(help="The policy pack.")] = "iso10002",
    profile: Annotated[str, typer.Option(help="starter, standard or strict.")] = "starter",
    project: Annotated[
        str | None, typer.Option(help="The project or queue that holds the complaints.")
    ] = None,
    sign_in: Annotated[
        str | None, typer.Option(help="How to sign in: token, scoped or client_credentials.")
    ] = None,
) -> None:
    """Write ombud.toml and a suggested mapping, and show which rules your fields can carry."""
    from sync.suggest import suggest

    url = url or typer.prompt("Address of the helpdesk")
    suggestion = suggest(_State.config, vendor=vendor, account=account, url=url, pack=pack, profile=profile, project=project, sign_in=sign_in, clock=SystemClock(), sleep=time.sleep)  # fmt: skip
    for line in suggestion.lines:
        out.print(terminal.plain(line), soft_wrap=True)
    terminal.print_rows(
        out, ("rule", "data needed", "mapped", "filled"), suggestion.coverage, form="table"
    )
    out.print(suggestion.sentence, soft_wrap=True)
    step = f"connect {account}" if sign_in else "check"
    out.print(f"Next: ombud accounts {step}, then ombud sync", style="dim")


@app.command()
def fields(account: Annotated[str, typer.Argument()], form: Format = Form.table) -> None:
    """List an account's fields with the ids that mappings use."""
    with _service() as service:
        rows = [
            (
                each.id,
                each.name,
                each.nature.value,
                "; ".join(f"{k} = {v}" for k, v in each.options.items()),
            )
            for each in service.fields(account)
        ]
        rows += [
            (each.id, each.name, "status", each.category or "")
            for each in service.statuses(account)
        ]
    terminal.print_rows(out, ("id", "name", "kind", "values"), rows, form=form)


@app.command()
def uninstall(
    account: str,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Remove without asking.")] = False,
) -> None:
    """List, then remove, all that is ours from an account: tags, notes, properties."""
    with _service() as service:
        refs = service.list_ours(account)
        for ref in refs:
            out.print(str(ref))
        out.print(f"{len(refs)} tickets carry something of ours.")
        if refs and (yes or typer.confirm("Remove it?")):
            with terminal.progress(err, "Removing") as tell:
                left = service.uninstall(account, refs, tell=tell)
            out.print(f"Removed from {len(refs) - len(left)} tickets.")
            for ref, said in left.items():
                err.print(terminal.plain(f"{ref}: {said}"))
            if left:
                raise typer.Exit(HELPDESK)


@app.command()
def backup(file: Path) -> None:
    """Back the database up while it is in use; keys are not in it."""
    with _service() as service:
        out.print(service.backup(file))


@app.command()
def restore(file: Path) -> None:
    """Restore a backup; nothing is written to a helpdesk until a full sync has ended."""
    out.print(Service.restore(_State.config, file))
    out.print("Next: ombud sync --full", style="dim")


def _remedy(remedy: str) -> str:
    return f". {remedy}" if remedy else ""


@app.command()
def doctor() -> None:
    """Look for what is wrong with this installation, its configuration and its database."""
    from sync.doctor import examine

    found = list(examine(_State.config, SystemClock()))
    for each in found:
        word = "ok  " if each.ok else "NO  " if each.ok is False else "?   "
        out.print(
            terminal.plain(
                f"{word}{each.name}: {each.why}{_remedy(each.remedy) if each.ok is False else ''}"
            ),
            soft_wrap=True,
        )
    if any(each.ok is False for each in found):
        raise typer.Exit(USAGE)


@app.command()
def demo(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Run through once without a terminal, and end.")
    ] = False,
    form: Format = Form.table,
) -> None:
    """See it work on a built-in helpdesk: complaints found, flagged, and one closure moved back."""
    from ombud.demo import run

    report = run(out if form is Form.table else err, once=once or not sys.stdin.isatty())
    if form is Form.json:
        sys.stdout.write(json.dumps(report, ensure_ascii=False) + "\n")


def _instant(text: str | None) -> int | None:
    if text is None:
        return None
    from ombud.model.instant import instant

    try:
        return instant(parse_instant(text))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _fail(message: str, code: int, error: Exception) -> NoReturn:
    if _State.debug:
        raise error
    # A configuration's faults stand one a line; what comes from elsewhere is kept on one.
    faults = message.splitlines() if isinstance(error, SettingsError) else [message]
    for fault in faults:
        err.print(
            Text("Error: ", style="bold red").append_text(terminal.plain(fault)), soft_wrap=True
        )
    sys.exit(code)


def _guarded(run: Callable[[], object]) -> None:
    try:
        run()
    except (SettingsError, ConfigurationError, PackError, LogError, NotFound, Refused) as error:
        _fail(str(error), USAGE, error)
    except HelpdeskError as error:
        _fail(str(error), HELPDESK, error)
    except StoreError as error:
        _fail(str(error), USAGE, error)
    except KeyboardInterrupt:
        err.print("Stopped. Nothing is lost; run it again to go on.")
        sys.exit(130)


def main() -> None:
    """Run the command line."""
    _guarded(app)


if __name__ == "__main__":
    main()
