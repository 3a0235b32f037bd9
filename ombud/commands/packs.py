"""`ombud packs`: write policy packs, look at them, try them, compare them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ombud import terminal
from ombud.commands import FOUND, USAGE, Form, Format, err, out
from ombud.commands.packs_signed import add_signed

if TYPE_CHECKING:
    from policies.trial import Trial

#: Lines of one kind that are printed before the rest is only counted.
_MOST = 40

packs = typer.Typer(
    help="Write policy packs: new, lint, test, diff; sign, verify and install them.",
    no_args_is_help=True,
)
PackName = Annotated[
    str, typer.Argument(help="A pack: its name, its folder or its YAML file.", metavar="PACK")
]


@packs.command("list")
def packs_list(form: Format = Form.table) -> None:
    """List the packs that come with Ombud."""
    from policies.load import built_in, load_pack

    rows = [
        (p.id, p.version, len(p.rules), ", ".join(p.profiles), p.title)
        for p in map(load_pack, built_in())
    ]
    terminal.print_rows(out, ("pack", "version", "rules", "profiles", "title"), rows, form=form)


@packs.command("show")
def packs_show(pack: PackName, profile: str = "standard", form: Format = Form.table) -> None:
    """Show a pack's rules as sentences."""
    from policies.load import load_pack

    shown = load_pack(_named(pack)).configured({}, profile)
    rows = [
        (r.id, r.severity, r.mode, "; ".join(r.clause_names), r.sentence(shown.vocabulary))
        for r in shown.rules
    ]
    terminal.print_rows(out, ("rule", "severity", "mode", "clauses", "asks"), rows, form=form)


@packs.command("new")
def packs_new(
    name: Annotated[str, typer.Argument(help="The pack's id: a-z, 0-9, _ and -.")],
    folder: Annotated[Path, typer.Option("--in", help="Where to make its folder.")] = Path(),
    since: Annotated[
        str, typer.Option("--from", help="First day of receipt it holds for, 2026-01-31.")
    ] = "2026-01-01",
) -> None:
    """Begin a pack: a folder with two rules, the examples that try them, and a page.

    It passes lint and test as it is. Change a rule, see its examples fail, mend them by hand.
    """
    from policies.reference import write_page
    from policies.scaffold import begin

    try:
        day = date.fromisoformat(since).isoformat()
    except ValueError as error:
        raise typer.BadParameter(f"{since} is no day, write 2026-01-31") from error
    root = begin(name, folder, day)
    write_page(root)
    out.print(f"Wrote {root}: pack.yaml, tests/examples.yaml, README.md", soft_wrap=True)
    out.print(f"Next: ombud packs lint {root}, then ombud packs test {root} --mutate", style="dim")


@packs.command("lint")
def packs_lint(
    pack: PackName,
    mapping: Annotated[
        Path | None, typer.Option(help="Tell the rules that this mapping file has no data for.")
    ] = None,
) -> None:
    """Find what is wrong with a pack: errors, rules that cannot do what they say or that nothing tries.

    A rule is told that never applies, can not be met, can not fail, or that another of its stage rules
    out; one without a passing and a failing example, and without one to which it does not apply; a
    regulator's rule without a source, or with one that is not confirmed and yet is not off.
    """
    from policies.lint import Mapped, lint

    mapped = None
    if mapping is not None:
        from ombud.mapping_file import load_mapping

        told = load_mapping(mapping, "UTC")
        mapped = Mapped(str(mapping), told.names, told.staged | told.milestone_stages)
    problems = lint(_named(pack), mapped)
    for problem in problems:
        err.print(terminal.plain(str(problem)), soft_wrap=True)
    out.print(f"{len(problems)} problems" if problems else "No problems.")
    if problems:
        raise typer.Exit(USAGE)


@packs.command("test")
def packs_test(
    pack: Annotated[
        str | None, typer.Argument(help="A pack: its name, its folder or its YAML file.")
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="Every pack that comes with Ombud.")] = False,
    mutate: Annotated[
        bool,
        typer.Option(
            "--mutate", help="Change each rule a little, and see whether examples notice."
        ),
    ] = False,
    form: Format = Form.table,
) -> None:
    """Try a pack: run the examples beside it, and tell what they leave out.

    Each rule needs an example that passes, one that fails and, where it has conditions, one to which it
    does not apply; each clock one in the last minute before the due, one in the first minute after it,
    and one over a night in which the clocks change. With --mutate each rule is changed in fixed ways; a
    mutant that no example tells from the rule is listed, unless tests/survivors.yaml says why it makes
    no difference.
    """
    from policies.load import built_in
    from policies.trial import try_pack

    if every == (pack is not None):
        raise typer.BadParameter("name a pack, or give --all")
    trials = []
    for name in built_in() if pack is None else [pack]:
        with terminal.progress(err, f"Trying {name}") as tell:
            trials.append(try_pack(_named(name), mutate=mutate, tell=tell))
    for trial in trials:
        _print_trial(trial)
    columns = ("pack", "version", "cases", "failed", "covered", "killed", "alive", "explained", "score")  # fmt: skip
    # Without mutants there is nothing to say of them.
    width = len(columns) if mutate else _WITHOUT_MUTANTS
    rows = [_row(trial)[:width] for trial in trials]
    terminal.print_rows(out, columns[:width], rows, form=form)
    if form is Form.table:
        told, failed = (
            sum(len(each) for each in made)
            for made in zip(*((t.outcomes, t.failed) for t in trials), strict=True)
        )
        out.print(f"{told - failed} examples came out as they say, {failed} failed")
    if not all(trial.ok for trial in trials):
        raise typer.Exit(FOUND)


#: Columns that speak of examples alone.
_WITHOUT_MUTANTS = 5


def _row(trial: Trial) -> tuple[object, ...]:
    made = trial.killed is not None
    explained = len(trial.survivors) - len(trial.unexplained)
    return (
        trial.pack.id,
        trial.pack.version,
        len(trial.outcomes),
        len(trial.failed),
        f"{trial.asked - len(trial.gaps)}/{trial.asked}",
        trial.killed,
        len(trial.unexplained) if made else None,
        explained if made else None,
        f"{trial.score:.1%}" if trial.score is not None else None,
    )


def _print_trial(trial: Trial) -> None:
    lines = [f"FAIL      {each}" for each in trial.failed]
    # What an example that failed should have shown is told by its failure.
    failed = {each.example.rule for each in trial.failed}
    lines += [
        f"NOT SHOWN {each}"
        for each in trial.gaps
        if not any(f"{rule}: " in each for rule in failed)
    ]
    lines += [f"SURVIVED  {each}" for each in trial.unexplained]
    lines += [f"EXPLAINED {each}" for each in trial.survivors if each.reason is not None]
    lines += [f"WRONG     {each}" for each in trial.problems]
    for line in lines[:_MOST]:
        err.print(terminal.plain(line), soft_wrap=True)
    if len(lines) > _MOST:
        err.print(f"... and {len(lines) - _MOST} more of {trial.pack.id}: try it alone")


@packs.command("diff")
def packs_diff(
    context: typer.Context,
    one: Annotated[str, typer.Argument(help="The pack before.", metavar="A")],
    other: Annotated[str, typer.Argument(help="The pack after.", metavar="B")],
    binding: Annotated[
        str | None, typer.Option(help="Judge the complaints of this binding; all without.")
    ] = None,
    form: Format = Form.table,
    *,
    rules_only: Annotated[
        bool, typer.Option("--rules", help="Compare the rules alone, not what they do.")
    ] = False,
) -> None:
    """Compare two packs: what they ask otherwise, and which stored complaints fare otherwise.

    Where there is an ombud.toml, every stored complaint is judged by both, and those are listed that
    newly fail or newly pass, rule by rule. Nothing is written anywhere.
    """
    from policies.compare import differences
    from policies.load import load_pack

    told = [
        (each.name, each.kind, each.before, each.after)
        for each in differences(load_pack(_named(one)), load_pack(_named(other)))
    ]
    config: Path = context.obj
    history = config.exists() and not rules_only
    if form is Form.table or not history:
        terminal.print_rows(out, ("what", "change", "before", "after"), told, form=form)
    if not history:
        if form is Form.table:
            out.print(f"{len(told)} differences. No complaints were judged.")
        return
    from ombud.model.clock import SystemClock
    from sync.compare import compare_history
    from sync.service import NotFound, open_service

    rows: list[tuple[object, ...]] = []
    with open_service(config, SystemClock()) as service, terminal.progress(err, "Judging") as tell:
        bounds = [each for each in service.bounds if binding in {None, each.name}]
        if not bounds:
            raise NotFound(f"There is no binding {binding!r} in {config}")
        for bound in bounds:
            told_of = compare_history(
                service.settings,
                service.elsewhere,
                service.store,
                bound,
                (_stated(one), _stated(other)),
                service.now(),
                tell,
            )
            rows += [(e.rule, e.change, e.key, e.before, e.after, e.url) for e in told_of]
    rows.sort(key=lambda row: (str(row[0]), str(row[1]), str(row[2])))
    columns = ("rule", "change", "ticket", "before", "after", "url")
    terminal.print_rows(out, columns, rows, form=form)
    if form is Form.table:
        failing = sum(row[1] == "newly failing" for row in rows)
        out.print(f"{failing} newly failing, {len(rows) - failing} newly passing.")


def _named(pack: str) -> str | Path:
    """Take a word for a built-in pack's name, else for a path."""
    from policies.load import built_in

    path = Path(pack)
    return pack if pack in built_in() or not path.exists() else path


def _stated(pack: str) -> str:
    """Give a pack as a binding would name it."""
    named = _named(pack)
    if isinstance(named, str):
        return named
    path = named / "pack.yaml" if named.is_dir() else named
    return str(path.resolve())


add_signed(packs)
