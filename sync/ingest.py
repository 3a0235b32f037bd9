"""Take readings in: persons become keyed identifiers, words digests, and silent changes are observed."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING

from ombud.model.event import CREATED, Cause, Event, Kind, Nature, digest
from ombud.model.facts import UNKNOWN
from ombud.model.mapping import STATUS, kept

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ombud.model.connector import Actual, Reading
    from ombud.model.event import Native
    from ombud.model.facts import Instant
    from ombud.model.mapping import FieldOf, Mapping


#: The order of events, told by their attributes: every event of every ticket is asked.
_ORDER = attrgetter("happened", "seq", "id")
#: A look-up in the enumeration costs more than the comparison.
_LENT = Kind.lent


@dataclass(frozen=True, slots=True)
class Altered:
    """Say how a history that is told now differs from what was kept of it: histories can be changed in many helpdesks.

    Attributes:
        missing: ids of events that were told before, and are not any more.
        changed: ids of events that are told otherwise than before.

    """

    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()


class Privacy:
    """Keep as little as the verdict needs: pseudonyms for persons, keyed digests for words."""

    def __init__(self, pseudonym: Callable[[str], str], mapping: Mapping) -> None:
        """Prepare for one mapping; `pseudonym` is keyed, so that nobody can guess its argument."""
        self._pseudonym = pseudonym
        self._fields: dict[str, FieldOf] = {of.id: of for of in mapping.fields.values()}
        self._told = frozenset({STATUS, *self._fields})
        self._known: dict[str, str] = {}

    def person(self, native: str) -> str:
        """Give a person's keyed identifier."""
        held = self._known.get(native)
        if held is None:
            self._known[native] = held = self._pseudonym(native)
        return held

    def value(self, field: str, nature: Nature, native: Native) -> Native:
        """Give a native value as it may be stored."""
        if native is None or native is UNKNOWN:
            return native
        if kept(nature, self._fields.get(field)):
            return native
        return self._sealed(nature, native)

    def _sealed(self, nature: Nature, native: Native) -> Native:
        if native is None or native is UNKNOWN:
            return native
        if isinstance(native, tuple):
            parts = [self._sealed(nature, part) for part in native]
            return tuple(part for part in parts if isinstance(part, str))
        if not native.strip():
            return None
        return self._pseudonym(native) if nature is Nature.words else self.person(native)

    def event(self, event: Event) -> Event:
        """Give an event as it may be stored."""
        before, after, field = event.before, event.after, event.field
        if field is not None and not kept(event.nature, self._fields.get(field)):
            before = self._sealed(event.nature, before)
            after = self._sealed(event.nature, after)
        # Built anew by hand: `replace` costs three times as much, and every event of every ticket comes here.
        return Event(
            event.id,
            event.ref,
            event.change,
            event.seq,
            event.happened,
            event.recorded,
            None if event.actor is None else self.person(event.actor),
            event.cause,
            event.kind,
            field,
            event.nature,
            before,
            after,
            event.message,
            event.source,
        )

    def compares(self, event: Event) -> bool:
        """Tell whether another reading of the whole history must tell an event again."""
        if event.kind is Kind.message:
            ours = event.message is not None and event.message.key is not None
            return not ours and event.cause is not Cause.ourselves
        return event.kind is Kind.field and event.change != CREATED and event.field in self._told

    def same(self, held: Event, told: Event) -> bool:
        """Tell whether an event that was kept is told as it was, whatever the mapping has kept of its values.

        A message that bears more marks now is the same, for markers may have been added to the mapping.
        """
        if held.message is not None and told.message is not None:
            return (
                held.happened == told.happened
                and held.message.public == told.message.public
                and held.message.kinds <= told.message.kinds
            )
        return held.happened == told.happened and held.after in {
            told.after,
            self.value(held.field or "", told.nature, told.after),
            self._sealed(told.nature, told.after),
        }


def ingest(
    reading: Reading, known: Sequence[Event], privacy: Privacy, mapping: Mapping, now: Instant
) -> list[Event]:
    """Give a ticket's whole history as known after a reading: what was stored, what came, what was seen.

    Args:
        reading: what the helpdesk told.
        known: the ticket's events stored before.
        privacy: pseudonyms.
        mapping: fields to watch for changes that left no trace in the history.
        now: when the reading was made.

    """
    history = {(event.ref, event.id): event for event in known}
    for event in reading.events:
        key = (event.ref, event.id)
        if key not in history:
            history[key] = privacy.event(event)
    events = sorted(history.values(), key=_ORDER)
    if reading.actual is not None:
        events += _observed(reading.actual, events, privacy, mapping, now)
    return events


def altered(reading: Reading, known: Sequence[Event], privacy: Privacy) -> Altered | None:
    """Compare a history that was read whole with what is kept of it; `None` where they agree.

    What is kept stays as it was told first, for verdicts stand on it. Our own messages are no matter: we edit and
    remove them. Neither are fields that the mapping no longer names, nor first values: these are reckoned backwards.
    """
    if not (reading.whole and reading.complete):
        return None
    told = {event.id: event for event in reading.events}
    held = [event for event in known if event.ref == reading.ref and privacy.compares(event)]
    missing = sorted(event.id for event in held if event.id not in told)
    changed = sorted(
        event.id for event in held if event.id in told and not privacy.same(event, told[event.id])
    )
    return Altered(tuple(missing), tuple(changed)) if missing or changed else None


def _observed(
    actual: Actual, events: Sequence[Event], privacy: Privacy, mapping: Mapping, now: Instant
) -> list[Event]:
    """Record values that the history does not explain: true from now on, unknown before.

    The look came before the history was read, so only events up to the look's head are held against it.
    """
    ref = actual.ref
    own = [event for event in events if event.ref == ref]
    head = actual.head or CREATED
    covered = next(
        (index for index in range(len(own) - 1, -1, -1) if own[index].change == head), None
    )
    if covered is None:
        return []
    held: dict[str, Native] = {
        event.field: event.after
        for event in own[: covered + 1]
        if event.field is not None and event.kind is not _LENT
    }
    found: list[Event] = []
    for name in mapping.watched:
        if name == STATUS:
            value: Native = actual.status
        elif name in actual.fields:
            value = privacy.value(name, actual.natures.get(name, Nature.words), actual.fields[name])
        else:
            continue
        before = held.get(name)
        if value == before or value is UNKNOWN:
            continue
        found.append(
            Event(
                id=f"observed.{name}.{digest(repr(value), actual.revision)}",
                ref=actual.ref,
                change=f"observed.{actual.revision}.{name}",
                seq=0,
                happened=now,
                recorded=now,
                actor=None,
                cause=Cause.automation,
                kind=Kind.observed,
                field=name,
                nature=actual.natures.get(name, Nature.choice),
                before=before,
                after=value,
            )
        )
    return found
