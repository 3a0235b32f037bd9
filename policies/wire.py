"""The shape of a pack file: what loads it is what the editors' JSON Schema is made of."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    field_validator,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

#: Words of the pack language, which no field may be called; `at` is no column in some databases.
RESERVED = ("present", "all", "any", "not", "param", "at")
_NAME = r"^[a-z][a-z0-9_]{0,59}$"
_PACK = r"^[a-z][a-z0-9_]*(-[a-z0-9_]+)*$"
_ID = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_NO_FIELD: JsonDict = {"propertyNames": {"pattern": _NAME, "not": {"enum": list(RESERVED)}}}
_ONE_KEY: JsonDict = {"minProperties": 1, "maxProperties": 1}

Name: TypeAlias = Annotated[str, Field(pattern=_NAME)]
PackId: TypeAlias = Annotated[str, Field(pattern=_PACK, max_length=60)]
Day: TypeAlias = Annotated[str, Field(pattern=_DAY)]
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=300)]
Scalar: TypeAlias = str | int | float | bool


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ParamRef(_Strict):
    """Stands for a parameter's value, wherever a value may stand."""

    param: Name


Given: TypeAlias = Scalar | ParamRef


class PresentTest(_Strict):
    """The field is filled in, or the milestone reached."""

    present: Name


class AllOf(_Strict):
    """Every part holds."""

    all: Annotated[list[Condition], Field(min_length=1, max_length=100)]


class AnyOf(_Strict):
    """At least one part holds."""

    any: Annotated[list[Condition], Field(min_length=1, max_length=100)]


class NotOf(_Strict):
    """The part does not hold."""

    not_: Condition = Field(alias="not")


class Check(_Strict):
    """One comparison of a field."""

    model_config = ConfigDict(json_schema_extra=_ONE_KEY)

    in_: Annotated[list[Given], Field(min_length=1, max_length=1000)] | ParamRef = Field(
        default_factory=list, alias="in", description="One of these values."
    )
    not_: Given = Field(default="", alias="not", description="Any value but this one.")
    at_least: Given = Field(default="", description="This value, or a higher one.")
    at_most: Given = Field(default="", description="This value, or a lower one.")
    same_as: Name = Field(default="x", description="The same value as this field has.")
    differs_from: Name = Field(default="x", description="Another value than this field has.")
    not_after: Name = Field(default="x", description="An instant no later than this one.")
    after: Name = Field(default="x", description="An instant later than this one.")

    @model_validator(mode="after")
    def _one(self) -> Check:
        if len(self.model_fields_set) != 1:
            raise PydanticCustomError(
                "one_check",
                "asks for exactly one of in, not, at_least, at_most, same_as, differs_from, not_after, after",
            )
        return self


def _check_kind(value: object) -> str | None:
    if isinstance(value, dict):
        return "param" if "param" in value else "check"
    return None if value is None or isinstance(value, list) else "value"


class Comparison(
    RootModel[
        Annotated[
            dict[
                str,
                Annotated[
                    Annotated[Scalar, Tag("value")]
                    | Annotated[ParamRef, Tag("param")]
                    | Annotated[Check, Tag("check")],
                    Discriminator(
                        _check_kind,
                        custom_error_type="no_check",
                        custom_error_message="is neither a value nor a comparison",
                    ),
                ],
            ],
            Field(min_length=1, max_length=1),
        ]
    ]
):
    """A field has this value, or compares like this."""

    model_config = ConfigDict(strict=True, frozen=True, json_schema_extra=_NO_FIELD)


def _condition_kind(value: object) -> str | None:
    if not isinstance(value, dict):
        return None
    return next((word for word in ("present", "all", "any", "not") if word in value), "comparison")


Condition: TypeAlias = Annotated[
    Annotated[PresentTest, Tag("present")]
    | Annotated[AllOf, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[NotOf, Tag("not")]
    | Annotated[Comparison, Tag("comparison")],
    Discriminator(
        _condition_kind, custom_error_type="no_condition", custom_error_message="is no condition"
    ),
]


class ConditionOf(_Strict):
    """A condition that stands alone: the complaints that a waiver is for."""

    where: Condition


class LengthOf(_Strict):
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


class ExtensionOf(_Strict):
    """One lengthening, by a notice sent before the term is over."""

    by: Name
    must: Condition | None = Field(default=None, description="What the notice has to hold.")
    within: LengthOf


class PauseRuleOf(_Strict):
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


class GuardOf(_Strict):
    """What must hold when a stage is entered; without a stage, at any time."""

    entering: Name | None = None
    when: Condition | None = None
    must: Condition


class SequenceOf(_Strict):
    """Milestones that must have been reached when a stage is entered."""

    entering: Name
    stages: Annotated[list[Name], Field(min_length=2, max_length=20)]
    ordered: bool = Field(default=False, description="In this order, too.")
    when: Condition | None = None


class OperationalOf(_Strict):
    """The desk's own clock beside that of the rule: it is shown, and judges nothing."""

    pauses: Pauses


class DeadlineOf(_Strict):
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


class CadenceOf(_Strict):
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


class InvariantOf(_Strict):
    """What must hold at every moment."""

    from_: Name = Field(alias="from", default="received")
    until: Name | None = None
    when: Condition | None = None
    must: Condition
    allow: LengthOf | None = Field(default=None, description="So long may it fail at a time.")
    calendar: Name | None = None


class IntegrityOf(_Strict):
    """A value once written is not rewritten without a reason in the same change."""

    fields: Annotated[list[Name], Field(min_length=1, max_length=20)]
    reason: Name
    when: Condition | None = None


class ClauseOf(_Strict):
    """Where the requirement stands."""

    standard: Text
    clause: Text


class RuleSourceOf(_Strict):
    """Where a rule's figure stands, and how far that was checked."""

    ref: Annotated[str, Field(min_length=1, max_length=120)]
    status: Literal["confirmed", "unverified"]
    verified: Day
    url: Annotated[str, Field(pattern=r"^https?://", max_length=300)] | None = None
    note: Annotated[str, Field(max_length=400)] = ""


#: What a rule may ask; each has one of these.
BODIES = ("guard", "sequence", "deadline", "cadence", "invariant", "integrity")


class RuleOf(_Strict):
    """One requirement."""

    id: Annotated[str, Field(pattern=_ID, max_length=80)]
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


class FieldOf(_Strict):
    """A canonical field."""

    type: Literal["text", "choice", "person", "number", "instant", "flag"]
    values: list[Text] = Field(default_factory=list)
    ordered: bool = False
    label: Text | None = None
    day: Literal["start", "end"] | None = Field(
        default=None,
        description="Which end of the day a date without a time means: its start without.",
    )


class ParamOf(_Strict):
    """A number or list that an organisation sets for itself."""

    default: float | Text | Annotated[list[Text], Field(min_length=1)]
    minimum: float | None = None
    help: Annotated[str, Field(max_length=400)] = ""


class EffectiveOf(_Strict):
    """The days of receipt a pack holds for."""

    from_: Annotated[str, Field(pattern=_DAY)] = Field(alias="from")
    to: Annotated[str, Field(pattern=_DAY)] | None = None


class SourceOf(_Strict):
    """Where a pack's requirements stand, and how far that was checked."""

    standard: Text
    status: Literal["confirmed", "secondary", "unverified"]
    verified: Day
    url: Annotated[str, Field(pattern=r"^https?://", max_length=300)] | None = None
    note: Annotated[str, Field(max_length=400)] = ""


class ShareOf(_Strict):
    """Those of the cohort of which something holds."""

    of: Condition
    among: Condition | None = None


class SameOf(_Strict):
    """Those with the same values within so many days."""

    same: Annotated[list[Name], Field(min_length=1, max_length=10)]
    within_days: Annotated[int, Field(ge=1, le=3660)]


class ChangedOf(_Strict):
    """Those in which a field was given another value after a milestone."""

    field: Name
    after: Name


#: What a measure may count; each has one of these.
COUNTS = ("share", "repeat", "recurrence", "changed", "per")


class MeasureOf(_Strict):
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


class HolidaysOf(_Strict):
    """Public holidays, by country and part, and days beside them."""

    country: Text | None = None
    subdivision: Text | None = None
    own: dict[str, Text] = Field(default_factory=dict)


class PackCalendarOf(_Strict):
    """A calendar that a pack brings along."""

    zone: Text
    week: Annotated[dict[str, list[str]], Field(min_length=1)]
    holidays: HolidaysOf = Field(default_factory=HolidaysOf)


class LoosenOf(_Strict):
    """Say why an overlay asks less than its base."""

    rule: Text
    reason: Annotated[str, Field(min_length=5, max_length=400)]


class PackOf(_Strict):
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


class PauseOf(_Strict):
    """A time in which the complaint waited for somebody."""

    waiting: Literal["complainant", "third_party"]
    from_: Text = Field(alias="from")
    until: Text | None = None


class CalendarOf(_Strict):
    """When the desk of the examples is open."""

    zone: Text
    week: dict[str, list[str]]
    holidays: list[Annotated[str, Field(pattern=_DAY)]] = Field(default_factory=list)


class HappeningOf(_Strict):
    """One thing that happened to the complaint of an example; the first one creates its ticket."""

    when: Text = Field(description="When, with the zone.")
    set: dict[Name, Scalar] = Field(
        default_factory=dict,
        description='Fields that took a value, "" for none, and milestones that were reached.',
    )
    stage: Name | None = Field(default=None, description="Stage that was entered.")
    waiting: Literal["complainant", "third_party"] | None = None
    said: list[Name] | None = Field(default=None, description="A message of these kinds.")
    by: Literal["agent", "automation", "complainant"] | None = None
    automatic: bool | None = None
    delivered: bool | None = None
    language: Text | None = None
    actor: Text | None = None
    cause: Literal["person", "rule", "automation", "mail", "ourselves"] | None = None


class ExampleOf(_Strict):
    """A complaint, and what a rule says of it; fields it does not name are empty."""

    rule: Annotated[str, Field(pattern=_ID)]
    name: Annotated[str, Field(min_length=1, max_length=160)]
    expect: Literal["pass", "fail", "pending", "not_applicable", "unknown"]
    row: dict[Name, Scalar] = Field(
        default_factory=dict, description="Fields, and milestones as times with their zone."
    )
    unknown: list[Name] = Field(
        default_factory=list, description="Fields of which nothing is known."
    )
    pauses: list[PauseOf] = Field(default_factory=list)
    as_of: Text | None = Field(default=None, description="When it is judged, with the zone.")
    due: Text | None = Field(default=None, description="When it is due, with the zone.")
    events: list[HappeningOf] = Field(
        default_factory=list, description="A history instead of a row."
    )


class ExamplesOf(_Strict):
    """A file of examples beside a pack."""

    edition: Text | None = Field(
        default=None, description="The version that judges them; the newest without."
    )

    calendar: CalendarOf | None = None
    examples: Annotated[list[ExampleOf], Field(min_length=1)]


_MODELS: tuple[type[BaseModel], ...] = (
    AllOf,
    AnyOf,
    NotOf,
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
    ExamplesOf,
)
for _model in _MODELS:
    _model.model_rebuild()
