"""Turn a judged case into what the book keeps of it: one complaint, its findings, the way it took."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from ombud.model.event import Cause
from ombud.model.facts import STAGES, UNKNOWN, Verdict
from ombud.model.instant import moment
from ombud.model.mapping import StageEvidence, StatusEvidence
from ombud.store.book import CODES, Case, Checked, RuleInfo, Step
from policies.expression import All, Present, Type
from policies.rule import Cadence, Deadline, Guard, Integrity, Invariant
from sync.binding import BEFORE_POLICY, MODES
from sync.findings import BUILT_IN
from sync.tally import project

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.model.facts import Complaint, Instant, Row
    from ombud.model.finding import Finding
    from policies.rule import Rule
    from sync.again import Judged
    from sync.binding import Bound

#: The canonical field that names the group to which a complaint is restricted.
RESTRICTED_TO: Final = "restricted_to"
#: The group of a complaint of which it cannot be told whether it is restricted.
UNTOLD: Final = "unknown"
_EPOCH: Final = date(1970, 1, 1).toordinal()
_RANKS: Final = {name: rank for rank, name in enumerate((*MODES, BEFORE_POLICY))}
_KINDS: Final = {
    Guard: "guard",
    Deadline: "deadline",
    Cadence: "cadence",
    Invariant: "invariant",
    Integrity: "integrity",
}
_CLOCKS: Final = frozenset({"deadline", "cadence"})
_MILESTONES: Final = (
    "received", "recorded", "acknowledged", "assessed", "responded", "decided", "closed",
)  # fmt: skip


class Entries:
    """Write cases of one binding as the book keeps them."""

    def __init__(self, bound: Bound) -> None:
        """Prepare for a binding."""
        self._bound = bound
        self._zone = bound.mapping.tzinfo
        self._rules: dict[tuple[str, str], RuleInfo] = {}
        self._answers: dict[str, str | None] = {}

    def rule(self, finding: Finding) -> RuleInfo:
        """Describe the rule of a finding."""
        pack = finding.pack.partition(" ")[0]
        held = self._rules.get((pack, finding.rule))
        if held is None:
            held = self._rules[pack, finding.rule] = self._described(pack, finding)
        return held

    def case(self, judged: Judged, findings: Sequence[Finding]) -> Case:
        """Give the complaint."""
        complaint, bound = judged.complaint, self._bound
        row = complaint.row
        pack = bound.pack_of(complaint)
        stage = complaint.stage if isinstance(complaint.stage, str) else None
        is_open = stage != "closed"
        before = bound.before_policy(complaint)
        received = _instant(row, "received")
        answer = next((each for each in findings if each.rule == self._answer(pack.id)), None)
        restricted = row.get(RESTRICTED_TO)
        return Case(
            kase=complaint.case,
            account=complaint.lead.account,
            vendor=complaint.lead.vendor,
            ticket=complaint.lead.id,
            key=judged.key,
            url=judged.url,
            binding=bound.name,
            project=project(judged.key, complaint.lead),
            team=_text(row, "org_unit"),
            channel=_text(row, "channel"),
            product=_text(row, "product"),
            category=_text(row, "category"),
            severity=_text(row, "severity"),
            owner=_text(row, "owner"),
            stage=stage,
            status=complaint.status,
            **{name: _instant(row, name) for name in _MILESTONES},
            outcome=_text(row, "outcome"),
            root_cause=_text(row, "root_cause"),
            corrective_action=_text(row, "corrective_action"),
            complainant=_text(row, "complainant"),
            pack=pack.title_version,
            before=before,
            restricted=UNTOLD
            if restricted is UNKNOWN and RESTRICTED_TO in bound.mapping.names
            else _text(row, RESTRICTED_TO),
            complete=complaint.horizon is None,
            open=is_open,
            reopened=_reopened(complaint),
            moved_back=judged.moved_back,
            major=len({each.rule for each in findings if each.severity == "major" and each.verdict is Verdict.failed}),
            failing=len({each.rule for each in findings if each.standing is Verdict.failed}),
            failed=_count(findings, Verdict.failed),
            unknown=_count(findings, Verdict.unknown),
            pending=_count(findings, Verdict.pending),
            waived=_count(findings, Verdict.waived),
            grade="none" if before else self._grade(findings),
            due=min(
                (each.due for each in findings if each.verdict is Verdict.pending and each.due is not None),
                default=None,
            ),
            late_since=min(
                (
                    each.due
                    for each in findings
                    if is_open and each.standing is Verdict.failed and each.due is not None and each.stop is None
                ),
                default=None,
            ),
            answer_due=None if answer is None else answer.due,
            answered=None if answer is None else answer.stop,
            answer=None if answer is None else CODES[answer.verdict],
            recheck=min((each.recheck for each in findings if each.recheck is not None), default=None),
            day=None if received is None else moment(received, self._zone).date().toordinal() - _EPOCH,
        )  # fmt: skip

    @staticmethod
    def checked(ordinal: int, finding: Finding) -> Checked:
        """Give a finding."""
        return Checked(
            ordinal,
            finding.entered,
            CODES[finding.verdict],
            CODES[finding.standing],
            finding.due,
            finding.stop,
            _RANKS[finding.mode],
        )

    @staticmethod
    def steps(complaint: Complaint) -> list[Step]:
        """Give the way a complaint took."""
        return [
            Step(
                place,
                each.entering,
                each.to_status,
                each.at,
                each.until,
                str(each.cause),
            )
            for place, each in enumerate(complaint.transitions)
        ]

    def _grade(self, findings: Sequence[Finding]) -> str:
        """Say how a complaint stands by its major rules; of a guard asked several times, the last time counts."""
        last: dict[str, Finding] = {}
        ever = False
        for each in findings:
            if each.severity != "major" or each.verdict is Verdict.not_applicable:
                continue
            before = last.get(each.rule)
            if before is None or (before.entered or 0) <= (each.entered or 0):
                last[each.rule] = each
            ever = ever or each.verdict is Verdict.failed
        stands = {self._stands(each) for each in last.values()}
        for verdict, grade in (
            (Verdict.failed, "failing"),
            (Verdict.unknown, "unknown"),
            (Verdict.pending, "pending"),
        ):
            if verdict in stands:
                return grade
        if not stands:
            return "none"
        return "after" if ever else "first"

    def _stands(self, finding: Finding) -> Verdict:
        # What was late stays late; what was missing can be filled in.
        clock = self.rule(finding).kind in _CLOCKS
        return finding.verdict if clock or finding.verdict is Verdict.waived else finding.standing

    def _described(self, pack: str, finding: Finding) -> RuleInfo:
        for edition in reversed(self._bound.judge.editions):
            for rule in edition.pack.rules:
                if rule.id == finding.rule:
                    return _info(
                        pack, rule, rule.sentence(edition.pack.vocabulary), self._demands(rule)
                    )
        said = BUILT_IN.get(finding.rule, finding.rule.replace(".", ": ").replace("_", " "))
        return RuleInfo(-1, finding.rule, pack, said, said, finding.clauses, finding.severity, "integrity")  # fmt: skip

    def _demands(self, rule: Rule) -> tuple[str, ...]:
        """Give the stages that a guard asks to have been reached: those whose milestones it names."""
        body = rule.body
        if not isinstance(body, Guard) or body.entering is None:
            return ()
        parts = body.must.parts if isinstance(body.must, All) else (body.must,)
        named = [
            each.name
            for each in parts
            if isinstance(each, Present) and each.type is Type.instant and not each.negated
        ]
        found = {stage for name in named if (stage := self._stage_of(name)) is not None}
        return tuple(stage for stage in STAGES if stage in found)

    def _stage_of(self, milestone: str) -> str | None:
        """Give the stage in which a milestone is reached; `None` where it is not reached by entering one."""
        if milestone in STAGES:
            return milestone
        mapping = self._bound.mapping
        found = set()
        for line in mapping.evidence.get(milestone, ()):
            if isinstance(line, StageEvidence):
                found.add(line.stage)
            elif isinstance(line, StatusEvidence) and line.status in mapping.stages:
                found.add(mapping.stages[line.status].stage)
            else:
                return None
        return found.pop() if len(found) == 1 else None

    def _answer(self, pack: str) -> str | None:
        """Give the rule that says when a complaint has to be answered; `None` where the pack has none."""
        if pack not in self._answers:
            found = [
                rule.id
                for rule in self._bound.pack.rules
                if isinstance(rule.body, Deadline)
                and rule.body.start == "received"
                and {"responded", "decided", "closed"} & set(rule.body.stops)
            ]
            told = [
                rule
                for stop in ("responded", "decided", "closed")
                for rule in self._bound.pack.rules
                if rule.id in found and stop in getattr(rule.body, "stops", ())
            ]
            self._answers[pack] = told[0].id if told else None
        return self._answers[pack]


def _info(pack: str, rule: Rule, sentence: str, demands: tuple[str, ...]) -> RuleInfo:
    body = rule.body
    return RuleInfo(
        -1,
        rule.id,
        pack,
        rule.title,
        sentence,
        rule.clause_names,
        rule.severity,
        _KINDS[type(body)],
        start=getattr(body, "start", "") or "",
        stops=body.stops if isinstance(body, Deadline) else (),
        entering=(body.entering or "") if isinstance(body, Guard) else "",
        demands=demands,
    )


def _reopened(complaint: Complaint) -> int:
    return sum(
        each.leaving == "closed" and each.entering != "closed" and each.cause is not Cause.ourselves
        for each in complaint.transitions
    )


def _count(findings: Sequence[Finding], verdict: Verdict) -> int:
    return sum(each.verdict is verdict for each in findings)


def _text(row: Row, name: str) -> str | None:
    value = row.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None or value is UNKNOWN else str(value)


def _instant(row: Row, name: str) -> Instant | None:
    value = row.get(name)
    return value if isinstance(value, int) else None
