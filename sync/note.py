"""The note a support agent reads: what is wrong, how to mend it, by when. Never a function of now."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from ombud.model.event import digest
from ombud.model.finding import Spoken
from ombud.tongue import ENGLISH, TONGUES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.model.finding import Finding, Fix
    from ombud.tongue import Tongue

#: A note has at most so many lines, and so many of them tell what is wrong; what does not fit is counted.
MOST_LINES: Final = 8
_MOST_ITEMS: Final = 4
#: Labels named in one line.
MOST_NAMED: Final = 6
#: No line is longer; names come from a helpdesk, where they may be of any length.
_LONGEST: Final = 600


def wall(at: Instant, zone: ZoneInfo) -> str:
    """Write an instant as people of the desk say it in English: "Tue 24 Nov, 17:00"."""
    return ENGLISH.wall(at, zone)


def write_note(
    missing: Sequence[Finding],
    late: Sequence[Finding],
    *,
    next_due: Finding | None,
    closed_at: Instant | None,
    stays: str,
    zone: ZoneInfo,
    answers: Sequence[str] = (),
    to_close: Sequence[Spoken] = (),
    decision_sent: bool = False,
    page: str | None = None,
    language: str = ENGLISH.code,
) -> str:
    """Write the note, at most eight lines; "" where nothing is wrong, nothing is needed and nobody asked anything.

    Args:
        missing: guards and conditions that stand failed.
        late: deadlines that are overdue and not met.
        next_due: the nearest deadline that still runs.
        closed_at: when the complaint was closed, where it is moved back, or would be.
        stays: why it stays closed all the same: "insists", "refused", "budget"; "" where it is moved back.
        zone: the desk's zone.
        answers: what was done about agents' words, a line each.
        to_close: what closing will need beside what is missing; told while the complaint is open.
        decision_sent: whether what closed it also told the complainant the decision, which stays told.
        page: address of the page that says the same at any time.
        language: of the desk, by `ombud.tongue`.

    """
    tongue = TONGUES[language]
    items = [*_items(missing), *(_late_item(each, zone, tongue) for each in late)]
    wanting = _unique(each.line for each in to_close) if not items else []
    tail = [*answers, *([tongue.page.format(url=page)] if page is not None else [])]
    if not items and not wanting:
        return _written([tongue.title, *tail]) if answers else ""
    how_much = tongue.counted(tongue.missing if missing else tongue.late, len(items))
    head = [f"{tongue.title} · {how_much if items else tongue.before}"]
    if closed_at is not None:
        closed = (tongue.stays[stays] if stays else tongue.closed).format(
            when=tongue.wall(closed_at, zone)
        )
        head.append(f"{closed} {tongue.decision_sent}" if decision_sent else closed)
    if next_due is not None and next_due.due is not None:
        label = points(next_due)[0].label or next_due.rule
        tail.insert(0, tongue.due.format(label=label, when=_said(language, next_due.due, zone)))
    told = items or wanting
    room = MOST_LINES - len(head) - len(tail)
    # One line for one thing, two for a thing and how many more there are.
    least = 1 if len(told) == 1 else 2
    besides = bool(items) and bool(to_close)
    then = closed_at is not None and not stays and room > (2 if besides else least)
    named = besides and room - then > least
    unnamed = len(to_close) if besides and not named else 0
    body = _numbered(told, min(room - then - named, _MOST_ITEMS), unnamed, tongue)
    if named:
        labels = tongue.listed((each.label for each in to_close), MOST_NAMED)
        body.append(tongue.to_close.format(labels=labels))
    if then:
        # Behind the deadline: it is the last thing to do.
        tail.insert(len(tail) - len(answers) - (page is not None), tongue.then)
    return _written([*head, *body, *tail])


def points(finding: Finding) -> Sequence[Spoken]:
    """Give what an agent is told of a finding, in the desk's language; never empty where something is wrong."""
    return finding.spoken or points_of(finding.rule, finding.fixes, finding.reasons)


def points_of(rule: str, fixes: Sequence[Fix], reasons: Sequence[str]) -> Sequence[Spoken]:
    """Give what an agent is told of a rule's reasons and how to mend them; never empty."""
    if fixes:
        return [Spoken(fix.label, fix.advice) for fix in fixes]
    return [Spoken("", reason) for reason in reasons] or [Spoken(rule, rule)]


def text_digest(text: str) -> str | None:
    """Give the digest kept beside a note, by which it is compared; `None` for no note."""
    return digest(text) if text else None


def plain(text: str) -> str:
    """Give a text as one line of words: line breaks become blanks, marks that steer how text runs are left out."""
    if text.isprintable() and len(text) <= _LONGEST:
        return text
    kept = "".join(
        each if each.isprintable() else "" if unicodedata.category(each) == "Cf" else " "
        for each in text
    )
    told = " ".join(kept.split())
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}…"


def _written(lines: Sequence[str]) -> str:
    return "\n".join(map(plain, lines))


def _unique(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(lines))


def _items(findings: Sequence[Finding]) -> list[str]:
    return _unique(each.line for finding in findings for each in points(finding))


def _numbered(told: Sequence[str], room: int, more: int, tongue: Tongue) -> list[str]:
    """Give what there is room for, numbered, and count the rest and what is not named elsewhere."""
    fits = len(told) <= room - bool(more)
    shown = told if fits else told[: max(room - 1, 1)]
    rest = len(told) - len(shown) + more
    lines = [f"{number}. {each}" for number, each in enumerate(shown, 1)]
    return [*lines, tongue.counted(tongue.more, rest)] if rest else lines


@lru_cache(1024)
def _said(language: str, at: Instant, zone: ZoneInfo) -> str:
    """Write an instant as people say it; a note is written with what closing needs and without."""
    return TONGUES[language].wall(at, zone)


def _late_item(finding: Finding, zone: ZoneInfo, tongue: Tongue) -> str:
    due = ""
    if finding.due is not None:
        due = f" {tongue.was_due.format(when=_said(tongue.code, finding.due, zone))}"
    told = points(finding)
    advice = told[0].line if told[0].label else " ".join(each.line for each in told)
    return f"{advice}{due}"
