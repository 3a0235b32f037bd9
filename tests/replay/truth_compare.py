"""Compare what a check reports with what a seed planted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple


class Reported(NamedTuple):
    """One failure: the issue's id, the rule, and the occurrence's instant to the millisecond or "-"."""

    issue: str
    rule: str
    occurrence: str


class Comparison(NamedTuple):
    """Failures that were planted and not reported, and those reported that were not planted; both sorted."""

    missed: list[Reported]
    false: list[Reported]


def compare(findings: Iterable[Mapping[str, Any]], truth: Mapping[str, Any]) -> Comparison:
    """Compare findings (objects of the JSON report) with a truth, by issue, rule and occurrence.

    Only findings whose verdict is "fail" count. One with another instant than the planted is one missed and one
    false.
    """
    reported = {
        Reported(_issue(one["ref"]), one["rule"], _occurrence(one["entered"]))
        for one in findings
        if one["verdict"] == "fail"
    }
    planted = {
        Reported(_issue(one["ref"]), one["rule"], _occurrence(one["occurrence"]))
        for one in truth["failures"]
    }
    return Comparison(sorted(planted - reported), sorted(reported - planted))


def _issue(ref: str) -> str:
    return ref.rpartition(":")[2]


def _occurrence(written: str | None) -> str:
    if written in (None, "-"):
        return "-"
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        message = f"an occurrence needs a zone: {written}"
        raise ValueError(message)
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")
