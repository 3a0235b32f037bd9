"""The shape of a condition in a file, and what every shape is made of."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    RootModel,
    Tag,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

#: Words of the pack language, which no field may be called; `at` is no column in some databases.
RESERVED = ("present", "all", "any", "not", "param", "at")
NAME_PATTERN = r"^[a-z][a-z0-9_]{0,59}$"
ID_PATTERN = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$"
DAY_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_NO_FIELD: JsonDict = {"propertyNames": {"pattern": NAME_PATTERN, "not": {"enum": list(RESERVED)}}}
_ONE_KEY: JsonDict = {"minProperties": 1, "maxProperties": 1}

Name: TypeAlias = Annotated[str, Field(pattern=NAME_PATTERN)]
Day: TypeAlias = Annotated[str, Field(pattern=DAY_PATTERN)]
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=300)]
Scalar: TypeAlias = str | int | float | bool


class Strict(BaseModel):
    """Take nothing but what is asked for, each of its own type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ParamRef(Strict):
    """Stands for a parameter's value, wherever a value may stand."""

    param: Name


Given: TypeAlias = Scalar | ParamRef


class PresentTest(Strict):
    """The field is filled in, or the milestone reached."""

    present: Name


class AllOf(Strict):
    """Every part holds."""

    all: Annotated[list[Condition], Field(min_length=1, max_length=100)]


class AnyOf(Strict):
    """At least one part holds."""

    any: Annotated[list[Condition], Field(min_length=1, max_length=100)]


class NotOf(Strict):
    """The part does not hold."""

    not_: Condition = Field(alias="not")


class Check(Strict):
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


class ConditionOf(Strict):
    """A condition that stands alone: the complaints that a waiver is for."""

    where: Condition


for _model in (AllOf, AnyOf, NotOf, ConditionOf):
    _model.model_rebuild()
