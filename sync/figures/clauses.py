"""Which part of the standard a rule answers to: groups of clauses, in the standard's own order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ombud.store.book import RuleInfo

#: The standard whose clauses group the rules that answer to it.
STANDARD: Final = "ISO 10002"
#: What its clauses are about, in our own words.
TITLES: Final = {
    "4": "Principles",
    "5": "Framework",
    "6": "Planning",
    "7.1": "Telling people how",
    "7.2": "Receipt",
    "7.3": "Tracking",
    "7.4": "Acknowledgement",
    "7.5": "Assessment",
    "7.6": "Investigation",
    "7.7": "Response",
    "7.8": "Decision told",
    "7.9": "Closing",
    "8.1": "Collecting information",
    "8.2": "Root cause, action",
    "8.3": "Satisfaction",
    "8.4": "Monitoring",
    "8.5": "Auditing",
    "8.6": "Management review",
    "8.7": "Improvement",
}
_NUMBER: Final = re.compile(r"\d+(\.\d+)*")


class Group(NamedTuple):
    """Name a group of clauses: how an address names it, its number, and what it is about."""

    key: str
    number: str
    title: str


def group_of(rule: RuleInfo) -> Group:
    """Give the group that a rule belongs to: by its first clause of ISO 10002, else by its own authority's."""
    named = [each for each in rule.clauses if each.startswith(STANDARD)]
    for clause in named:
        standard, _, number = clause.rpartition(" ")
        parts = number.split(".")
        short = parts[0] if parts[0] in {"4", "5", "6"} else ".".join(parts[:2])
        if _NUMBER.fullmatch(short):
            return Group(f"{standard} {short}", short, TITLES.get(short, f"Clause {short}"))
    if rule.clauses:
        standard, _, number = rule.clauses[0].rpartition(" ")
        return Group(rule.clauses[0], number, standard or rule.clauses[0])
    return Group("", "", "Of every pack")


def order(groups: Iterable[Group]) -> list[Group]:
    """Put groups in the standard's order; principles come last, others' rules after those."""

    def place(group: Group) -> tuple[int, list[int], str]:
        numbers = [int(each) for each in group.number.split(".") if each.isdigit()]
        ours = group.key.startswith(STANDARD)
        return (0 if ours and numbers and numbers[0] >= 7 else 1 if ours else 2, numbers, group.key)

    return sorted(set(groups), key=place)
