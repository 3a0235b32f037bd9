"""Reports on paper: typst sets them, and takes every text as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from ombud.model.instant import moment
from ombud.web.dash.told import clocked
from ombud.web.pages import HERE
from sync.export.table import shown
from sync.reports.review import INPUTS, OUTPUTS, Verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sync.reports.review import Listing, Review, Section

_REVIEW: Final = HERE / "typst" / "review.typ"
#: Widths of columns that hold a bar or long texts, among columns as wide as they need.
_BAR, _TEXT = 3, 2
#: A column of texts no longer than this is as wide as it needs.
_SHORT: Final = 16
_ORDER: Final = ("fail", "unknown", "pending", "waived", "pass")
GOALS_ABOUT: Final = (
    "Which measured figure bears on which target. It is a pointer for readers of sustainability reports; "
    "that a target is met, or by how much, is not said."
)
_HEADS: Final = ("Finding", "Proposed", "Owner", "By")


def review_pdf(review: Review) -> bytes:
    """Set a management review as PDF, A4; the same review gives the same bytes."""
    import typst

    files: dict[str, bytes] = {"main.typ": _REVIEW.read_bytes()}
    told = _review(review, files)
    files["review.json"] = json.dumps(told, ensure_ascii=False).encode()
    # Its stubs do not know that it takes files that are nowhere on disk.
    compiled: Any = typst.compile
    made: bytes = compiled(files, format="pdf")
    return made


def _review(review: Review, files: dict[str, bytes]) -> dict[str, Any]:
    zone = ZoneInfo(review.zone)
    name = f"Management review of complaints, {review.period_label}"
    head = [review.organisation, "Management review of complaints", review.period_label]
    cut = "nothing was counted yet"
    made = (2000, 1, 1, 0, 0)
    if review.cutoff is not None:
        cut = f"Data to {clocked(review.cutoff, 'date', zone)}, {moment(review.cutoff, zone):%H:%M} {review.zone}"
        at = moment(review.cutoff)
        made = (at.year, at.month, at.day, at.hour, at.minute)
    packs = ", ".join(review.packs) or "no pack"
    digest = f" ({_brief(review.digest)})" if review.digest else ""
    restated = f"restated figures: {len(review.restated) or 'none'}"  # fmt: skip
    foot = [cut, review.completeness or "completeness unknown", f"{packs}{digest}", restated]
    told: dict[str, Any] = _safe(
        {
            "title": name,
            "author": review.organisation or "Ombud",
            "made": made,
            "head": " · ".join(filter(None, head)),
            "foot": " · ".join(foot),
            "about": "Seven inputs, then what the review is asked to decide. The figures come from complaints as Ombud "
            "read them; what is unknown is shown beside every figure and counts as neither pass nor fail.",
            "restated": list(review.restated),
            "lacking": [each.title for each in review.lacking],
            "sections": [_section(review.section(key), files) for key in INPUTS],
            "decisions": [
                _listing(words, _HEADS, rows, frozenset(), "", (_TEXT, _TEXT, 0, 0))
                for kind, words in OUTPUTS.items()
                if (
                    rows := [
                        [
                            each.finding,
                            each.proposed,
                            each.owner or "nobody yet",
                            each.by or "no date yet",
                        ]
                        for each in review.decisions
                        if each.kind == kind
                    ]
                )
            ],
            "goals": {
                "about": GOALS_ABOUT,
                **_listing(
                    "Figures",
                    ("Goal", "Target", "What the target is about", "Figure", "Measured"),
                    [list(each) for each in review.goals],
                    frozenset({4}),
                    "",
                    (0, 0, _TEXT, _TEXT, 0),
                ),
            },
        }
    )
    return told


def _section(section: Section, files: dict[str, bytes]) -> dict[str, Any]:
    told = INPUTS[section.key]
    pictures = []
    for each in section.pictures:
        file = f"picture{len(files)}.svg"
        files[file] = each.svg
        pictures.append({"title": each.title, "file": file, "sentence": each.sentence})
    return {
        "title": f"({told.letter}) {told.title}",
        "about": section.about or told.asks,
        "empty": section.empty,
        "remedy": told.remedy,
        "said": list(section.said),
        "numbers": [
            {"label": n.label, "value": n.value, "beside": n.beside, "lines": list(n.lines)}
            for n in section.numbers
        ],
        "listings": [_of(each) for each in section.listings],
        "pictures": pictures,
    }


def _of(listing: Listing) -> dict[str, Any]:
    rows: list[list[Any]] = [
        [_bar(cell) if isinstance(cell, Verdicts) else cell for cell in row] for row in listing.rows
    ]
    widths = []
    for place in range(len(listing.heads)):
        cells = [row[place] for row in rows]
        longest = max((len(each) for each in cells if isinstance(each, str)), default=0)
        short = place in listing.right or longest <= _SHORT
        widths.append(
            _BAR if any(isinstance(each, dict) for each in cells) else 0 if short else _TEXT
        )
    return _listing(
        listing.title, listing.heads, rows, listing.right, listing.note, tuple(widths)
    )  # fmt: skip


def _listing(
    title: str,
    heads: tuple[str, ...],
    rows: list[list[Any]],
    right: frozenset[int],
    note: str,
    widths: tuple[int, ...],
) -> dict[str, Any]:
    return {
        "title": title,
        "heads": list(heads),
        "rows": rows,
        "right": sorted(right),
        "note": note,
        "widths": list(widths),
    }


def _bar(counts: Verdicts) -> Mapping[str, int]:
    told = (counts.fail, counts.unknown, counts.pending, counts.waived, counts.passed)
    return dict(zip(_ORDER, told, strict=True))


def _brief(digest: str) -> str:
    return f"{digest[:4]}…{digest[-4:]}" if len(digest) > 8 else digest


def _safe(told: Any) -> Any:
    """Write every text so that nothing in it is unseen."""
    if isinstance(told, str):
        return shown(told)
    if isinstance(told, dict):
        return {name: _safe(value) for name, value in told.items()}
    if isinstance(told, (list, tuple)):
        return [_safe(each) for each in told]
    return told
