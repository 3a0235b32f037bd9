"""A month's figures, frozen: the same bytes as long as nothing is otherwise, else a new one that says what is."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from ombud.store import SnapshotRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ombud.model.facts import Instant
    from ombud.store import Reports
    from sync.persons import Person
    from sync.reports.kpi import Figure

#: Layout of the content.
_FORM: Final = 1
#: What a figure may differ in -> what people call it.
_PARTS: Final[Mapping[str, str]] = {
    "count": "",
    "total": "of",
    "unknown": "unknown",
    "pending": "pending",
    "waived": "waived",
    "mean": "mean",
}


def content_of(month: str, zone: str, figures: Sequence[Figure]) -> str:
    """Write figures as canonical JSON: keys in order, no blanks, ASCII."""
    told = {
        "form": _FORM,
        "month": month,
        "zone": zone,
        "left_out": "complaints that only some groups may see",
        "figures": [each.as_json() for each in figures],
    }
    return _canonical(told)


def freeze(
    reports: Reports,
    month: str,
    content: str,
    *,
    judged_by: Mapping[str, Mapping[str, str]],
    cutoff: Instant,
    completeness: Sequence[str],
    by: Person | None,
    now: Instant,
) -> tuple[SnapshotRow, bool]:
    """Keep a month's figures; give what is kept, and whether it is new.

    Args:
        reports: keeps them.
        month: as 2026-10.
        content: from `content_of`.
        judged_by: digests of pack, parameters, mapping, scope and calendar, by binding.
        cutoff: up to when the book knew what happened.
        completeness: how complete the data were, in sentences.
        by: who asked for it; `None` for Ombud itself.
        now: when.

    """
    digests = _canonical(judged_by)
    new = False

    def make(last: SnapshotRow | None) -> SnapshotRow:
        nonlocal new
        if last is not None and (last.content, last.digests) == (content, digests):
            return last
        new = True
        changed = [] if last is None else differences(last.content, content, last.digests, digests)
        return SnapshotRow(
            month,
            1 if last is None else last.number + 1,
            content,
            sha256(content.encode()).hexdigest(),
            digests,
            cutoff,
            json.dumps(list(completeness), ensure_ascii=False),
            now,
            None if by is None else by.name,
            json.dumps(changed, ensure_ascii=False),
        )

    return reports.freeze(month, make, by=None if by is None else by.key), new


def differences(before: str, after: str, judged: str = "{}", judging: str = "{}") -> list[str]:
    """Say what is otherwise in one content than in another, a sentence each.

    Args:
        before: the earlier content.
        after: the later one.
        judged: digests by binding at the time of the earlier.
        judging: the same of the later.

    """
    found = [
        f"{binding}: judged by another {' and '.join(parts)} than before"
        for binding, parts in _judged(json.loads(judged), json.loads(judging))
    ]
    old = {each["id"]: each for each in json.loads(before)["figures"]}
    new = {each["id"]: each for each in json.loads(after)["figures"]}
    found += [f"{each['title']}: is not counted any more" for name, each in old.items() if name not in new]  # fmt: skip
    for name, each in new.items():
        if name not in old:
            found.append(f"{each['title']}: was not counted before")
        elif each != old[name]:
            told = ", ".join(_changes(old[name], each)) or "counted or called otherwise"
            found.append(f"{each['title']}: {told}")
    return found


def verify(reports: Reports, row: SnapshotRow) -> list[str]:
    """Say what is wrong with a frozen month: nothing, unless it was changed behind Ombud's back."""
    found = []
    name = f"{row.month}, number {row.number}"
    if sha256(row.content.encode()).hexdigest() != row.sha256:
        found.append(f"{name}: the content is not the one its SHA-256 was taken of")
    if not reports.vouched(row):
        found.append(f"{name}: the decision log holds another digest of it, or none")
    return found


def _canonical(told: Any) -> str:
    return json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _judged(
    before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]]
) -> list[tuple[str, list[str]]]:
    found = []
    for binding in sorted(before.keys() | after.keys()):
        old, new = before.get(binding, {}), after.get(binding, {})
        parts = [each for each in sorted(old.keys() | new.keys()) if old.get(each) != new.get(each)]
        if parts:
            found.append((binding, parts))
    return found


def _changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    said = [
        f"{word} {_told(new.get(name))}, was {_told(old.get(name))}".strip()
        for name, word in _PARTS.items()
        if old.get(name) != new.get(name)
    ]
    before, after = dict(old.get("parts", ())), dict(new.get("parts", ()))
    return said + [
        f"{part} {_told(after.get(part))}, was {_told(before.get(part))}"
        for part in dict.fromkeys([*before, *after])
        if before.get(part) != after.get(part)
    ]


def _told(value: float | None) -> str:
    return "none" if value is None else f"{value:,}"
