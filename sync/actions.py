"""Corrective actions: written down with a cause, an owner and days, done, and looked at again for whether they helped."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING, Final

from ombud.store import CorrectiveRow, name_of
from sync.decisions import check_shown
from sync.note import wall
from sync.persons import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.store import Improving
    from sync.persons import Person
    from sync.service import Service

#: What a look at the effect may find.
EFFECTS: Final = {
    "effective": "effective",
    "not_effective": "not effective",
    "cannot_tell": "cannot tell",
}
_SHORT: Final = 120
_LONG: Final = 2_000


def write_down(
    service: Service,
    *,
    title: str,
    root_cause: str | None,
    why: str,
    owner: str,
    due: str,
    check_due: str,
    by: Person,
    once: str | None = None,
) -> CorrectiveRow:
    """Write an action down.

    Args:
        service: the service.
        title: what is to be done, in a line.
        root_cause: the canonical cause it is against; `None` for none of them.
        why: what it is for.
        owner: who sees to it.
        due: the day by which it is done, as 2026-12-31.
        check_due: the day on which its effect is looked at.
        by: who writes it down.
        once: the same word writes the same action down once.

    Raises:
        Refused: something is missing, or the effect is looked at before it is done.

    """
    now = service.now()
    row = CorrectiveRow(
        id=name_of("action", once or (title, now, by.key)),
        title=_said(title, "what is to be done", _SHORT),
        root_cause=(root_cause or "").strip()[:_SHORT] or None,
        why=_said(why, "why"),
        owner=_said(owner, "who sees to it", _SHORT),
        due=_day(due, "the day by which it is done"),
        check_due=_day(check_due, "the day on which its effect is looked at"),
        made=now,
        made_by=by.key,
        made_name=by.name,
    )
    if row.check_due < row.due:
        raise Refused("An effect can be looked at once the action is done. Give a later day")
    with service.store.improve.writing() as acts:
        held = acts.corrective(row.id)
        if held is not None:
            return held
        _keep(acts, "action written down", row, by, now)
    return row


def finish(
    service: Service, name: str, *, what: str, by: Person, shown: str | None
) -> CorrectiveRow:
    """Say that an action is done, and what was done; raises `Refused`."""
    now = service.now()
    with _changing(service, name, shown) as (acts, held):
        if _is_over(held) or held.done is not None:
            raise Refused(f"{last_of_action(held, service.zone)}. It cannot be done again")
        row = held._replace(
            done=now, done_by=by.key, done_name=by.name, done_what=_said(what, "what was done")
        )
        _keep(acts, "action done", row, by, now)
    return row


def look_at_effect(
    service: Service, name: str, *, effect: str, why: str, by: Person, shown: str | None
) -> CorrectiveRow:
    """Say whether an action that is done helped; raises `Refused`."""
    if effect not in EFFECTS:
        raise Refused(f"An action is {', '.join(EFFECTS.values())}. Choose one")
    now = service.now()
    with _changing(service, name, shown) as (acts, held):
        if _is_over(held):
            raise Refused(f"{last_of_action(held, service.zone)}. Write another action down")
        if held.done is None:
            raise Refused("It is not done yet, so that it cannot have helped. Say first that it is")
        row = held._replace(
            checked=now,
            checked_by=by.key,
            checked_name=by.name,
            effect=effect,
            checked_why=_said(why, "why"),
        )
        _keep(acts, f"action {effect}", row, by, now)
    return row


def drop(service: Service, name: str, *, why: str, by: Person, shown: str | None) -> CorrectiveRow:
    """Give an action up that was not looked at yet; raises `Refused`."""
    now = service.now()
    with _changing(service, name, shown) as (acts, held):
        if _is_over(held):
            raise Refused(f"{last_of_action(held, service.zone)}. It cannot be given up")
        row = held._replace(
            dropped=now, dropped_by=by.key, dropped_name=by.name, dropped_why=_said(why, "why")
        )
        _keep(acts, "action given up", row, by, now)
    return row


def last_of_action(row: CorrectiveRow, zone: ZoneInfo) -> str:
    """Say what was done last about an action, by whom and when, without a full stop."""
    for when, who, did in (
        (row.dropped, row.dropped_name, "given up"),
        (row.checked, row.checked_name, f"found {EFFECTS.get(row.effect or '', '')}"),
        (row.done, row.done_name, "said to be done"),
        (row.made, row.made_name, "written down"),
    ):
        if when is not None:
            return f"The action was {did} by {who or 'somebody'} on {wall(when, zone)}"
    raise AssertionError(row)


def _is_over(row: CorrectiveRow) -> bool:
    return row.checked is not None or row.dropped is not None


@contextmanager
def _changing(
    service: Service, name: str, shown: str | None
) -> Iterator[tuple[Improving, CorrectiveRow]]:
    with service.store.improve.writing() as acts:
        row = acts.corrective(name)
        if row is None:
            raise Refused(f"There is no action {name!r}. Load the page again")
        check_shown(row, shown, last_of_action(row, service.zone))
        yield acts, row


def _keep(acts: Improving, act: str, row: CorrectiveRow, by: Person, now: Instant) -> None:
    acts.keep(row)
    acts.log(act, row.id, row, by=by.key, known_at=now)


def _said(told: str, what: str, most: int = _LONG) -> str:
    said = " ".join(told.split())
    if not said:
        raise Refused(f"An action says {what}. Write it down")
    if len(said) > most:
        raise Refused(f"That is too long for {what}: {most:,} characters at most")
    return said


def _day(told: str, what: str) -> str:
    try:
        return date.fromisoformat(told.strip()).isoformat()
    except ValueError:
        raise Refused(f"An action has {what}. Write it as 2026-12-31") from None
