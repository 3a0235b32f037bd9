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

    from policies.measure import Measure
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
        url: where.

    """

    standard: str
    status: str
    verified: date
    note: str = ""
    url: str | None = None


@dataclass(frozen=True, slots=True)
class PackCalendar:
    """Describe a calendar that a pack brings along.

    Attributes:
        zone: IANA zone.
        week: opening windows by days.
        country: ISO 3166 code whose public holidays hold; `None` for none.
        subdivision: its part.
        own: ISO dates and names of further holidays.

    """

    zone: str
    week: Mapping[str, tuple[str, ...]]
    country: str | None = None
    subdivision: str | None = None
    own: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loosened:
    """Record that an overlay asks less than its base, and why.

    Attributes:
        rule: the rule's id.
        what: what is asked less.
        reason: why.

    """

    rule: str
    what: str
    reason: str


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
        effective_from: first day of receipt it holds for.
        effective_to: last day; `None` while it holds.
        calendars: calendars it brings along.
        measures: what is counted of many complaints.

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
    effective_from: date
    effective_to: date | None = None
    calendars: Mapping[str, PackCalendar] = field(default_factory=dict)
    measures: tuple[Measure, ...] = ()

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
        authority: whose rules these are; `None` for a standard's or an organisation's own.
        calendars: calendars it brings along.
        tracks: names of its tracks, in order.
        measures: what is counted of many complaints, with the parameters' defaults.
        loosened: where it asks less than its base.
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
    authority: str | None = None
    calendars: Mapping[str, PackCalendar] = field(default_factory=dict)
    tracks: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    loosened: tuple[Loosened, ...] = ()
    content: str = field(repr=False, default="{}")
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
        content = json.loads(self.content)
        builder = builder_of(content, self.vocabulary, values)
        kept = frozenset(self.profiles.get(profile, ()))
        # Every rule is built, so that a wrong parameter shows whatever the profile.
        rules = [builder.rule(data, ("rules", data["id"])) for data in content["rules"]]
        measures = tuple(
            builder.measure(data, ("measures", data["id"])) for data in content.get("measures", ())
        )
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
            effective_from=self.effective_from,
            effective_to=self.effective_to,
            calendars=self.calendars,
            measures=measures,
        )


def builder_of(
    content: Mapping[str, Any],
    vocabulary: Mapping[str, Field],
    params: Mapping[str, ParamValue],
    faults: list[Fault] | None = None,
) -> Builder:
    """Give what builds the rules of a pack's plain content."""
    return Builder(
        vocabulary,
        milestones_of(content),
        params,
        # Their order matters, which the keys of canonical content do not keep.
        dict(content.get("tracks", {})),
        "authority" in content,
        [] if faults is None else faults,
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
        if "day" in told and told["type"] != "instant":
            faults.append(
                Fault((*where, "day"), "only an instant has a day", "Make its type instant")
            )
        found[name] = Field(
            Type(told["type"]),
            values,
            told.get("ordered", False),
            label,
            told.get("day") == "end",
        )
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
