"""Begin a pack: a folder with two rules, examples that try them, and a page, which passes lint and test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from policies.signature import refusal
from policies.wire import is_name

if TYPE_CHECKING:
    from pathlib import Path

_PACK: Final = """\
# {title}. Say here what the pack is for, and whose rules these are.
pack: {name}
version: 0.1.0
title: {title}
effective: {{from: {day}}}
calendar: office

vocabulary:
  severity: {{type: choice, values: [low, medium, high], ordered: true, label: Severity}}
  root_cause: {{type: text, label: Root cause}}

params:
  respond_business_days: {{default: 5, minimum: 1, help: "business days from receipt to the response"}}

rules:
  - id: respond.in_time
    title: The complaint is answered in time
    clauses: [{{standard: Our complaints policy, clause: "1"}}]
    severity: major
    mode: observe
    deadline: {{from: received, until: responded, within: [{{business_days: {{param: respond_business_days}}}}]}}
  - id: close.with_root_cause
    title: A grave complaint is closed with its root cause
    clauses: [{{standard: Our complaints policy, clause: "2"}}]
    severity: minor
    mode: observe
    guard: {{entering: closed, when: {{severity: high}}, must: {{present: root_cause}}}}

profiles: {{standard: all}}
"""
_EXAMPLES: Final = """\
# What each rule says of a complaint, worked out by hand: Monday to Friday, nine to five, Berlin.
calendar: {zone: Europe/Berlin, week: {mon-fri: ["09:00-17:00"]}, holidays: ["2026-12-25"]}
examples:
  - rule: respond.in_time
    name: answered a minute before the close of the fifth business day
    expect: pass
    row: {received: "2026-10-05T10:00:00+02:00", responded: "2026-10-12T16:59:00+02:00"}
    due: "2026-10-12T17:00:00+02:00"
  - rule: respond.in_time
    name: answered a minute after it
    expect: fail
    row: {received: "2026-10-05T10:00:00+02:00", responded: "2026-10-12T17:01:00+02:00"}
    due: "2026-10-12T17:00:00+02:00"
  - rule: respond.in_time
    name: over the night in which the clocks go back
    expect: pass
    row: {received: "2026-10-23T10:00:00+02:00", responded: "2026-10-30T17:00:00+01:00"}
    due: "2026-10-30T17:00:00+01:00"
  - rule: respond.in_time
    name: recorded a day late, counted from the receipt all the same
    expect: fail
    as_of: "2026-10-12T17:01:00+02:00"
    events:
      - {when: "2026-10-06T09:00:00+02:00", set: {received_at: "2026-10-05T10:00:00+02:00"}}
  - rule: respond.in_time
    name: not answered yet, and not due yet
    expect: pending
    row: {received: "2026-10-05T10:00:00+02:00"}
    as_of: "2026-10-12T17:00:00+02:00"

  - rule: close.with_root_cause
    name: a grave complaint with its root cause
    expect: pass
    row: {severity: high, root_cause: billing}
  - rule: close.with_root_cause
    name: a grave complaint without
    expect: fail
    row: {severity: high}
  - rule: close.with_root_cause
    name: severity left blank evades nothing
    expect: fail
  - rule: close.with_root_cause
    name: a small complaint needs none
    expect: not_applicable
    row: {severity: low}
"""


def begin(name: str, folder: Path, day: str) -> Path:
    """Write a new pack into a folder of its name; gives that folder.

    Args:
        name: the pack's id.
        folder: where to make it.
        day: first day of receipt it holds for, ISO.

    Raises:
        PackError: for a name that is none, and where there is something already.

    """
    if not is_name(name):
        remedy = "Use a-z, 0-9, _ and -, a letter first"
        raise refusal(name, "", "can not name a pack", remedy)
    root = folder / name
    if root.exists():
        raise refusal(str(root), "", "is there already", "Choose another name or folder")
    title = name.replace("_", " ").replace("-", " ").capitalize()
    (root / "tests").mkdir(parents=True)
    (root / "pack.yaml").write_text(_PACK.format(name=name, title=title, day=day), "utf-8")
    (root / "tests" / "examples.yaml").write_text(_EXAMPLES, "utf-8")
    return root
