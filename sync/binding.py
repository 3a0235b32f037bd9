"""A binding ready for work: pack, mapping, scope, calendar and judge put together once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from ombud.mapping_file import load_mapping, typed
from ombud.model.complaint import Fold
from ombud.model.connector import Schema
from ombud.model.event import digest
from ombud.model.instant import instant, moment
from ombud.model.openings import NEVER
from policies.install import source_of
from policies.judge import Judge
from policies.load import build_calendar, in_force, load_editions
from policies.pack import PackCalendar
from policies.rule import Guard, Integrity
from policies.signature import trust

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as Map
    from datetime import date

    from ombud.model.calendar import Calendar
    from ombud.model.facts import Complaint, Instant
    from ombud.model.finding import Fix
    from ombud.model.mapping import Mapping
    from ombud.model.scope import Scope
    from ombud.settings import Binding, CalendarSettings, Settings
    from policies.install import InForce
    from policies.judge import Gap, Judgement
    from policies.pack import Configured
    from policies.rule import Rule

MODES = ("off", "observe", "flag", "block")
BEFORE_POLICY = "before policy"


@dataclass(frozen=True)
class Edition:
    """Hold one legal version of a pack, ready to judge.

    Attributes:
        pack: the version, parameters filled in.
        judge: judges by it.
        calendars: the calendars its rules mean, by name.
        calendar: name of the one they mean where they name none.

    """

    pack: Configured
    judge: Judge
    calendars: Map[str, Calendar]
    calendar: str

    @property
    def version(self) -> str:
        """Give the version."""
        return self.pack.version

    @property
    def effective_from(self) -> date:
        """Give the first day of receipt it holds for."""
        return self.pack.effective_from

    @property
    def effective_to(self) -> date | None:
        """Give the last day; `None` while it holds."""
        return self.pack.effective_to

    def calendar_of(self, rule: Rule) -> Calendar:
        """Give the calendar that a rule is reckoned by."""
        body = rule.body
        named = None if isinstance(body, Guard | Integrity) else body.calendar
        return self.calendars[named or self.calendar]


@dataclass(frozen=True)
class Editions:
    """Judge by the legal version that held when a complaint was received, in its latest patch.

    Attributes:
        editions: every version, the earliest first.

    """

    editions: tuple[Edition, ...]

    @property
    def newest(self) -> Edition:
        """Give the version that holds last."""
        return self.editions[-1]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Give the newest version's rules that are not judged, with what nothing maps."""
        return self.newest.judge.gaps

    @cached_property
    def tracked(self) -> frozenset[str]:
        """Give the names of which some rule needs every value."""
        return frozenset().union(*(each.judge.tracked for each in self.editions))

    def of(self, complaint: Complaint) -> Edition | None:
        """Give the version for a complaint; `None` for one from before the pack, the newest where receipt is unknown."""
        received = complaint.row.get("received")
        if not isinstance(received, int) or received >= self._last_change:
            return self.newest
        return in_force(self.editions, moment(received, self._zone).date())

    @cached_property
    def _zone(self) -> ZoneInfo:
        newest = self.newest
        return newest.calendars[newest.calendar].tzinfo

    @cached_property
    def _last_change(self) -> Instant:
        """Give from when on the newest version holds, whatever comes: most complaints are that young."""
        newest = self.newest
        if newest.effective_to is not None:
            return NEVER
        return instant(datetime.combine(newest.effective_from, time(), self._zone))

    def judge(self, complaint: Complaint, now: Instant) -> list[Judgement]:
        """Judge a complaint as of `now` by the version that holds for it."""
        edition = self.of(complaint)
        return [] if edition is None else edition.judge.judge(complaint, now)


@dataclass(frozen=True)
class Bound:
    """Hold a binding with everything it takes to judge and to decide.

    Attributes:
        name: the binding's name.
        account: the account it is laid over.
        settings: as written in ombud.toml.
        mapping: what native words mean.
        scope: which tickets are complaints.
        pack: the newest version of the pack, with its parameters and profile.
        calendar: the desk's calendar.
        fold: folds histories by the mapping.
        judge: judges complaints by the version of the pack that holds for them.
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
    judge: Editions
    enforce_from: Instant | None

    @cached_property
    def digests(self) -> Map[str, str]:
        """Give the digest of each thing a verdict depends on."""
        return {
            "pack": self._joined(each.pack.digest for each in self.judge.editions),
            "parameters": self.pack.params_digest,
            "mapping": self.mapping.digest,
            "scope": self.scope.digest,
            "calendar": self._joined(
                calendar.digest
                for each in self.judge.editions
                for calendar in each.calendars.values()
            ),
        }

    @staticmethod
    def _joined(digests: Iterable[str]) -> str:
        told = list(dict.fromkeys(digests))
        return told[0] if len(told) == 1 else digest(*told)

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
        return {
            rule.id: configured_mode(self.settings, rule)
            for edition in self.judge.editions
            for rule in edition.pack.rules
        }

    def mode(self, rule: Rule) -> str:
        """Give a rule's effective mode."""
        return self.modes[rule.id]

    @cached_property
    def told(self) -> dict[tuple[object, ...], tuple[tuple[str, ...], tuple[Fix, ...]]]:
        """Keep sentences already told, by rule and facts."""
        return {}

    def pack_of(self, complaint: Complaint) -> Configured:
        """Give the version of the pack that a complaint is judged by."""
        edition = self.judge.of(complaint)
        return self.pack if edition is None else edition.pack

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


def configured_mode(settings: Binding, rule: Rule) -> str:
    """Give how far a rule may act by ombud.toml: the lower of the binding's mode and the rule's, or the one set for it."""
    return min(settings.mode, settings.modes.get(rule.id, rule.mode), key=MODES.index)


def bind(settings: Settings, binding: Binding) -> Bound:
    """Put a binding together; raises `SettingsError` or `PackError` naming what is wrong."""
    told = settings.calendars[binding.calendar]
    calendar = desk_calendar(binding.calendar, told)
    packs = [
        pack.configured(binding.params, binding.profile)
        for pack in load_editions(pack_source(settings, binding.pack).source)
    ]
    mapping = typed(
        load_mapping(settings.folder / binding.mapping, told.zone),
        {name: of.type for pack in packs for name, of in pack.vocabulary.items()},
        frozenset(name for pack in packs for name, of in pack.vocabulary.items() if of.day_end),
    )
    laid = {binding.calendar: calendar}
    judge = Editions(tuple(_edition(settings, binding, pack, mapping, laid) for pack in packs))
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
        pack=judge.newest.pack,
        calendar=calendar,
        fold=Fold(mapping, judge.tracked),
        judge=judge,
        enforce_from=enforce_from,
    )


def _edition(
    settings: Settings,
    binding: Binding,
    pack: Configured,
    mapping: Mapping,
    laid: dict[str, Calendar],
) -> Edition:
    """Make one version ready; `laid` holds the desk's calendars that are laid out already."""
    asked = {pack.calendar} | {
        rule.body.calendar
        for rule in pack.rules
        if not isinstance(rule.body, Guard | Integrity) and rule.body.calendar is not None
    }
    calendars: dict[str, Calendar] = {binding.calendar: laid[binding.calendar]}
    for name in sorted(asked):
        if name in pack.calendars:
            file = f"pack {pack.title_version}"
            calendars[name] = build_calendar(name, pack.calendars[name], file=file)
        elif name in settings.calendars:
            if name not in laid:
                laid[name] = desk_calendar(name, settings.calendars[name])
            calendars[name] = laid[name]
        else:
            # A pack's word for the desk's own calendar.
            calendars[name] = laid[binding.calendar]
    judge = Judge(
        [rule for rule in pack.rules if configured_mode(binding, rule) != "off"],
        calendars,
        calendar=pack.calendar,
        names=mapping.names,
        stages=mapping.staged | mapping.milestone_stages,
    )
    return Edition(pack, judge, calendars, pack.calendar)


def desk_calendar(name: str, told: CalendarSettings) -> Calendar:
    """Build a calendar from what ombud.toml says of it."""
    return build_calendar(
        name,
        PackCalendar(
            told.zone,
            told.week,
            told.holidays.country,
            told.holidays.subdivision,
            told.holidays.own,
        ),
    )


def pack_source(settings: Settings, pack: str) -> InForce:
    """Find the pack that a binding names; raises `PackError` where there is none that may be trusted."""
    return source_of(pack, settings.folder, trust(settings.trust.keys, settings.folder))
