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
_ID = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_NO_FIELD: JsonDict = {"propertyNames": {"pattern": _NAME, "not": {"enum": list(RESERVED)}}}
_ONE_KEY: JsonDict = {"minProperties": 1, "maxProperties": 1}

Name: TypeAlias = Annotated[str, Field(pattern=_NAME)]
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

    @model_validator(mode="after")
    def _one(self) -> Check:
        if len(self.model_fields_set) != 1:
            raise PydanticCustomError(
                "one_check",
                "asks for exactly one of in, not, at_least, at_most, same_as, differs_from",
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


class TermOf(_Strict):
    """A length of time: one unit, and when it applies."""

    when: Condition | None = None
    hours: float | ParamRef | None = Field(
        default=None, description="Elapsed hours, nights and holidays included."
    )
    business_hours: float | ParamRef | None = Field(
        default=None, description="Hours in which the desk is open."
    )
    business_days: float | ParamRef | None = Field(
        default=None, description="Days on which the desk is open, after the day of the start."
    )
    calendar_days: float | ParamRef | None = Field(
        default=None, description="Days, after the day of the start."
    )
    weeks: float | ParamRef | None = Field(
        default=None, description="Weeks, after the day of the start."
    )

    @model_validator(mode="after")
    def _one(self) -> TermOf:
        if len(self.model_fields_set - {"when"}) != 1:
            raise PydanticCustomError(
                "one_unit",
                "asks for exactly one of hours, business_hours, business_days, calendar_days, weeks",
            )
        return self


class ExtensionOf(_Strict):
    """One lengthening, by a notice sent before the term is over."""

    by: Name
    within: TermOf


class GuardOf(_Strict):
    """What must hold when a stage is entered; without a stage, at any time."""

    entering: Name | None = None
    when: Condition | None = None
    must: Condition


class DeadlineOf(_Strict):
    """One milestone follows another within a term."""

    from_: Name = Field(alias="from", description="Milestone that starts the clock.")
    until: Name = Field(description="Milestone that stops it.")
    within: Annotated[list[TermOf], Field(min_length=1, max_length=50)]
    calendar: Name | None = None
    pauses: list[Name] = Field(
        default_factory=list, description="Waiting for these does not count."
    )
    extension: ExtensionOf | None = None


class ClauseOf(_Strict):
    """Where the requirement stands."""

    standard: Text
    clause: Text


class RuleOf(_Strict):
    """One requirement: a guard or a deadline."""

    id: Annotated[str, Field(pattern=_ID, max_length=80)]
    title: Annotated[str, Field(min_length=1, max_length=120)]
    clauses: list[ClauseOf] = Field(default_factory=list)
    severity: Literal["major", "minor", "observation"]
    mode: Literal["off", "observe", "flag", "block"] = "flag"
    waivable: bool = True
    guard: GuardOf | None = None
    deadline: DeadlineOf | None = None

    @model_validator(mode="after")
    def _one(self) -> RuleOf:
        if (self.guard is None) == (self.deadline is None):
            raise PydanticCustomError("one_body", "asks for either a guard or a deadline")
        return self


class FieldOf(_Strict):
    """A canonical field."""

    type: Literal["text", "choice", "person", "number", "instant", "flag"]
    values: list[Text] = Field(default_factory=list)
    ordered: bool = False
    label: Text | None = None


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
    verified: Annotated[str, Field(pattern=_DAY)]
    note: Annotated[str, Field(max_length=400)] = ""


class PackOf(_Strict):
    """A pack file."""

    pack: Name
    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
    title: Annotated[str, Field(min_length=1, max_length=120)]
    base: Text | None = Field(
        default=None, description="Pack this one is laid over: a name, or a path ending in .yaml."
    )
    effective: EffectiveOf
    calendar: Name = "office"
    sources: list[SourceOf] = Field(default_factory=list)
    vocabulary: dict[Name, FieldOf] = Field(default_factory=dict)
    milestones: list[Name] = Field(
        default_factory=list, description="Milestones of this pack's own."
    )
    params: dict[Name, ParamOf] = Field(default_factory=dict)
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
    """Tell whether a text can name a pack, a field or a parameter."""
    return re.fullmatch(_NAME, text) is not None


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


class ExamplesOf(_Strict):
    """A file of examples beside a pack."""

    calendar: CalendarOf | None = None
    examples: Annotated[list[ExampleOf], Field(min_length=1)]


_MODELS: tuple[type[BaseModel], ...] = (
    AllOf,
    AnyOf,
    NotOf,
    TermOf,
    GuardOf,
    DeadlineOf,
    RuleOf,
    PackOf,
    ExamplesOf,
)
for _model in _MODELS:
    _model.model_rebuild()
