"""The shape of a file of examples beside a pack."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from policies.wire_condition import DAY_PATTERN, ID_PATTERN, Name, Scalar, Strict, Text


class PauseOf(Strict):
    """A time in which the complaint waited for somebody."""

    waiting: Literal["complainant", "third_party"]
    from_: Text = Field(alias="from")
    until: Text | None = None


class CalendarOf(Strict):
    """When the desk of the examples is open."""

    zone: Text
    week: dict[str, list[str]]
    holidays: list[Annotated[str, Field(pattern=DAY_PATTERN)]] = Field(default_factory=list)


class HappeningOf(Strict):
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


class ExampleOf(Strict):
    """A complaint, and what a rule says of it; fields it does not name are empty."""

    rule: Annotated[str, Field(pattern=ID_PATTERN)]
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


class ExamplesOf(Strict):
    """A file of examples beside a pack."""

    edition: Text | None = Field(
        default=None, description="The version that judges them; the newest without."
    )

    calendar: CalendarOf | None = None
    examples: Annotated[list[ExampleOf], Field(min_length=1)]
