"""Disputes: findings that somebody says are wrong, and the decision about each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ombud.model.instant import DAY
from ombud.web.dash.acting import (
    complaint_of,
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
from ombud.web.dash.frame import framed
from ombud.web.shield import nothing
from sync.decisions import decide
from sync.figures.disputes import count_disputes
from sync.persons import Refused
from sync.places import Places
from sync.service import NotFound
from sync.waivers import dispute

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.responses import Response

    from ombud.web.dash.ask import Ask

_SIZE: Final = 50


def show(ask: Ask) -> Response:
    """Show what is disputed, and how it was decided."""
    told = count_disputes(ask.service, ask.keeper.book, ask.viewer.groups)
    rules = {value for name, value in ask.asking.words if name == "rule"}
    waiting = [each for each in told.waiting if not rules or each.row.rule in rules]
    decided = [each for each in told.decided if not rules or each.row.rule in rules]
    first = first_of(ask, len(decided), _SIZE)
    return framed(
        ask,
        "disputes.html",
        title="Disputes",
        told=told,
        waiting=waiting,
        decided=decided[first : first + _SIZE],
        total=len(decided),
        first=first,
        size=_SIZE,
        page_href=lambda number: ask.link("/disputes", page=str(number)),
        rules=[each for each in told.rules if not rules or each.rule in rules],
        only=sorted(rules),
        titles={info.id: (info.title, info.pack) for info in ask.rules.values()},
        days=lambda since: max((ask.now - since) // DAY, 0),
    )


def show_new(ask: Ask) -> Response:
    """Show the form that disputes a finding."""
    case = words_of(ask, "case")
    place = Places(ask.service, ask.keeper.book, ask.viewer.groups, [case or None]).of(case)
    given = {
        "rule": words_of(ask, "rule"),
        "complaint": "" if place is None else f"{place.account}:{place.ticket}",
        "once": fresh(),
    }
    return _form(ask, given)


def do_new(ask: Ask, form: FormData) -> Response:
    """Say that a finding is wrong."""
    given = {name: text(form, name) for name in ("rule", "complaint", "why", "once")}
    try:
        case, bound = complaint_of(ask, given["complaint"])
        with ask.service.store.book() as acts:
            acts.in_turn()
            name = dispute(
                acts,
                bound,
                rule=given["rule"],
                case=case,
                why=reason(form),
                by=ask.viewer.person,
                now=ask.now,
                event=told_apart(form),
            )
    except NotFound as error:
        return _form(ask, given, [("complaint", f"{error}.")])
    except Refused as why_not:
        return _form(ask, given, [("", f"{why_not}.")])
    return sent("/disputes", f"Dispute {name} is recorded. The finding stands until it is decided.")


@refusing("/disputes", "Back to the disputes")
def do_decide(ask: Ask, form: FormData) -> Response:
    """Decide a dispute."""
    name = named(ask, "name")
    with ask.service.store.acts() as acts:
        row = acts.dispute(name)
    if row is None:
        return nothing()
    places = Places(ask.service, ask.keeper.book, ask.viewer.groups, [row.case])
    if not places.shows(row.case, row.binding):
        return nothing()
    outcome = text(form, "outcome")
    if outcome not in {"upheld", "rejected"}:
        raise Refused("A dispute is upheld, where the finding was wrong, or rejected. Choose one")
    decide(
        ask.service,
        name,
        upheld=outcome == "upheld",
        by=ask.viewer.person,
        why=reason(form),
        shown=shown(form),
    )
    return sent("/disputes", f"Dispute {name} is {outcome}.")


def _form(ask: Ask, given: dict[str, str], errors: list[tuple[str, str]] | None = None) -> Response:
    rules = sorted({(each.id, f"{each.title} ({each.id})") for each in ask.rules.values()})
    return framed(
        ask,
        "dispute_new.html",
        title="Dispute a finding",
        status=409 if errors else 200,
        given=given,
        errors=errors or [],
        wrong=dict(errors or []),
        rules=[("", "choose one"), *rules],
    )
