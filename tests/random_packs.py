"""Packs and histories at random: rules of every kind as their authors would write them, and complaints to judge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from ombud.model.facts import STAGES
from ombud.model.term import Unit

VOCABULARY = {
    "severity": {"type": "choice", "values": ["low", "medium", "high"], "ordered": True},
    "kind": {"type": "choice", "values": ["billing", "delivery"]},
    "owner": {"type": "person"},
    "approver": {"type": "person"},
    "note": {"type": "text"},
    "attempts": {"type": "number"},
    "court_hold": {"type": "flag"},
    "became_aware": {"type": "instant"},
    "agreed_until": {"type": "instant", "day": "end"},
    "change_reason": {"type": "text"},
}
VALUES: dict[str, list[Any]] = {
    "severity": ["low", "medium", "high"],
    "kind": ["billing", "delivery"],
    "owner": ["ann", "bob"],
    "approver": ["ann", "bob"],
    "note": ["x", "it's 100 %"],
    "attempts": [0, 1, 2, 2.5],
    "court_hold": [True, False],
    "change_reason": ["typing error"],
}
REACHED = ["acknowledged", "assessed", "responded", "holding_sent", "closed", "sent_to_portal"]
KINDS = ["acknowledgement", "holding", "response", "update"]
FIRST = datetime(2026, 3, 2, tzinfo=UTC)
PARAMS = {"days": {"default": 5}, "grave": {"default": ["high"]}}


@st.composite
def leaf(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["present", "value", "in", "not", "order", "fields", "instants"]))
    if kind == "present":
        return {"present": draw(st.sampled_from([*VOCABULARY, *REACHED]))}
    if kind == "order":
        word = draw(st.sampled_from(["at_least", "at_most"]))
        name = draw(st.sampled_from(["severity", "attempts"]))
        return {name: {word: draw(st.sampled_from(VALUES[name]))}}
    if kind == "fields":
        return {"owner": {draw(st.sampled_from(["same_as", "differs_from"])): "approver"}}
    if kind == "instants":
        one, other = draw(st.permutations([*REACHED, "became_aware"]))[:2]
        return {one: {draw(st.sampled_from(["not_after", "after"])): other}}
    name = draw(st.sampled_from(sorted(VALUES)))
    value = draw(st.sampled_from(VALUES[name]))
    if kind == "not":
        return {name: {"not": value}}
    if kind == "in":
        return {"severity": {"in": draw(st.sampled_from([["low", "high"], {"param": "grave"}]))}}
    return {name: value}


def _wider(part: st.SearchStrategy) -> st.SearchStrategy:
    several = st.lists(part, min_size=1, max_size=3)
    return st.one_of(
        several.map(lambda parts: {"all": parts}),
        several.map(lambda parts: {"any": parts}),
        part.map(lambda one: {"not": one}),
    )


CONDITIONS = st.recursive(leaf(), _wider, max_leaves=5)


@st.composite
def lengths(draw: st.DrawFn) -> dict[str, Any]:
    unit = draw(st.sampled_from([unit.value for unit in Unit]))
    if unit == "hours" or unit == "business_hours":
        return {unit: draw(st.sampled_from([0.5, 4, 8, 24, 60]))}
    amounts: st.SearchStrategy = st.integers(1, {"weeks": 4, "months": 2}.get(unit, 15))
    if unit == "business_days":
        amounts |= st.just({"param": "days"})
    told: dict[str, Any] = {unit: draw(amounts)}
    if draw(st.booleans()):
        told["count_start_day"] = True
    if draw(st.booleans()):
        told["ends"] = "day"
    if "business" not in unit and draw(st.booleans()):
        told["roll"] = "next"
    return told


@st.composite
def terms(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for _ in range(draw(st.integers(0, 2))):
        if draw(st.integers(0, 3)):
            found.append({"when": draw(CONDITIONS), **draw(lengths())})
        else:
            found.append({"when": {"present": "agreed_until"}, "agreed": "agreed_until"})
    several = st.lists(lengths(), min_size=2, max_size=2).map(lambda two: {"any_of": two})
    return [*found, draw(st.one_of(lengths(), lengths(), several))]


@st.composite
def pauses(draw: st.DrawFn) -> list[Any]:
    kinds: list[dict[str, Any]] = [
        {"waiting": "complainant"},
        {"waiting": "third_party"},
        {"stage": "investigating"},
        {"while": "court_hold"},
    ]
    found = draw(st.lists(st.sampled_from(kinds), max_size=2, unique_by=str))
    return [each | ({"cap": draw(lengths())} if draw(st.booleans()) else {}) for each in found]


def _perhaps(draw: st.DrawFn, name: str, what: st.SearchStrategy) -> dict[str, Any]:
    return {name: draw(what)} if draw(st.booleans()) else {}


@st.composite
def guards(draw: st.DrawFn) -> dict[str, Any]:
    told = _perhaps(draw, "entering", st.sampled_from(STAGES[1:]))
    return {"guard": told | _perhaps(draw, "when", CONDITIONS) | {"must": draw(CONDITIONS)}}


@st.composite
def sequences(draw: st.DrawFn) -> dict[str, Any]:
    stages = draw(st.lists(st.sampled_from(REACHED), min_size=2, max_size=4, unique=True))
    entering = draw(st.sampled_from(STAGES[1:]))
    return {"sequence": {"entering": entering, "stages": stages, "ordered": draw(st.booleans())}}


@st.composite
def deadlines(draw: st.DrawFn) -> dict[str, Any]:
    start = draw(st.sampled_from(["received", "received", "acknowledged", "became_aware"]))
    until = [name for name in REACHED if name != start]
    told: dict[str, Any] = {"from": start, "within": draw(terms())}
    told["until"] = draw(
        st.sampled_from(until) | st.lists(st.sampled_from(until), min_size=1, max_size=2)
    )
    told |= _perhaps(draw, "when", CONDITIONS)
    told |= _perhaps(draw, "as_of", st.sampled_from(["first", "last", "stop"]))
    told |= _perhaps(draw, "pauses", pauses())
    told |= _perhaps(draw, "operational", st.just({"pauses": ["complainant"]}))
    if draw(st.booleans()):
        told["extension"] = {"by": "holding_sent", "within": draw(lengths())}
        told["extension"] |= _perhaps(draw, "must", CONDITIONS)
    return {"deadline": told}


@st.composite
def cadences(draw: st.DrawFn) -> dict[str, Any]:
    told: dict[str, Any] = {"from": "received", "until": "closed", "within": draw(terms())}
    kinds = st.lists(st.sampled_from(KINDS), min_size=1, max_size=2, unique=True)
    told |= _perhaps(draw, "kinds", kinds) | _perhaps(draw, "when", CONDITIONS)
    return {"cadence": told | _perhaps(draw, "pauses", pauses())}


@st.composite
def invariants(draw: st.DrawFn) -> dict[str, Any]:
    told = {"must": draw(CONDITIONS)} | _perhaps(draw, "when", CONDITIONS)
    told |= _perhaps(draw, "until", st.just("closed"))
    return {"invariant": told | _perhaps(draw, "allow", lengths())}


@st.composite
def integrities(draw: st.DrawFn) -> dict[str, Any]:
    fields = draw(st.lists(st.sampled_from(sorted(VALUES)[3:]), min_size=1, unique=True))
    told = {"fields": fields, "reason": "change_reason"} | _perhaps(draw, "when", CONDITIONS)
    return {"integrity": told}


BODIES = st.one_of(guards(), sequences(), deadlines(), deadlines(), cadences(), invariants(), integrities())  # fmt: skip


@st.composite
def packs(draw: st.DrawFn, bodies: st.SearchStrategy = BODIES) -> dict[str, Any]:
    """A pack's content, as it stands in its file."""
    rules = draw(st.lists(bodies, min_size=1, max_size=6))
    content: dict[str, Any] = {
        "pack": "random",
        "version": "1.0.0",
        "title": "Random",
        "effective": {"from": "2020-01-01"},
        "vocabulary": VOCABULARY,
        "milestones": ["sent_to_portal"],
        "params": PARAMS,
        "rules": [
            {"id": f"rule.r{i}", "title": "Random", "severity": "major", **body}
            for i, body in enumerate(rules)
        ],
        "profiles": {"standard": "all"},
    }
    if draw(st.booleans()):
        content["tracks"] = {"first": draw(CONDITIONS), "rest": "otherwise"}
        for rule in content["rules"]:
            if draw(st.booleans()):
                rule["tracks"] = [draw(st.sampled_from(["first", "rest"]))]
    return content


def _moments(draw: st.DrawFn, count: int) -> list[datetime]:
    minutes = st.integers(0, 45 * 1440) | st.integers(0, 45).map(lambda day: day * 1440 + 1020)
    return sorted(
        FIRST + timedelta(minutes=draw(minutes), microseconds=draw(st.integers(-1, 1)) * (n > 0))
        for n in range(count)
    )


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A complaint's events, as they stand in an example; no two at one instant."""
    found: list[dict[str, Any]] = []
    moments = sorted(set(_moments(draw, draw(st.integers(1, 12)))))
    for i, when in enumerate(moments):
        told: dict[str, Any] = {"when": when.isoformat()}
        kind = draw(st.sampled_from(["set", "set", "said", "stage", "stage", "reach"]))
        if kind == "set" or i == 0:
            names = draw(st.lists(st.sampled_from([*VALUES, "became_aware", "agreed_until"]), max_size=4, unique=True))  # fmt: skip
            told["set"] = {
                name: draw(st.sampled_from([*VALUES[name], ""]))
                if name in VALUES
                else (FIRST + timedelta(minutes=draw(st.integers(0, 45 * 1440)))).isoformat()
                for name in names
            }
        elif kind == "said":
            told["said"] = draw(st.lists(st.sampled_from(KINDS), max_size=1))
            told["by"] = draw(st.sampled_from(["agent", "agent", "automation", "complainant"]))
        elif kind == "stage":
            told["stage"] = draw(st.sampled_from(STAGES))
            told |= _perhaps(draw, "waiting", st.sampled_from(["complainant", "third_party"]))
        else:
            told["set"] = {draw(st.sampled_from(["sent_to_portal", "holding_sent"])): True}
        found.append(told)
    return found
