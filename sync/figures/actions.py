"""Corrective actions as they stand: how old, overdue or not, and how often their cause came again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from ombud.model.instant import DAY, iso, moment
from ombud.store.book.improve import Came, came
from sync.decisions import shown_as
from sync.periods import read_period

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.store import CorrectiveRow
    from ombud.store.book import Book, Filter
    from sync.periods import Period
    from sync.service import Service

#: How far recurrence is looked at, before an action was done and after.
SPAN_DAYS: Final = 90
STATES: Final = ("open", "done", "effective", "not_effective", "cannot_tell", "given_up")


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Count complaints of an action's cause before it was done and since.

    Attributes:
        before: of the ninety days before the day it was done.
        after: of the days since, that day included, ninety at most.
        before_in: which days those are.
        after_in: which days those are.
        days: how many days of the second there were until now; under ninety it is not over.

    """

    before: Came
    after: Came
    before_in: Period
    after_in: Period
    days: int

    @property
    def over(self) -> bool:
        """Tell whether all of the time after it has passed."""
        return self.days >= SPAN_DAYS

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        return {
            "before": {"period": self.before_in.key, "of": self.before.of, "total": self.before.total},
            "after": {"period": self.after_in.key, "of": self.after.of, "total": self.after.total},
            "days_after": self.days,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one action.

    Attributes:
        row: as it is kept.
        state: open, done, effective, not_effective, cannot_tell or given_up.
        age: whole days since it was written down, until it was over.
        overdue: days by which it, or the look at its effect, is overdue; 0 where it is not.
        shown: what a form says that the row was.

    """

    row: CorrectiveRow
    state: str
    age: int
    overdue: int
    shown: str

    def as_json(self) -> dict[str, object]:
        """Give it for programs."""
        row = self.row

        def at(when: Instant | None) -> str | None:
            return None if when is None else iso(when)

        return {
            "id": row.id,
            "state": self.state,
            "title": row.title,
            "root_cause": row.root_cause,
            "why": row.why,
            "owner": row.owner,
            "due": row.due,
            "check_due": row.check_due,
            "made": iso(row.made),
            "made_by": row.made_name,
            "done": at(row.done),
            "done_by": row.done_name,
            "done_what": row.done_what,
            "checked": at(row.checked),
            "checked_by": row.checked_name,
            "checked_why": row.checked_why,
            "given_up": at(row.dropped),
            "given_up_why": row.dropped_why,
            "age_days": self.age,
            "overdue_days": self.overdue,
            "shown": self.shown,
        }


def list_actions(
    service: Service, *, now: Instant, zone: ZoneInfo, cause: str | None = None
) -> list[Line]:
    """Give the actions, or those against a cause: overdue ones first, then by what is due next, those that are over last."""
    with service.store.improve.reading() as acts:
        rows = acts.correctives()
    lines = [line_of(row, now, zone) for row in rows if cause is None or row.root_cause == cause]
    return sorted(lines, key=_order)


def line_of(row: CorrectiveRow, now: Instant, zone: ZoneInfo) -> Line:
    """Give an action as it stands."""
    today = moment(now, zone).date()
    state = _state(row)
    due = {"open": row.due, "done": row.check_due}.get(state)
    overdue = 0 if due is None else max((today - date.fromisoformat(due)).days, 0)
    ended = row.dropped or row.checked or now
    return Line(row, state, (ended - row.made) // DAY, overdue, shown_as(row))


def recurrence(
    book: Book, asked: Filter, row: CorrectiveRow, *, now: Instant, zone: ZoneInfo
) -> Recurrence | None:
    """Count how often an action's cause came again; `None` for one that is not done or has no cause.

    Args:
        book: the book.
        asked: who may see what.
        row: the action.
        now: the present instant.
        zone: where days begin and end.

    """
    if row.done is None or row.root_cause is None:
        return None
    day, today = moment(row.done, zone).date(), moment(now, zone).date()
    spans = [
        read_period(f"{first}..{first + timedelta(days=SPAN_DAYS - 1)}", now, zone)
        for first in (day - timedelta(days=SPAN_DAYS), day)
    ]
    before, after = (
        came(book, asked, row.root_cause, span.begin or 0, span.end or now) for span in spans
    )
    days = min((today - day).days, SPAN_DAYS)
    return Recurrence(before, after, spans[0], spans[1], days)


def counts(lines: Sequence[Line]) -> dict[str, int]:
    """Count actions by state."""
    return {state: sum(each.state == state for each in lines) for state in STATES}


def _state(row: CorrectiveRow) -> str:
    if row.dropped is not None:
        return "given_up"
    if row.effect is not None:
        return row.effect
    return "open" if row.done is None else "done"


def _order(line: Line) -> tuple[bool, int, str, str]:
    over = line.state not in {"open", "done"}
    due = line.row.check_due if line.state == "done" else line.row.due
    return over, -line.overdue, due, line.row.id
