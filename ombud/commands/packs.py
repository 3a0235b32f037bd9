"""`ombud packs`: look at policy packs."""

from __future__ import annotations

from typing import Annotated

import typer

from ombud import terminal
from ombud.commands import FOUND, USAGE, Form, Format, err, out

packs = typer.Typer(help="Look at policy packs: list, show, lint, test.", no_args_is_help=True)


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
def packs_show(pack: str, profile: str = "standard", form: Format = Form.table) -> None:
    """Show a pack's rules as sentences."""
    from policies.load import load_pack

    shown = load_pack(pack).configured({}, profile)
    rows = [
        (r.id, r.severity, r.mode, "; ".join(r.clause_names), r.sentence(shown.vocabulary))
        for r in shown.rules
    ]
    terminal.print_rows(out, ("rule", "severity", "mode", "clauses", "asks"), rows, form=form)


@packs.command("lint")
def packs_lint(
    pack: Annotated[str, typer.Argument(help="A pack's name or its YAML file.")],
) -> None:
    """Find what is wrong with a pack: errors, rules without examples, things nothing uses."""
    from policies.lint import lint

    problems = lint(pack)
    for problem in problems:
        err.print(terminal.plain(str(problem)), soft_wrap=True)
    out.print(f"{len(problems)} problems" if problems else "No problems.")
    if problems:
        raise typer.Exit(USAGE)


@packs.command("test")
def packs_test(
    pack: Annotated[str, typer.Argument(help="A pack's name or its YAML file.")],
) -> None:
    """Run the good and bad examples that stand beside a pack."""
    from policies.examples import run_examples

    results = list(run_examples(pack))
    failed = [each for each in results if not each.ok]
    for each in failed:
        err.print(terminal.plain(str(each)), soft_wrap=True)
    out.print(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    if failed:
        raise typer.Exit(FOUND)
