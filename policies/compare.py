"""Compare two packs rule by rule, in words."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.pack import Pack
    from policies.rule import Rule

#: What of a rule is told when it changes, beside what it asks.
_TOLD: Final = ("severity", "mode", "waivable")


@dataclass(frozen=True, slots=True)
class Difference:
    """Tell how a rule, a parameter or a profile differs.

    Attributes:
        name: the rule's id, or "param NAME", "profile NAME", "effective".
        kind: "added", "removed" or "changed".
        before: as the first pack says it; empty where it does not.
        after: as the second says it.

    """

    name: str
    kind: str
    before: str
    after: str


def differences(one: Pack, other: Pack) -> Iterator[Difference]:
    """Give what the second pack asks otherwise than the first, by the parameters' defaults."""
    first, second = ({rule.id: rule for rule in pack.rules} for pack in (one, other))
    for name in dict.fromkeys((*first, *second)):
        before = _rule(first[name], one) if name in first else ""
        after = _rule(second[name], other) if name in second else ""
        if name in first and name in second and first[name].body != second[name].body:
            yield Difference(name, "changed", *_apart(before, after, first[name], second[name]))
        elif before != after:
            yield _named(name, before, after)
    for word, told, said in _others(one, other):
        for name in dict.fromkeys((*told, *said)):
            before, after = told.get(name, ""), said.get(name, "")
            if before != after:
                yield _named(f"{word} {name}".strip(), before, after)


def _named(name: str, before: str, after: str) -> Difference:
    kind = "changed" if before and after else "added" if after else "removed"
    return Difference(name, kind, before, after)


def _rule(rule: Rule, pack: Pack) -> str:
    told = ", ".join(_word(name, getattr(rule, name)) for name in _TOLD)
    return f"{rule.sentence(pack.vocabulary)} ({told})"


def _word(name: str, value: object) -> str:
    if name == "waivable":
        return "waivable" if value else "not waivable"
    return str(value)


def _apart(before: str, after: str, first: Rule, second: Rule) -> tuple[str, str]:
    """Tell two rules apart whose sentences are the same: by the parts that a sentence leaves out."""
    if before != after:
        return before, after
    return f"{before} {first.body}", f"{after} {second.body}"


_Named: TypeAlias = "Mapping[str, str]"


def _others(one: Pack, other: Pack) -> Iterator[tuple[str, _Named, _Named]]:
    """Give what else a pack says, by name."""
    yield "effective", {"": _effective(one)}, {"": _effective(other)}
    yield "param", _params(one), _params(other)
    yield "profile", _profiles(one), _profiles(other)
    yield "track", _tracks(one), _tracks(other)


def _params(pack: Pack) -> _Named:
    return {name: json.dumps(param.default) for name, param in pack.params.items()}


def _profiles(pack: Pack) -> _Named:
    return {name: ", ".join(rules) for name, rules in pack.profiles.items()}


def _tracks(pack: Pack) -> _Named:
    told = dict(json.loads(pack.content).get("tracks", {}))
    return {name: json.dumps(each, ensure_ascii=False) for name, each in told.items()}


def _effective(pack: Pack) -> str:
    until = f" to {pack.effective_to}" if pack.effective_to is not None else ""
    return f"from {pack.effective_from}{until}"
