"""A binding ready for work: pack, mapping, scope, calendar and judge put together once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ombud.mapping_file import load_mapping, typed
from ombud.model.calendar import Calendar, parse_week
from ombud.model.complaint import Fold
from ombud.model.connector import Schema
from ombud.model.event import digest
from ombud.model.instant import instant
from policies.judge import Judge
from policies.load import holiday_dates, load_pack

if TYPE_CHECKING:
    from collections.abc import Mapping as Map
    from pathlib import Path

    from ombud.model.facts import Complaint, Instant
    from ombud.model.finding import Fix
    from ombud.model.mapping import Mapping
    from ombud.model.scope import Scope
    from ombud.settings import Binding, CalendarSettings, Settings
    from policies.pack import Configured
    from policies.rule import Rule

MODES = ("off", "observe", "flag", "block")
#: Years of holidays looked up, around the years a desk can still care about.
_FIRST_YEAR, _LAST_YEAR = 2005, 2040
BEFORE_POLICY = "before policy"


@dataclass(frozen=True)
class Bound:
    """Hold a binding with everything it takes to judge and to decide.

    Attributes:
        name: the binding's name.
        account: the account it is laid over.
        settings: as written in ombud.toml.
        mapping: what native words mean.
        scope: which tickets are complaints.
        pack: the pack with its parameters and profile.
        calendar: the desk's calendar.
        fold: folds histories by the mapping.
        judge: judges complaints by the pack.
        enforce_from: complaints received before are shown and never touched; `None` means all are touched.

    """

    name: str
    account: str
    settings: Binding
    mapping: Mapping
    scope: Scope
    pack: Configured
    calendar: Calendar
    fold: Fold
    judge: Judge
    enforce_from: Instant | None

    @cached_property
    def digests(self) -> Map[str, str]:
        """Give the digest of each thing a verdict depends on."""
        return {
            "pack": self.pack.digest,
            "parameters": self.pack.params_digest,
            "mapping": self.mapping.digest,
            "scope": self.scope.digest,
            "calendar": self.calendar.digest,
        }

    @cached_property
    def digests_text(self) -> str:
        """Give the digests as the decision log keeps them."""
        return json.dumps(dict(self.digests), sort_keys=True)

    @cached_property
    def digest(self) -> str:
        """Give one digest over all of them and over the modes: what settled a ticket."""
        modes = [f"{rule}={mode}" for rule, mode in self.modes.items()]
        return digest(*self.digests.values(), *modes, str(self.enforce_from))

    @cached_property
    def modes(self) -> Map[str, str]:
        """Give each rule's effective mode: the lower of the binding's and the rule's, or the one set for it."""
        asked = self.settings.modes
        return {
            rule.id: min(self.settings.mode, asked.get(rule.id, rule.mode), key=MODES.index)
            for rule in self.pack.rules
        }

    def mode(self, rule: Rule) -> str:
        """Give a rule's effective mode."""
        return self.modes[rule.id]

    @cached_property
    def read_by(self) -> Map[str, tuple[str, ...]]:
        """Give the names each rule reads, in a fixed order."""
        return {rule.id: tuple(sorted(rule.names)) for rule in self.pack.rules}

    @cached_property
    def told(self) -> dict[tuple[object, ...], tuple[tuple[str, ...], tuple[Fix, ...]]]:
        """Keep sentences already told, by rule and facts."""
        return {}

    def before_policy(self, complaint: Complaint) -> bool:
        """Tell whether a complaint was received before the policy holds."""
        received = complaint.row.get("received")
        if self.enforce_from is None:
            return False
        return not isinstance(received, int) or received < self.enforce_from

    @cached_property
    def schema(self) -> Schema:
        """Tell the connector what to look for."""
        return Schema(
            fields=self.mapping.native_fields | self.scope.fields,
            markers=self.mapping.markers,
            links=bool(self.mapping.links or self.mapping.problem.links),
            macros=self.mapping.macros,
            tags=self.mapping.tags,
            kind_field=self.mapping.kind_field.id if self.mapping.kind_field else None,
            kind_values=self.mapping.kind_field.values if self.mapping.kind_field else {},
        )


def bind(settings: Settings, binding: Binding) -> Bound:
    """Put a binding together; raises `SettingsError` or `PackError` naming what is wrong."""
    told = settings.calendars[binding.calendar]
    calendar = build_calendar(binding.calendar, told)
    pack = load_pack(_pack_source(settings.folder, binding.pack))
    configured = pack.configured(binding.params, binding.profile)
    mapping = typed(
        load_mapping(settings.folder / binding.mapping, told.zone),
        {name: of.type for name, of in configured.vocabulary.items()},
    )
    judge = Judge(
        configured.rules,
        {binding.calendar: calendar, configured.calendar: calendar},
        calendar=binding.calendar,
        names=mapping.names,
        stages=mapping.staged | mapping.milestone_stages,
    )
    enforce_from = None
    if binding.enforce_from is not None:
        enforce_from = instant(
            datetime.combine(binding.enforce_from, time(), tzinfo=ZoneInfo(told.zone))
        )
    return Bound(
        name=binding.name,
        account=binding.account,
        settings=binding,
        mapping=mapping,
        scope=binding.scoped(),
        pack=configured,
        calendar=calendar,
        fold=Fold(mapping),
        judge=judge,
        enforce_from=enforce_from,
    )


def build_calendar(name: str, told: CalendarSettings) -> Calendar:
    """Build a calendar from what ombud.toml says of it."""
    holidays = holiday_dates(
        told.holidays.country,
        told.holidays.subdivision,
        _FIRST_YEAR,
        _LAST_YEAR,
        own=told.holidays.own,
    )
    return Calendar(name=name, zone=told.zone, week=parse_week(told.week), holidays=holidays)


def _pack_source(folder: Path, pack: str) -> str | Path:
    """Give a pack's name, or its path relative to ombud.toml."""
    return folder / pack if pack.endswith((".yaml", ".yml")) else pack
