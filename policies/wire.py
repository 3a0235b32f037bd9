"""The shape of a pack file: what loads it is what the editors' JSON Schema is made of."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, Discriminator, Field, Tag, field_validator, model_validator
from pydantic_core import PydanticCustomError

from policies.wire_condition import (
    DAY_PATTERN,
    ID_PATTERN,
    RESERVED,
    Condition,
    Day,
    Name,
    ParamRef,
    Strict,
    Text,
)

_PACK = r"^[a-z][a-z0-9_]*(-[a-z0-9_]+)*$"
PackId: TypeAlias = Annotated[str, Field(pattern=_PACK, max_length=60)]


class LengthOf(Strict):
    """A length of time: one unit, and how it is counted."""

    hours: float | ParamRef | None = Field(
        default=None, description="Elapsed hours, nights and holidays included."
    )
    business_hours: float | ParamRef | None = Field(
        default=None, description="Hours in which the desk is open."
    )
    business_days: float | ParamRef | None = Field(
        default=None, description="Days on which the desk is open, after the day of the start."
    )
    complete_business_days: float | ParamRef | None = Field(
        default=None,
        description="Days on which the desk is open, whose opening lies after the start.",
    )
    calendar_days: float | ParamRef | None = Field(
        default=None, description="Days, after the day of the start."
    )
    weeks: float | ParamRef | None = Field(
        default=None, description="Weeks, after the day of the start."
    )
    months: float | ParamRef | None = Field(
        default=None, description="Months, to the end of the day with the same number."
    )
    count_start_day: bool = Field(default=False, description="The day of the start is day 1.")
    ends: Literal["close", "day"] | None = Field(
        default=None, description="The last day ends at the close of business, or at midnight."
    )
    roll: Literal["next", "none"] = Field(
        default="none", description="A due on a closed day moves to the next open one."
    )

    @model_validator(mode="after")
    def _one(self) -> LengthOf:
        if len(self.model_fields_set & set(UNITS)) != 1:
            raise PydanticCustomError(
                "one_unit", "asks for exactly one of {units}", {"units": ", ".join(UNITS)}
            )
        return self


#: What a length may be counted in.
UNITS = (
    "hours",
    "business_hours",
    "business_days",
    "complete_business_days",
    "calendar_days",
    "weeks",
    "months",
)


class TermOf(LengthOf):
    """A term: a length, several of which the later counts, or a date agreed; and when it applies."""

    when: Condition | None = None
    any_of: Annotated[list[LengthOf], Field(min_length=2, max_length=10)] | None = Field(
        default=None, description="The later is the due, the earlier the warning."
    )
    agreed: Name | None = Field(
        default=None, description="Field that holds the date agreed for this complaint."
    )

    @model_validator(mode="after")
    def _one(self) -> TermOf:
        if len(self.model_fields_set & {*UNITS, "any_of", "agreed"}) != 1:
            raise PydanticCustomError(
                "one_unit",
                "asks for exactly one of {units}, any_of, agreed",
                {"units": ", ".join(UNITS)},
            )
        return self


Terms: TypeAlias = Annotated[list[TermOf], Field(min_length=1, max_length=50)]


class ExtensionOf(Strict):
    """One lengthening, by a notice sent before the term is over."""

    by: Name
    must: Condition | None = Field(default=None, description="What the notice has to hold.")
    within: LengthOf


class PauseRuleOf(Strict):
    """A time that does not count: while somebody is waited for, in a stage, or while a flag is set."""

    waiting: Literal["complainant", "third_party"] | None = None
    stage: Name | None = None
    while_: Name | None = Field(default=None, alias="while", description="A flag field.")
    cap: LengthOf | None = Field(
        default=None, description="How long it stops the clock at most; 20 business days without."
    )
    source: Text | None = Field(default=None, description="The rule that lists this pause.")

    @model_validator(mode="after")
    def _one(self) -> PauseRuleOf:
        if sum(each is not None for each in (self.waiting, self.stage, self.while_)) != 1:
            raise PydanticCustomError("one_pause", "asks for exactly one of waiting, stage, while")
        return self


def _pause_kind(value: object) -> str:
    return "rule" if isinstance(value, dict) else "waiting"


Pauses: TypeAlias = list[
    Annotated[
        Annotated[Name, Tag("waiting")] | Annotated[PauseRuleOf, Tag("rule")],
        Discriminator(_pause_kind),
    ]
]


class GuardOf(Strict):
    """What must hold when a stage is entered; without a stage, at any time."""

    entering: Name | None = None
    when: Condition | None = None
    must: Condition


class SequenceOf(Strict):
    """Milestones that must have been reached when a stage is entered."""

    entering: Name
    stages: Annotated[list[Name], Field(min_length=2, max_length=20)]
    ordered: bool = Field(default=False, description="In this order, too.")
    when: Condition | None = None


class OperationalOf(Strict):
    """The desk's own clock beside that of the rule: it is shown, and judges nothing."""

    pauses: Pauses


class DeadlineOf(Strict):
    """One milestone follows another within a term."""

    when: Condition | None = None
    from_: Name = Field(
        alias="from", description="Milestone, or field with an instant, that starts the clock."
    )
    until: Name | Annotated[list[Name], Field(min_length=1, max_length=10)] = Field(
        description="What stops it; of several the earliest."
    )
    within: Terms
    as_of: Literal["first", "last", "stop"] = Field(
        default="last",
        description="Which value counts where a field that conditions ask for has changed.",
    )
    clock: Literal["regulatory", "operational"] = "regulatory"
    calendar: Name | None = None
    pauses: Pauses = Field(default_factory=list, description="What does not count.")
    extension: ExtensionOf | None = None
    operational: OperationalOf | None = None


class CadenceOf(Strict):
    """The complainant hears from us again and again, never a term apart."""

    when: Condition | None = None
    from_: Name = Field(alias="from", default="received")
    until: Name = "closed"
    kinds: list[Name] = Field(
        default_factory=list,
        description="Kinds of messages that count; without, every one that a person of the desk wrote.",
    )
    within: Terms
    calendar: Name | None = None
    pauses: Pauses = Field(default_factory=list)


class InvariantOf(Strict):
    """What must hold at every moment."""

    from_: Name = Field(alias="from", default="received")
    until: Name | None = None
    when: Condition | None = None
    must: Condition
    allow: LengthOf | None = Field(default=None, description="So long may it fail at a time.")
    calendar: Name | None = None


class IntegrityOf(Strict):
    """A value once written is not rewritten without a reason in the same change."""

    fields: Annotated[list[Name], Field(min_length=1, max_length=20)]
    reason: Name
    when: Condition | None = None


class ClauseOf(Strict):
    """Where the requirement stands."""

    standard: Text
    clause: Text


class RuleSourceOf(Strict):
    """Where a rule's figure stands, and how far that was checked."""

    ref: Annotated[str, Field(min_length=1, max_length=120)]
    status: Literal["confirmed", "unverified"]
    verified: Day
    url: Annotated[str, Field(pattern=r"^https?://", max_length=300)] | None = None
    note: Annotated[str, Field(max_length=400)] = ""


#: What a rule may ask; each has one of these.
BODIES = ("guard", "sequence", "deadline", "cadence", "invariant", "integrity")


class RuleOf(Strict):
    """One requirement."""

    id: Annotated[str, Field(pattern=ID_PATTERN, max_length=80)]
    title: Annotated[str, Field(min_length=1, max_length=120)]
    clauses: list[ClauseOf] = Field(default_factory=list)
    severity: Literal["major", "minor", "observation"]
    mode: Literal["off", "observe", "flag", "block"] = "flag"
    waivable: bool | None = Field(
        default=None,
        description="Whether a breach may be waived; an authority's may not, unless said.",
    )
    sources: list[RuleSourceOf] = Field(default_factory=list)
    tracks: list[Name] | None = Field(
        default=None, description="Tracks of complaints it holds for; all without."
    )
    guard: GuardOf | None = None
    sequence: SequenceOf | None = None
    deadline: DeadlineOf | None = None
    cadence: CadenceOf | None = None
    invariant: InvariantOf | None = None
    integrity: IntegrityOf | None = None

    @model_validator(mode="after")
    def _one(self) -> RuleOf:
        if len(self.model_fields_set & set(BODIES)) != 1:
            raise PydanticCustomError(
                "one_body", "asks for exactly one of {bodies}", {"bodies": ", ".join(BODIES)}
            )
        return self


class FieldOf(Strict):
    """A canonical field."""

    type: Literal["text", "choice", "person", "number", "instant", "flag"]
    values: list[Text] = Field(default_factory=list)
    ordered: bool = False
    label: Text | None = None
    day: Literal["start", "end"] | None = Field(
        default=None,
        description="Which end of the day a date without a time means: its start without.",
    )


class ParamOf(Strict):
    """A number or list that an organisation sets for itself."""

    default: float | Text | Annotated[list[Text], Field(min_length=1)]
    minimum: float | None = None
    help: Annotated[str, Field(max_length=400)] = ""


class EffectiveOf(Strict):
    """The days of receipt a pack holds for."""

    from_: Annotated[str, Field(pattern=DAY_PATTERN)] = Field(alias="from")
    to: Annotated[str, Field(pattern=DAY_PATTERN)] | None = None


class SourceOf(Strict):
    """Where a pack's requirements stand, and how far that was checked."""

    standard: Text
    status: Literal["confirmed", "secondary", "unverified"]
    verified: Day
    url: Annotated[str, Field(pattern=r"^https?://", max_length=300)] | None = None
    note: Annotated[str, Field(max_length=400)] = ""


class ShareOf(Strict):
    """Those of the cohort of which something holds."""

    of: Condition
    among: Condition | None = None


class SameOf(Strict):
    """Those with the same values within so many days."""

    same: Annotated[list[Name], Field(min_length=1, max_length=10)]
    within_days: Annotated[int, Field(ge=1, le=3660)]


class ChangedOf(Strict):
    """Those in which a field was given another value after a milestone."""

    field: Name
    after: Name


#: What a measure may count; each has one of these.
COUNTS = ("share", "repeat", "recurrence", "changed", "per")


class MeasureOf(Strict):
    """A number about many complaints; never a verdict."""

    id: Name
    title: Annotated[str, Field(min_length=1, max_length=120)]
    cohort: Name = Field(description='A milestone, or "open".')
    share: ShareOf | None = None
    repeat: SameOf | None = None
    recurrence: SameOf | None = None
    changed: ChangedOf | None = None
    per: Name | None = None

    @model_validator(mode="after")
    def _one(self) -> MeasureOf:
        if len(self.model_fields_set & set(COUNTS)) != 1:
            raise PydanticCustomError(
                "one_count", "asks for exactly one of {counts}", {"counts": ", ".join(COUNTS)}
            )
        return self


class HolidaysOf(Strict):
    """Public holidays, by country and part, and days beside them."""

    country: Text | None = None
    subdivision: Text | None = None
    own: dict[str, Text] = Field(default_factory=dict)


class PackCalendarOf(Strict):
    """A calendar that a pack brings along."""

    zone: Text
    week: Annotated[dict[str, list[str]], Field(min_length=1)]
    holidays: HolidaysOf = Field(default_factory=HolidaysOf)


class LoosenOf(Strict):
    """Say why an overlay asks less than its base."""

    rule: Text
    reason: Annotated[str, Field(min_length=5, max_length=400)]


class PackOf(Strict):
    """A pack file."""

    pack: PackId
    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
    title: Annotated[str, Field(min_length=1, max_length=120)]
    base: Text | None = Field(
        default=None, description="Pack this one is laid over: a name, or a path ending in .yaml."
    )
    authority: Text | None = Field(
        default=None, description="Whose rules these are; each then names its source."
    )
    effective: EffectiveOf
    calendar: Name = "office"
    calendars: dict[Name, PackCalendarOf] = Field(default_factory=dict)
    loosen: list[LoosenOf] = Field(default_factory=list)
    sources: list[SourceOf] = Field(default_factory=list)
    vocabulary: dict[Name, FieldOf] = Field(default_factory=dict)
    milestones: list[Name] = Field(
        default_factory=list, description="Milestones of this pack's own."
    )
    params: dict[Name, ParamOf] = Field(default_factory=dict)
    tracks: dict[Name, Literal["otherwise"] | Condition] = Field(
        default_factory=dict, description="Kinds of complaints, in order: the first that applies."
    )
    measures: Annotated[list[MeasureOf], Field(max_length=200)] = Field(default_factory=list)
    rules: Annotated[list[RuleOf], Field(max_length=1000)] = Field(default_factory=list)
    profiles: dict[Name, Literal["all"] | list[Text]] = Field(default_factory=dict)

    @field_validator("vocabulary")
    @classmethod
    def _free(cls, vocabulary: dict[str, FieldOf]) -> dict[str, FieldOf]:
        taken = sorted(set(vocabulary) & set(RESERVED))
        if taken:
            raise PydanticCustomError("reserved", "may not name a field {word}", {"word": taken[0]})
        return vocabulary


def is_name(text: str) -> bool:
    """Tell whether a text can name a pack."""
    return re.fullmatch(_PACK, text) is not None


_MODELS: tuple[type[BaseModel], ...] = (
    TermOf,
    ExtensionOf,
    GuardOf,
    SequenceOf,
    DeadlineOf,
    CadenceOf,
    InvariantOf,
    IntegrityOf,
    RuleOf,
    ShareOf,
    MeasureOf,
    PackOf,
)
for _model in _MODELS:
    _model.model_rebuild()
