"""What people are told of, each occasion once: deadlines that ran out or come near, closings that were undone.

What happened before a binding was first synced is told to nobody. A finding and its notice are stored in one
transaction: what stands failed in the database was told, or was not to be told, and is no news.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.facts import Verdict
from ombud.model.instant import DAY, MINUTE
from ombud.store import Notice
from sync.note import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.model.finding import Finding
    from ombud.store import Settled, Store, TicketState

#: People are warned so long before a deadline of which the pack does not say when.
NEAR: Final = DAY
#: What is told so long after it passed is marked as late: nobody was watching, or it became known late.
LATE: Final = 10 * MINUTE
#: What passed so long ago is told to nobody any more; told notices are kept for longer.
OLDEST: Final = 60 * DAY
_ACTING: Final = frozenset({"flag", "block"})
_MAJOR: Final = "major"


class _Passed(NamedTuple):
    """Hold a finding that there may be something to tell of."""

    kind: str
    finding: Finding
    passed: Instant

    @property
    def key(self) -> str:
        return f"{self.kind}/{self.finding.key}/{self.passed}"


def warned_at(finding: Finding) -> Instant | None:
    """Give when people are warned of a deadline: by its pack, else a day before where it runs for two or more."""
    if finding.due is None or finding.warn is not None:
        return None if finding.due is None else finding.warn
    if finding.entered is None or finding.due - finding.entered < 2 * NEAR:
        return None
    return finding.due - NEAR


def next_warning(findings: Iterable[Finding], now: Instant) -> Instant | None:
    """Give when the clock alone next makes one of some findings something to warn of."""
    times = [
        warned
        for each in findings
        if each.due is not None
        and each.standing is Verdict.pending
        and each.mode in _ACTING
        and (warned := warned_at(each)) is not None
        and warned > now
    ]
    return min(times, default=None)


def with_notices(
    store: Store, settled: Sequence[Settled], *, since: Instant, now: Instant
) -> list[Settled]:
    """Give what settling brought together with what people are to be told of it; to be stored in one transaction.

    The database is asked only where a deadline stands failed, or a warning has passed.

    Args:
        store: the database, as it stood before.
        settled: what settling or judging brought.
        since: when the binding was first synced; what passed earlier is told to nobody.
        now: the present instant.

    """
    earliest = max(since, now - OLDEST)
    passed = [list(_passed(one.findings or (), earliest, now)) for one in settled]
    if not any(passed):
        return list(settled)
    news = _news(store, [each for some in passed for each in some])
    left = {one.state.ref: one.state for one in settled}
    elsewhere = {each.finding.ref for each in news.values()} - left.keys()
    states = (store.states(sorted(elsewhere)) if elsewhere else {}) | left
    return [
        replace(one, notices=(*one.notices, *_notices(some, news, states, now)))
        if any(each.key in news for each in some)
        else one
        for one, some in zip(settled, passed, strict=True)
    ]


def moved_back(store: Store, ref: Ref, transition: str, now: Instant) -> list[Notice]:
    """Give the notice that a closing was undone, to be stored with the booking of it.

    Args:
        store: the database.
        ref: the ticket.
        transition: the event that was undone.
        now: the present instant.

    """
    state = store.states([ref]).get(ref)
    if state is None:
        return []
    asked = store.live.blocking(ref, transition)
    weights = [severity for _, _, severity in asked] or [_MAJOR]
    said = "It was closed before it may be, and is open again."
    told = _told(state, [said], rules=[rule for _, rule, _ in asked])
    return [
        Notice(
            f"block/{ref}/{transition}",
            "block",
            ref,
            asked[0][0] if asked else state.binding,
            asked[0][1] if asked else "",
            _MAJOR if _MAJOR in weights else weights[0],
            None,
            now,
            told,
        )
    ]


def closed_together(
    store: Store, parent: Ref, binding: str, said: str, since: Instant, now: Instant
) -> Notice:
    """Give the one notice of many complaints that were closed with the ticket they stem from, and are opened again.

    Args:
        store: the database.
        parent: that ticket.
        binding: of the complaints.
        said: how many, and when the last is open again.
        since: when the first was closed.
        now: the present instant.

    """
    state = store.states([parent]).get(parent)
    told = {"key": state.key if state else parent.id, "url": state.url if state else ""}
    told_text = json.dumps(told | {"sentences": [plain(said)]}, ensure_ascii=False)
    key = f"block/{parent}/together/{since}"
    return Notice(key, "block", parent, binding, "", _MAJOR, None, now, told_text)


def _passed(
    findings: Iterable[Finding], earliest: Instant, now: Instant
) -> Iterator[_Passed]:  # fmt: skip
    for each in findings:
        if each.due is None or each.mode not in _ACTING:
            continue
        if each.standing is Verdict.failed:
            if each.due >= earliest:
                yield _Passed("breach", each, each.due)
        elif each.standing is Verdict.pending:
            warned = warned_at(each)
            if warned is not None and earliest <= warned <= now:
                yield _Passed("warning", each, warned)


def _news(store: Store, passed: Sequence[_Passed]) -> dict[str, _Passed]:
    """Give what is not known yet, by the keys of its notices."""
    found = {each.key: each for each in passed}
    breaches = {each.finding.case for each in passed if each.kind == "breach"}
    stands = store.live.stands_of(sorted(breaches)) if breaches else {}
    known = store.live.known_notices(list(found))
    return {
        key: each
        for key, each in found.items()
        if key not in known
        and not (
            each.kind == "breach"
            and stands.get(each.finding.key, ("", None))[0] == Verdict.failed.value
        )
    }


def _notices(
    passed: Sequence[_Passed],
    news: dict[str, _Passed],
    states: dict[Ref, TicketState],
    now: Instant,
) -> Iterator[Notice]:
    for each in passed:
        state = states.get(each.finding.ref)
        if each.key not in news or state is None:
            continue
        finding = each.finding
        label = finding.fixes[0].label if finding.fixes else finding.rule
        said = [*finding.reasons[:1]] or [f"{label} is overdue."]
        told = _told(
            state,
            said if each.kind == "breach" else [],
            label=label,
            case=finding.case,
            late=now - each.passed > LATE,
        )
        yield Notice(
            each.key,
            each.kind,
            finding.ref,
            finding.binding,
            finding.rule,
            finding.severity,
            finding.due,
            now,
            told,
        )


def _told(state: TicketState, said: Sequence[str], **more: object) -> str:
    told = {
        "key": plain(state.key),
        "url": state.url,
        "sentences": [plain(each) for each in said],
        **more,
    }
    return json.dumps(told, ensure_ascii=False)
