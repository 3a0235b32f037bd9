"""Steps of the rollout, stops and changes of what is in force, by several people at once.

As with other acts, whoever acts says what they were shown; where it is another by now, nothing is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sync.decisions import overtaken, shown_as
from sync.force import accept, force_digest
from sync.note import wall
from sync.persons import Refused
from sync.rollout import demote, promote, resume, stop
from sync.tryout import tryouts

if TYPE_CHECKING:
    from ombud.model.facts import Instant
    from ombud.store import StepRow, StopRow
    from sync.binding import Bound
    from sync.force import Held
    from sync.persons import Person
    from sync.service import Service


def shown_rule(bound: Bound, rule: str, last: StepRow | None) -> str:
    """Give what a page says of a rule's rollout."""
    return shown_as((bound.name, rule, last))


def shown_stop(account: str, held: StopRow | None) -> str:
    """Give what a page says of an account's stop."""
    return shown_as((account, held))


def shown_change(held: Held) -> str:
    """Give what a page says of a change that waits."""
    return shown_as((held.binding, "" if held.wanted is None else force_digest(held.wanted)))


def first_sync(service: Service, bound: Bound) -> Instant | None:
    """Give when a binding was first synced; `None` where it never was."""
    told = service.store.meta(f"first:{bound.account}/{bound.name}")
    return None if told is None else int(told)


def bound_by(service: Service, name: str) -> Bound:
    """Give a binding as it is used at this moment; raises `Refused` where there is none."""
    service.refresh()
    found = service.footing.bounds.get(name)
    if found is None:
        raise Refused(f"There is no binding {name!r}. There are: {', '.join(service.footing.bounds)}")  # fmt: skip
    return found


def step(
    service: Service,
    binding: str,
    rule: str,
    *,
    to: str,
    by: Person,
    why: str,
    shown: str | None,
    up: bool,
    despite: str | None = None,
) -> StepRow:
    """Let a rule do more or less.

    Args:
        service: the service.
        binding: the binding's name.
        rule: the rule's id.
        to: the mode it goes to.
        by: who decides.
        why: the reason.
        shown: what their page said of it; `None` does not ask.
        up: whether it is to do more: gates are looked at, and the last backtest is recorded.
        despite: why it goes up though a gate is not met.

    Raises:
        Refused: it may not, or somebody decided meanwhile.

    """
    bound = bound_by(service, binding)
    now = service.now()
    tryout = tryouts(service).of(bound, rule, now)
    with service.store.improve.writing() as acts:
        last = next(iter(reversed(acts.steps(binding, rule))), None)
        if shown is not None and shown != shown_rule(bound, rule, last):
            raise overtaken(_last_step(service, rule, last))
        if up:
            row = promote(
                acts,
                bound,
                rule,
                to=to,
                by=by,
                why=why,
                persons=service.persons,
                limits=service.settings.rollout,
                now=now,
                first=first_sync(service, bound),
                backtest=None if tryout is None else tryout.summary,
                despite=despite,
            )
        else:
            row = demote(acts, bound, rule, to=to, by=by, why=why, now=now)
    service.refresh()
    return row


def switch(
    service: Service, account: str, *, off: bool, by: Person, why: str, shown: str | None
) -> StopRow:
    """Stop all writing to a helpdesk, or let it be written to again; raises `Refused`."""
    service.known(account)
    with service.store.improve.writing() as acts:
        held = acts.stopped(account)
        if shown is not None and shown != shown_stop(account, held):
            raise overtaken(_last_stop(service, account, held))
        act = stop if off else resume
        return act(acts, account, by=by, why=why, now=service.now())


def take_over(service: Service, binding: str, *, by: Person, why: str, shown: str | None) -> None:
    """Put in force what ombud.toml asks for; what is stored is judged again at the next sync. Raises `Refused`."""
    former = bound_by(service, binding)
    held = service.footing.held.get(binding)
    if held is None:
        raise Refused(f"What ombud.toml asks for is in force for {binding} already")
    if shown is not None and shown != shown_change(held):
        raise Refused(f"What ombud.toml asks for of {binding} is another than your page showed. Look at it again")  # fmt: skip
    with service.store.improve.writing() as acts:
        row = acts.in_force(binding)
        if held.wanted is not None and row is not None and row.digest == force_digest(held.wanted):
            who, when = row.approved_name or "somebody", wall(row.since, service.zone)
            raise overtaken(f"The change of {binding} was approved by {who} on {when}")
        accept(
            acts, held, former, by=by, why=why, persons=service.persons, now=service.now()
        )  # fmt: skip
    service.refresh()


def _last_step(service: Service, rule: str, last: StepRow | None) -> str:
    if last is None:
        return f"{rule} was not changed by anybody"
    who = last.approved_name or "somebody"
    return f"{rule} was taken from {last.former} to {last.mode} by {who} on {wall(last.since, service.zone)}"


def _last_stop(service: Service, account: str, held: StopRow | None) -> str:
    if held is None:
        return f"{account} is not stopped"
    return f"{account} was stopped by {held.stopped_name} on {wall(held.stopped, service.zone)}"
