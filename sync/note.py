"""The note a support agent reads: what is wrong, how to mend it, by when. Never a function of now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ombud.model.event import digest
from ombud.model.instant import moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.model.finding import Finding

#: A note has at most eight lines; what does not fit is counted.
_MOST_ITEMS = 4
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def wall(at: Instant, zone: ZoneInfo) -> str:
    """Write an instant as people of the desk say it: "Tue 24 Nov, 17:00"."""
    here = moment(at, zone)
    return f"{_DAYS[here.weekday()]} {here.day} {_MONTHS[here.month - 1]}, {here.hour:02}:{here.minute:02}"


def write_note(
    missing: Sequence[Finding],
    late: Sequence[Finding],
    *,
    next_due: Finding | None,
    closed_at: Instant | None,
    insists: bool,
    zone: ZoneInfo,
    answers: Sequence[str] = (),
    to_close: Sequence[str] = (),  # noqa: ARG001
    decision_sent: bool = False,  # noqa: ARG001
    page: str | None = None,  # noqa: ARG001
    language: str = "en",  # noqa: ARG001
) -> str:
    """Write the note, at most eight lines; "" where nothing is wrong and nobody asked anything.

    Args:
        missing: guards and conditions that stand failed.
        late: deadlines that are overdue and not met.
        next_due: the nearest deadline that still runs.
        closed_at: when the complaint was closed, where it is moved back.
        insists: whether the budget of move-backs is spent and a person must decide.
        zone: the desk's zone.
        answers: what was done about agents' words, a line each.
        to_close: what closing will need, a label each; shown while the complaint is open.
        decision_sent: whether what closed it also told the complainant the decision, which stays told.
        page: address of the page that says the same at any time.
        language: of the desk, "en" or "de".

    """
    items = _items(missing) + [_late_item(finding, zone) for finding in late]
    if not items:
        return "\n".join(["Complaint policy", *answers]) if answers else ""
    things = "1 thing" if len(items) == 1 else f"{len(items)} things"
    only_late = not missing
    lines = [f"Complaint policy · {things} {'late' if only_late else 'missing'}"]
    if insists:
        lines.append(
            "This complaint was closed again. It stays closed; please ask whoever is in charge of complaints."
        )
    elif closed_at is not None:
        lines.append(f"This complaint was closed on {wall(closed_at, zone)}, and is open again.")
    most = _MOST_ITEMS - len(answers)
    shown = items if len(items) <= most else items[: most - 1]
    lines += [f"{number}. {item}" for number, item in enumerate(shown, 1)]
    if len(shown) < len(items):
        lines.append(f"And {len(items) - len(shown)} more.")
    if next_due is not None and next_due.due is not None:
        lines.append(f"{_label_of(next_due)} due {wall(next_due.due, zone)}.")
    if closed_at is not None and not insists:
        lines.append("Then close it again.")
    lines += answers
    return "\n".join(lines)


def text_digest(text: str) -> str | None:
    """Give the digest kept beside a note, by which it is compared; `None` for no note."""
    return digest(text) if text else None


def _items(findings: Sequence[Finding]) -> list[str]:
    told: dict[str, None] = {}
    for finding in findings:
        if finding.fixes:
            told.update(dict.fromkeys(fix.advice for fix in finding.fixes))
        else:
            told.update(dict.fromkeys(finding.reasons))
    return list(told)


def _late_item(finding: Finding, zone: ZoneInfo) -> str:
    due = f" It was due {wall(finding.due, zone)}." if finding.due is not None else ""
    advice = finding.fixes[0].advice if finding.fixes else " ".join(finding.reasons)
    return f"{advice}{due}"


def _label_of(finding: Finding) -> str:
    return finding.fixes[0].label if finding.fixes else finding.rule
