"""Corrective actions: the list, one action with how often its cause came again, and the forms about them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ombud.model.instant import moment
from ombud.store.book.improve import causes
from ombud.web.dash.acting import (
    first_of,
    fresh,
    named,
    reason,
    refusing,
    sent,
    shown,
    text,
    told_apart,
    words_of,
)
from ombud.web.dash.frame import framed, shown_value
from ombud.web.shield import nothing
from sync.actions import EFFECTS, drop, finish, look_at_effect, write_down
from sync.figures.actions import SPAN_DAYS, STATES, counts, line_of, list_actions, recurrence
from sync.persons import Refused

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.responses import Response

    from ombud.web.dash.ask import Ask

_SIZE: Final = 50
_BACK: Final = ("/actions", "Back to the corrective actions")
_WORDS: Final = {"given_up": "given up", "done": "done, effect open", **EFFECTS}
_FIELDS: Final = ("title", "root_cause", "why", "owner", "due", "check_due", "once")


def show(ask: Ask) -> Response:
    """Show the actions."""
    today = moment(ask.now, ask.zone).date()
    given = {
        "root_cause": words_of(ask, "cause"),
        "due": (today + timedelta(days=30)).isoformat(),
        "check_due": (today + timedelta(days=30 + SPAN_DAYS)).isoformat(),
        "once": fresh(),
    }
    return _list(ask, given)


def show_one(ask: Ask) -> Response:
    """Show one action."""
    with ask.service.store.improve.reading() as acts:
        row = acts.corrective(named(ask, "name"))
    if row is None:
        return nothing()
    asked = ask.filter.but(begin=None, end=None, days=None, date="received")
    return framed(
        ask,
        "action.html",
        title=row.title,
        line=line_of(row, ask.now, ask.zone),
        row=row,
        words=_WORDS,
        told=recurrence(ask.keeper.book, asked, row, now=ask.now, zone=ask.zone),
        span=SPAN_DAYS,
        effects=EFFECTS,
        cause_words=shown_value,
    )


def do_new(ask: Ask, form: FormData) -> Response:
    """Write an action down."""
    given = {name: text(form, name) for name in _FIELDS}
    try:
        row = write_down(
            ask.service,
            title=given["title"],
            root_cause=given["root_cause"] or None,
            why=given["why"],
            owner=given["owner"],
            due=given["due"],
            check_due=given["check_due"],
            by=ask.viewer.person,
            once=told_apart(form),
        )
    except Refused as why:
        return _list(ask, given, f"{why}.")
    return sent(f"/actions/{row.id}", "It is written down.")


@refusing(*_BACK)
def do_finish(ask: Ask, form: FormData) -> Response:
    """Say that an action is done."""
    row = finish(
        ask.service,
        named(ask, "name"),
        what=reason(form, "what"),
        by=ask.viewer.person,
        shown=shown(form),
    )
    return sent(f"/actions/{row.id}", f"It is done. Its effect is to be looked at on {row.check_due}.")  # fmt: skip


@refusing(*_BACK)
def do_check(ask: Ask, form: FormData) -> Response:
    """Say whether an action helped."""
    row = look_at_effect(
        ask.service,
        named(ask, "name"),
        effect=text(form, "effect"),
        why=reason(form),
        by=ask.viewer.person,
        shown=shown(form),
    )
    return sent(f"/actions/{row.id}", f"It was found: {EFFECTS[row.effect or '']}.")


@refusing(*_BACK)
def do_drop(ask: Ask, form: FormData) -> Response:
    """Give an action up."""
    row = drop(
        ask.service, named(ask, "name"), why=reason(form), by=ask.viewer.person, shown=shown(form)
    )  # fmt: skip
    return sent(f"/actions/{row.id}", "It is given up.")


def _list(ask: Ask, given: dict[str, str], error: str = "") -> Response:
    cause = words_of(ask, "cause")
    lines = list_actions(ask.service, now=ask.now, zone=ask.zone, cause=cause or None)
    wanted = ask.view("show")
    chosen = [each for each in lines if wanted not in STATES or each.state == wanted]
    first = first_of(ask, len(chosen), _SIZE)
    known = causes(ask.keeper.book, ask.viewer.groups)
    told = [(name, f"{shown_value(name)} ({count:,})") for name, count in known]
    if given["root_cause"] and given["root_cause"] not in dict(known):
        told.insert(0, (given["root_cause"], shown_value(given["root_cause"])))
    return framed(
        ask,
        "actions.html",
        title="Corrective actions",
        status=409 if error else 200,
        lines=chosen[first : first + _SIZE],
        all=lines,
        overdue=sum(bool(each.overdue) for each in lines),
        states=counts(lines),
        tabs=[
            (_page(ask, state, 1), _WORDS.get(state, state or "all"), count, (wanted if wanted in STATES else "") == state)
            for state, count in [("", len(lines)), *counts(lines).items()]
        ],
        first=first,
        total=len(chosen),
        size=_SIZE,
        page_href=lambda number: _page(ask, wanted, number),
        words=_WORDS,
        cause=cause,
        cause_words=shown_value,
        causes=[("", "none of them"), *told],
        given=given,
        error=error,
    )  # fmt: skip


def _page(ask: Ask, state: str, number: int) -> str:
    told = {"show": state or None, "page": str(number) if number > 1 else None}
    return ask.link("/actions", **told)
