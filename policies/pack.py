"""A pack: rules with their vocabulary, parameters and profiles, as a value with a digest."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ombud.model.facts import MILESTONES
from policies.build import Builder
from policies.expression import Type
from policies.vocabulary import Fault, Field, PackError, Param, Problem, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from policies.rule import Rule
    from policies.vocabulary import ParamValue


@dataclass(frozen=True, slots=True)
class Source:
    """Say where a pack's requirements stand.

    Attributes:
        standard: its name.
        status: how far that has been checked.
        verified: the day it was.
        note: what was checked.

    """

    standard: str
    status: str
    verified: date
    note: str = ""


@dataclass(frozen=True, slots=True)
class Configured:
    """Hold a pack as one binding uses it: one profile's rules, parameters filled in.

    Attributes:
        id: the pack's id.
        version: its version.
        title: its title.
        calendar: name of the calendar its rules mean.
        vocabulary: fields by name.
        milestones: every milestone its rules may name.
        rules: the profile's rules, in the pack's order.
        profile: the profile's name.
        params: every parameter's value.
        digest: of the pack.
        params_digest: of parameters and profile.

    """

    id: str
    version: str
    title: str
    calendar: str
    vocabulary: Mapping[str, Field]
    milestones: frozenset[str]
    rules: tuple[Rule, ...]
    profile: str
    params: Mapping[str, ParamValue]
    digest: str
    params_digest: str

    @property
    def title_version(self) -> str:
        """Give "iso10002 1.0.0" and the like."""
        return f"{self.id} {self.version}"


@dataclass(frozen=True, slots=True)
class Pack:
    """Hold a pack as loaded, overlays resolved; immutable once published.

    Attributes:
        id: its id.
        version: its version.
        title: what people call it.
        effective_from: first day of receipt it holds for.
        effective_to: last day; `None` while it holds.
        calendar: name of the calendar its rules mean.
        vocabulary: fields by name.
        milestones: every milestone its rules may name.
        params: parameters by name.
        rules: every rule, with the parameters' defaults.
        profiles: profile -> ids of its rules.
        sources: where its requirements stand.
        base: id of the pack it is laid over; `None` where it stands alone.
        content: the resolved content as canonical JSON.
        used: fields, milestones and ("param x") parameters its rules name.

    """

    id: str
    version: str
    title: str
    effective_from: date
    effective_to: date | None
    calendar: str
    vocabulary: Mapping[str, Field]
    milestones: frozenset[str]
    params: Mapping[str, Param]
    rules: tuple[Rule, ...]
    profiles: Mapping[str, tuple[str, ...]]
    sources: tuple[Source, ...]
    base: str | None
    content: str = field(repr=False)
    used: frozenset[str] = field(repr=False, default=frozenset())

    @property
    def digest(self) -> str:
        """Give the SHA-256 of the resolved content."""
        return sha256(self.content.encode()).hexdigest()

    def configured(
        self, params: Mapping[str, object] | None = None, profile: str = "standard"
    ) -> Configured:
        """Fill parameters in and keep one profile's rules; raises `PackError` naming every wrong parameter."""
        problems: list[Problem] = []

        def refuse(where: str, what: str, remedy: str) -> None:
            problems.append(Problem(f"pack {self.id} {self.version}", 0, 0, where, what, remedy))

        if profile not in self.profiles:
            refuse("profile", f'there is no profile "{profile}"', nearest(profile, self.profiles))
        values: dict[str, ParamValue] = {name: param.default for name, param in self.params.items()}
        for name, told in (params or {}).items():
            known = self.params.get(name)
            if known is None:
                refuse(f"params.{name}", "there is no such parameter", nearest(name, self.params))
                continue
            value = list(told) if isinstance(told, tuple) else told
            fault = misfit(known, value)
            if fault is None:
                values[name] = value  # type: ignore[assignment]  # misfit has seen its type
            else:
                refuse(f"params.{name}", *fault)
        builder = Builder(self.vocabulary, self.milestones, values)
        kept = frozenset(self.profiles.get(profile, ()))
        # Every rule is built, so that a wrong parameter shows whatever the profile.
        rules = [
            builder.rule(data, ("rules", data["id"])) for data in json.loads(self.content)["rules"]
        ]
        for each in builder.faults:
            refuse(".".join(str(part) for part in each.where), each.what, each.remedy)
        if problems:
            raise PackError(problems)
        return Configured(
            id=self.id,
            version=self.version,
            title=self.title,
            calendar=self.calendar,
            vocabulary=self.vocabulary,
            milestones=self.milestones,
            rules=tuple(rule for rule in rules if rule.id in kept),
            profile=profile,
            params=values,
            digest=self.digest,
            params_digest=sha256(
                canonical({"params": values, "profile": profile}).encode()
            ).hexdigest(),
        )


def canonical(content: object) -> str:
    """Write plain content as JSON that is the same for the same content."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def misfit(param: Param, value: object) -> tuple[str, str] | None:
    """Say what is wrong with a parameter's value, and the remedy; `None` where it fits."""
    default = param.default
    if isinstance(default, list):
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(each, str) for each in value)
        ):
            return "asks for a list of texts", f"Write for instance {json.dumps(default)}"
    elif isinstance(default, str):
        if not isinstance(value, str):
            return "asks for text", f"Write for instance {json.dumps(default)}"
    elif isinstance(value, bool) or not isinstance(value, int | float):
        return "asks for a number", f"Write for instance {default}"
    elif param.minimum is not None and value < param.minimum:
        return f"{value} is below its minimum {param.minimum}", f"Write {param.minimum} or more"
    return None


def vocabulary_of(content: Mapping[str, Any], faults: list[Fault]) -> dict[str, Field]:
    """Build the fields of a pack's plain content."""
    found: dict[str, Field] = {}
    for name, told in content.get("vocabulary", {}).items():
        values = tuple(told.get("values", ()))
        where = ("vocabulary", name)
        if values and told["type"] != "choice":
            faults.append(
                Fault((*where, "values"), "only a choice has values", "Make its type choice")
            )
        if told.get("ordered") and not values:
            faults.append(
                Fault(
                    (*where, "ordered"), "has no values to order", 'Add "values", the lowest first'
                )
            )
        if len(set(values)) < len(values):
            faults.append(Fault((*where, "values"), "names a value twice", "Remove one"))
        if name in milestones_of(content):
            faults.append(Fault(where, f'"{name}" is a milestone', "Name the field otherwise"))
        label = told.get("label") or name.replace("_", " ").capitalize()
        found[name] = Field(Type(told["type"]), values, told.get("ordered", False), label)
    return found


def milestones_of(content: Mapping[str, Any]) -> frozenset[str]:
    """Give every milestone that rules of this content may name."""
    return frozenset(MILESTONES) | frozenset(content.get("milestones", ()))


def params_of(content: Mapping[str, Any], faults: list[Fault]) -> dict[str, Param]:
    """Build the parameters of a pack's plain content."""
    found: dict[str, Param] = {}
    for name, told in content.get("params", {}).items():
        param = Param(told["default"], told.get("minimum"), told.get("help", ""))
        fault = misfit(param, param.default)
        if fault is not None:
            faults.append(Fault(("params", name, "default"), *fault))
        found[name] = param
    return found


def profiles_of(
    content: Mapping[str, Any], rules: Iterable[str], faults: list[Fault]
) -> dict[str, tuple[str, ...]]:
    """Build the profiles of a pack's plain content; "all" means every rule."""
    known = tuple(rules)
    found: dict[str, tuple[str, ...]] = {}
    for name, told in content.get("profiles", {}).items():
        chosen = known if told == "all" else tuple(told)
        for i, each in enumerate(chosen):
            if each not in known:
                faults.append(
                    Fault(("profiles", name, i), f'there is no rule "{each}"', nearest(each, known))
                )
            elif each in chosen[:i]:
                faults.append(
                    Fault(("profiles", name, i), f'names rule "{each}" twice', "Remove one")
                )
        found[name] = chosen
    return found
