"""Waivers, explanations and disputes: what people say about findings, asked for and decided.

Everything here works on `Acts`, which `Store.book()` opens for writing and `Store.acts()` for reading; no lease is
needed. What is not done is told by `Refused`, in one sentence with its remedy; nothing was written then.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from ombud.model.instant import DAY, iso, moment
from ombud.store import DisputeRow, ExplanationRow, WaiverRow, name_of
from policies.condition import condition
from policies.vocabulary import PackError, nearest
from policies.waiver import Waiver
from sync.findings import ONE_SIDED, RECEIPT_EDITED, SCOPE_LEFT
from sync.note import wall
from sync.persons import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ombud.model.facts import Instant
    from ombud.store import Acts
    from sync.binding import Bound
    from sync.persons import Person, Persons

#: The longest that a waiver may last, unless ombud.toml says otherwise.
LONGEST: Final = 365 * DAY
#: A waiver that ends within so long is called expiring.
EXPIRING: Final = 7 * DAY
STATES: Final = ("requested", "active", "expiring", "expired", "revoked", "refused")
_MOST_TOLD: Final = 1000


class NotWaivable(Refused):
    """Say that a rule may not be waived: an explanation may be recorded, and the breach stays."""


def request_waiver(
    acts: Acts,
    bound: Bound,
    *,
    rule: str,
    case: str | None,
    why: str,
    requested_by: Person,
    until: Instant,
    now: Instant,
    where: str | None = None,
    longest: int = LONGEST,
    event: str | None = None,
) -> str:
    """Ask for a waiver, and give its name; nothing changes until somebody else approves it.

    Args:
        acts: the transaction.
        bound: the binding whose rule it is about.
        rule: rule id.
        case: the case it is for; `None` for every case, or for those that `where` holds for.
        why: the reason.
        requested_by: who asks.
        until: when it ends.
        now: the present instant.
        where: a condition as canonical JSON, by `policies.condition.read_condition`.
        longest: the longest that it may last.
        event: the agent's word that asks; the same word asks once.

    Raises:
        NotWaivable: the rule may not be waived; an explanation may be recorded instead.
        Refused: no such rule, no reason, no end within the time allowed.

    """
    check_rule(bound, rule)
    if rule in _OF_EVERY_BINDING or not waivable(bound, rule):
        raise NotWaivable(
            f"{rule} cannot be waived: an explanation is recorded, and the breach stays"
        )
    why = _said(why, "A waiver")
    if until <= now:
        raise Refused(
            f"A waiver ends in the future, and {iso(until)} is past. Give a later day",
            kind="past",
            day=bound.tongue.dated(until - 1, bound.mapping.tzinfo, whole_day=True),
        )
    if until > now + longest:
        raise Refused(
            f"A waiver lasts {longest // DAY} days at most. Give an earlier day, or raise longest_days "
            "in [waivers] of ombud.toml",
            kind="too_long",
            days=bound.tongue.number(longest // DAY),
        )
    told = (event,) if event is not None else (case, where, why, until, now, requested_by.key)
    name = name_of("waiver", bound.name, rule, *told)
    if acts.waiver(name) is None:
        row = WaiverRow(
            name, bound.name, rule, case, where, why, *requested_by, now, until, event=event
        )
        _keep(acts, "waiver requested", row, requested_by, now)
    return name


def approve(acts: Acts, name: str, *, by: Person, persons: Persons, now: Instant) -> WaiverRow:
    """Approve a waiver: it holds from now on. Approving one that holds already changes nothing.

    Raises:
        Refused: there is none of that name, it has ended, or its requester approves it.

    """
    row = found_waiver(acts, name)
    told = state(row, now)
    if told in {"active", "expiring"}:
        return row
    if told != "requested":
        raise Refused(f"Waiver {name} is {told}. Ask for a new one", kind=told, id=name)
    persons.check_approver(by, "Approving a waiver")
    if persons.are_one(row.requested_by, by.key) or acts.one_mailbox(
        row.case, row.requested_by, by.key
    ):
        raise Refused(
            f"Waiver {name} was asked for by the same person. Somebody else has to approve it",
            kind="same_person",
            id=name,
        )
    row = row._replace(approved_by=by.key, approved_name=by.name, approved=now)
    _keep(acts, "waiver approved", row, by, now)
    return row


def refuse(acts: Acts, name: str, *, by: Person, why: str, now: Instant) -> WaiverRow:
    """Refuse a waiver that was asked for; raises `Refused` where it waits for nobody."""
    return _end(acts, name, by, why, now, {"requested"}, "waiver refused")


def revoke(acts: Acts, name: str, *, by: Person, why: str, now: Instant) -> WaiverRow:
    """End a waiver that holds before its time; raises `Refused` where it does not hold."""
    return _end(acts, name, by, why, now, {"active", "expiring"}, "waiver revoked")


def state(row: WaiverRow, now: Instant, *, expiring: int = EXPIRING) -> str:
    """Give a waiver's state at an instant: it follows from what was done when."""
    if row.ended is not None and row.ended <= now:
        return "refused" if row.approved is None else "revoked"
    if now >= row.until:
        return "expired"
    if row.approved is None or now < row.approved:
        return "requested"
    return "expiring" if row.until - now <= expiring else "active"


def waivers_of(
    bound: Bound, rows: Iterable[WaiverRow], *, known_by: Instant | None = None
) -> tuple[Waiver, ...]:
    """Give the waivers that hold, or held, for a binding, as `policies.waiver.waive` takes them.

    One whose condition the binding's pack does not understand any more excuses nothing.

    Args:
        bound: the binding.
        rows: the waivers as kept.
        known_by: leave out what was done only later.

    """
    return tuple(
        made
        for row in rows
        if row.binding == bound.name
        for made in (_waiver(bound, row, known_by),)
        if made is not None
    )


def unreadable(bound: Bound, row: WaiverRow) -> str | None:
    """Say why a waiver's condition cannot be told by the binding's pack; `None` where it can."""
    try:
        if row.predicate is not None:
            condition(row.predicate, bound.pack)
    except PackError as error:
        return str(error)
    return None


def explain_breach(
    acts: Acts,
    bound: Bound,
    *,
    rule: str,
    case: str,
    why: str,
    by: Person,
    now: Instant,
    event: str | None = None,
) -> str:
    """Record why a breach came about, and give the explanation's name; the verdict stays what it is."""
    check_rule(bound, rule)
    why = _said(why, "An explanation")
    name = name_of("explanation", bound.name, rule, case, event or (why, now, by.key))
    if all(each.id != name for each in acts.explanations(case=case)):
        row = ExplanationRow(name, bound.name, rule, case, why, *by, now, event)
        _keep(acts, "explained", row, by, now)
    return name


def dispute(
    acts: Acts,
    bound: Bound,
    *,
    rule: str,
    case: str,
    why: str,
    by: Person,
    now: Instant,
    event: str | None = None,
) -> str:
    """Say that a finding is wrong, and give the dispute's name; the finding stands until it is mended."""
    check_rule(bound, rule)
    why = _said(why, "A dispute")
    name = name_of("dispute", bound.name, rule, case, event or (why, now, by.key))
    if acts.dispute(name) is None:
        row = DisputeRow(name, bound.name, rule, case, why, *by, now, event)
        _keep(acts, "disputed", row, by, now)
    return name


def decide_dispute(
    acts: Acts,
    name: str,
    *,
    upheld: bool,
    by: Person,
    why: str,
    persons: Persons,
    now: Instant,
) -> DisputeRow:
    """Decide a dispute: upheld where the finding was wrong, else rejected.

    Raises:
        Refused: there is none of that name, it is decided, or who disputed decides it.

    """
    row = acts.dispute(name)
    if row is None:
        raise Refused(f"There is no dispute {name!r}. See: ombud disputes list")
    if row.outcome is not None:
        raise Refused(f"Dispute {name} was {row.outcome} already")
    if persons.are_one(row.disputed_by, by.key):
        raise Refused(
            f"Dispute {name} was raised by the same person. Somebody else has to decide it"
        )
    row = row._replace(
        outcome="upheld" if upheld else "rejected",
        decided_by=by.key,
        decided_name=by.name,
        decided=now,
        decided_why=_said(why, "A decision"),
    )
    _keep(acts, f"dispute {row.outcome}", row, by, now)
    return row


def remarks(acts: Acts, bound: Bound, case: str | None, now: Instant) -> dict[str, list[str]]:
    """Give what people said of a case's findings, by rule, in the desk's zone; what is over and done with is left out."""
    zone = bound.mapping.tzinfo
    found: dict[str, list[str]] = {}
    for row in acts.waivers(bound.name):
        told = state(row, now)
        if row.case in {None, case} and told in {"requested", "active", "expiring"}:
            whose = f" by {row.approved_name}" if row.approved_name else ""
            end = f"{moment(row.until, zone):%Y-%m-%d %H:%M}"
            line = f"waiver {row.id}: {told}{whose}, until {end}: {row.why}"
            if row.predicate is not None:
                line += f" (only where {row.predicate})"
            found.setdefault(row.rule, []).append(line)
    if case is None:
        return found
    for each in acts.explanations(case=case):
        line = f"explanation of {wall(each.told, zone)}{_of(each.told_name)}: {each.why}"
        found.setdefault(each.rule, []).append(line)
    for one in acts.disputes(case=case):
        told = one.outcome or "not decided yet"
        line = f"dispute {one.id}{_of(one.disputed_name)}: {told}: {one.why}"
        found.setdefault(one.rule, []).append(line)
    return found


def _of(name: str | None) -> str:
    return f" by {name}" if name else ""


#: Rules that every binding has, whatever its pack; nobody may waive them.
_OF_EVERY_BINDING: Final = frozenset({SCOPE_LEFT, ONE_SIDED, RECEIPT_EDITED})


def check_rule(bound: Bound, rule: str) -> None:
    """Refuse a rule that a binding does not have."""
    known = bound.modes.keys() | _OF_EVERY_BINDING
    if rule not in known:
        near = get_close_matches(rule, sorted(known), 1)
        raise Refused(
            f"{bound.name} has no rule {rule!r}. {nearest(rule, known)}",
            kind="near_rule" if near else "no_rule",
            binding=bound.name,
            rule=rule,
            near="".join(near),
        )


def waivable(bound: Bound, rule: str) -> bool:
    """Tell whether any edition of a binding's pack lets a rule be waived."""
    return any(
        each.waivable
        for edition in bound.judge.editions
        for each in edition.pack.rules
        if each.id == rule
    )


def found_waiver(acts: Acts, name: str) -> WaiverRow:
    """Give a waiver by its name; raises `Refused` where there is none."""
    row = acts.waiver(name)
    if row is None:
        raise Refused(
            f"There is no waiver {name!r}. See: ombud waivers list", kind="no_waiver", id=name
        )
    return row


def _waiver(bound: Bound, row: WaiverRow, known_by: Instant | None) -> Waiver | None:
    approved, ended = row.approved, row.ended
    if known_by is not None:
        approved = None if approved is not None and approved > known_by else approved
        ended = None if ended is not None and ended > known_by else ended
    until = row.until if ended is None else min(row.until, ended)
    if approved is None or row.approved_by is None or until <= approved:
        return None
    holds = None
    if row.predicate is not None:
        try:
            holds = condition(row.predicate, bound.pack)
        except PackError:
            return None
    return Waiver(
        rule=row.rule,
        case=row.case,
        why=row.why,
        requested_by=row.requested_by,
        approved_by=row.approved_by,
        since=approved,
        until=until,
        holds=holds,
        id=row.id,
    )


def _end(
    acts: Acts,
    name: str,
    by: Person,
    why: str,
    now: Instant,
    states: Sequence[str] | set[str],
    act: str,
) -> WaiverRow:
    row = found_waiver(acts, name)
    told = state(row, now)
    if told not in states:
        raise Refused(f"Waiver {name} is {told}: it cannot be {act.rsplit(maxsplit=1)[-1]}")
    row = row._replace(
        ended_by=by.key, ended_name=by.name, ended=now, ended_why=_said(why, "An end")
    )
    _keep(acts, act, row, by, now)
    return row


def _keep(
    acts: Acts, act: str, row: WaiverRow | ExplanationRow | DisputeRow, by: Person, now: Instant
) -> None:
    """Keep a row with its line in the decision log, and have those tickets looked at again that it may change."""
    acts.put(row)
    acts.log(act, row.id, row, by=by.key, known_at=now, case=row.case, rule=row.rule)
    if act in {"waiver approved", "waiver revoked"}:
        acts.recheck(row.binding, [row.rule], row.case)


def _said(why: str, what: str) -> str:
    told = " ".join(why.split())[:_MOST_TOLD]
    if not told:
        raise Refused(f"{what} says why. Give a reason with --why", kind="no_reason")
    return told
