"""Persons and values of one complaint in words: what is kept, and what is empty, unknown, or not kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.facts import UNKNOWN
from ombud.model.instant import iso
from ombud.model.mapping import INHERENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ombud.model.event import Event
    from ombud.model.facts import Instant
    from sync.binding import Bound

#: A longer value is cut; the helpdesk has all of it.
LONGEST: Final = 160
#: What stands in place of words and persons that are not kept as they are.
_KEYED: Final = "p:"
_CUSTOMER: Final = "the customer"


class Value(NamedTuple):
    """Say one value.

    Attributes:
        kind: "text", "instant", "empty", "unknown", or "kept" where only a digest of the words is kept.
        text: it in words; of an instant nothing.
        at: the instant.

    """

    kind: str
    text: str
    at: Instant | None = None

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {"kind": self.kind, "value": iso(self.at) if self.kind == "instant" else self.text}


EMPTY: Final = Value("empty", "empty")
NOT_KNOWN: Final = Value("unknown", "unknown")
NOT_KEPT: Final = Value("kept", "words not kept")


def cut(text: str, longest: int = LONGEST) -> str:
    """Cut a text, whose end says so; line ends and runs of blanks are one blank."""
    # Only so much of it is looked at: it may be a megabyte.
    told = " ".join(text[: 4 * longest].split())
    return told if len(told) <= longest and len(text) <= 4 * longest else f"{told[:longest]}…"


@dataclass
class People:
    """Name the persons of one complaint: by the names kept for it, else by numbers that stay the same."""

    kept: Mapping[str, Mapping[str, str]]
    customer: str | None
    numbers: Mapping[str, int]

    @classmethod
    def of(
        cls, kept: Mapping[str, Mapping[str, str]], events: Iterable[Event], customer: object
    ) -> People:
        """Give numbers to persons in the order in which they first did something.

        Args:
            kept: names by keyed identifier.
            events: everything that happened, known now; so that numbers do not depend on what was known then.
            customer: keyed identifier of who complained.

        """
        whose = customer if isinstance(customer, str) else None
        numbers: dict[str, int] = {}
        for event in sorted(events, key=lambda each: each.order):
            if event.actor is not None and event.actor != whose:
                numbers.setdefault(event.actor, len(numbers) + 1)
        return cls(kept, whose, numbers)

    def name(self, who: str | None) -> str:
        """Name a person; "" for nobody."""
        if who is None:
            return ""
        told = self.kept.get(who, {}).get("name", "")
        if told.strip():
            return cut(told, 80)
        if who == self.customer:
            return _CUSTOMER
        number = self.numbers.get(who)
        return f"agent {number}" if number is not None else f"somebody ({who[2:8]})"


def value_of(bound: Bound, people: People, name: str, value: object) -> Value:
    """Say a canonical value."""
    if value is UNKNOWN:
        return NOT_KNOWN
    if value is None or value == "":
        return EMPTY
    of = bound.mapping.fields.get(name)
    if is_instant(bound, name) and isinstance(value, int):
        return Value("instant", "", value)
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value)
    if of is not None and of.type == "person":
        return Value("text", people.name(text) if text.startswith(_KEYED) else cut(text))
    if text.startswith(_KEYED):
        return NOT_KEPT
    return Value("text", cut(text.replace("_", " ")))


def is_instant(bound: Bound, name: str) -> bool:
    """Tell whether a name stands for an instant."""
    of = bound.mapping.fields.get(name)
    if of is not None:
        return of.type == "instant"
    return name in bound.mapping.evidence or name in INHERENT or name == "last_update"


def whom(waiting: str) -> str:
    """Say whom a complaint waits for, as people call them."""
    return "customer" if waiting == "complainant" else waiting.replace("_", " ")
