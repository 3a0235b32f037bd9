"""The configuration in force: what verdicts depend on, kept whole, so that a file that is broken or not approved yet changes nothing.

Kept are packs, parameters, profile, mapping, scope and calendars with their holidays laid out. Time-zone rules are
the machine's. How far a binding may act (`mode`, `modes`, `enforce_from`) is not among them: ombud.toml says it now.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from ombud.model.calendar import Calendar
from ombud.model.event import digest
from ombud.model.scope import Decision, Line, Scope
from ombud.store import ForceRow, RunRow, name_of
from ombud.toml import SettingsError
from policies.load import pack_of
from policies.vocabulary import PackError
from sync.binding import Parts, bind
from sync.persons import Refused
from sync.rollout import rules_of, steps_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ombud.model.facts import Instant
    from ombud.settings import Binding, Settings
    from ombud.store import Acts, Store
    from sync.binding import Bound
    from sync.persons import Person, Persons

_FORMAT: Final = 1
#: Why something is in force that nobody had to approve.
FIRST: Final = "first installation"
UNAPPROVED: Final = "not approved by anybody"


@dataclass(frozen=True, slots=True)
class Held:
    """Tell that ombud.toml asks for something else than what is in force.

    Attributes:
        binding: the binding's name.
        wanted: what it asks for; `None` where that cannot be loaded.
        problem: why it cannot be.

    """

    binding: str
    wanted: Bound | None
    problem: str = ""

    def sentence(self) -> str:
        """Say it, with what to do."""
        if self.wanted is None:
            return (
                f"{self.binding}: what ombud.toml asks for cannot be loaded; the configuration in force "
                f"goes on being used. {self.problem}"
            )
        return (
            f"{self.binding}: ombud.toml differs from the configuration in force, which goes on being used "
            "until somebody approves. See: ombud rollout changes"
        )


@dataclass(frozen=True, slots=True)
class Standing:
    """Hold the bindings of an installation as they are used.

    Attributes:
        bounds: every binding, by what is in force.
        held: where ombud.toml asks for something else, by name of the binding.
        mark: changes where anything of this would.

    """

    bounds: tuple[Bound, ...]
    held: Mapping[str, Held]
    mark: tuple[object, ...]


def stand(settings: Settings, store: Store) -> Standing:
    """Give the bindings as they are used.

    Raises:
        SettingsError: a binding cannot be loaded, and nothing is in force for it.
        PackError: as well.

    """
    mark = mark_of(settings, store)
    with store.acts() as acts:
        steps = {binding.name: steps_of(acts, binding.name) for binding in settings.bindings}
        rows = {binding.name: acts.in_force(binding.name) for binding in settings.bindings}
    bounds: list[Bound] = []
    held: dict[str, Held] = {}
    for binding in settings.bindings:
        bound, differs = _stand(settings, binding, rows[binding.name], steps[binding.name])
        bounds.append(bound)
        if differs is not None:
            held[binding.name] = differs
    return Standing(tuple(bounds), held, mark)


def mark_of(settings: Settings, store: Store) -> tuple[object, ...]:
    """Give what changes where the bindings as they are used would."""
    with store.acts() as acts:
        rows = [(each.name, acts.in_force(each.name)) for each in settings.bindings]
        return tuple(
            (name, row.digest if row is not None else None, tuple(steps_of(acts, name).items()))
            for name, row in rows
        )


def _stand(
    settings: Settings, binding: Binding, row: ForceRow | None, steps: Mapping[str, str]
) -> tuple[Bound, Held | None]:
    try:
        wanted = bind(settings, binding, steps)
    except (SettingsError, PackError) as error:
        if row is None:
            raise
        return rebuilt(row, binding, steps, settings.rollout.start), Held(
            binding.name, None, str(error)
        )
    if row is None or row.digest == force_digest(wanted) or not settings.approval.approvers:
        return wanted, None
    kept = rebuilt(row, binding, steps, settings.rollout.start)
    if force_digest(kept) == force_digest(wanted):
        # Nothing but the machine's time-zone rules is another.
        return wanted, None
    return kept, Held(binding.name, wanted)


def force_digest(bound: Bound) -> str:
    """Give one digest of everything a verdict of a binding depends on."""
    return digest(*bound.digests.values())


def snapshot(bound: Bound) -> str:
    """Write down what a binding is put together from, as JSON that needs no other file."""
    parts = bound.parts
    told = {
        "format": _FORMAT,
        "packs": [json.loads(pack.content) for pack in parts.packs],
        "params": dict(parts.params),
        "profile": parts.profile,
        "mapping": dict(parts.mapping),
        "scope": [
            [{name: list(values) for name, values in line.when.items()}, line.decision.value]
            for line in parts.scope.lines
        ],
        "calendar": parts.calendar,
        "calendars": [
            {name: _written(calendar) for name, calendar in named.items()}
            for named in parts.calendars
        ],
    }
    return json.dumps(told, sort_keys=True, ensure_ascii=False)


def rebuilt(row: ForceRow, binding: Binding, steps: Mapping[str, str], start: str) -> Bound:
    """Put a binding together from what is in force.

    Raises:
        PackError: this program does not understand it any more.
        Refused: it was written by a newer program.

    """
    told = json.loads(row.content)
    if told["format"] != _FORMAT:
        raise Refused(
            f"What is in force for {row.binding} was written by a newer program. Run that one"
        )
    parts = Parts(
        packs=tuple(pack_of(each) for each in told["packs"]),
        params=told["params"],
        profile=told["profile"],
        mapping=told["mapping"],
        scope=Scope(
            tuple(
                Line({name: tuple(values) for name, values in when.items()}, Decision(is_))
                for when, is_ in told["scope"]
            )
        ),
        calendar=told["calendar"],
        calendars=tuple(
            {name: _read(name, each) for name, each in named.items()} for named in told["calendars"]
        ),
    )
    return parts.bound(binding, steps, start)


def put_in_force(
    acts: Acts,
    bound: Bound,
    former: Bound | None,
    *,
    by: Person | None,
    why: str,
    now: Instant,
) -> RunRow | None:
    """Put a binding's configuration in force; give the run that judges what is stored again, where there was another before.

    Args:
        acts: the transaction.
        bound: what is in force from now on.
        former: what was until now; `None` where nothing was, or where that is not known any more.
        by: who approved; `None` where nobody had to.
        why: the reason.
        now: the present instant.

    """
    first = acts.in_force(bound.name) is None
    row = ForceRow(
        bound.name,
        force_digest(bound),
        snapshot(bound),
        now,
        None if by is None else by.key,
        UNAPPROVED if by is None else by.name,
        why,
    )
    acts.put(row)
    key = None if by is None else by.key
    acts.log("put in force", row.digest, row, by=key, known_at=now)
    if first:
        return None
    label = "; ".join(each.partition(": ")[0] for each in differences(former, bound))
    run = RunRow(
        name_of("run", bound.name, row.digest, now),
        bound.name,
        f"{label or 'configuration'} ({row.approved_name})",
        now,
        reads=former is None or reads_anew(former, bound),
    )
    acts.put(run)
    return run


def accept(
    acts: Acts, held: Held, former: Bound, *, by: Person, why: str, persons: Persons, now: Instant
) -> RunRow | None:
    """Approve what ombud.toml asks for; raises `Refused` where it cannot be loaded, or who approves may not."""
    persons.check_approver(by, "A change of the configuration in force")
    if held.wanted is None:
        raise Refused(f"What ombud.toml asks for cannot be loaded. {held.problem}")
    if not why.strip():
        raise Refused("An approval says why. Give a reason with --why")
    return put_in_force(acts, held.wanted, former, by=by, why=why.strip(), now=now)


def reads_anew(former: Bound, bound: Bound) -> bool:
    """Tell whether a change needs what the store does not hold: other tickets, fields, or marks of messages."""

    def read_of(one: Bound) -> object:
        kept = {of.id: of.keep for of in one.mapping.fields.values()}
        return one.scope.digest, one.schema, kept

    return read_of(former) != read_of(bound)


def differences(one: Bound | None, other: Bound) -> list[str]:
    """List what differs between two configurations, "what: how" each."""
    if one is None:
        return []
    return [*_packs(one, other), *_params(one, other), *_mapping(one, other), *_rest(one, other)]


def _packs(one: Bound, other: Bound) -> Iterator[str]:
    if one.digests["pack"] == other.digests["pack"]:
        return
    before, after = ({rule.id: rule for rule in rules_of(bound)} for bound in (one, other))
    told = [
        f"{len(names)} {word} ({_named(names)})"
        for word, names in (
            ("added", sorted(after.keys() - before.keys())),
            ("removed", sorted(before.keys() - after.keys())),
            ("changed", sorted(n for n in before.keys() & after.keys() if before[n] != after[n])),
        )
        if names
    ]
    versions = f"{one.pack.title_version} to {other.pack.title_version}"
    yield f"pack {versions}: rules {', '.join(told) or 'the same'}"


def _named(names: list[str], most: int = 8) -> str:
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest


def _params(one: Bound, other: Bound) -> Iterator[str]:
    if one.pack.profile != other.pack.profile:
        yield f"profile: {one.pack.profile} to {other.pack.profile}"
    before, after = one.pack.params, other.pack.params
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield f"parameter {name}: {before.get(name, 'none')} to {after.get(name, 'none')}"


def _mapping(one: Bound, other: Bound) -> Iterator[str]:
    if one.mapping.digest == other.mapping.digest:
        return
    before, after = _flat(one.parts.mapping), _flat(other.parts.mapping)
    lines = [
        f"mapping {name}: {before.get(name, 'none')} to {after.get(name, 'none')}"
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    ]
    # The vocabulary of another pack may read the same words otherwise.
    yield from lines or ["mapping: the same words, read by another vocabulary"]


def _flat(told: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for table, value in told.items():
        if isinstance(value, dict):
            found |= {
                f"{table}.{key}": json.dumps(each, sort_keys=True, ensure_ascii=False)
                for key, each in value.items()
            }
        else:
            found[table] = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return found


def _rest(one: Bound, other: Bound) -> Iterator[str]:
    if one.scope.digest != other.scope.digest:
        yield f"scope: {_scope(one.scope)} to {_scope(other.scope)}"
    if one.digests["calendar"] != other.digests["calendar"]:
        before, after = one.calendar, other.calendar
        parts = [
            word
            for word, differs in (
                ("zone", before.zone != after.zone),
                ("week", before.week != after.week),
                ("holidays", before.holidays != after.holidays),
            )
            if differs
        ]
        yield f"calendar: {', '.join(parts) or 'those the pack brings along'}"


def _scope(scope: Scope) -> str:
    return "; ".join(map(_line, scope.lines)) or "nothing"


def _line(line: Line) -> str:
    asked = ", ".join(f"{name} = {' or '.join(values)}" for name, values in line.when.items())
    return f"{asked or 'everything'} is {line.decision.value}"


def _written(calendar: Calendar) -> dict[str, Any]:
    return {
        "zone": calendar.zone,
        "week": [[list(window) for window in day] for day in calendar.week],
        "holidays": {day.isoformat(): name for day, name in calendar.holidays.items()},
        "years": list(calendar.years),
    }


def _read(name: str, told: Mapping[str, Any]) -> Calendar:
    first, last = told["years"]
    return Calendar(
        name=name,
        zone=told["zone"],
        week=tuple(tuple((a, b) for a, b in day) for day in told["week"]),
        holidays={date.fromisoformat(day): each for day, each in told["holidays"].items()},
        first_year=first,
        last_year=last,
    )
