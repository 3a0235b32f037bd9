"""Judge a history told in a pack's own words by rules written out in a test."""

from __future__ import annotations

import textwrap
from datetime import date, datetime
from pathlib import Path

from ombud.model.calendar import Calendar, parse_week
from ombud.model.facts import STAGES
from ombud.model.instant import instant
from policies.judge import Judge, Judgement
from policies.load import load_pack
from policies.timeline import fold_events

ZONE = "Europe/Berlin"
HEAD = """
pack: bench
version: 1.0.0
title: Bench
effective: {from: 2020-01-01}
milestones: [adr_told]
vocabulary:
  severity: {type: choice, values: [low, high, critical], ordered: true}
  owner: {type: person}
  subject_person: {type: person}
  delay_reason: {type: text}
  change_reason: {type: text}
  reference: {type: text}
  received_at: {type: instant}
  agreed_until: {type: instant, day: end}
  aware_at: {type: instant}
  court_hold: {type: flag}
  product: {type: text}
  exit: {type: choice, values: [duplicate, spam]}
"""


def calendar(**options) -> Calendar:
    told = {"zone": ZONE, "week": {"mon-fri": ["09:00-17:00"]}, "holidays": (), **options}
    return Calendar(
        name="office",
        zone=told["zone"],
        week=parse_week(told["week"]),
        holidays=[date.fromisoformat(day) for day in told["holidays"]],
        first_year=2025,
        last_year=2028,
    )


def pack_of(folder: Path, rules: str, head: str = HEAD):
    path = folder / "pack.yaml"
    path.write_text(head + "rules:\n" + textwrap.indent(textwrap.dedent(rules), "  "), "utf-8")
    return load_pack(path)


def complaint_of(pack, events: list[dict], zone: str = ZONE):
    def refuse(where, what, remedy):
        raise AssertionError(f"{where}: {what}. {remedy}")

    times = [at(each["when"]) for each in events]
    return fold_events(events, (), pack.vocabulary, pack.milestones, zone, times, refuse)


def judged(folder: Path, rules: str, events: list[dict], as_of: str, **options) -> list[Judgement]:
    pack = pack_of(folder, rules)
    desk = calendar(**options)
    judge = Judge(
        pack.rules,
        {"office": desk},
        calendar="office",
        names=frozenset({*pack.vocabulary, *pack.milestones}),
        stages=frozenset(STAGES),
    )
    return judge.judge(complaint_of(pack, events, desk.zone), at(as_of))


def at(text: str) -> int:
    """Give the instant of "2026-03-02T10:00" on the bench's wall clock, or of a time with its zone."""
    told = datetime.fromisoformat(text)
    if told.tzinfo is None:
        from zoneinfo import ZoneInfo

        told = told.replace(tzinfo=ZoneInfo(ZONE))
    return instant(told)
