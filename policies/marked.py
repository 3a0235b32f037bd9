"""YAML with its marks: plain content, and the line and column of every key and value."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final, NoReturn

import yaml

from policies.vocabulary import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from policies.vocabulary import Fault, Path

#: Larger files are refused unread: the largest pack is a tenth of it.
MAXIMUM_BYTES: Final = 1_000_000
#: Deeper nesting is refused.
MAXIMUM_DEPTH: Final = 40
_PLAIN: Final = {
    f"tag:yaml.org,2002:{each}"
    for each in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
}
#: Characters that do not show, or that turn the order of others round.
_HIDDEN: Final = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


class Unreadable(Exception):
    """Refuse a text that is no pack file at all."""

    def __init__(self, problem: Problem) -> None:
        """Keep the problem."""
        self.problem = problem
        super().__init__(str(problem))


@dataclass(slots=True)
class Marked:
    """Hold a file's plain content (what JSON can hold) with its marks.

    Attributes:
        path: where it lies.
        content: mappings, lists, texts, numbers and truth values.
        marks: path -> line and column of the key, or of the item in a list; both from 1.
        problems: what is wrong with the YAML itself.

    """

    path: FilePath
    content: Any = None
    marks: dict[Path, tuple[int, int]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def file(self) -> str:
        """Give its name for people."""
        return shown(self.path)

    def problem(self, where: Path, what: str, remedy: str) -> Problem:
        """Give a problem at a path; parts of it that the file does not have are passed over."""
        found: Path = ()
        for part in where:
            if (*found, part) in self.marks:
                found = (*found, part)
        line, column = self.marks.get(found, (1, 1))
        return Problem(self.file, line, column, self.shown(found), what, remedy)

    def faults(self, faults: Iterable[Fault]) -> list[Problem]:
        """Give problems for faults found in the content."""
        return [self.problem(each.where, each.what, each.remedy) for each in faults]

    def shown(self, where: Path) -> str:
        """Write a path for people: items of a list by their id, where they have one."""
        text = ""
        here: Any = self.content
        for part in where:
            try:
                here = here[part]
            except (KeyError, IndexError, TypeError):
                here = None
            if isinstance(part, int):
                named = here.get("id") if isinstance(here, dict) else None
                text += f"[{named if isinstance(named, str) else part}]"
            else:
                text += f".{part}" if text else part
        return text


def shown(path: FilePath) -> str:
    """Name a file shortly: relative to where we are, if it lies below."""
    try:
        return str(path.resolve().relative_to(FilePath.cwd()))
    except ValueError:
        return str(path)


def read(text: bytes, path: FilePath) -> Marked:
    """Read YAML: no tags, no anchors, no doubled keys, no keys but text; raises `Unreadable`."""
    file = shown(path)
    if len(text) > MAXIMUM_BYTES:
        raise Unreadable(
            Problem(
                file, 0, 0, "", f"is larger than {MAXIMUM_BYTES:,} bytes", "Split it into overlays"
            )
        )
    try:
        loader = _Loader(text.decode("utf-8"), file)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 (byte {error.start})"
        raise Unreadable(Problem(file, 0, 0, "", what, "Save it as UTF-8")) from error
    except yaml.reader.ReaderError as error:
        before = text.decode("utf-8")[: error.position]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        code = error.character if isinstance(error.character, int) else ord(error.character)
        what = f"holds a character that YAML does not allow (U+{code:04X})"
        raise Unreadable(Problem(file, line, column, "", what, "Remove it")) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        what = ", ".join(each for each in (error.context, error.problem) if each)
        raise Unreadable(
            Problem(
                file,
                line,
                column,
                "",
                f"is not YAML that a pack may hold: {what}",
                error.note or "Mend it there",
            )
        ) from error
    marked = Marked(path)
    marked.content = _plain(node, (), marked) if node is not None else None
    return marked


class _Loader(yaml.SafeLoader):
    """Compose nodes, and refuse what makes a small file large or deep."""

    def __init__(self, text: str, file: str) -> None:
        super().__init__(text)
        self.file = file
        self.depth = 0

    def refuse(self, event: yaml.Event, what: str, remedy: str) -> NoReturn:
        """Refuse the file where an event begins."""
        mark = event.start_mark
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        raise Unreadable(Problem(self.file, line, column, "", what, remedy))

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            self.refuse(event, "anchors and aliases are not allowed", "Write the value out")
        self.depth += 1
        if self.depth > MAXIMUM_DEPTH:
            self.refuse(event, f"is nested deeper than {MAXIMUM_DEPTH}", "Make it flatter")
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


_SCALARS: Final = yaml.constructor.SafeConstructor()


def _plain(node: yaml.Node, path: Path, marked: Marked) -> Any:
    def refuse(at: yaml.Node, what: str, remedy: str) -> None:
        mark = at.start_mark
        marked.problems.append(
            Problem(marked.file, mark.line + 1, mark.column + 1, marked.shown(path), what, remedy)
        )

    if node.tag not in _PLAIN:
        refuse(
            node,
            f'the tag or key "{node.tag.rpartition(":")[2]}" is not allowed',
            "Write a plain value",
        )
        return ""
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, marked)
    if isinstance(node, yaml.SequenceNode):
        items: list[Any] = []
        for i, item in enumerate(node.value):
            at = (*path, i)
            marked.marks[at] = (item.start_mark.line + 1, item.start_mark.column + 1)
            items.append(_plain(item, at, marked))
        return items
    if node.tag.endswith(":null"):
        refuse(node, "has no value", "Write one, or remove the key")
        return ""
    if node.tag.endswith(":timestamp"):
        return node.value
    if node.tag.endswith(":str"):
        hidden = next(
            (each for each in node.value if unicodedata.category(each) in _HIDDEN and each != "\n"),
            None,
        )
        if hidden is not None:
            refuse(node, f"holds a character that does not show (U+{ord(hidden):04X})", "Remove it")
        return node.value
    try:
        return _SCALARS.construct_object(node)
    except (ValueError, yaml.YAMLError):
        refuse(node, f'"{node.value}" is no number', "Put it in quotes if it is text")
        return 0


def _mapping(node: yaml.MappingNode, path: Path, marked: Marked) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in node.value:
        line, column = key.start_mark.line + 1, key.start_mark.column + 1

        def refuse(what: str, remedy: str, line: int = line, column: int = column) -> None:
            marked.problems.append(
                Problem(marked.file, line, column, marked.shown(path), what, remedy)
            )

        if not isinstance(key, yaml.ScalarNode) or not key.tag.endswith(":str"):
            said = key.value if isinstance(key, yaml.ScalarNode) else "a list or mapping"
            kind = key.tag.rpartition(":")[2]
            refuse(
                f"the key {said} is not text: YAML reads it as {kind}",
                f'Write "{said}" in quotes, or another word',
            )
            continue
        if key.value in found:
            first = marked.marks[*path, key.value]
            refuse(f'the key "{key.value}" stands twice, first in line {first[0]}', "Remove one")
            continue
        at = (*path, key.value)
        marked.marks[at] = (line, column)
        found[key.value] = ""
        found[key.value] = _plain(value, at, marked)
    return found
