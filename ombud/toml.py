"""Read TOML files strictly; every fault names file, line, field and remedy."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Fault:
    """Name one thing wrong in a file: where, what, and what to do."""

    file: str
    line: int
    field: str
    what: str
    remedy: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.field}: {self.what}. {self.remedy}"


class SettingsError(Exception):
    """Refuse a configuration; `faults` holds all that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep the faults."""
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in faults))


class Strict(BaseModel):
    """Refuse what is not known, and never change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def listed(value: object) -> object:
    """Take one text for a list of one."""
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(listed)]


def read_toml(path: Path, remedy: str) -> tuple[str, dict[str, Any]]:
    """Give a file's text and what it says; raises `SettingsError`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SettingsError([Fault(str(path), 0, "file", "does not exist", remedy)]) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            [Fault(str(path), 0, "file", f"cannot be read: {error}", "Save it as UTF-8 text")]
        ) from error
    try:
        return text, tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        told = re.search(r"line (\d+)", str(error))
        line = int(told.group(1)) if told else 0
        raise SettingsError(
            [Fault(str(path), line, "syntax", f"is not TOML: {error}", "Mend the line")]
        ) from error


def validated(model: type[T], path: Path, text: str, data: dict[str, Any]) -> T:
    """Give what a file says as a model; raises `SettingsError` with every fault."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise SettingsError([_told(path, text, model, each) for each in error.errors()]) from None


def _told(path: Path, text: str, model: type[BaseModel], error: Any) -> Fault:
    where = tuple(error["loc"])
    if error["type"] == "extra_forbidden":
        wrong = str(where[-1])
        near = difflib.get_close_matches(wrong, _names_at(model, where[:-1]), 1)
        remedy = (
            f"Did you mean {near[0]!r}?" if near else "Remove it, or see docs/reference/settings.md"
        )
        return fault_at(path, text, where, "is not a setting", remedy)
    if error["type"] == "missing":
        return fault_at(path, text, where, "is missing", "Add it")
    allowed = error.get("ctx", {}).get("expected")
    said = str(error["msg"]).removeprefix("Value error, ")
    remedy = error.get("ctx", {}).get("remedy") or (
        f"Allowed: {allowed}" if allowed else "Mend the value"
    )
    return fault_at(path, text, where, said, remedy)


def _names_at(model: type[BaseModel], where: Sequence[object]) -> list[str]:
    """Give the settings that may stand at a place."""
    here = [model]
    for part in where:
        below = [
            each
            for one in here
            if part in one.model_fields
            for each in _models(one.model_fields[str(part)].annotation)
        ]
        # A place in a list and a name in a table lead to no other kind of thing.
        here = below or here
    return [info.alias or name for one in here for name, info in one.model_fields.items()]


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for arg in getattr(annotation, "__args__", ()) for model in _models(arg)]


def fault_at(path: Path, text: str, where: Sequence[object], what: str, remedy: str) -> Fault:
    """Give a fault at a key, with its line."""
    return Fault(
        str(path), _line_of(text, where), ".".join(str(part) for part in where), what, remedy
    )


def _line_of(text: str, where: Sequence[object]) -> int:
    """Find the line of a key: the first line that names it after the line that names its parent."""
    lines = text.splitlines()
    at = 0
    for part in where:
        if isinstance(part, int):
            starts = [
                i for i, line in enumerate(lines) if i >= at and line.lstrip().startswith("[[")
            ]
            at = starts[part] if part < len(starts) else at
            continue
        pattern = re.compile(rf"(^|[\[.{{,\s\"']){re.escape(str(part))}([\].}}\"'\s=]|$)")
        at = next((i for i in range(at, len(lines)) if pattern.search(lines[i].split("#")[0])), at)
    return at + 1
