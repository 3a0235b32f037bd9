"""Decide what a ticket should show, from its findings, the rollout mode and what was done before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from ombud.model.event import Cause
from ombud.model.facts import STAGES, Verdict
from ombud.model.instant import DAY, HOUR, MINUTE, SECOND
from ombud.model.mark import (
    TAG_BLOCKED,
    TAG_DUE,
    TAG_LATE,
    TAG_MISSING,
    Desired,
    MoveBack,
    marked,
    news_of,
)
from policies.rule import Guard
from sync.closing import CLOSED, labels
from sync.live.notices import next_warning
from sync.note import text_digest, write_note
from sync.words import SHOWN, overtaken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ombud.model.connector import Actual
    from ombud.model.facts import Complaint, Instant, Transition
    from ombud.model.finding import Finding, Spoken
    from sync.binding import Bound
    from sync.words import Answer

#: Move-backs allowed per ticket in the day before a closing and per account in an hour; beyond them a person is asked.
PER_TICKET, TICKET_SPAN = 2, DAY
PER_ACCOUNT, ACCOUNT_SPAN = 60, HOUR
#: A note that blocks nothing waits until nobody has touched the ticket for so long.
QUIET: Final = 10 * MINUTE
#: A deadline is near when it is due within so long.
NEAR: Final = DAY
#: Stages before the last: what closing will need is told in them, though nothing else is.
LAST: Final = frozenset({"responded", "decided"})
#: A decision told so long before a closing, or with it, belongs to it.
WITH: Final = 10 * MINUTE
_WEIGHTS = ("major", "minor", "observation")
_ACTING = frozenset({"flag", "block"})


@dataclass(frozen=True, slots=True)
class Decision:
    """Say what a ticket should show, and when to look again though nothing happened.

    Attributes:
        desired: what it should show.
        recheck: next instant at which the clock alone changes it.
        why: for the decision log: "none", "flag", "move_back", "insists", "budget", "refused".
        insists: the closing that stays, where people have to be told that somebody insists on it; told once.

    """

    desired: Desired
    recheck: Instant | None
    why: str
    insists: Transition | None = None


def decide(
    bound: Bound,
    complaint: Complaint,
    findings: Sequence[Finding],
    actual: Actual,
    *,
    now: Instant,
    block_from: Instant,
    account_moves: int,
    refused: str | None,
    answers: Sequence[Answer] = (),
    needed: Callable[[], Sequence[Spoken]] | None = None,
    page: str | None = None,
    language: str = "en",
    mass: bool = False,
) -> Decision:
    """Decide what the ticket should show.

    Args:
        bound: the binding.
        complaint: its facts.
        findings: its findings.
        actual: how the ticket stands in the helpdesk.
        now: the present instant.
        block_from: transitions before this instant are flagged and not moved back.
        account_moves: move-backs on this account within the last hour.
        refused: the transition that the helpdesk would not let us undo.
        answers: what was done about agents' words.
        needed: finds what closing would need, where that is to be told before.
        page: address of the page that says the same at any time.
        language: of the desk.
        mass: whether it was closed with many others, by one act: that is told once, and spends no budget.

    """
    if actual.ref != complaint.lead:
        return Decision(Desired(), None, "none")
    rechecks = [finding.recheck for finding in findings if finding.recheck is not None]
    shown = [finding for finding in latest(findings) if finding.mode in _ACTING]
    missing = standing(findings)
    # What blocks comes first, then what weighs most.
    missing.sort(key=lambda f: (f.mode != "block", _WEIGHTS.index(f.severity)))
    late = [f for f in shown if f.standing is Verdict.failed and f.due is not None]
    running = [f for f in shown if f.standing is Verdict.pending and f.due is not None]
    next_due = min(running, key=lambda f: f.due or 0, default=None)
    tags: set[str] = set()
    if missing:
        tags.add(TAG_MISSING)
    if late:
        tags.add(TAG_LATE)
    warned = next_warning(running, now)
    if warned is not None:
        rechecks.append(warned)
    if next_due is not None and next_due.due is not None:
        near = min(next_due.due, next_due.warn or next_due.due) - NEAR
        if now >= near:
            tags.add(TAG_DUE)
        else:
            rechecks.append(near)

    moves = 0 if mass else account_moves
    back, stays = _move_back(complaint, missing, actual, block_from, moves)
    if back is not None and not stays and back.event == refused:
        stays = "refused"
    undo = back if not stays else None
    blocked = _blocked(bound, complaint, missing)
    if back is not None or blocked is not None:
        tags.add(TAG_BLOCKED)
    undone = undo or blocked
    closing = back if stays else undone
    acting = bound.settings.mode in _ACTING
    told = [
        each for each in answers if acting and (missing or late or not overtaken(complaint, each))
    ]
    rechecks += [each.word.happened + SHOWN for each in told]
    say = partial(
        write_note,
        missing,
        late,
        next_due=next_due,
        closed_at=closing.at if closing is not None else None,
        stays=stays,
        zone=bound.mapping.tzinfo,
        answers=[each.line for each in told],
        decision_sent=undone is not None and _told_with(complaint, undone),
        page=page,
        language=language,
    )
    news = text = say()
    shows = bool(text) or complaint.stage in LAST
    if needed is not None and acting and actual.shows and shows and complaint.stage != CLOSED:
        # What the note says already is not said twice.
        said = set(labels(missing))
        lacking = [each for each in needed() if each.label not in said]
        text = say(to_close=lacking) if lacking else text
    quiet = _last_touch(complaint) + QUIET
    busy = undo is None and blocked is None and now < quiet and actual.ours.text is None
    if text and busy and not told:
        # Whoever is at work on the ticket may be about to fill it in; whoever asks is told at once.
        news = text = ""
        rechecks.append(quiet)
    kept = marked(text_digest(news), text_digest(text))
    fresh = news_of(kept) != news_of(actual.ours.text)
    desired = Desired(
        tags=frozenset(tags),
        text=text,
        text_digest=kept,
        move_back=_ask(bound, undo, actual, mass=mass) if undo is not None else None,
        notify=bool(undo is not None or late) and not mass,
    )
    why = "flag" if tags else "none"
    if undo is not None:
        why = "move_back"
    elif stays and fresh:
        # Said when the note begins to say so, and not again each time the ticket is looked at.
        why = stays
    insists = back if why == "insists" else None
    return Decision(desired, min(rechecks, default=None), why, insists)


def standing(findings: Iterable[Finding]) -> list[Finding]:
    """Give the guards and conditions that stand failed, of the rules that act."""
    return [
        each
        for each in latest(findings)
        if each.mode in _ACTING and each.standing is Verdict.failed and each.due is None
    ]


def latest(findings: Iterable[Finding]) -> list[Finding]:
    """Keep of each rule its last occurrence: what was wrong on an earlier entering is history."""
    last: dict[str, Finding] = {}
    for finding in findings:
        held = last.get(finding.rule)
        if held is None or (finding.entered or 0) >= (held.entered or 0):
            last[finding.rule] = finding
    return list(last.values())


def _move_back(
    complaint: Complaint,
    missing: Sequence[Finding],
    actual: Actual,
    block_from: Instant,
    account_moves: int,
) -> tuple[Transition | None, str]:
    """Give the transition to undo, and why it stays all the same: a person must decide; "" where it is undone."""
    last = complaint.transitions[-1] if complaint.transitions else None
    if (
        last is None
        or last.until is not None
        or last.cause is Cause.ourselves
        or last.at < block_from
    ):
        return None, ""
    if not isinstance(last.leaving, str) or last.from_status is None or last.ref != actual.ref:
        return None, ""
    if actual.status != last.to_status or actual.theirs != last.change:
        return None, ""
    if not any(
        f.mode == "block" and f.occurrence == last.event and f.verdict is Verdict.failed
        for f in missing
    ):
        return None, ""
    # Of the day before the closing: who has insisted once is not fought on another day.
    if sum(1 for at in actual.ours.moved_back if at > last.at - TICKET_SPAN) >= PER_TICKET:
        return last, "insists"
    return last, "budget" if account_moves >= PER_ACCOUNT else ""


def _told_with(complaint: Complaint, closing: Transition) -> bool:
    """Tell whether what closed a complaint told the complainant the decision too, which cannot be taken back."""
    told = complaint.evidence.get("decision_told")
    return (
        told is not None
        and told.by == "message"
        and closing.at - WITH <= told.at <= closing.at + SECOND
    )


def _blocked(bound: Bound, complaint: Complaint, missing: Sequence[Finding]) -> Transition | None:
    """Give the transition that we undid and that would still be refused."""
    last = complaint.transitions[-1] if complaint.transitions else None
    if last is None or last.until is None or complaint.undone != last.event:
        return None
    blocking = {
        rule.id
        for rule in bound.pack.rules
        if isinstance(rule.body, Guard)
        and rule.body.entering == last.entering
        and bound.mode(rule) == "block"
    }
    return last if any(f.rule in blocking and f.occurrence == last.event for f in missing) else None


def _ask(bound: Bound, back: Transition, actual: Actual, *, mass: bool) -> MoveBack:
    """Ask for the stage left, else the nearest stage toward it."""
    left = STAGES.index(back.leaving) if isinstance(back.leaving, str) else 0
    others = sorted(
        (
            (abs(STAGES.index(stage.stage) - left), native)
            for native, stage in bound.mapping.stages.items()
            if stage.stage != back.entering and native != back.from_status
        ),
    )
    statuses = [back.from_status, *(native for _, native in others)]
    return MoveBack(
        from_status=actual.status or "",
        to_statuses=tuple(status for status in statuses if status is not None),
        transition=back.event,
        change=back.change,
        owner=back.change in actual.reassigned,
        mass=mass,
    )


def _last_touch(complaint: Complaint) -> Instant:
    return max(
        (each.at for each in complaint.transitions if each.cause is not Cause.ourselves), default=0
    )
