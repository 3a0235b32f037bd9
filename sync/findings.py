"""Turn judgements into findings: reasons, how to mend them, mode and digests; built only when wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ombud.model.facts import UNKNOWN, Verdict
from ombud.model.finding import Finding, Fix, finding_key
from ombud.model.instant import DAY
from ombud.model.mapping import RECEIVED_AT
from policies.deadline import LATE_CLASSIFICATION
from policies.english import allowed as allowed_values
from policies.english import reasons
from policies.judge import STANDING_OCCURRENCE
from policies.rule import Cadence, Deadline, Guard, Integrity, Invariant
from sync.binding import BEFORE_POLICY
from sync.note import points_of, wall
from sync.spoken import MOST_CHOICES, choices_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ombud.model.facts import Complaint, Row
    from ombud.model.finding import Spoken
    from policies.english import Reason
    from policies.expression import Expression
    from policies.judge import Judgement
    from policies.pack import Configured
    from policies.rule import Rule
    from sync.binding import Bound
    from sync.cases import Circle
    from sync.elsewhere import Elsewhere

#: Verdicts that cost no row.
SILENT = (Verdict.passed, Verdict.not_applicable)
_TOLD = (Verdict.failed, Verdict.unknown, Verdict.pending)
#: Sentences kept for reuse; more kinds of facts than this are forgotten and told anew.
_MOST_TOLD = 20_000
#: What people call the act that reaches a milestone.
_MILESTONE_LABELS = {
    "recorded": "Record",
    "acknowledged": "Acknowledgement",
    "assessed": "Assessment",
    "investigated": "Investigation",
    "responded": "Answer",
    "decided": "Decision",
    "decision_told": "Word of the decision",
    "last_update": "Word to the customer",
}
#: What an agent does about a milestone that has not been reached, by milestone.
_MILESTONE_ADVICE = {
    "acknowledged": "The customer has not been told that we have the complaint. Send them a public reply.",
    "assessed": "The complaint has not been assessed. Move it to the assessment stage.",
    "investigated": "The investigation is not on record. Write its summary.",
    "responded": "The customer has not been answered. Send the answer and mark it as response.",
    "decided": "No decision is recorded. Move the complaint to the decision stage.",
    "decision_told": "The customer has not been told the decision. Reply to them and mark the reply as decision.",
    "recorded": "The complaint was recorded late; nothing can mend that now.",
    "last_update": "The customer has not heard from us for too long. Tell them where their complaint stands.",
}


def find(
    bound: Bound,
    complaint: Complaint,
    judged: Iterable[Judgement],
    *,
    url: str,
    only_loud: bool = False,
) -> list[Finding]:
    """Give a finding for each judgement of a complaint.

    Args:
        bound: the binding.
        complaint: its facts.
        judged: its judgements.
        url: where a person opens the ticket.
        only_loud: leave out rules that have nothing to say: a pass that was never otherwise is not kept.

    """
    before = bound.before_policy(complaint)
    told = list(judged)
    if only_loud:
        loud = {
            each.rule.id
            for each in told
            if each.verdict not in SILENT or each.standing not in SILENT
        }
        told = [each for each in told if each.rule.id in loud]
    pack = bound.pack_of(complaint)
    found = [_finding(bound, complaint, each, pack, url=url, before=before) for each in told]
    return found + receipt_edited(bound, complaint)


#: Rule that every binding has: leaving the scope needs a reason.
SCOPE_LEFT = "scope.left_without_reason"
_REASON = "declassified_reason"


def scope_left(
    bound: Bound, complaint: Complaint, *, url: str, reason: str | None = None
) -> Finding:
    """Give the finding of a ticket that was a complaint and is none any more: it, or whoever decided so, must say why."""
    told = reason or complaint.row.get(_REASON, UNKNOWN)
    no_reasons: tuple[str, ...] = ()
    said: tuple[str, ...]
    if told is UNKNOWN:
        verdict, said = (
            Verdict.unknown,
            ("It is no longer a complaint; whether a reason is given cannot be told.",),
        )
    elif told is None:
        verdict, said = Verdict.failed, ("It is no longer a complaint, and no reason is given.",)
    else:
        verdict, said = Verdict.passed, no_reasons
    fixes = (_fix(bound, _REASON, url),) if verdict is Verdict.failed else ()
    return _of_every_binding(bound, complaint, SCOPE_LEFT, verdict, said, "7.2", fixes)


def _of_every_binding(
    bound: Bound,
    complaint: Complaint,
    rule: str,
    verdict: Verdict,
    said: tuple[str, ...],
    clause: str,
    fixes: tuple[Fix, ...] = (),
) -> Finding:
    """Give a finding of a rule that is no pack's; it stands, whatever was entered when."""
    return Finding(
        key=finding_key(rule, complaint.case, STANDING_OCCURRENCE),
        rule=rule,
        case=complaint.case,
        ref=complaint.lead,
        binding=bound.name,
        occurrence=STANDING_OCCURRENCE,
        entered=None,
        verdict=verdict,
        standing=verdict,
        severity="major",
        clauses=(f"ISO 10002:2018 {clause}",),
        due=None,
        stop=None,
        recheck=None,
        reasons=said,
        fixes=fixes,
        mode=BEFORE_POLICY if bound.before_policy(complaint) else bound.settings.mode,
        pack=bound.pack.title_version,
        pack_digest=bound.pack.digest,
    )


#: Rule that every binding has: a receipt that was edited moves every deadline, so it is reported.
RECEIPT_EDITED = "receipt.edited"


def receipt_edited(bound: Bound, complaint: Complaint) -> list[Finding]:
    """Give the finding of a complaint whose receipt was told anew; none where it never was."""
    told = complaint.changes.get(RECEIVED_AT, ())
    values = [(each.at, each.value) for each in told if isinstance(each.value, int)]
    if len(values) < 2:
        return []
    zone, pack = bound.mapping.tzinfo, bound.pack_of(complaint).title_version
    before, (changed, last) = values[-2][1], values[-1]
    told_when = f"from {wall(before, zone)} to {wall(last, zone)} on {wall(changed, zone)}"
    said = (f"Receipt was changed {told_when}; deadlines are reckoned anew, by {pack}.",)
    found = _of_every_binding(bound, complaint, RECEIPT_EDITED, Verdict.failed, said, "7.2")
    mode = found.mode if found.mode == BEFORE_POLICY else "observe"
    return [found._replace(severity="observation", mode=mode)]


#: Rule that a complaint in two helpdesks has: both sides are closed, or neither.
ONE_SIDED = "case.closed_on_one_side"
#: What the rules that no pack has ask for.
BUILT_IN = {
    SCOPE_LEFT: "Whoever says that a ticket is no complaint any more says why",
    RECEIPT_EDITED: "The receipt of a complaint is not changed",
    ONE_SIDED: "A complaint in two helpdesks is closed in both or in neither",
}


def one_sided(
    elsewhere: Elsewhere, bound: Bound, complaint: Complaint, circle: Circle
) -> list[Finding]:
    """Give the finding of a complaint that two helpdesks have: to close one side while the other is open misleads.

    Every side is read by its own binding's mapping; a stage that cannot be told makes the verdict unknown.
    """
    stages = {complaint.lead: complaint.stage} | {
        ref: elsewhere.stage(circle.bindings[ref], events)
        for ref, events in circle.events.items()
        if ref.account != complaint.lead.account and events
    }
    closed = sorted(str(ref) for ref, stage in stages.items() if stage == "closed")
    still = sorted(
        str(ref) for ref, stage in stages.items() if isinstance(stage, str) and stage != "closed"
    )
    said: tuple[str, ...] = ()
    if closed and still:
        verdict = Verdict.failed
        said = (f"It is closed in {', '.join(closed)} and open in {', '.join(still)}.",)
    elif len(closed) == len(stages) or len(still) == len(stages):
        verdict = Verdict.passed
    else:
        verdict, said = Verdict.unknown, ("Where one of its sides stands cannot be told.",)
    found = _of_every_binding(bound, complaint, ONE_SIDED, verdict, said, "7.9")
    if bound.speaker is not None and verdict is Verdict.failed:
        found = found._replace(spoken=(bound.speaker.sides(closed, still),))
    return [found]


def _finding(
    bound: Bound,
    complaint: Complaint,
    judged: Judgement,
    pack: Configured,
    *,
    url: str,
    before: bool,
) -> Finding:
    rule, timing = judged.rule, judged.timing
    told: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    spoken: tuple[Spoken, ...] = ()
    if judged.verdict in _TOLD or judged.standing in _TOLD:
        told, fixes, spoken = _reasons(bound, judged, url)
        if bound.speaker is not None:
            spoken = bound.speaker.tell(judged)
    return Finding(
        key=finding_key(rule.id, complaint.case, judged.occurrence),
        rule=rule.id,
        case=complaint.case,
        ref=judged.ref,
        binding=bound.name,
        occurrence=judged.occurrence,
        entered=judged.entered,
        verdict=judged.verdict,
        standing=judged.standing,
        severity=rule.severity,
        clauses=rule.clause_names,
        due=judged.due,
        stop=judged.stop,
        recheck=judged.recheck,
        reasons=told,
        fixes=fixes,
        mode=BEFORE_POLICY if before else bound.mode(rule),
        pack=pack.title_version,
        pack_digest=pack.digest,
        cause=timing.cause if timing is not None else None,
        warn=timing.warn if timing is not None else None,
        operational=timing.operational if timing is not None else None,
        silence=timing.silence if timing is not None else None,
        spoken=spoken,
    )


def told_of(bound: Bound, judged: Judgement) -> Sequence[Spoken]:
    """Give what an agent is told of a failure: what `points` gives of its finding, without one."""
    told, fixes, spoken = _reasons(bound, judged, "")
    if bound.speaker is not None:
        spoken = bound.speaker.tell(judged)
    return spoken or points_of(judged.rule.id, fixes, told)


def _reasons(
    bound: Bound, judged: Judgement, url: str
) -> tuple[tuple[str, ...], tuple[Fix, ...], tuple[Spoken, ...]]:
    """Give what is wrong, how to mend it, and what an agent is told of it, where that is known already."""
    body = judged.rule.body
    match body:
        case Deadline():
            return *_deadline_reasons(bound, judged, body, url), ()
        case Cadence():
            return *_cadence_reasons(bound, judged, url), ()
        case Integrity():
            return *_integrity_reasons(bound, judged, body, url), ()
        case Guard() | Invariant():
            row = judged.now if judged.standing is Verdict.failed else judged.row
            told, fixes, spoken = _sentences(bound, judged.rule, body, row)
            if isinstance(body, Invariant) and judged.standing is not Verdict.failed:
                # It was so once, and nothing can mend that now.
                return tuple(f"For a time: {each}" for each in told), (), ()
            if url:
                # Built anew by hand: `replace` costs several times as much.
                fixes = tuple(
                    [Fix(f.field, f.label, f.native, f.allowed, url, f.advice) for f in fixes]
                )
            return told, fixes, spoken


def _deadline_reasons(
    bound: Bound, judged: Judgement, body: Deadline, url: str
) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    label = label_of(bound, body.stops[0])
    if judged.verdict is Verdict.unknown:
        said = f"Whether “{label}” was reached in time cannot be told: evidence is missing."
        return (said,), ()
    said = f"{label} is overdue." if judged.stop is None else f"{label} came after it was due."
    if judged.timing is not None and judged.timing.cause == LATE_CLASSIFICATION:
        said = f"{label} was due already when the complaint was classified: it was classified late."
    told = (said,) if judged.verdict is Verdict.failed else ()
    return told, () if judged.stop is not None else (_fix(bound, body.stops[0], url),)


def _cadence_reasons(
    bound: Bound, judged: Judgement, url: str
) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    if judged.verdict is Verdict.unknown:
        return ("Whether the complainant was kept informed cannot be told.",), ()
    silence = judged.timing.silence if judged.timing is not None else None
    days = 0 if silence is None else silence / DAY
    said = f"The complainant heard nothing for too long; the longest silence was {days:.1f} days."
    told = (said,) if judged.verdict is Verdict.failed else ()
    return told, () if judged.stop is not None else (_fix(bound, "last_update", url),)


def _integrity_reasons(
    bound: Bound, judged: Judgement, body: Integrity, url: str
) -> tuple[tuple[str, ...], tuple[Fix, ...]]:
    names = " or ".join(label_of(bound, name) for name in body.fields)
    if judged.verdict is Verdict.unknown:
        return (f"Whether {names} was rewritten cannot be told.",), ()
    said = f"{names} was rewritten without a reason."
    return (said,), (_fix(bound, body.reason, url),) if judged.standing is Verdict.failed else ()


def _sentences(
    bound: Bound, rule: Rule, body: Guard | Invariant, row: Row
) -> tuple[tuple[str, ...], tuple[Fix, ...], tuple[Spoken, ...]]:
    """Give a guard's reasons and fixes for a row of facts, addresses left out, and what is told of them.

    The same few come again and again.
    """
    # Versions of a pack have rules of the same id.
    key = (id(rule), *[row.get(name, UNKNOWN) for name in rule.reads])
    held = bound.told.get(key)
    if held is None:
        found = reasons(body.must, row, bound.pack.vocabulary)
        fixes = {each.field: _fix(bound, each.field, "", each, body.must) for each in found}
        told, ways = tuple(each.sentence for each in found), tuple(fixes.values())
        held = told, ways, tuple(points_of(rule.id, ways, told))
        if len(bound.told) >= _MOST_TOLD:
            bound.told.clear()
        bound.told[key] = held
    return held


def label_of(bound: Bound, name: str) -> str:
    """Give the name people use for a field or milestone."""
    of = bound.mapping.fields.get(name)
    if of is not None and of.name:
        return of.name
    if name in _MILESTONE_LABELS:
        return _MILESTONE_LABELS[name]
    known = bound.pack.vocabulary.get(name)
    return known.label if known is not None and known.label else name.replace("_", " ").capitalize()


def _fix(
    bound: Bound,
    name: str,
    url: str,
    reason: Reason | None = None,
    must: Expression | None = None,
) -> Fix:
    of = bound.mapping.fields.get(name)
    label = label_of(bound, name)
    if of is None:
        advice = _MILESTONE_ADVICE.get(name, f"“{label}” has not been reached.")
        return Fix(name, label, None, (), url, advice)
    words = words_of(of, bound.pack.vocabulary.get(name))
    fitting = words if must is None else allowed_values(must, name, words)
    allowed = tuple(choices_of(of, fitting, {}))
    known = reason.sentence if reason is not None else f"{label} is empty."
    if reason is not None and reason.wrong == "not_empty":
        return Fix(name, label, of.id, (), url, f"{known} Clear it.")
    advice = f"{known} Choose one: {_named(allowed)}." if allowed else f"{known} Fill it in."
    return Fix(name, label, of.id, allowed, url, advice)


def _named(allowed: Sequence[str]) -> str:
    rest = len(allowed) - MOST_CHOICES
    more = (f"{rest} more",) if rest > 0 else ()
    return " · ".join([*allowed[:MOST_CHOICES], *more])
