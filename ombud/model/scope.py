"""Which tickets are complaints: the first matching line of a binding wins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from ombud.model.event import digest

if TYPE_CHECKING:
    from collections.abc import Mapping as Map


class Decision(StrEnum):
    """Say whether a ticket is a complaint."""

    complaint = "complaint"
    not_a_complaint = "not_a_complaint"
    undecided = "undecided"


@dataclass(frozen=True, slots=True)
class Line:
    """Say what tickets with these attributes are.

    Attributes:
        when: attribute ("project", "queue", "type", "form", "product", "tag", "field.<native id>") ->
            values, one of which must be among the ticket's; all attributes must match.
        decision: what such a ticket is.

    """

    when: Map[str, tuple[str, ...]]
    decision: Decision

    def matches(self, facets: Map[str, tuple[str, ...]]) -> bool:
        """Tell whether a ticket with these attributes is meant."""
        return all(
            any(value in facets.get(name, ()) for value in values)
            for name, values in self.when.items()
        )


@dataclass(frozen=True)
class Scope:
    """Hold a binding's lines, in order. A ticket that no line matches is not a complaint."""

    lines: tuple[Line, ...]

    def decide(self, facets: Map[str, tuple[str, ...]]) -> Decision:
        """Say what a ticket with these attributes is."""
        for line in self.lines:
            if line.matches(facets):
                return line.decision
        return Decision.not_a_complaint

    @cached_property
    def digest(self) -> str:
        """Give the digest of all lines."""
        return digest(
            *(
                f"{sorted((k, sorted(v)) for k, v in line.when.items())}={line.decision}"
                for line in self.lines
            )
        )

    @cached_property
    def projects(self) -> tuple[str, ...]:
        """Give the projects and queues named, if every line that admits tickets names one; else none."""
        named: dict[str, None] = {}
        for line in self.lines:
            if line.decision is Decision.not_a_complaint:
                continue
            places = line.when.get("project", ()) + line.when.get("queue", ())
            if not places:
                return ()
            named.update(dict.fromkeys(places))
        return tuple(named)

    @cached_property
    def fields(self) -> frozenset[str]:
        """Give the native fields that lines ask for."""
        return frozenset(
            name.removeprefix("field.")
            for line in self.lines
            for name in line.when
            if name.startswith("field.")
        )
