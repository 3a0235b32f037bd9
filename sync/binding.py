"""A binding ready for work: pack, mapping, scope, calendar and judge put together once."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, time
from functools import cached_property
from typing import TYPE_CHECKING

from ombud.mapping_file import mapping_of, read_mapping, typed
from ombud.model.complaint import FOLDING, Fold
from ombud.model.connector import Schema
from ombud.model.event import digest
from ombud.model.instant import instant, moment
from ombud.model.openings import NEVER
from ombud.tongue import TONGUES
from policies.calendars import build_calendar
from policies.install import source_of
from policies.judge import Judge
from policies.load import in_force, load_editions
from policies.pack import PackCalendar
from policies.rule import Guard, Integrity
from policies.signature import trust
from sync.spoken import Speaker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Mapping as Map
    from datetime import date
    from zoneinfo import ZoneInfo

    from ombud.model.calendar import Calendar
    from ombud.model.facts import Complaint, Instant
    from ombud.model.finding import Fix, Spoken
    from ombud.model.mapping import Mapping
    from ombud.model.scope import Scope
    from ombud.settings import Binding, CalendarSettings, Settings
    from ombud.tongue import Tongue
    from policies.install import InForce
    from policies.judge import Gap, Judgement
    from policies.pack import Configured, Pack
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

    def if_entered(
        self, complaint: Complaint, stage: str, occurrence: str, at: Instant
    ) -> list[Judgement]:
        """Judge what guards the entering of a stage, were it entered now, by the version that holds for the complaint."""
        edition = self.of(complaint)
        if edition is None:
            return []
        return edition.judge.if_entered(complaint, stage, occurrence, at)


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
        steps: how far the rollout lets each rule go, of those that a step was recorded for.
        start: how far it lets the others go.
        parts: what it was put together from.

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
    steps: Map[str, str]
    start: str
    parts: Parts

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
        told = (*self.digests.values(), *modes, str(self.enforce_from), *self._voice)
        # What an older program folded otherwise is settled again.
        return digest(*told, f"fold {FOLDING}")

    @property
    def _voice(self) -> Iterator[str]:
        """Give what no verdict depends on and every text does; nothing where it says no more than the pack."""
        if self.speaker is not None or any(of.names for of in self.mapping.fields.values()):
            yield self.tongue.code
            yield self.mapping.spoken

    @cached_property
    def tongue(self) -> Tongue:
        """Give the language of the desk."""
        return TONGUES[self.settings.language]

    @cached_property
    def speaker(self) -> Speaker | None:
        """Give what says findings in it; `None` where they are in English as they are."""
        reading = self.tongue.reading
        if reading is None:
            return None
        return Speaker(self.tongue, reading, self.mapping, self.pack.vocabulary)

    @cached_property
    def modes(self) -> Map[str, str]:
        """Give each rule's effective mode: the lowest of the pack's, ombud.toml's and the rollout's."""
        return {
            rule.id: min(self.ceiling(rule), self.step(rule.id), key=MODES.index)
            for edition in self.judge.editions
            for rule in edition.pack.rules
        }

    def mode(self, rule: Rule) -> str:
        """Give a rule's effective mode."""
        return self.modes[rule.id]

    def ceiling(self, rule: Rule) -> str:
        """Give how far pack and ombud.toml let a rule go."""
        return configured_mode(self.settings, rule)

    def step(self, rule: str) -> str:
        """Give how far the rollout lets a rule go."""
        return self.steps.get(rule, self.start)

    def stepped(self, steps: Map[str, str]) -> Bound:
        """Give the binding with the rollout at other steps."""
        if steps == self.steps:
            return self
        return self.parts.bound(self.settings, steps, self.start)

    @cached_property
    def told(
        self,
    ) -> dict[tuple[object, ...], tuple[tuple[str, ...], tuple[Fix, ...], tuple[Spoken, ...]]]:
        """Keep what was told already, by rule and facts."""
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
            links=bool(self.mapping.links or self.mapping.stems),
            macros=self.mapping.macros,
            tags=self.mapping.tags,
            kind_field=self.mapping.kind_field.id if self.mapping.kind_field else None,
            kind_values=self.mapping.kind_field.values if self.mapping.kind_field else {},
        )


@dataclass(frozen=True)
class Parts:
    """Hold what a binding is put together from: everything that a verdict depends on, and nothing else.

    Attributes:
        packs: every version of the pack, the earliest first.
        params: its parameters.
        profile: its profile.
        mapping: what the mapping file says, as plain values.
        scope: the scope's lines.
        calendar: name of the desk's calendar.
        calendars: calendars by name, for each version of the pack.

    """

    packs: tuple[Pack, ...]
    params: Map[str, object]
    profile: str
    mapping: Map[str, object]
    scope: Scope
    calendar: str
    calendars: tuple[Map[str, Calendar], ...]

    def bound(self, binding: Binding, steps: Map[str, str], start: str) -> Bound:
        """Put a binding together; how far it may act is what `binding` says now.

        Raises:
            PackError: a parameter does not fit, or there is no such profile.

        """
        packs = [pack.configured(self.params, self.profile) for pack in self.packs]
        desk = self.calendars[-1][self.calendar]
        mapping = typed(
            mapping_of(self.mapping, desk.zone),
            {name: of.type for pack in packs for name, of in pack.vocabulary.items()},
            frozenset(name for pack in packs for name, of in pack.vocabulary.items() if of.day_end),
        )
        judge = Editions(
            tuple(
                Edition(
                    pack, _judge(pack, named, mapping, binding, steps, start), named, pack.calendar
                )
                for pack, named in zip(packs, self.calendars, strict=True)
            )
        )
        enforce_from = None
        if binding.enforce_from is not None:
            enforce_from = instant(
                datetime.combine(binding.enforce_from, time(), tzinfo=desk.tzinfo)
            )
        return Bound(
            name=binding.name,
            account=binding.account,
            settings=binding,
            mapping=mapping,
            scope=self.scope,
            pack=judge.newest.pack,
            calendar=desk,
            fold=Fold(mapping, judge.tracked),
            judge=judge,
            enforce_from=enforce_from,
            steps=steps,
            start=start,
            parts=self,
        )


def configured_mode(settings: Binding, rule: Rule) -> str:
    """Give how far a rule may act by pack and ombud.toml: the lowest of the binding's mode, the rule's, and the one set for it.

    A rule that a pack ships off, because its source is not confirmed, is switched on by the mode set for it.
    """
    asked = settings.modes.get(rule.id, rule.mode)
    most = asked if rule.mode == MODES[0] else rule.mode
    return min(settings.mode, most, asked, key=MODES.index)


def bind(settings: Settings, binding: Binding, steps: Map[str, str] | None = None) -> Bound:
    """Put a binding together; raises `SettingsError` or `PackError` naming what is wrong.

    Without `steps` the rollout holds nothing back: what a rule would do is looked at, not done.
    """
    told = settings.calendars[binding.calendar]
    packs = load_editions(pack_source(settings, binding.pack).source)
    laid = {binding.calendar: desk_calendar(binding.calendar, told)}
    parts = Parts(
        packs=packs,
        params=binding.params,
        profile=binding.profile,
        mapping=read_mapping(settings.folder / binding.mapping),
        scope=binding.scoped(),
        calendar=binding.calendar,
        calendars=tuple(_calendars(settings, binding, pack, laid) for pack in packs),
    )
    if steps is None:
        return parts.bound(binding, {}, MODES[-1])
    return parts.bound(binding, steps, settings.rollout.start)


def _calendars(
    settings: Settings, binding: Binding, pack: Pack, laid: dict[str, Calendar]
) -> dict[str, Calendar]:
    """Give the calendars that a version's rules mean; `laid` holds the desk's that are laid out already."""
    asked = {pack.calendar} | {
        rule.body.calendar
        for rule in pack.rules
        if not isinstance(rule.body, Guard | Integrity) and rule.body.calendar is not None
    }
    calendars: dict[str, Calendar] = {binding.calendar: laid[binding.calendar]}
    for name in sorted(asked):
        if name in pack.calendars:
            file = f"pack {pack.id} {pack.version}"
            calendars[name] = build_calendar(name, pack.calendars[name], file=file)
        elif name in settings.calendars:
            if name not in laid:
                laid[name] = desk_calendar(name, settings.calendars[name])
            calendars[name] = laid[name]
        else:
            # A pack's word for the desk's own calendar.
            calendars[name] = laid[binding.calendar]
    return calendars


def _judge(
    pack: Configured,
    calendars: Map[str, Calendar],
    mapping: Mapping,
    binding: Binding,
    steps: Map[str, str],
    start: str,
) -> Judge:
    """Give what judges by one version; a rule that is off is not judged at all."""
    off = MODES[0]
    return Judge(
        [
            rule
            for rule in pack.rules
            if off not in {configured_mode(binding, rule), steps.get(rule.id, start)}
        ],
        calendars,
        calendar=pack.calendar,
        names=mapping.names,
        stages=mapping.staged | mapping.milestone_stages,
    )


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
