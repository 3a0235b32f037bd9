"""Read ombud.toml, mapping files and secrets; every error names file, line, field and remedy."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)

from ombud.model.event import Side
from ombud.model.facts import STAGES
from ombud.model.mapping import (
    EvidenceLine,
    FieldEvidence,
    FieldOf,
    Mapping,
    MessageEvidence,
    StageEvidence,
    StageOf,
    StatusEvidence,
)
from ombud.model.scope import Decision, Line, Scope

if TYPE_CHECKING:
    from collections.abc import Mapping as Map

T = TypeVar("T", bound=BaseModel)
#: Names may stand in file names and environment variables.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Fault:
    """Name one thing wrong in a file: where, what, and what to do."""

    file: str
    line: int
    field: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.field}: {self.what}. {self.remedy}"


class SettingsError(Exception):
    """Refuse a configuration; `faults` holds all that is wrong with it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep the faults."""
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in faults))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Texts = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Account(_Strict):
    """Describe one account of one helpdesk; its secrets stand in the environment or in .env."""

    vendor: str
    url: str
    ca: str | None = None
    proxy: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)


class ScopeLine(_Strict):
    """Say what tickets with these attributes are."""

    when: dict[str, Texts] = Field(default_factory=dict)
    decision: Decision = Field(alias="is")


class Holidays(_Strict):
    """Name the public holidays to look up, and the desk's own on top."""

    country: str | None = None
    subdivision: str | None = None
    own: dict[str, str] = Field(default_factory=dict)


class CalendarSettings(_Strict):
    """Describe when the desk is open."""

    zone: str
    week: dict[str, tuple[str, ...]]
    holidays: Holidays = Field(default_factory=Holidays)

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(
                f"{zone!r} is no IANA time zone; write for instance Europe/Berlin"
            ) from error
        return zone


class Binding(_Strict):
    """Lay a pack over a part of an account."""

    name: str
    account: str
    pack: str
    profile: str = "standard"
    mode: Literal["off", "observe", "flag", "block"] = "observe"
    modes: dict[str, Literal["off", "observe", "flag", "block"]] = Field(default_factory=dict)
    enforce_from: date | None = None
    calendar: str = "office"
    mapping: str
    scope: tuple[ScopeLine, ...]
    params: dict[str, Any] = Field(default_factory=dict)

    def scoped(self) -> Scope:
        """Give the scope as the value the model knows."""
        return Scope(tuple(Line(line.when, line.decision) for line in self.scope))


class Settings(_Strict):
    """Hold all of ombud.toml."""

    database: str = "sqlite:///ombud.db"
    accounts: dict[str, Account] = Field(default_factory=dict)
    bindings: tuple[Binding, ...] = ()
    calendars: dict[str, CalendarSettings] = Field(default_factory=dict)
    #: Folder that relative paths in the file are relative to.
    folder: Path = Field(default=Path(), exclude=True)


def _known_stage(stage: str) -> str:
    if stage not in STAGES:
        raise ValueError(f"{stage!r} is no stage; stages are {', '.join(STAGES)}")
    return stage


Stage = Annotated[str, AfterValidator(_known_stage)]


class _StageLine(_Strict):
    stage: Stage
    waiting: Literal["complainant", "third_party"] | None = None
    name: str = ""


class _FieldLine(_Strict):
    id: str
    name: str = ""
    values: dict[str, Texts] = Field(default_factory=dict)
    keep: bool = False


class _MessageLine(_Strict):
    by: Side | None = None
    to: Side | None = None
    automatic: bool | None = None
    kind: str | None = None


class _Evidence(_Strict):
    message: _MessageLine | None = None
    stage: Stage | None = None
    status: str | None = None
    field: str | None = None
    value: str | None = None

    def lines(self) -> EvidenceLine:
        told = [
            each for each in (self.message, self.stage, self.status, self.field) if each is not None
        ]
        if len(told) != 1:
            raise ValueError("each line of evidence names one of message, stage, status or field")
        if self.message is not None:
            return MessageEvidence(
                self.message.by, self.message.to, self.message.automatic, self.message.kind
            )
        if self.stage is not None:
            return StageEvidence(self.stage)
        if self.status is not None:
            return StatusEvidence(self.status)
        return FieldEvidence(str(self.field), self.value)


class LogSettings(_Strict):
    """Say where in an event log's rows things stand, for `ombud import`; names as in `LogShape`."""

    case: str
    activity: str
    time: str
    time_format: str | None = None
    zone: str = "UTC"
    actor: str | None = None
    created: str | None = None
    first: dict[str, str] = Field(default_factory=dict)
    attributes: tuple[str, ...] = ()
    final: tuple[str, ...] = ()
    missing: tuple[str, ...] = ("",)
    delimiter: str = ","


class _MappingFile(_Strict):
    log: LogSettings | None = None
    stages: dict[str, _StageLine] = Field(default_factory=dict)
    fields: dict[str, _FieldLine] = Field(default_factory=dict)
    milestones: dict[str, tuple[_Evidence, ...]] = Field(default_factory=dict)
    markers: dict[str, Texts] = Field(default_factory=dict)
    links: Texts = ()


def load_settings(path: Path) -> Settings:
    """Read ombud.toml; raise `SettingsError` with every fault found."""
    text, data = _toml(path, "Write one with: ombud init")
    settings = _validated(Settings, path, text, data)
    faults = list(_cross_checked(path, text, settings))
    if faults:
        raise SettingsError(faults)
    return settings.model_copy(update={"folder": path.parent})


def load_mapping(path: Path, zone: str) -> Mapping:
    """Read a mapping file; `zone` is the desk's, for dates without a time."""
    text, data = _toml(path, "Write one with: ombud init")
    read = _validated(_MappingFile, path, text, data)
    try:
        milestones = {
            name: tuple(each.lines() for each in lines) for name, lines in read.milestones.items()
        }
    except ValueError as error:
        where = ("milestones",)
        raise SettingsError(
            [_fault(path, text, where, str(error), "Split it into several lines")]
        ) from error
    return Mapping(
        stages={
            native: StageOf(line.stage, line.waiting, line.name)
            for native, line in read.stages.items()
        },
        fields={
            name: FieldOf(
                id=line.id,
                values={
                    native: word for word, natives in line.values.items() for native in natives
                },
                name=line.name,
                keep=line.keep,
            )
            for name, line in read.fields.items()
        },
        milestones=milestones,
        markers=read.markers,
        links=frozenset(read.links),
        zone=zone,
    )


def load_log(path: Path) -> LogSettings:
    """Read the [log] table of a mapping file, for `ombud import`."""
    text, data = _toml(path, "See examples/helpdesk")
    read = _validated(_MappingFile, path, text, data)
    if read.log is None:
        raise SettingsError(
            [
                _fault(
                    path,
                    text,
                    ("log",),
                    "is missing",
                    "Name the log's columns, as in examples/helpdesk",
                )
            ]
        )
    return read.log


def typed(mapping: Mapping, types: Map[str, str]) -> Mapping:
    """Give a mapping whose fields know their types in the pack's vocabulary."""
    known = {"received_at": "instant", **types}
    return replace(
        mapping,
        fields={
            name: replace(of, type=known.get(name, of.type)) for name, of in mapping.fields.items()
        },
    )


def secrets_of(account: str, names: Sequence[str], folder: Path) -> dict[str, str]:
    """Read an account's secrets from the environment, else from .env beside ombud.toml.

    Raises:
        SettingsError: naming each variable that is missing.

    """
    found: dict[str, str] = {}
    faults: list[Fault] = []
    for name in names:
        variable = f"{account.upper()}_{name}"
        value = secret(variable, folder)
        if value:
            found[name] = value
        else:
            faults.append(
                Fault(
                    str(folder / ".env"),
                    0,
                    variable,
                    "is not set",
                    f"Set {variable} in the environment or in .env",
                )
            )
    if faults:
        raise SettingsError(faults)
    return found


def secret(variable: str, folder: Path) -> str | None:
    """Read one secret from the environment, else from .env; `None` where neither has it."""
    return os.environ.get(variable) or dotenv_values(folder / ".env").get(variable)


def _toml(path: Path, remedy: str) -> tuple[str, dict[str, Any]]:
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


def _validated(model: type[T], path: Path, text: str, data: dict[str, Any]) -> T:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise SettingsError([_told(path, text, model, each) for each in error.errors()]) from None


def _told(path: Path, text: str, model: type[BaseModel], error: Any) -> Fault:
    where = tuple(error["loc"])
    if error["type"] == "extra_forbidden":
        wrong = str(where[-1])
        near = difflib.get_close_matches(wrong, _field_names(model), 1)
        remedy = (
            f"Did you mean {near[0]!r}?" if near else "Remove it, or see docs/reference/settings.md"
        )
        return _fault(path, text, where, "is not a setting", remedy)
    if error["type"] == "missing":
        return _fault(path, text, where, "is missing", "Add it")
    allowed = error.get("ctx", {}).get("expected")
    said = str(error["msg"]).removeprefix("Value error, ")
    return _fault(path, text, where, said, f"Allowed: {allowed}" if allowed else "Mend the value")


def _field_names(model: type[BaseModel]) -> list[str]:
    names: list[str] = []
    todo: list[Any] = [model]
    seen: set[Any] = set()
    while todo:
        each = todo.pop()
        if each in seen:
            continue
        seen.add(each)
        for name, info in each.model_fields.items():
            names.append(info.alias or name)
            todo.extend(sub for sub in _models(info.annotation) if sub not in seen)
    return names


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for arg in getattr(annotation, "__args__", ()) for model in _models(arg)]


def _fault(path: Path, text: str, where: Sequence[object], what: str, remedy: str) -> Fault:
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


def _cross_checked(path: Path, text: str, settings: Settings) -> list[Fault]:
    faults = [
        _fault(
            path,
            text,
            ("accounts", name),
            "is no name for an account",
            "Use a-z, 0-9 and _, a letter first",
        )
        for name in settings.accounts
        if not _NAME.fullmatch(name)
    ]
    for index, binding in enumerate(settings.bindings):
        where = ("bindings", index)
        if binding.account not in settings.accounts:
            faults.append(
                _fault(
                    path,
                    text,
                    (*where, "account"),
                    f"names no account: {binding.account!r}",
                    _nearest(binding.account, settings.accounts),
                )
            )
        if binding.calendar not in settings.calendars:
            faults.append(
                _fault(
                    path,
                    text,
                    (*where, "calendar"),
                    f"names no calendar: {binding.calendar!r}",
                    _nearest(binding.calendar, settings.calendars),
                )
            )
    names = [binding.name for binding in settings.bindings]
    faults += [
        _fault(path, text, ("bindings",), f"has two bindings named {name!r}", "Rename one")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
    return faults


def _nearest(wrong: str, known: Map[str, object]) -> str:
    near = difflib.get_close_matches(wrong, list(known), 1)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"Known: {', '.join(sorted(known)) or 'none'}"
