"""Triage and scope: deciding what the scope leaves open, samples of what it leaves out, channels that fell silent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ombud.model.event import Ref
from ombud.model.scope import Decision
from ombud.web.dash.acting import first_of, named, reason, refusing, sent, shown, text
from ombud.web.dash.frame import framed
from ombud.web.shield import nothing
from sync.figures.triage import count_triage, sample_of
from sync.persons import Refused
from sync.places import Places
from sync.sampling import ANSWERS, MOST, answer, draw, tickets_of
from sync.scoping import WORDS, decide_ticket

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.responses import Response

    from ombud.store import Outside
    from ombud.web.dash.ask import Ask
    from sync.figures.triage import Sampled

_SIZE: Final = 20
_BACK: Final = ("/triage", "Back to triage")
#: Tickets of a sample that are asked about at a time.
_AT_A_TIME: Final = 10


def show(ask: Ask) -> Response:
    """Show what is to be decided."""
    told = count_triage(ask.service, ask.keeper.book, ask.viewer.groups, now=ask.now, zone=ask.zone)
    first = first_of(ask, len(told.open), _SIZE)
    return framed(
        ask,
        "triage.html",
        title="Triage",
        told=told,
        open=told.open[first : first + _SIZE],
        first=first,
        size=_SIZE,
        page_href=lambda number: f"/triage?page={number}",
        silent=[each for each in told.silences if each.state == "silent"],
        words={each.value: said for each, said in WORDS.items()},
        others=lambda decision: [(each.value, said) for each, said in WORDS.items() if each != decision],
        accounts=[("", "all helpdesks"), *((each, each) for each in ask.service.settings.accounts)],
        most=MOST,
        address=lambda ref: f"{quote(ref.account, safe='')}/{quote(ref.id, safe='')}",
    )  # fmt: skip


def show_sample(ask: Ask) -> Response:
    """Show a sample: tickets to look at, and what it found once all were looked at."""
    sample = _sample(ask)
    if sample is None:
        return nothing()
    waiting = [row for row in sample.tickets if row.answer is None]
    seen = tickets_of(ask.service, sample.tickets)
    return framed(
        ask,
        "triage_sample.html",
        title="A look at what is no complaint",
        sample=sample,
        row=sample.row,
        missed=sample.missed,
        waiting=[(row, seen.get(row.place)) for row in waiting[:_AT_A_TIME]],
        found=[
            (row, seen.get(row.place))
            for row in sample.tickets
            if not waiting and row.answer == "complaint"
        ],
        answers=ANSWERS,
        address=lambda ref: f"{quote(ref.account, safe='')}/{quote(ref.id, safe='')}",
    )


@refusing(*_BACK)
def do_decide(ask: Ask, form: FormData) -> Response:
    """Decide whether a ticket is a complaint."""
    ticket = _ticket(ask)
    if ticket is None:
        return nothing()
    told = text(form, "decision")
    if told not in {each.value for each in Decision}:
        raise Refused(f"A ticket is {' or '.join(WORDS.values())}. Choose one")
    decision = Decision(told)
    decide_ticket(
        ask.service,
        ticket,
        decision,
        why=reason(form),
        by=ask.viewer.person,
        shown=shown(form) if not text(form, "sample") else None,
    )
    notice = f"{ticket.key} is {WORDS[decision]}. The helpdesk is asked about it at once."
    sample = text(form, "sample")
    return sent(f"/triage/samples/{quote(sample, safe='')}" if sample else "/triage", notice)


@refusing(*_BACK)
def do_draw(ask: Ask, form: FormData) -> Response:
    """Draw a sample."""
    size = text(form, "size")
    row = draw(
        ask.service,
        size=int(size) if size.isascii() and size.isdigit() and len(size) < 6 else 0,
        seed=text(form, "seed"),
        by=ask.viewer.person,
        account=text(form, "account") or None,
    )
    return sent(f"/triage/samples/{row.id}", f"{row.size} of {row.population:,} tickets were drawn.")  # fmt: skip


@refusing(*_BACK)
def do_answer(ask: Ask, form: FormData) -> Response:
    """Say what a ticket of a sample is."""
    sample = _sample(ask)
    if sample is None:
        return nothing()
    place = text(form, "place")
    number = int(place) if place.isascii() and place.isdigit() and len(place) < 6 else 0
    row = answer(ask.service, sample.row.id, number, text(form, "answer"), by=ask.viewer.person)
    return sent(f"/triage/samples/{sample.row.id}", f"{row.key} was answered.")


def _sample(ask: Ask) -> Sampled | None:
    return sample_of(ask.service, named(ask, "sample"))


def _ticket(ask: Ask) -> Outside | None:
    """Give the ticket that an address names; `None` where there is none, or the reader may not see it."""
    account, name = named(ask, "account"), named(ask, "ticket")
    settings = ask.service.settings.accounts.get(account)
    if settings is None:
        return None
    ref = Ref(account, settings.vendor, name)
    state = ask.service.store.states([ref]).get(ref)
    if state is None:
        return None
    places = Places(ask.service, ask.keeper.book, ask.viewer.groups, [state.case])
    if not places.shows(state.case, state.binding):
        return None
    with ask.service.store.improve.reading() as acts:
        return acts.outside([ref]).get(ref)
