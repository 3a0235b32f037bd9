"""What a sync stands on: bindings by the configuration in force, rollout's steps, waivers; and what changed since the last."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

from ombud.store import RunRow, name_of
from policies.vocabulary import PackError
from sync.binding import MODES
from sync.force import (
    FIRST,
    UNAPPROVED,
    force_digest,
    mark_of,
    put_in_force,
    rebuilt,
    stand,
)
from sync.persons import Refused
from sync.waivers import waivers_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ombud.model.facts import Instant
    from ombud.settings import Settings
    from ombud.store import ForceRow, Store
    from policies.waiver import Waiver
    from sync.binding import Bound
    from sync.force import Held


class Footing:
    """Hold the bindings as they are used, and their waivers, as of the last `refresh`."""

    def __init__(self, settings: Settings, store: Store) -> None:
        """Put every binding together; raises `SettingsError` or `PackError` where one cannot be, and nothing is in force."""
        self._settings = settings
        self._store = store
        self._waivers: dict[tuple[str, str], tuple[Waiver, ...]] = {}
        standing = stand(settings, store)
        #: Bindings by name, in the order of ombud.toml.
        self.bounds: dict[str, Bound] = {each.name: each for each in standing.bounds}
        #: Bindings of which ombud.toml asks for something else than what is in force.
        self.held: dict[str, Held] = dict(standing.held)
        self._mark = standing.mark
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Look at what people decided meanwhile."""
        with self._lock:
            self._waivers.clear()
            if mark_of(self._settings, self._store) == self._mark:
                return
            standing = stand(self._settings, self._store)
            # Others may be at work on a binding meanwhile: each finds the old or the new one.
            self.bounds.update({each.name: each for each in standing.bounds})
            self.held = dict(standing.held)
            self._mark = standing.mark

    def waivers(self, bound: Bound, *, known_by: Instant | None = None) -> tuple[Waiver, ...]:
        """Give a binding's waivers as of the last `refresh`, or as they were known at an instant."""
        key = (bound.name, bound.digests_text)
        held = self._waivers.get(key) if known_by is None else None
        if held is None:
            with self._store.acts() as acts:
                held = waivers_of(bound, acts.waivers(bound.name), known_by=known_by)
            if known_by is None:
                self._waivers[key] = held
        return held

    def take(self, name: str, epoch: int, now: Instant) -> None:
        """Put in force what nobody has to approve: the first configuration, and any where ombud.toml names no approvers."""
        bound = self.bounds[name]
        if name in self.held:
            return
        with self._store.acts() as acts:
            row = acts.in_force(name)
        if row is not None and row.digest == force_digest(bound):
            return
        former = None if row is None else self._former(bound, row)
        with self._store.begin(bound.account, epoch) as tx:
            why = FIRST if row is None else UNAPPROVED
            if row is not None and self._settings.approval.approvers:
                why = "time-zone rules of this machine"
            put_in_force(tx.acts, bound, former, by=None, why=why, now=now)
        self._mark = mark_of(self._settings, self._store)

    def _former(self, bound: Bound, row: ForceRow) -> Bound | None:
        try:
            return rebuilt(row, bound.settings, bound.steps, bound.start)
        except (PackError, Refused, ValueError):
            # Written by another version of this program: it has to be read from the helpdesk again.
            return None

    def notice(self, name: str, epoch: int, now: Instant) -> None:
        """Have those tickets looked at again that a waiver or a step changed since the last sync, however it came about.

        Kept is what a sync acts on, so that nothing is missed that is decided while one runs.
        """
        bound = self.bounds[name]
        holding: dict[str, tuple[str, str | None]] = {
            each.id: (each.rule, each.case)
            for each in self.waivers(bound)
            if each.since <= now < each.until
        }
        modes = dict(bound.modes)
        key = f"acted:{bound.account}/{name}"
        kept = self._store.meta(key)
        told = json.dumps({"waivers": holding, "modes": modes}, sort_keys=True)
        if told == kept:
            return
        before = json.loads(kept or "{}")
        waived, stepped = before.get("waivers", {}), before.get("modes", modes)
        with self._store.begin(bound.account, epoch) as tx:
            acts = tx.acts
            for each in waived.keys() ^ holding.keys():
                rule, case = waived[each] if each in waived else holding[each]
                acts.recheck(name, [rule], case, drop=True)
            moved = [rule for rule, mode in modes.items() if stepped.get(rule, mode) != mode]
            acts.recheck(name, moved, drop=True)
            on = [rule for rule in moved if stepped[rule] == MODES[0]]
            if on:
                label = f"switched on: {', '.join(on)}"
                acts.put(RunRow(name_of("run", name, label, now), name, label, now))
            tx.set_meta(key, told)

    def runs(self, name: str) -> Sequence[RunRow]:
        """Give a binding's runs that have not ended."""
        with self._store.acts() as acts:
            return [each for each in acts.runs(name) if each.ended is None]
