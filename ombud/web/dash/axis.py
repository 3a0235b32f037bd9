"""What is marked on every axis of time: changes of the pack, and the desk's holidays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from ombud.model.instant import moment
from ombud.web.dash.charts import Holiday, PackChange

if TYPE_CHECKING:
    from ombud.web.dash.ask import Ask
    from sync.binding import Bound

#: Holidays so near to each other are one stretch.
_NEAR = timedelta(days=3)


def packs_on(ask: Ask, first: date, last: date) -> tuple[PackChange, ...]:
    """Give the changes of packs between two days: editions that took effect, and what was put in force."""
    found: dict[date, set[str]] = {}
    for bound in _bounds(ask):
        for edition in bound.judge.editions:
            if first <= edition.effective_from <= last:
                found.setdefault(edition.effective_from, set()).add(edition.version)
        with ask.service.store.acts() as acts:
            row = acts.in_force(bound.name)
        if row is not None:
            day = moment(row.since, ask.zone).date()
            if first <= day <= last:
                found.setdefault(day, set()).add(bound.pack.version)
    return tuple(PackChange(day, ", ".join(sorted(each))) for day, each in sorted(found.items()))


def holidays_on(ask: Ask, first: date, last: date) -> tuple[Holiday, ...]:
    """Give the desk's holidays between two days; those next to each other are one stretch."""
    days: dict[date, str] = {}
    for bound in _bounds(ask)[:1]:
        days |= {day: name for day, name in bound.calendar.holidays.items() if first <= day <= last}
    found: list[Holiday] = []
    for day, name in sorted(days.items()):
        after = day + timedelta(days=1)
        if found and day - found[-1].end <= _NEAR:
            found[-1] = Holiday(found[-1].begin, after, found[-1].name)
        else:
            found.append(Holiday(day, after, name))
    return tuple(found)


def _bounds(ask: Ask) -> list[Bound]:
    """Give the bindings that the filter is about."""
    wanted = set(ask.filter.helpdesks)
    return [each for each in ask.service.bounds if not wanted or each.account in wanted]
