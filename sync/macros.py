"""Macros that packs ship: replies that say what kind they are, written as a helpdesk takes them, installed by its admin."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from ombud.model.event import KINDS
from policies.load import built_in, pack_path
from policies.marked import Unreadable, read
from policies.shape import check_shape
from policies.vocabulary import PackError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ombud.model.mapping import Mapping

#: Where a macro stands open for what an agent knows.
_OPEN: Final = re.compile(r"\{\{?([a-z_]+)\}?\}")
#: What a helpdesk fills in by itself, by the names that macros use.
_ZENDESK: Final = {
    "customer": "{{ticket.requester.name}}",
    "reference": "{{ticket.id}}",
    "agent": "{{current_user.name}}",
}
_FRESHDESK: Final = {
    "customer": "{{ticket.requester.name}}",
    "reference": "{{ticket.id}}",
    "agent": "{{ticket.agent.name}}",
}
_Text = Annotated[str, StringConstraints(min_length=1)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _MacroLine(_Strict):
    kind: Annotated[str, StringConstraints(pattern=f"^({'|'.join(KINDS)})$")]
    title: _Text
    text: _Text


class _MacroFile(_Strict):
    language: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$")]
    direction: Literal["ltr", "rtl"] = "ltr"
    macros: list[_MacroLine]


@dataclass(frozen=True, slots=True)
class Macro:
    """Hold a reply that a pack ships.

    Attributes:
        pack: the pack's id.
        language: ISO 639 code.
        kind: kind of message it is.
        title: what agents see in the list.
        text: what is sent; `{customer}`, `{reference}` and `{agent}` are filled in where the helpdesk can.

    """

    pack: str
    language: str
    kind: str
    title: str
    text: str


def list_macros(pack: str | None = None, folder: Path | None = None) -> Iterator[Macro]:
    """Give the macros of a pack, or of all that come with Ombud; raises `PackError`."""
    for source in built_in() if pack is None else (pack,):
        path = pack_path(source, folder)
        for file in sorted(path.parent.glob("macros/*.yaml")):
            yield from _macros_in(path.parent.name, file)


def _macros_in(pack: str, path: Path) -> Iterator[Macro]:
    try:
        file = read(path.read_bytes(), path)
    except Unreadable as error:
        raise PackError([error.problem]) from error
    check_shape(file, _MacroFile)
    told = _MacroFile.model_validate(file.content)
    if told.language != path.stem:
        what = f"is named after another language than {told.language}"
        raise PackError([file.problem(("language",), what, f"Name the file {told.language}.yaml")])
    for line in told.macros:
        yield Macro(pack, told.language, line.kind, line.title, line.text.strip())


def macros_for(pack: str, language: str, folder: Path | None = None) -> list[Macro]:
    """Give a pack's macros in one language; raises `PackError` where there are none."""
    every = list(list_macros(pack, folder))
    found = [each for each in every if each.language == language]
    if not found:
        known = sorted({each.language for each in every})
        remedy = f"It has {', '.join(known)}" if known else "This pack ships no macros"
        raise PackError([Problem(pack, 0, 0, "", f"has no macros in {language!r}", remedy)])
    return found


def write_zendesk(macros: Sequence[Macro], mapping: Mapping) -> str:
    """Write bodies for POST /api/v2/macros, one for each; each sets its kind in the update that sends it."""
    return _json([{"macro": _zendesk(each, mapping)} for each in macros])


def _zendesk(macro: Macro, mapping: Mapping) -> dict[str, Any]:
    actions: list[dict[str, object]] = [
        {"field": "comment_value", "value": _filled(macro.text, _ZENDESK)},
        {"field": "comment_mode_is_public", "value": "true"},
    ]
    native = native_kind(macro.kind, mapping)
    if native is not None and mapping.kind_field is not None:
        actions.append({"field": f"custom_fields_{mapping.kind_field.id}", "value": native})
    else:
        actions.append({"field": "current_tags", "value": tag_of(macro.kind, mapping)})
    return {"title": macro.title, "active": True, "actions": actions}


def write_freshdesk(macros: Sequence[Macro], mapping: Mapping) -> str:  # noqa: ARG001 (one shape for all)
    """Write bodies for POST /api/v2/canned_responses; the first line says the kind, since these can set nothing else."""
    return _json(
        [
            {
                "title": each.title,
                "content_html": "".join(
                    f"<p>{_html(part)}</p>" for part in _filled(each.text, _FRESHDESK).split("\n\n")
                ),
                "visibility": 0,
            }
            for each in macros
        ]
    )


def write_text(macros: Sequence[Macro], mapping: Mapping) -> str:  # noqa: ARG001 (one shape for all)
    """Write texts to paste, whose first line says the kind: canned responses in Jira, articles or templates in Request Tracker."""
    parts = [f"=== {each.title} ({each.kind}) ===\n\n{_filled(each.text, {})}\n" for each in macros]
    return "\n".join(parts)


#: How each helpdesk's file is written.
VENDORS: Final[dict[str, Callable[[Sequence[Macro], Mapping], str]]] = {
    "zendesk": write_zendesk,
    "jira": write_text,
    "rt": write_text,
    "freshdesk": write_freshdesk,
}


def to_map(vendor: str, macros: Sequence[Macro], mapping: Mapping) -> list[str]:
    """Give the lines that the mapping still needs, so that a macro's kind is understood."""
    kinds = list(dict.fromkeys(each.kind for each in macros))
    if vendor == "zendesk":
        missing = [
            kind
            for kind in kinds
            if native_kind(kind, mapping) is None and kind not in mapping.tags.values()
        ]
        told = ", ".join(f'{tag_of(kind, mapping)} = "{kind}"' for kind in missing)
        return ["[communications]", f"tags = {{{told}}}"] if missing else []
    lines = [
        f"{each.kind} = {{{each.language} = [{json.dumps(marker_of(each), ensure_ascii=False)}]}}"
        for each in macros
        if not any(mark in each.text for mark in mapping.markers.get(each.kind, ()))
    ]
    return ["[markers]", *lines] if lines else []


def native_kind(kind: str, mapping: Mapping) -> str | None:
    """Give the value of the mapping's field of kinds that means a kind."""
    if mapping.kind_field is None:
        return None
    values = mapping.kind_field.values
    return next((native for native, known in values.items() if known == kind), None)


def tag_of(kind: str, mapping: Mapping) -> str:
    """Give the tag that means a kind: the mapping's, or one to put into it; never one with our own prefix."""
    known = next((tag for tag, told in mapping.tags.items() if told == kind), None)
    return known or f"complaint-{kind.replace('_', '-')}"


def marker_of(macro: Macro) -> str:
    """Give the text that marks a macro's kind: its first line in which nothing is to be filled in."""
    lines = [line.strip() for line in macro.text.split("\n") if line.strip()]
    return next((line for line in lines if not _OPEN.search(line)), lines[0])


def _filled(text: str, known: dict[str, str]) -> str:
    """Fill in what the helpdesk fills in; what only an agent knows stands in brackets."""

    def told(found: re.Match[str]) -> str:
        return known.get(found[1], f"[{found[1].replace('_', ' ')}]")

    return _OPEN.sub(told, text)


def _html(text: str) -> str:
    import html

    return html.escape(text, quote=False).replace("\n", "<br>")


def _json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"
