"""Rollout: how far each rule acts, the gates of the next mode, what waits for an approval, and the stop of a helpdesk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from ombud.web.dash.acting import named, reason, refusing, sent, shown, text, words_of
from ombud.web.dash.frame import framed
from ombud.web.dash.guard import Denied
from ombud.web.shield import nothing
from sync.binding import MODES
from sync.figures.rollout import changes, desks, list_rules, one_rule
from sync.persons import Refused
from sync.rolling import bound_by, step, switch, take_over
from sync.rollout import record_review, rules_of
from sync.tryout import tryouts

if TYPE_CHECKING:
    from starlette.datastructures import FormData
    from starlette.responses import Response

    from ombud.web.dash.ask import Ask
    from policies.rule import Rule
    from sync.binding import Bound

_BACK: Final = ("/rollout", "Back to the rollout")
#: Who may stop a helpdesk, and let it be written to again.
_STOPS: Final = "admin"


def show(ask: Ask) -> Response:
    """Show every rule of a binding, every helpdesk's stop, and what waits for an approval."""
    ask.service.refresh()
    bounds = ask.service.bounds
    wanted = words_of(ask, "binding")
    bound = next((each for each in bounds if each.name == wanted), bounds[0])
    lines = list_rules(ask.service, bound)
    return framed(
        ask,
        "rollout.html",
        title="Rollout",
        bound=bound,
        tabs=[
            (f"/rollout?binding={quote(each.name)}", each.name, each.account, each is bound)
            for each in bounds
        ],
        lines=lines,
        modes=MODES,
        counts={mode: sum(each.mode == mode for each in lines) for mode in MODES},
        desks=desks(ask.service),
        changes=changes(ask.service),
        path=_path,
        may_stop=_may_stop(ask),
        quoted=lambda told: quote(told, safe=""),
    )


def show_one(ask: Ask) -> Response:
    """Show one rule with its gates, its steps and what its backtest says."""
    found = _rule(ask)
    if found is None:
        return nothing()
    bound, rule = found
    told = one_rule(ask.service, bound, rule)
    tryout = tryouts(ask.service).of(bound, rule.id, ask.now)
    answer = framed(
        ask,
        "rollout_rule.html",
        title=rule.title,
        told=told,
        standing=told.standing,
        modes=MODES,
        path=_path(bound.name, rule.id),
        tryout=tryout,
        summary=told.backtest if tryout is None or tryout.summary is None else tryout.summary,
        limits=ask.service.settings.rollout,
    )
    if tryout is not None and tryout.runs:
        answer.headers["refresh"] = "5"
    return answer


@refusing(*_BACK)
def do_promote(ask: Ask, form: FormData) -> Response:
    """Let a rule do more."""
    return _step(ask, form, up=True)


@refusing(*_BACK)
def do_demote(ask: Ask, form: FormData) -> Response:
    """Let a rule do less, at once."""
    return _step(ask, form, up=False)


@refusing(*_BACK)
def do_backtest(ask: Ask, _form: FormData) -> Response:
    """Begin a backtest of a rule."""
    found = _rule(ask)
    if found is None:
        return nothing()
    bound, rule = found
    tryouts(ask.service).begin(ask.service, bound, rule.id)
    return sent(_path(bound.name, rule.id), "What is stored is being judged by this rule.")


@refusing(*_BACK)
def do_review(ask: Ask, form: FormData) -> Response:
    """Record that somebody looked at failures of a rule, and how many were none."""
    found = _rule(ask)
    if found is None:
        return nothing()
    bound, rule = found
    with ask.service.store.book() as acts:
        acts.in_turn()
        row = record_review(
            acts,
            bound,
            rule.id,
            sample=_number(form, "sample"),
            mistaken=_number(form, "mistaken"),
            by=ask.viewer.person,
            now=ask.now,
        )
    return sent(
        _path(bound.name, rule.id), f"Recorded: {row.mistaken} of {row.sample} were no failures."
    )


@refusing(*_BACK)
def do_stop(ask: Ask, form: FormData) -> Response:
    """Stop all writing to a helpdesk."""
    return _switch(ask, form, off=True)


@refusing(*_BACK)
def do_resume(ask: Ask, form: FormData) -> Response:
    """Let a helpdesk be written to again."""
    return _switch(ask, form, off=False)


@refusing(*_BACK)
def do_accept(ask: Ask, form: FormData) -> Response:
    """Put in force what ombud.toml asks for."""
    binding = text(form, "binding")
    take_over(ask.service, binding, by=ask.viewer.person, why=reason(form), shown=shown(form))
    return sent("/rollout", f"In force for {binding}. What is stored is judged again at the next sync.")  # fmt: skip


def _step(ask: Ask, form: FormData, *, up: bool) -> Response:
    found = _rule(ask)
    if found is None:
        return nothing()
    bound, rule = found
    to = text(form, "to")
    if to not in MODES:
        raise Refused(f"A rule goes to {', '.join(MODES)}. Choose one")
    row = step(
        ask.service,
        bound.name,
        rule.id,
        to=to,
        by=ask.viewer.person,
        why=reason(form),
        shown=shown(form),
        up=up,
        despite=text(form, "despite") or None,
    )
    return sent(_path(bound.name, rule.id), f"{rule.id} goes from {row.former} to {row.mode}.")


def _switch(ask: Ask, form: FormData, *, off: bool) -> Response:
    if not _may_stop(ask):
        raise Denied(403, f"Only the role {_STOPS} stops a helpdesk, or lets it be written to again. Ask one")  # fmt: skip
    account = named(ask, "account")
    if account not in ask.service.settings.accounts:
        return nothing()
    switch(
        ask.service, account, off=off, by=ask.viewer.person, why=reason(form), shown=shown(form)
    )  # fmt: skip
    said = "is stopped: nothing is written to it" if off else "is written to again"
    return sent("/rollout", f"{account} {said}.")


def _may_stop(ask: Ask) -> bool:
    return ask.viewer.may("kill_switch") and ask.viewer.role == _STOPS


def _rule(ask: Ask) -> tuple[Bound, Rule] | None:
    binding, name = named(ask, "binding"), named(ask, "rule")
    try:
        bound = bound_by(ask.service, binding)
    except Refused:
        return None
    rule = next((each for each in rules_of(bound) if each.id == name), None)
    return None if rule is None else (bound, rule)


def _number(form: FormData, name: str) -> int:
    told = text(form, name)
    return int(told) if told.isascii() and told.isdigit() and len(told) < 6 else -1


def _path(binding: str, rule: str) -> str:
    return f"/rollout/{quote(binding, safe='')}/{quote(rule, safe='')}"
