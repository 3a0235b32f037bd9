"""The row reading of a backtest: every history folded, judged and waived as settling does it. It is the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ombud.model.event import Cause
from ombud.model.facts import Verdict
from ombud.model.scope import Decision
from policies.judge import STANDING_OCCURRENCE
from policies.rule import Guard, Integrity
from policies.waiver import waive
from sync.again import fold_again, fold_page
from sync.findings import find
from sync.tally import NOBODY, Act, Drawn, Tally, Turned, lot, project
from sync.tried import Asked, Backtest, Reviewed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ombud.model.event import Ref
    from ombud.model.facts import Complaint, Instant, Transition, Value
    from policies.judge import Judgement
    from sync.again import Folded
    from sync.binding import Bound
    from sync.service import Service

    Tell = Callable[[int, int | None, str], None]

#: Modes in which a failing rule shows on the ticket.
ACTING: Final = frozenset({"flag", "block"})
#: How many complaints are judged between two words about how far it is.
_STEP: Final = 200


def read_rows(service: Service, asked: Asked, *, tell: Tell | None = None) -> Backtest:
    """Judge every stored complaint through fold, judge and waivers, and tally what that gives."""
    tally = asked.tally()
    service.refresh()
    for number, folded in enumerate(
        fold_again(asked.bound, service.elsewhere, service.store, happened_by=asked.until), 1
    ):
        if folded.lead.decision is Decision.complaint:
            _tally(service, asked, tally, folded)
        if tell is not None and number % _STEP == 0:
            tell(number, None, "")
    return Backtest(asked, tally, "rows", review(service, asked, tally))


def _tally(service: Service, asked: Asked, tally: Tally, folded: Folded) -> None:
    complaint = folded.complaint
    begun = received(complaint)
    if not asked.covers(begun):
        tally.left_out += 1
        return
    tally.complaints += 1
    facets = facets_of(complaint, folded.lead.key)
    for name, value in facets.items():
        tally.filled[name] += 1 if value else 0
    owner = complaint.row.get("owner")
    owned = owner if isinstance(owner, str) else NOBODY
    moves = {each.event: each for each in complaint.transitions}
    acts: dict[tuple[str, Instant | None], Act] = {}
    failing: set[tuple[str, str]] = set()
    for each in judged_by(service, asked.bound, complaint, asked.until):
        if asked.only is not None and each.rule.id not in asked.only:
            continue
        rule, verdict = each.rule.id, each.verdict.value
        when = dated(each, begun, asked.until)
        tally.count(rule, verdict, tally.week(when))
        for facet, value in facets.items():
            tally.teams[facet, value, rule, verdict] += 1
        if each.verdict is not Verdict.failed:
            continue
        occurrence = occurrence_of(each)
        failing.add((rule, occurrence))
        tally.draw(
            Drawn(
                lot(asked.seed, rule, complaint.case, occurrence),
                rule,
                complaint.case,
                complaint.lead.account,
                complaint.lead.id,
                occurrence,
            )
        )
        mode = asked.mode(each.rule)
        if mode in ACTING:
            entered = moves.get(occurrence) if isinstance(each.rule.body, Guard) else None
            act = Act(
                when,
                entered.until if entered is not None else None,
                agent(entered, owned) if entered is not None else owned,
                mode == "block" and entered is not None and movable(entered, complaint.lead),
            )
            held = acts.get((occurrence, when))
            acts[occurrence, when] = act if held is None or act.moves else held
    tally.act(complaint.lead.account, list(acts.values()))
    if asked.compares:
        before = _against(service, asked, folded)
        tally.turn(
            Turned(rule, complaint.case, complaint.lead.account, complaint.lead.id, way)
            for way, found in ((True, failing - before), (False, before - failing))
            for rule, _ in sorted(found)
        )


def _against(service: Service, asked: Asked, folded: Folded) -> set[tuple[str, str]]:
    """Give what fails by the version in force."""
    against, complaint = asked.against, folded.complaint
    if against is None:
        return set()
    if not same_fold(asked.bound, against):
        complaint = against.fold.fold(folded.events, complete=folded.complete)
    return {
        (each.rule.id, occurrence_of(each))
        for each in judged_by(service, against, complaint, asked.until)
        if each.verdict is Verdict.failed and (asked.only is None or each.rule.id in asked.only)
    }


def judged_by(
    service: Service, bound: Bound, complaint: Complaint, now: Instant
) -> Sequence[Judgement]:
    """Judge a complaint by the edition of the pack that its receipt chooses, waivers applied."""
    return waive(bound.judge.judge(complaint, now), complaint, service.waivers(bound), now)


def same_fold(one: Bound, other: Bound) -> bool:
    """Tell whether what the one folds can be judged by the other too: values kept besides change nothing."""
    return one.mapping.digest == other.mapping.digest and other.fold.tracked <= one.fold.tracked


def occurrence_of(judged: Judgement) -> str:
    """Give the event of what can occur several times; what has one occurrence a complaint needs no other name."""
    body = judged.rule.body
    several = body.entering is not None if isinstance(body, Guard) else isinstance(body, Integrity)
    return judged.occurrence if several else STANDING_OCCURRENCE


def received(complaint: Complaint) -> Instant | None:
    """Give when a complaint came, as well as it is known: received, else recorded, else the first event."""
    for value in (complaint.row.get("received"), complaint.row.get("recorded"), complaint.horizon):
        if isinstance(value, int):
            return value
    return None


def dated(judged: Judgement, begun: Instant | None, until: Instant) -> Instant | None:
    """Give the moment a finding belongs to: a guard's entering, the due of what has one, else the receipt."""
    if judged.due is not None:
        return min(judged.due, until)
    return judged.entered if judged.entered is not None else begun


def facets_of(complaint: Complaint, key: str) -> dict[str, str]:
    """Give what a complaint is grouped by; an empty or unknown field is the empty text."""
    return {
        "org_unit": _text(complaint.row.get("org_unit")),
        "owner": _text(complaint.row.get("owner")),
        "project": project(key, complaint.lead),
    }


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def agent(transition: Transition, owned: str) -> str:
    """Give whose complaint it was when a stage was entered: its owner then, else who moved it, else its owner now."""
    return _text(transition.row.get("owner")) or transition.actor or owned


def movable(transition: Transition, lead: Ref) -> bool:
    """Tell whether a move-back could have undone a transition."""
    return (
        transition.cause is not Cause.ourselves
        and isinstance(transition.leaving, str)
        and transition.from_status is not None
        and transition.ref == lead
    )


def review(service: Service, asked: Asked, tally: Tally) -> list[Reviewed]:
    """Judge the sampled complaints once more for their reasons, and give where to look at them."""
    found: list[Reviewed] = []
    for drawn in tally.sample(asked.sample):
        for folded in _cases(service, asked, drawn):
            judged = judged_by(service, asked.bound, folded.complaint, asked.until)
            told = [
                each
                for each in judged
                if each.rule.id == drawn.rule and occurrence_of(each) == drawn.occurrence
            ]
            for each in find(asked.bound, folded.complaint, told, url=folded.lead.url):
                if each.rule != drawn.rule:
                    # One of those that every binding has.
                    continue
                when = dated(told[0], received(folded.complaint), asked.until)
                found.append(
                    Reviewed(
                        each.rule,
                        str(each.ref),
                        folded.lead.key,
                        folded.lead.url,
                        when,
                        each.reasons,
                    )
                )
    return found


def _cases(service: Service, asked: Asked, drawn: Drawn) -> Iterator[Folded]:
    state = service.store.find_ticket(f"{drawn.account}:{drawn.ticket}")
    if state is not None:
        yield from fold_page(
            asked.bound,
            service.elsewhere,
            service.store,
            service.store.case_of(state.ref),
            happened_by=asked.until,
            whole=False,
        )
