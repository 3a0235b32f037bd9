"""`ombud rollout`: let rules do more step by step, stop a helpdesk at once, approve what is in force."""

from __future__ import annotations

import json
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from ombud import terminal
from ombud.commands import FOUND, Form, Format, err, out, print_completeness
from ombud.commands.asked import By, Why, day, refusals
from ombud.commands.backtest import chosen, opened
from ombud.model.instant import DAY, iso
from ombud.store import Busy
from sync.completeness import sentences
from sync.force import accept, differences, reads_anew
from sync.persons import Refused
from sync.rollout import (
    demote,
    promote,
    record_review,
    resume,
    rule_of,
    rules_of,
    standing,
    stop,
)
from sync.runs import effect, run_again, unread_rules

if TYPE_CHECKING:
    from sync.binding import Bound
    from sync.compare import Otherwise
    from sync.force import Held
    from sync.rollout import Standing
    from sync.service import Service

rollout = typer.Typer(
    help="Let rules do more, step by step: off, observe, flag, block. Stop a helpdesk at once.",
    no_args_is_help=True,
)

Rule = Annotated[str, typer.Argument(help="The rule's id.")]
OfBinding = Annotated[
    str | None, typer.Option("--binding", help="The binding; needed where there are several.")
]
#: Complaints listed of those that fare otherwise.
_MOST_LISTED = 20


class Mode(StrEnum):
    """How far a rule goes."""

    off = "off"
    observe = "observe"
    flag = "flag"
    block = "block"


@rollout.command("status")
def rollout_status(
    context: typer.Context, binding: OfBinding = None, form: Format = Form.table
) -> None:
    """Show how far each rule goes, since when, what it finds, and what its next step lacks."""
    with opened(context) as service:
        bounds = service.bounds if binding is None else [chosen(service, binding)]
        rows = [
            _status(service, bound, each, form)
            for bound in bounds
            for each in _standings(service, bound)
        ]
        with service.store.acts() as acts:
            stopped = [each for each in acts.stops() if each.resumed is None]
        said, zone = sentences(service, bounds), service.zone
    columns = (
        "binding", "rule", "mode", "days", "open", "disputes", "move-backs", "next", "lacks",
    )  # fmt: skip
    terminal.print_rows(out, columns, rows, form=form)
    if form is not Form.table:
        return
    print_completeness(said)
    for each in stopped:
        told = f"{each.account} is stopped since {day(each.stopped, zone)}, by {each.stopped_name}: {each.stopped_why}"
        out.print(Text("STOPPED  ", style="bold red").append_text(terminal.plain(told)))
    out.print("Next: ombud rollout promote RULE --to MODE --by … --why …", style="dim")


def _standings(service: Service, bound: Bound) -> list[Standing]:
    first = first_sync(service, bound)
    limits = service.settings.rollout
    with service.store.acts() as acts:
        return [
            standing(acts, bound, rule, limits, service.now(), first) for rule in rules_of(bound)
        ]


def _status(service: Service, bound: Bound, each: Standing, form: Form) -> tuple[object, ...]:
    days = None if each.since is None else (service.now() - each.since) // DAY
    lacks = [gate.lacks for gate in each.gates if not gate.ok]
    if each.next is None and form is Form.table:
        lacks = [f"as far as {each.ceiling} lets it"] if each.mode != "block" else []
    return (
        bound.name,
        each.rule,
        each.mode,
        days,
        each.open,
        each.disputes,
        each.move_backs,
        each.next,
        "; ".join(part.partition(". Write:")[0] for part in lacks) if form is Form.table else lacks,
    )


def first_sync(service: Service, bound: Bound) -> int | None:
    """Give when a binding was first synced; `None` where it never was."""
    told = service.store.meta(f"first:{bound.account}/{bound.name}")
    return None if told is None else int(told)


@rollout.command("promote")
def rollout_promote(
    context: typer.Context,
    rule: Rule,
    to: Annotated[Mode, typer.Option("--to", help="The mode it is to go to: the next one up.")],
    why: Why,
    by: By,
    binding: OfBinding = None,
    backtest: Annotated[
        Path | None,
        typer.Option(help="A summary.json of ombud backtest, in place of one made now."),
    ] = None,
    despite: Annotated[
        str | None, typer.Option(help="Why it goes there although a gate is not met.")
    ] = None,
) -> None:
    """Let a rule do more, where every gate is met; who approved, the gates and a backtest are recorded.

    The exit code is 1 where a gate is not met, and nothing changes.
    """
    with opened(context) as service, refusals(FOUND):
        bound = chosen(service, binding)
        told = _backtest_of(service, bound, rule, backtest)
        with service.store.book() as acts:
            row = promote(
                acts,
                bound,
                rule,
                to=to.value,
                by=service.persons.named(by),
                why=why,
                persons=service.persons,
                limits=service.settings.rollout,
                now=service.now(),
                first=first_sync(service, bound),
                backtest=told,
                despite=despite,
            )
    out.print(f"{rule} goes from {row.former} to {row.mode}, approved by {row.approved_name}.")
    if row.despite:
        out.print(f"Although: {row.despite}", style="yellow")
    out.print("Next: ombud sync", style="dim")


def _backtest_of(
    service: Service, bound: Bound, rule: str, file: Path | None
) -> dict[str, Any] | None:
    if file is not None:
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise typer.BadParameter(
                f"{file} is no summary of a backtest: {error}. Make one with: ombud backtest --out FOLDER",
                param_hint="--backtest",
            ) from error
        if not isinstance(told, dict):
            raise typer.BadParameter(
                f"{file} is no summary of a backtest. Make one with: ombud backtest --out FOLDER",
                param_hint="--backtest",
            )
        return told
    from sync.backtest import backtest
    from sync.tried import Asked

    # As far as pack and ombud.toml let it go: a rule that is off now is judged nowhere else.
    free = bound.parts.bound(bound.settings, {}, "block")
    rule_of(free, rule)
    asked = Asked(free, None, None, service.now(), sample=0, only=frozenset({rule}))
    with terminal.progress(err, f"Judging {bound.name}") as tell:
        result = backtest(service, asked, tell=tell)
    return result.summary() | {"rules": result.rules()}


@rollout.command("demote")
def rollout_demote(
    context: typer.Context,
    rule: Rule,
    to: Annotated[Mode, typer.Option("--to", help="The mode it goes down to.")],
    why: Why,
    by: By,
    binding: OfBinding = None,
) -> None:
    """Let a rule do less, at once; what it asked for is not sent any more."""
    with opened(context) as service, refusals():
        bound = chosen(service, binding)
        with service.store.book() as acts:
            row = demote(
                acts,
                bound,
                rule,
                to=to.value,
                by=service.persons.named(by),
                why=why,
                now=service.now(),
            )
    out.print(f"{rule} goes from {row.former} to {row.mode}.")
    out.print("Next: ombud sync", style="dim")


@rollout.command("review")
def rollout_review(
    context: typer.Context,
    rule: Rule,
    sample: Annotated[int, typer.Option(help="How many failures.", min=1, max=1000)] = 20,
    false_positives: Annotated[
        int | None,
        typer.Option(help="How many of them were none: records that you looked.", min=0),
    ] = None,
    by: Annotated[str | None, typer.Option("--by", help="Who looked.")] = None,
    binding: OfBinding = None,
    seed: Annotated[str, typer.Option(help="Of the draw: the same seed draws the same.")] = "1",
    form: Format = Form.table,
) -> None:
    """Draw failures of a rule to look at; with --false-positives, record how many of them were none."""
    with opened(context) as service, refusals():
        bound = chosen(service, binding)
        if false_positives is None:
            _draw(service, bound, rule, sample, seed, form)
            return
        if by is None:
            raise Refused("A review names who looked. Write it with --by")
        with service.store.book() as acts:
            record_review(
                acts,
                bound,
                rule,
                sample=sample,
                mistaken=false_positives,
                by=service.persons.named(by),
                now=service.now(),
            )
    out.print(f"Recorded: {false_positives} of {sample} failures of {rule} were none.")
    out.print("Next: ombud rollout status", style="dim")


def _draw(service: Service, bound: Bound, rule: str, sample: int, seed: str, form: Form) -> None:
    from sync.backtest import backtest
    from sync.tried import Asked

    rule_of(bound, rule)
    asked = Asked(
        bound, None, None, service.now(), sample=sample, seed=seed, only=frozenset({rule})
    )
    with terminal.progress(err, f"Judging {bound.name}") as tell:
        drawn = backtest(service, asked, tell=tell).review
    zone = bound.mapping.tzinfo
    rows = [
        (
            each.key,
            day(each.when, zone) if form is Form.table else iso(each.when),
            "; ".join(each.reasons),
            each.url,
        )
        for each in drawn
    ]
    terminal.print_rows(out, ("ticket", "failed", "reasons", "url"), rows, form=form)
    if form is Form.table:
        step = f"ombud rollout review {rule} --sample {len(rows)} --false-positives K --by …"
        out.print(f"Next: {step}" if rows else "There are no failures to look at.", style="dim")


@rollout.command("stop")
def rollout_stop(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="The account of the helpdesk.")],
    why: Why,
    by: By,
) -> None:
    """Stop all writing to a helpdesk, at once, in syncs that run already too; reading and judging go on."""
    with opened(context) as service, refusals():
        service.known(account)
        with service.store.book() as acts:
            row = stop(acts, account, by=service.persons.named(by), why=why, now=service.now())
    out.print(f"{account} is stopped, by {row.stopped_name}. Nothing is written to it.")
    out.print(f"Next: ombud rollout resume {account} --by … --why …", style="dim")


@rollout.command("resume")
def rollout_resume(
    context: typer.Context,
    account: Annotated[str, typer.Argument(help="The account of the helpdesk.")],
    why: Why,
    by: By,
) -> None:
    """Let a helpdesk be written to again; what waits is sent at the next sync, where it still fits."""
    with opened(context) as service, refusals():
        service.known(account)
        with service.store.book() as acts:
            resume(acts, account, by=service.persons.named(by), why=why, now=service.now())
    out.print(f"{account} is written to again.")
    out.print("Next: ombud sync", style="dim")


@rollout.command("changes")
def rollout_changes(
    context: typer.Context,
    binding: OfBinding = None,
    form: Format = Form.table,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="List every complaint that fares otherwise.")
    ] = False,
) -> None:
    """Show where ombud.toml differs from what is in force, and which complaints would fare otherwise.

    The stored history is judged by both: counts first, complaints then. Nothing is changed. The exit code is 1
    where something waits for an approval.
    """
    with opened(context) as service:
        held = [each for name, each in service.footing.held.items() if binding in {None, name}]
        if binding is not None:
            chosen(service, binding)
        for each in held:
            _changes(service, each, form, every=every)
    if not held and form is Form.table:
        out.print("ombud.toml is what is in force.")
    if held:
        raise typer.Exit(FOUND)


def _changes(service: Service, held: Held, form: Form, *, every: bool) -> None:
    bound = service.footing.bounds[held.binding]
    if held.wanted is None:
        err.print(terminal.plain(held.sentence()), soft_wrap=True)
        return
    if form is Form.table:
        out.print(Text(held.binding, style="bold"))
        for line in differences(bound, held.wanted):
            out.print(Text("  ").append_text(terminal.plain(line)), soft_wrap=True)
    waivers = (service.waivers(bound), service.waivers(held.wanted))
    with terminal.progress(err, f"Judging {held.binding} twice") as tell:
        found = list(
            effect(
                service.store,
                service.elsewhere,
                bound,
                held.wanted,
                waivers,
                now=service.now(),
                tell=tell,
            )
        )
    _print_effect(bound, held.wanted, found, form, every=every)


def _print_effect(
    bound: Bound, wanted: Bound, found: list[Otherwise], form: Form, *, every: bool
) -> None:
    rows = [(wanted.name, each.rule, each.change, each.ref, each.key, each.url) for each in found]
    columns = ("binding", "rule", "change", "ref", "ticket", "url")
    if form is not Form.table:
        terminal.print_rows(out, columns, rows, form=form)
        return
    counts = Counter((each.rule, each.change) for each in found)
    rules = sorted({rule for rule, _ in counts})
    terminal.print_rows(
        out,
        ("rule", "newly failing", "newly passing"),
        [(r, counts[r, "newly failing"], counts[r, "newly passing"]) for r in rules],
        form=form,
        title="Complaints that would fare otherwise, by rule",
    )
    if not rules:
        out.print("No stored complaint would fare otherwise.")
    listed = rows if every else rows[:_MOST_LISTED]
    if listed:
        terminal.print_rows(out, columns[1:], [row[1:] for row in listed], form=form)
    if len(rows) > len(listed):
        out.print(f"{len(rows) - len(listed)} more: see --all")
    unread = unread_rules(bound, wanted)
    if unread:
        out.print(
            f"Not told: {', '.join(unread)}. They ask for fields that were not read from the helpdesk yet.",
            style="yellow",
            soft_wrap=True,
        )
    if bound.scope.digest != wanted.scope.digest:
        out.print(
            "The scope changes: which tickets enter or leave is known once the helpdesk was read again.",
            style="yellow",
            soft_wrap=True,
        )
    out.print(f"Next: ombud rollout accept '{wanted.name}' --by … --why …", style="dim")


@rollout.command("accept")
def rollout_accept(
    context: typer.Context,
    binding: Annotated[str, typer.Argument(help="The binding whose change is approved.")],
    why: Why,
    by: By,
) -> None:
    """Put in force what ombud.toml asks for, and judge what is stored again, in batches, writing only differences.

    A run that is cut off goes on at the next sync.
    """
    with opened(context) as service, refusals():
        chosen(service, binding)
        held = service.footing.held.get(binding)
        if held is None:
            raise Refused(f"What ombud.toml asks for is in force for {binding} already")
        former = service.footing.bounds[binding]
        anew = held.wanted is not None and reads_anew(former, held.wanted)
        with service.store.book() as acts:
            accept(
                acts,
                held,
                former,
                by=service.persons.named(by),
                why=why,
                persons=service.persons,
                now=service.now(),
            )
        out.print(f"In force for {binding}.")
        if anew:
            out.print("The helpdesk has to be read again for it; the next sync does.")
        else:
            _run(service, binding)
    out.print("Next: ombud sync", style="dim")


def _run(service: Service, binding: str) -> None:
    """Judge again at once, unless a sync is under way, which then does at its next time."""
    service.refresh()
    bound = service.footing.bounds[binding]
    try:
        with (
            terminal.progress(err, f"Judging {binding} again") as tell,
            service.store.lease(bound.account) as epoch,
        ):
            for run in service.footing.runs(binding):
                if run.reads:
                    continue
                ended = run_again(
                    service.store,
                    bound,
                    service.elsewhere,
                    service.waivers(bound),
                    run,
                    epoch=epoch,
                    now=service.now,
                    tell=tell,
                )
                counts = json.loads(ended.counts)
                out.print(
                    f"Run {run.id}: {counts.get('complaints', 0):,} complaints judged again, {counts.get('changed', 0):,} changed."
                )
    except Busy:
        out.print("A sync is under way: what is stored is judged again at the next one.")
