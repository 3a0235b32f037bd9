"""How far each rule goes: off, observe, flag, block; promoted past gates by a person, taken down by itself, stopped at once.

A rule's effective mode is the lowest of the pack's, ombud.toml's and the last step recorded here, so that nothing
recorded here makes a rule do more than pack and ombud.toml allow.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ombud.model.instant import DAY, HOUR
from ombud.store import ReviewRow, StepRow, StopRow, name_of
from sync.binding import MODES
from sync.persons import Refused
from sync.reconcile import from_json
from sync.waivers import check_rule

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ombud.model.facts import Instant
    from ombud.settings import RolloutSettings
    from ombud.store import Acts, Transaction
    from policies.rule import Rule
    from sync.binding import Bound
    from sync.persons import Person, Persons

#: Where a rule falls to that moves too much back, or that too many people dispute.
FALLS_TO: Final = "flag"
#: Who takes a rule down by itself.
OMBUD: Final = "ombud"
_WEEK: Final = 7 * DAY


class Gate(NamedTuple):
    """Hold one thing that a promotion asks for.

    Attributes:
        name: "days", "review", "disputes", "open" or "complete".
        ok: whether it is met.
        found: what was found, in words.
        lacks: what is missing and what to do, where it is not met.

    """

    name: str
    ok: bool
    found: str
    lacks: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """Say where a rule's rollout stands.

    Attributes:
        rule: its id.
        mode: its effective mode.
        ceiling: how far pack and ombud.toml let it go.
        since: since when it is in that mode, as far as it is known.
        open: failures that stand.
        disputes: raised within a week, those rejected left out.
        move_backs: done within an hour.
        next: the mode a promotion would bring; `None` at the top.
        gates: what that asks for.

    """

    rule: str
    mode: str
    ceiling: str
    since: Instant | None
    open: int
    disputes: int
    move_backs: int
    next: str | None
    gates: Sequence[Gate]


def steps_of(acts: Acts, binding: str) -> dict[str, str]:
    """Give how far the last step of each rule lets it go."""
    return {each.rule: each.mode for each in acts.steps(binding)}


def standing(
    acts: Acts,
    bound: Bound,
    rule: Rule,
    limits: RolloutSettings,
    now: Instant,
    first: Instant | None,
) -> Standing:
    """Say where one rule's rollout stands; `first` is when the binding was first synced."""
    mode = bound.mode(rule)
    since = _since(acts, bound, rule.id, mode, first)
    after = _after(mode, bound.ceiling(rule))
    return Standing(
        rule=rule.id,
        mode=mode,
        ceiling=bound.ceiling(rule),
        since=since,
        open=acts.open_findings(bound.name).get(rule.id, 0),
        disputes=_disputed(acts, bound.name, rule.id, now - _WEEK),
        move_backs=sum(of == rule.id for of, _ in acts.moved(bound.name, now - HOUR)),
        next=after,
        gates=() if after is None else gates(acts, bound, rule, after, limits, now, since),
    )


def gates(
    acts: Acts,
    bound: Bound,
    rule: Rule,
    to: str,
    limits: RolloutSettings,
    now: Instant,
    since: Instant | None,
) -> list[Gate]:
    """Look at everything a promotion asks for; observing writes nothing to a helpdesk, and asks for nothing."""
    if MODES.index(to) <= MODES.index("observe"):
        return []
    return [
        _days(bound.mode(rule), limits, now, since),
        _review(acts, bound.name, rule.id, limits, since),
        _undecided(acts, bound.name, rule.id),
        _open(acts, bound.name, rule.id, limits),
        _complete(acts, bound.name, limits),
    ]


def promote(
    acts: Acts,
    bound: Bound,
    rule: str,
    *,
    to: str,
    by: Person,
    why: str,
    persons: Persons,
    limits: RolloutSettings,
    now: Instant,
    first: Instant | None,
    backtest: Mapping[str, Any] | None,
    despite: str | None = None,
) -> StepRow:
    """Let a rule do more, one mode at a time, where every gate is met; `despite` says why one that is not is passed.

    Raises:
        Refused: no such rule, not a higher mode, beyond what pack or ombud.toml allow, or a gate that is not met.

    """
    found = rule_of(bound, rule)
    mode, ceiling = bound.mode(found), bound.ceiling(found)
    persons.check_approver(by, "A promotion")
    if MODES.index(to) <= MODES.index(mode):
        raise Refused(
            f"{rule} is at {mode} already. To let it do less: ombud rollout demote {rule} --to {to}"
        )
    if MODES.index(to) > MODES.index(ceiling):
        raise Refused(f"{rule} can not go beyond {ceiling}: {_held_by(bound, found)}")
    lacking = (
        [] if _after(mode, ceiling) == to else [f"it is at {mode}: {_after(mode, to)} comes first"]
    )
    looked = gates(acts, bound, found, to, limits, now, _since(acts, bound, rule, mode, first))
    lacking += [each.lacks for each in looked if not each.ok]
    if backtest is None and to != "observe":
        lacking.append(
            "there is no backtest. Write --backtest FILE, made with: ombud backtest --out FOLDER"
        )
    if lacking and not (despite and despite.strip()):
        told = "\n".join(f"  - {each}" for each in lacking)
        raise Refused(
            f"{rule} can not go to {to} yet:\n{told}\nTo take it there all the same, say why with --despite"
        )
    row = _step(
        bound,
        found,
        to,
        by,
        why,
        now,
        looked,
        despite=despite if lacking else None,
        backtest=backtest,
    )
    _keep_step(acts, bound, row, by.key)
    return row


def demote(
    acts: Acts, bound: Bound, rule: str, *, to: str, by: Person, why: str, now: Instant
) -> StepRow:
    """Let a rule do less from now on; nobody has to approve that. Raises `Refused` where it is no less."""
    found = rule_of(bound, rule)
    if MODES.index(to) > MODES.index(bound.mode(found)):
        raise Refused(
            f"{rule} is at {bound.mode(found)}. To let it do more: ombud rollout promote {rule} --to {to}"
        )
    row = _step(bound, found, to, by, why, now, [])
    _keep_step(acts, bound, row, by.key)
    return row


def fall(
    tx: Transaction, bound: Bound, limits: RolloutSettings, account: str, now: Instant
) -> list[StepRow]:
    """Take rules down that move too much back, or that too many people dispute; what they asked for is not sent.

    Counted are move-backs of the last hour together with those about to be sent, and disputes of the last week that
    nobody rejected; both from the rule's last step on, so that a person's decision counts.
    """
    blocking = {rule.id: rule for rule in rules_of(bound) if bound.mode(rule) == "block"}
    if not blocking:
        return []
    acts = tx.acts
    waiting = _waiting(acts, account)
    last = {each.rule: each.since for each in acts.steps(bound.name)}
    moved = acts.moved(bound.name, now - HOUR)
    disputed = [
        (each.rule, each.disputed)
        for each in acts.disputes(binding=bound.name)
        if each.disputed > now - _WEEK and each.outcome != "rejected"
    ]
    fallen: list[StepRow] = []
    for rule, found in blocking.items():
        since = last.get(rule, 0)
        moves = sum(of == rule and at > since for of, at in moved)
        moves += sum((bound.name, rule) in blamed for blamed in waiting.values())
        disputes = sum(of == rule and at > since for of, at in disputed)
        if moves > limits.move_backs_an_hour:
            why = f"{moves} move-backs within an hour, more than {limits.move_backs_an_hour}"
        elif disputes > limits.disputes_a_week:
            why = f"{disputes} disputes within a week, more than {limits.disputes_a_week}"
        else:
            continue
        row = _step(bound, found, FALLS_TO, None, why, now, [])
        _keep_step(acts, bound, row, None)
        fallen.append(row)
    taken = {(bound.name, row.rule) for row in fallen}
    for (ref, key), blamed in waiting.items():
        if taken & set(blamed):
            tx.void_plan(ref, key)
    return fallen


def record_review(
    acts: Acts, bound: Bound, rule: str, *, sample: int, mistaken: int, by: Person, now: Instant
) -> ReviewRow:
    """Record that somebody looked at failures of a rule, and how many were none; raises `Refused`."""
    check_rule(bound, rule)
    if sample < 1 or not 0 <= mistaken <= sample:
        raise Refused(
            f"{mistaken} of {sample} is no share of a sample. Give --sample and --false-positives"
        )
    row = ReviewRow(bound.name, rule, now, sample, mistaken, *by)
    acts.put(row)
    acts.log("sample reviewed", name_of(*row), row, by=by.key, known_at=now, rule=rule)
    return row


def stop(acts: Acts, account: str, *, by: Person, why: str, now: Instant) -> StopRow:
    """Stop all writing to a helpdesk from this moment on; reading and judging go on. Stopping twice changes nothing."""
    held = acts.stopped(account)
    if held is not None:
        return held
    if not why.strip():
        raise Refused("A stop says why. Give a reason with --why")
    row = StopRow(name_of("stop", account, now), account, *by, now, why.strip())
    acts.put(row)
    acts.log("helpdesk stopped", row.id, row, by=by.key, known_at=now)
    return row


def resume(acts: Acts, account: str, *, by: Person, why: str, now: Instant) -> StopRow:
    """Let a helpdesk be written to again; raises `Refused` where it is not stopped."""
    held = acts.stopped(account)
    if held is None:
        raise Refused(f"{account} is not stopped")
    row = held._replace(
        resumed_by=by.key, resumed_name=by.name, resumed=now, resumed_why=why.strip()
    )
    acts.put(row)
    acts.log("helpdesk resumed", row.id, row, by=by.key, known_at=now)
    return row


def rules_of(bound: Bound) -> list[Rule]:
    """Give every rule of a binding, the newest version of each, in the pack's order."""
    found: dict[str, Rule] = {}
    for edition in reversed(bound.judge.editions):
        for rule in edition.pack.rules:
            found.setdefault(rule.id, rule)
    return list(found.values())


def rule_of(bound: Bound, rule: str) -> Rule:
    """Give a rule of a binding's pack; raises `Refused` where it has none of that id."""
    known = {each.id: each for each in rules_of(bound)}
    if rule not in known:
        check_rule(bound, rule)
        raise Refused(f"{rule} is no rule of a pack: it goes as far as its binding")
    return known[rule]


def _step(
    bound: Bound,
    rule: Rule,
    to: str,
    by: Person | None,
    why: str,
    now: Instant,
    looked: Sequence[Gate],
    *,
    despite: str | None = None,
    backtest: Mapping[str, Any] | None = None,
) -> StepRow:
    if not why.strip():
        raise Refused("A step says why. Give a reason with --why")
    told = None if backtest is None else json.dumps(backtest, sort_keys=True, ensure_ascii=False)
    return StepRow(
        binding=bound.name,
        rule=rule.id,
        mode=to,
        former=bound.mode(rule),
        since=now,
        approved_by=None if by is None else by.key,
        approved_name=OMBUD if by is None else by.name,
        why=why.strip(),
        gates=json.dumps([each._asdict() for each in looked], ensure_ascii=False),
        despite=despite,
        backtest=told,
        backtest_digest=None if told is None else sha256(told.encode()).hexdigest(),
    )


def _keep_step(acts: Acts, bound: Bound, row: StepRow, by: str | None) -> None:
    acts.put(row)
    acts.log(f"rule to {row.mode}", name_of(*row), row, by=by, known_at=row.since, rule=row.rule)
    acts.recheck(bound.name, [row.rule])


def _since(acts: Acts, bound: Bound, rule: str, mode: str, first: Instant | None) -> Instant | None:
    """Give since when a rule is in its mode: since its last step, where that is what holds it there."""
    last = next(iter(reversed(acts.steps(bound.name, rule))), None)
    if last is not None and last.mode == mode:
        return last.since
    return first


def _after(mode: str, ceiling: str) -> str | None:
    """Give the next mode upward, within what is allowed."""
    above = MODES[MODES.index(mode) + 1 : MODES.index(ceiling) + 1]
    return above[0] if above else None


def _held_by(bound: Bound, rule: Rule) -> str:
    told = bound.settings
    if MODES.index(rule.mode) <= MODES.index(bound.ceiling(rule)):
        return "the pack says so"
    if rule.id in told.modes and MODES.index(told.modes[rule.id]) <= MODES.index(told.mode):
        return f"ombud.toml says so in modes of {bound.name}"
    return f"mode of {bound.name} in ombud.toml says so. Raise it there; rules without a step go to [rollout] start at most"


def _days(mode: str, limits: RolloutSettings, now: Instant, since: Instant | None) -> Gate:
    days = 0 if since is None else (now - since) // DAY
    return Gate(
        "days",
        days >= limits.days,
        f"{days} days at {mode}",
        f"it has been at {mode} for {days} days, and {limits.days} are asked for",
    )


def _review(
    acts: Acts, binding: str, rule: str, limits: RolloutSettings, since: Instant | None
) -> Gate:
    reviews = [each for each in acts.reviews(binding, rule) if each.reviewed >= (since or 0)]
    upheld = [
        each
        for each in acts.disputes(binding=binding, rule=rule)
        if each.outcome == "upheld" and each.disputed >= (since or 0)
    ]
    looked = sum(each.sample for each in reviews)
    mistaken = sum(each.mistaken for each in reviews) + len(upheld)
    share = 100 * mistaken / max(looked + len(upheld), 1)
    found = (
        f"{looked} reviewed, {mistaken} mistaken ({share:.1f} %), {len(upheld)} of them by disputes"
    )
    if looked < limits.sample:
        lacks = f"{looked} failures were reviewed since, and {limits.sample} are asked for. Write: ombud rollout review {rule}"
        return Gate("review", ok=False, found=found, lacks=lacks)
    lacks = f"{share:.1f} % of its failures were none, and {limits.false_positives:g} % may be"
    return Gate("review", share <= limits.false_positives, found, lacks)


def _undecided(acts: Acts, binding: str, rule: str) -> Gate:
    waiting = sum(each.outcome is None for each in acts.disputes(binding=binding, rule=rule))
    lacks = f"{waiting} disputes wait for a decision. Write: ombud disputes list --open"
    return Gate("disputes", not waiting, f"{waiting} disputes wait", lacks)


def _open(acts: Acts, binding: str, rule: str, limits: RolloutSettings) -> Gate:
    number = acts.open_findings(binding).get(rule, 0)
    lacks = (
        f"{number} failures stand, and {limits.open_findings} may. Write: ombud check --rule {rule}"
    )
    return Gate("open", number <= limits.open_findings, f"{number} failures stand", lacks)


def _complete(acts: Acts, binding: str, limits: RolloutSettings) -> Gate:
    whole, there = acts.readable(binding)
    share = 100 * whole / there if there else 0.0
    found = f"{whole:,} of {there:,} complaints are complete ({share:.1f} %)"
    lacks = f"{found}, and {limits.complete:g} % are asked for. Write: ombud doctor"
    return Gate("complete", share >= limits.complete, found, lacks)


def _disputed(acts: Acts, binding: str, rule: str, since: Instant) -> int:
    return sum(
        each.disputed > since and each.outcome != "rejected"
        for each in acts.disputes(binding=binding, rule=rule)
    )


def _waiting(acts: Acts, account: str) -> dict[tuple[Any, str], list[tuple[str, str]]]:
    """Give, for each move-back that is about to be sent, the rules that ask for it."""
    found = {}
    for ref, told, key in acts.plans(account):
        back = from_json(told).move_back
        if back is not None and not back.mass:
            found[ref, key] = acts.blamed(ref, back.transition)
    return found
