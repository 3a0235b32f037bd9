"""Read mapping files: what a helpdesk's, or a log's, words mean."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

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
from ombud.toml import SettingsError, Strict, Texts, fault_at, read_toml, validated

if TYPE_CHECKING:
    from collections.abc import Mapping as Map
    from pathlib import Path


def _known_stage(stage: str) -> str:
    if stage not in STAGES:
        raise ValueError(f"{stage!r} is no stage; stages are {', '.join(STAGES)}")
    return stage


Stage = Annotated[str, AfterValidator(_known_stage)]


class _StageLine(Strict):
    stage: Stage
    waiting: Literal["complainant", "third_party"] | None = None
    name: str = ""


class _FieldLine(Strict):
    id: str
    name: str = ""
    values: dict[str, Texts] = Field(default_factory=dict)
    keep: bool = False


class _MessageLine(Strict):
    by: Side | None = None
    to: Side | None = None
    automatic: bool | None = None
    kind: str | None = None


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
    markers: dict[str, Texts] = Field(default_factory=dict)
    links: Texts = ()
    refs: dict[str, str] = Field(default_factory=dict)


def load_mapping(path: Path, zone: str) -> Mapping:
    """Read a mapping file; `zone` is the desk's, for dates without a time."""
    text, data = read_toml(path, "Write one with: ombud init")
    read = validated(_MappingFile, path, text, data)
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
        milestones={
            name: tuple(each.line() for each in lines) for name, lines in read.milestones.items()
        },
        markers=read.markers,
        links=frozenset(read.links),
        refs=read.refs,
        zone=zone,
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


def typed(mapping: Mapping, types: Map[str, str]) -> Mapping:
    """Give a mapping whose fields know their types in the pack's vocabulary."""
    known = {"received_at": "instant", **types}
    return replace(
        mapping,
        fields={
            name: replace(of, type=known.get(name, of.type)) for name, of in mapping.fields.items()
        },
    )
