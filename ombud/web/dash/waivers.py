"""Waivers: the register, what ends when, and the forms to ask for one, approve, refuse and revoke."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from ombud.model.instant import DAY, moment
from ombud.web.dash.acting import (
    bound_of,
    complaint_of,
    day,
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
from policies.condition import read_condition
from policies.vocabulary import PackError
from sync.decisions import approve_waiver, end_waiver
from sync.figures.waivers import count_waivers
from sync.persons import Refused
from sync.places import Places
from sync.rollout import rules_of
from sync.service import NotFound
from sync.waivers import STATES, NotWaivable, explain_breach, request_waiver

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.responses import Response

    from ombud.web.dash.ask import Ask
    from sync.binding import Bound

FILTERS: Final = ("period", "date", "helpdesk", "rule", "product", "team")
_SIZE: Final = 50
_BACK: Final = ("/waivers", "Back to the waivers")


def show(ask: Ask) -> Response:
    """Show the register."""
    told = count_waivers(ask.service, ask.keeper.book, ask.filter)
    wanted = ask.view("show")
    rules = {value for name, value in ask.asking.words if name == "rule"}
    lines = [
        each
        for each in told.lines
        if (wanted not in STATES or each.state == wanted) and (not rules or each.row.rule in rules)
    ]
    first = first_of(ask, len(lines), _SIZE)
    ahead = [
        (f"{date:%a} {date.day} {date:%b %Y}", list(group))
        for date, group in groupby(
            told.ahead, key=lambda each: moment(each.row.until, ask.zone).date()
        )
    ]
    return framed(
        ask,
        "waivers.html",
        title="Waivers",
        filters=FILTERS,
        told=told,
        waiting=[each for each in told.waiting if not rules or each.row.rule in rules],
        ahead=ahead[:12],
        more_ahead=sum(len(group) for _, group in ahead[12:]),
        lines=lines[first : first + _SIZE],
        first=first,
        total=len(lines),
        size=_SIZE,
        shown_state=wanted if wanted in STATES else "",
        page_href=lambda number: _page(ask, wanted, number),
        tabs=[
            (_page(ask, each, 1), each or "all", count, (wanted if wanted in STATES else "") == each)
            for each, count in [("", len(told.lines)), *told.states.items()]
        ],
        days=lambda since: max((ask.now - since) // DAY, 0),
        titles={info.id: (info.title, info.pack) for info in ask.rules.values()},
        ages=told.ages(ask.now),
        expiring_days=ask.service.settings.waivers.expiring_days,
    )  # fmt: skip


def show_new(ask: Ask) -> Response:
    """Show the form that asks for a waiver."""
    case = words_of(ask, "case")
    places = Places(ask.service, ask.keeper.book, ask.viewer.groups, [case or None])
    place = places.of(case)
    given = {
        "binding": words_of(ask, "binding"),
        "rule": words_of(ask, "rule"),
        "complaint": "" if place is None else f"{place.account}:{place.ticket}",
        "target": "one",
        "once": fresh(),
    }
    return _form(ask, given)


def do_new(ask: Ask, form: FormData) -> Response:
    """Ask for a waiver."""
    given = {name: text(form, name) for name in ("binding", "rule", "complaint", "target", "where", "why", "until", "once")}  # fmt: skip
    try:
        bound, case, where = _target(ask, given)
        until = day(form, "until", bound, "A waiver")
        why = reason(form)
        with ask.service.store.book() as acts:
            acts.in_turn()
            name = request_waiver(
                acts,
                bound,
                rule=given["rule"],
                case=case,
                why=why,
                requested_by=ask.viewer.person,
                until=until,
                now=ask.now,
                where=where,
                longest=ask.service.settings.waivers.longest_days * DAY,
                event=told_apart(form),
            )
    except NotWaivable as why_not:
        return _form(ask, given, [("rule", f"{why_not}.")], explains=given["target"] == "one")
    except _Wrong as wrong:
        return _form(ask, given, [(wrong.field, f"{wrong}.")])
    except Refused as why_not:
        return _form(ask, given, [("", f"{why_not}.")])
    return sent("/waivers", f"Waiver {name} is asked for. It counts once somebody else approves it.")  # fmt: skip


def do_explain(ask: Ask, form: FormData) -> Response:
    """Record why a breach came about, where the rule may not be waived."""
    given = {name: text(form, name) for name in ("binding", "rule", "complaint", "why", "once")}
    given["target"] = "one"
    try:
        bound, case, _ = _target(ask, given)
        assert case is not None
        with ask.service.store.book() as acts:
            acts.in_turn()
            explain_breach(
                acts,
                bound,
                rule=given["rule"],
                case=case,
                why=reason(form),
                by=ask.viewer.person,
                now=ask.now,
                event=told_apart(form),
            )
    except _Wrong as wrong:
        return _form(ask, given, [(wrong.field, f"{wrong}.")], explains=True)
    except Refused as why_not:
        return _form(ask, given, [("", f"{why_not}.")], explains=True)
    return sent("/waivers", "The explanation is recorded. The verdict stays what it is.")


@refusing(*_BACK)
def do_approve(ask: Ask, form: FormData) -> Response:
    """Approve a waiver that somebody else asked for."""
    name = _visible(ask)
    if name is None:
        return nothing()
    row = approve_waiver(ask.service, name, by=ask.viewer.person, shown=shown(form))
    until = moment(row.until, ask.zone)
    return sent("/waivers", f"Waiver {name} holds until {until.day} {until:%b %Y, %H:%M}.")


@refusing(*_BACK)
def do_refuse(ask: Ask, form: FormData) -> Response:
    """Refuse a waiver that waits for an approval."""
    return _end(ask, form, approved=False)


@refusing(*_BACK)
def do_revoke(ask: Ask, form: FormData) -> Response:
    """End a waiver before its time."""
    return _end(ask, form, approved=True)


def _end(ask: Ask, form: FormData, *, approved: bool) -> Response:
    name = _visible(ask)
    if name is None:
        return nothing()
    end_waiver(
        ask.service,
        name,
        by=ask.viewer.person,
        why=reason(form),
        shown=shown(form),
        approved=approved,
    )
    said = "revoked: what it excused fails again" if approved else "refused"
    return sent("/waivers", f"Waiver {name} is {said}.")


def _visible(ask: Ask) -> str | None:
    """Give the name of the waiver that an address names; `None` where the reader may not see it, or there is none."""
    name = named(ask, "name")
    with ask.service.store.acts() as acts:
        row = acts.waiver(name)
    if row is None:
        return None
    places = Places(ask.service, ask.keeper.book, ask.viewer.groups, [row.case])
    return name if places.shows(row.case, row.binding) else None


class _Wrong(Refused):
    """Say which field of a form is wrong, and how."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def _target(ask: Ask, given: dict[str, str]) -> tuple[Bound, str | None, str | None]:
    """Give the binding, the case and the condition that a form means."""
    if given["target"] == "one":
        if not given["complaint"]:
            raise _Wrong("complaint", "Write which complaint: account:id, or its key")
        try:
            case, bound = complaint_of(ask, given["complaint"])
        except NotFound as error:
            raise _Wrong("complaint", str(error)) from error
        return bound, case, None
    bound = bound_of(ask, given["binding"])
    if given["target"] == "every":
        return bound, None, None
    if not given["where"]:
        raise _Wrong("where", "Write the condition, as in {severity: low}")
    try:
        return bound, None, read_condition(given["where"], bound.pack, name="the condition")
    except PackError as error:
        raise _Wrong("where", str(error).rstrip(".")) from error


def _form(
    ask: Ask, given: dict[str, str], errors: list[tuple[str, str]] | None = None, *, explains: bool = False
) -> Response:  # fmt: skip
    bounds = ask.service.bounds
    rules = sorted({(each.id, f"{each.title} ({each.id}){'' if each.waivable else ', may not be waived'}") for bound in bounds for each in rules_of(bound)})  # fmt: skip
    return framed(
        ask,
        "waiver_new.html",
        title="Ask for a waiver",
        status=409 if errors else 200,
        given=given,
        errors=errors or [],
        wrong=dict(errors or []),
        bindings=[(each.name, each.name) for each in bounds],
        rules=[("", "choose one"), *rules],
        targets=[
            ("one", "One complaint", ""),
            ("where", "Complaints for which a condition holds", ""),
            ("every", "Every complaint of the binding", ""),
        ],
        longest=ask.service.settings.waivers.longest_days,
        explains=explains,
    )


def _page(ask: Ask, state: str, number: int) -> str:
    told = {"show": state or None, "page": str(number) if number > 1 else None}
    return ask.link("/waivers", **told)
