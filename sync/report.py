"""What a sync or an import of one account did, for people and for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ombud.model.facts import Verdict
from sync.settle import Tally

if TYPE_CHECKING:
    from ombud.model.connector import Receipt
    from ombud.model.event import Ref
    from ombud.model.mark import Plan
    from ombud.store import StopRow

#: Tickets named in a sentence that were moved back with something left to mend by hand.
MOST_LEFT: Final = 5


@dataclass(slots=True)
class SyncReport:
    """Tell what a sync of one account did."""

    account: str
    tally: Tally = field(default_factory=Tally)
    tagged: dict[str, list[str]] = field(default_factory=dict)
    noted: list[str] = field(default_factory=list)
    moved_back: list[dict[str, object]] = field(default_factory=list)
    #: Tickets moved back, each with the event that was undone.
    undone: list[tuple[Ref, str]] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    waiting: int = 0
    #: What people have to know before anything else: configurations held back, rules that fell, runs.
    notices: list[str] = field(default_factory=list)
    #: The stop that keeps everything from being written.
    stopped: StopRow | None = None
    #: Why nothing is written for a while; "" where it is.
    broken: str = ""

    def note(self, plan: Plan, receipt: Receipt) -> None:
        """Take a plan that is in place into the report."""
        if plan.add_tags or plan.remove_tags:
            self.tagged[str(plan.ref)] = sorted(plan.add_tags)
        if plan.text:
            self.noted.append(str(plan.ref))
        if plan.move_back is not None:
            self.undone.append((plan.ref, plan.move_back.transition))
            self.moved_back.append(
                {
                    "ref": str(plan.ref),
                    "note": plan.text or "",
                    "status": receipt.moved_to or "",
                    "detail": receipt.detail,
                }
            )

    @property
    def findings(self) -> bool:
        """Tell whether anything was judged."""
        return bool(self.tally.findings)

    def verdicts(self) -> dict[str, dict[Verdict, int]]:
        """Give counts per rule and verdict."""
        return {
            rule: {Verdict(verdict): count for verdict, count in counts.items()}
            for rule, counts in self.tally.findings.items()
        }

    def sentence(self) -> str:
        """Say it in a sentence."""
        t = self.tally
        parts = [
            (
                f"{self.account}: {t.seen:,} tickets seen, {t.unchanged:,} unchanged, {t.complaints:,} complaints, "
                f"{t.undecided:,} undecided, {t.outside:,} outside the scope"
            )
        ]
        if t.unreadable:
            parts.append(f"{t.unreadable:,} could not be read")
        if self.tagged:
            parts.append(f"{len(self.tagged):,} tagged")
        if self.moved_back:
            parts.append(f"{len(self.moved_back):,} moved back")
        if self.waiting:
            parts.append(f"{self.waiting:,} writes whose outcome is not known yet")
        said = ["; ".join(parts) + ".", *dict.fromkeys(self.notices)]
        left = [each for each in self.moved_back if each["detail"]]
        said += [
            f"{each['ref']} was moved back, but {each['detail']}." for each in left[:MOST_LEFT]
        ]
        if len(left) > MOST_LEFT:
            said.append(f"And {len(left) - MOST_LEFT:,} more that somebody should look at.")
        if self.broken:
            said.append(f"{self.broken}.")
        if self.stopped is not None:
            stop = self.stopped
            said.append(
                f"{self.account} is stopped, by {stop.stopped_name or stop.stopped_by}: {stop.stopped_why}. "
                f"Nothing is written to it. Let it go on with: ombud rollout resume {self.account}"
            )
        return "\n".join(said)

    def as_json(self) -> dict[str, object]:
        """Give it as an object for programs."""
        t = self.tally
        return {
            "account": self.account,
            "seen": t.seen,
            "unchanged": t.unchanged,
            "read": t.read,
            "complaints": t.complaints,
            "undecided": t.undecided,
            "outside": t.outside,
            "unreadable": t.unreadable,
            "verdicts": t.findings,
            "tagged": self.tagged,
            "moved_back": self.moved_back,
            "refused": self.refused,
            "waiting": self.waiting,
            "notices": list(dict.fromkeys(self.notices)),
            "broken": self.broken or None,
            "stopped": None if self.stopped is None else self.stopped.stopped_why,
        }
