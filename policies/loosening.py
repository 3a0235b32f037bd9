"""Tell whether a rule laid over another asks less; what cannot be shown to ask as much counts as less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ombud.model.term import Term
from policies.expression import All, Any, Expression, normal_form
from policies.rule import AnyOf, Cadence, Deadline, Guard, Integrity, Invariant

if TYPE_CHECKING:
    from policies.rule import Body, Extension, Length, PauseRule, Rule, Terms

_MODES: Final = ("off", "observe", "flag", "block")
_SEVERITIES: Final = ("observation", "minor", "major")


def looser(base: Rule, own: Rule) -> str | None:
    """Say what the own rule asks less than the base's; `None` where it asks as much or more."""
    if _MODES.index(own.mode) < _MODES.index(base.mode):
        return f"mode {own.mode} instead of {base.mode}"
    if _SEVERITIES.index(own.severity) < _SEVERITIES.index(base.severity):
        return f"severity {own.severity} instead of {base.severity}"
    if own.waivable and not base.waivable:
        return "it may be waived"
    if own.tracks and not (base.tracks and set(base.tracks) <= set(own.tracks)):
        return "it holds for fewer tracks"
    return _body(base.body, own.body)


def _body(base: Body, own: Body) -> str | None:
    if type(base) is not type(own):
        return "it asks something else"
    if not _covers(own.when, base.when):
        return "it applies to fewer complaints"
    match base, own:
        case Guard(), Guard():
            if base.entering != own.entering:
                return "it is asked at another stage"
            return None if _asks(own.must, base.must) else "it must hold less"
        case Deadline(), Deadline():
            return _deadline(base, own)
        case Cadence(), Cadence():
            if (base.start, base.stop) != (own.start, own.stop):
                return "its clock runs from another milestone to another"
            if base.kinds and not (own.kinds and own.kinds <= base.kinds):
                return "more kinds of messages count"
            return _terms(base.terms, own.terms) or _pauses(base.pauses, own.pauses)
        case Invariant(), Invariant():
            if (base.start, base.stop) != (own.start, own.stop):
                return "it holds from another milestone to another"
            if not _asks(own.must, base.must):
                return "it must hold less"
            longer = own.allow is not None and (
                base.allow is None or not _no_longer(own.allow, base.allow)
            )
            return "it may fail for longer" if longer else None
        case Integrity(), Integrity():
            fewer = not set(base.fields) <= set(own.fields) or base.reason != own.reason
            return "it watches fewer fields" if fewer else None
        case _:
            return "it asks something else"


def _deadline(base: Deadline, own: Deadline) -> str | None:
    if base.start != own.start or not set(own.stops) <= set(base.stops):
        return "its clock runs from another milestone to another"
    if base.as_of != own.as_of or base.calendar != own.calendar:
        return "its clock is reckoned otherwise"
    return (
        _terms(base.terms, own.terms)
        or _pauses(base.pauses, own.pauses)
        or _extension(base.extension, own.extension)
    )


def _extension(base: Extension | None, own: Extension | None) -> str | None:
    if own is None:
        return None
    if base is None or base.by != own.by or not _no_longer(own.term, base.term):
        return "it may be extended further"
    held = base.must is None or (own.must is not None and _asks(own.must, base.must))
    return None if held else "an extending notice must hold less"


def _pauses(base: tuple[PauseRule, ...], own: tuple[PauseRule, ...]) -> str | None:
    for pause in own:
        known = [
            each
            for each in base
            if (each.kind, each.name) == (pause.kind, pause.name)
            and _no_longer(pause.cap, each.cap)
        ]
        if not known:
            return "more stops its clock"
    return None


def _terms(base: Terms, own: Terms) -> str | None:
    same = len(base) == len(own) and all(
        when == other and _no_longer(length, held)
        for (when, length), (other, held) in zip(own, base, strict=True)
    )
    return None if same else "its terms are longer, or cannot be compared"


def _no_longer(own: Length, base: Length) -> bool:
    """Tell whether a length is no longer than another that is counted in the same way."""
    if isinstance(own, Term) and isinstance(base, Term):
        counted = (own.unit, own.count_start_day, own.ends, own.roll)
        return own.amount <= base.amount and counted == (
            base.unit,
            base.count_start_day,
            base.ends,
            base.roll,
        )
    if isinstance(own, AnyOf) and isinstance(base, AnyOf):
        return len(own.terms) == len(base.terms) and all(
            _no_longer(a, b) for a, b in zip(own.terms, base.terms, strict=True)
        )
    return own == base


def _covers(own: Expression | None, base: Expression | None) -> bool:
    """Tell whether a rule applies wherever the other does."""
    if own is None or own == base:
        return True
    if base is None:
        return False
    own, base = normal_form(own), normal_form(base)
    parts = own.parts if isinstance(own, Any) else (own,)
    narrowed = set(base.parts) if isinstance(base, All) else {base}
    # An alternative more, or a condition less, lets it apply to more.
    return base in parts or any(
        set(each.parts if isinstance(each, All) else (each,)) <= narrowed for each in parts
    )


def _asks(own: Expression, base: Expression) -> bool:
    """Tell whether a condition holds only where the other does: it asks for every part of it."""
    own, base = normal_form(own), normal_form(base)
    mine = set(own.parts) if isinstance(own, All) else {own}
    return own == base or (set(base.parts) if isinstance(base, All) else {base}) <= mine
