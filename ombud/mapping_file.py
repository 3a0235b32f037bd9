"""Read mapping files: what a helpdesk's, or a log's, words mean."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from ombud.model.event import KINDS, OLD_KINDS, Side
from ombud.model.facts import STAGES
from ombud.model.mapping import (
    EvidenceLine,
    FieldEvidence,
    FieldOf,
    Mapping,
    MessageEvidence,
    Problem,
    StageEvidence,
    StageOf,
    StatusEvidence,
)
from ombud.toml import SettingsError, Strict, Texts, fault_at, read_toml, validated

if TYPE_CHECKING:
    from collections.abc import Mapping as Map
    from pathlib import Path


def _known_stage(stage: str) -> str:
    if stage not in STAGES:
        raise ValueError(f"{stage!r} is no stage; stages are {', '.join(STAGES)}")
    return stage


Stage = Annotated[str, AfterValidator(_known_stage)]


def _known_kind(kind: str) -> str:
    kind = OLD_KINDS.get(kind, kind)
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is no kind of message; kinds are {', '.join(KINDS)}")
    return kind


#: A kind of message; what it was called before is understood.
MessageKind = Annotated[str, AfterValidator(_known_kind)]


class _StageLine(Strict):
    stage: Stage
    waiting: Literal["complainant", "third_party"] | None = None
    name: str = ""


class _FieldLine(Strict):
    id: str
    name: str = ""
    values: dict[str, Texts] = Field(default_factory=dict)
    names: dict[str, str] = Field(default_factory=dict)
    keep: bool = False

    @model_validator(mode="after")
    def _named(self) -> _FieldLine:
        known = {native for natives in self.values.values() for native in natives}
        strange = sorted(self.names.keys() - known)
        if strange:
            raise ValueError(f"names {strange[0]!r}, which is none of its values")
        return self


class _MessageLine(Strict):
    by: Side | None = None
    to: Side | None = None
    automatic: bool | None = None
    kind: MessageKind | None = None


class _Evidence(Strict):
    message: _MessageLine | None = None
    stage: Stage | None = None
    status: str | None = None
    field: str | None = None
    value: str | None = None

    @model_validator(mode="after")
    def _one(self) -> _Evidence:
        told = (self.message, self.stage, self.status, self.field)
        if sum(each is not None for each in told) != 1:
            raise ValueError(
                "names not one of message, stage, status or field; split it into several lines"
            )
        return self

    def line(self) -> EvidenceLine:
        if self.message is not None:
            return MessageEvidence(
                self.message.by, self.message.to, self.message.automatic, self.message.kind
            )
        if self.stage is not None:
            return StageEvidence(self.stage)
        if self.status is not None:
            return StatusEvidence(self.status)
        return FieldEvidence(str(self.field), self.value)


class _KindFieldLine(Strict):
    id: str
    values: dict[MessageKind, Texts]


class _Communications(Strict):
    kind_field: _KindFieldLine | None = None
    tags: dict[str, MessageKind] = Field(default_factory=dict)


class _ProblemLine(Strict):
    links: Texts
    fields: Texts


class LogSettings(Strict):
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


class _MappingFile(Strict):
    log: LogSettings | None = None
    stages: dict[str, _StageLine] = Field(default_factory=dict)
    fields: dict[str, _FieldLine] = Field(default_factory=dict)
    milestones: dict[str, tuple[_Evidence, ...]] = Field(default_factory=dict)
    markers: dict[MessageKind, Texts | dict[str, Texts]] = Field(default_factory=dict)
    macros: dict[str, MessageKind] = Field(default_factory=dict)
    communications: _Communications = Field(default_factory=_Communications)
    problem: _ProblemLine | None = None
    links: Texts = ()
    splits: Texts = ()
    refs: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _lends_what_is_mapped(self) -> _MappingFile:
        missing = sorted(set(self.problem.fields) - self.fields.keys()) if self.problem else []
        if missing:
            raise ValueError(
                f"[problem] shares {', '.join(missing)}, which [fields] does not map; map it, or leave it out"
            )
        return self


def load_mapping(path: Path, zone: str) -> Mapping:
    """Read a mapping file; `zone` is the desk's, for dates without a time."""
    return mapping_of(read_mapping(path), zone)


def read_mapping(path: Path) -> dict[str, Any]:
    """Read what a mapping file says, as plain values; raises `SettingsError` with every fault."""
    text, data = read_toml(path, "Write one with: ombud init")
    validated(_MappingFile, path, text, data)
    return data


def mapping_of(data: Map[str, Any], zone: str) -> Mapping:
    """Give the mapping that a file's plain values mean; `ValueError` where they mean none."""
    read = _MappingFile.model_validate(data)
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
                names=line.names,
            )
            for name, line in read.fields.items()
        },
        milestones={
            name: tuple(each.line() for each in lines) for name, lines in read.milestones.items()
        },
        markers={
            kind: marks
            if isinstance(marks, tuple)
            else tuple(dict.fromkeys(mark for each in marks.values() for mark in each))
            for kind, marks in read.markers.items()
        },
        links=frozenset(read.links),
        refs=read.refs,
        zone=zone,
        languages={
            kind: frozenset(language.lower() for language in marks)
            for kind, marks in read.markers.items()
            if isinstance(marks, dict)
        },
        macros=read.macros,
        tags=read.communications.tags,
        kind_field=_kind_field(read.communications.kind_field),
        problem=Problem()
        if read.problem is None
        else Problem(frozenset(read.problem.links), frozenset(read.problem.fields)),
        splits=frozenset(read.splits),
    )


def _kind_field(line: _KindFieldLine | None) -> FieldOf | None:
    if line is None:
        return None
    return FieldOf(
        line.id,
        {native: kind for kind, natives in line.values.items() for native in natives},
    )


def load_log(path: Path) -> LogSettings:
    """Read the [log] table of a mapping file, for `ombud import`."""
    text, data = read_toml(path, "See examples/helpdesk")
    read = validated(_MappingFile, path, text, data)
    if read.log is None:
        raise SettingsError(
            [
                fault_at(
                    path,
                    text,
                    ("log",),
                    "is missing",
                    "Name the log's columns, as in examples/helpdesk",
                )
            ]
        )
    return read.log


def typed(
    mapping: Mapping, types: Map[str, str], day_ends: frozenset[str] = frozenset()
) -> Mapping:
    """Give a mapping whose fields know their types in the pack's vocabulary, and what a bare date means in them."""
    known = {"received_at": "instant", **types}
    return replace(
        mapping,
        fields={
            name: replace(of, type=known.get(name, of.type), day_end=name in day_ends)
            for name, of in mapping.fields.items()
        },
    )
