"""`ombud macros`: replies that packs ship, written as a helpdesk takes them; an admin installs them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ombud import terminal
from ombud.commands import USAGE, Form, Format, err, out

macros = typer.Typer(
    help="Replies that packs ship: list them, and write them for a helpdesk's admin to install.",
    no_args_is_help=True,
)


class Vendor(StrEnum):
    """Helpdesks that macros are written for."""

    zendesk = "zendesk"
    jira = "jira"
    rt = "rt"
    freshdesk = "freshdesk"


@macros.command("list")
def macros_list(
    pack: Annotated[
        str | None, typer.Argument(help="A pack's name or its folder; all packs without.")
    ] = None,
    form: Format = Form.table,
) -> None:
    """List the replies that packs ship, in which languages.

    Each says what kind of message it is: an acknowledgement, a holding notice, a decision.
    """
    from sync.macros import list_macros

    rows = [(each.pack, each.language, each.kind, each.title) for each in list_macros(pack)]
    terminal.print_rows(out, ("pack", "language", "kind", "title"), rows, form=form)


@macros.command("write")
def macros_write(
    pack: Annotated[str, typer.Argument(help="A pack's name or its folder.")],
    *,
    vendor: Annotated[Vendor, typer.Option(help="The helpdesk they are for.")],
    language: Annotated[str, typer.Option(help="Language of the replies: en, de, fr, es, ar.")],
    file: Annotated[Path, typer.Option("--out", help="The file to write.")],
    mapping: Annotated[
        Path | None,
        typer.Option(help="The mapping file whose markers, tags or field name the kinds."),
    ] = None,
) -> None:
    """Write a pack's replies into a file, for an admin to install. Nothing is sent to the helpdesk.

    Zendesk: JSON, each entry the body of POST /api/v2/macros. It sets the kind in the update that sends the
    reply: by the mapping's field of kinds, else by a tag. Freshdesk: bodies of POST /api/v2/canned_responses.
    Jira and Request Tracker: texts to paste; their first line names the kind, and agents leave it as it is.
    """
    from ombud.mapping_file import load_mapping
    from ombud.model.mapping import Mapping
    from sync.macros import VENDORS, macros_for, to_map

    if file.exists():
        err.print(f"{file}: exists already. Name another file as --out, or remove it.")
        raise typer.Exit(USAGE)
    told = load_mapping(mapping, "UTC") if mapping is not None else Mapping()
    found = macros_for(pack, language)
    file.write_text(VENDORS[vendor.value](found, told), encoding="utf-8")
    out.print(terminal.plain(f"{len(found)} macros written to {file}."), soft_wrap=True)
    missing = to_map(vendor.value, found, told)
    if missing:
        out.print("For their kinds to be understood, the mapping needs:")
        for line in missing:
            out.print(terminal.plain(f"  {line}"), soft_wrap=True)
