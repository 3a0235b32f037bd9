"""What the steps and deviations of flow are called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ombud.model.facts import STAGES

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable, Mapping

#: Stage -> what people call it.
STAGE_WORDS: Final = {
    "received": "Received",
    "acknowledged": "Acknowledged",
    "assessed": "Assessed",
    "investigating": "Investigating",
    "responded": "Answered",
    "decided": "Decided",
    "closed": "Closed",
}
_NOT: Final = {
    "received": "not received",
    "acknowledged": "not acknowledged",
    "assessed": "not assessed",
    "investigating": "not investigated",
    "responded": "not answered",
    "decided": "not decided",
    "closed": "not closed",
}


def named(
    before: str,
    after: str,
    order: Mapping[str, int],
    called: Callable[[str], str],
    *,
    of_stages: bool,
) -> tuple[str, str]:
    """Give the kind of a step and what it is called; `order` says which activity comes after which."""
    one, other = order[before], order[after]
    if one == other:
        return "again", f"{_lower(called(after))} again"
    if other < one:
        if before == "closed" and of_stages:
            return "back", f"reopened, back to {_lower(called(after))}"
        return "back", f"back to {_lower(called(after))} after {_lower(called(before))}"
    if other == one + 1 or not of_stages:
        return (
            "step" if other == one + 1 else "skip",
            f"{called(before)} to {_lower(called(after))}",
        )
    over = STAGES[one + 1 : other]
    if after == "closed" and before in {"received", "acknowledged"}:
        return "skip", "closed at once" if before == "received" else "closed without work"
    if len(over) <= 2:
        return "skip", ", ".join(_NOT[each] for each in over)
    return "skip", f"straight to {_lower(called(after))}"


def _lower(name: str) -> str:
    # Names that helpdesks give, such as "SW anomaly", keep their capitals.
    return name[0].lower() + name[1:] if name in STAGE_WORDS.values() else name


def deviating(kind: str, stage: str, after: Counter[str] | None) -> str:
    """Say a deviation; `after` counts what a stage was entered again after."""
    called = STAGE_WORDS[stage]
    if kind == "missing":
        return _NOT[stage].capitalize()
    if kind == "order":
        return f"{called} after a later step"
    if stage == "closed":
        return "Closed again"
    words = f"Back to {called.lower()}"
    if after:
        (former, count), *_ = after.most_common(1)
        if former in STAGE_WORDS and former != stage:
            only = "" if count == after.total() else "mostly "
            words += f", {only}after {STAGE_WORDS[former].lower()}"
    return words
