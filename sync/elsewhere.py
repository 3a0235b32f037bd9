"""One complaint in two helpdesks: whose person is whose, where each side stands, who leads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ombud.model.event import Nature, Ref

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ombud.model.event import Event, Native
    from ombud.model.facts import Unknown
    from sync.binding import Bound


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Know all helpdesks of one installation.

    Attributes:
        bounds: bindings by name.
        vendors: vendor of each account.
        same: keyed identifier -> name of the person, from the table `persons` in ombud.toml.

    """

    bounds: Mapping[str, Bound] = field(default_factory=dict)
    vendors: Mapping[str, str] = field(default_factory=dict)
    same: Mapping[str, str] = field(default_factory=dict)

    @property
    def named(self) -> bool:
        """Tell whether any binding has fields that name tickets of another account."""
        return any(bound.mapping.refs for bound in self.bounds.values())

    def ref(self, account: str, name: str) -> Ref | None:
        """Give a ticket of another account by its id or key; `None` for an account that is not there."""
        vendor = self.vendors.get(account)
        return None if vendor is None else Ref(account, vendor, name)

    def as_one_person(
        self, events: Iterable[Event], people: Mapping[str, Mapping[str, str]]
    ) -> list[Event]:
        """Give events in which one person goes by one identifier, whichever helpdesk tells of them.

        Two accounts are one person where `persons` says so, else where they have the same e-mail address. One
        of which nothing is known, or that was forgotten, stays apart.
        """
        names = {
            who: f"mail:{told['email'].strip().lower()}"
            for who, told in people.items()
            if told.get("email")
        } | {who: f"person:{name}" for who, name in self.same.items()}
        firsts: dict[str, str] = {}
        for who in sorted(names):
            firsts.setdefault(names[who], who)
        known = {who: firsts[name] for who, name in names.items()}
        return [_renamed(event, known) for event in events]

    def stage(self, binding: str, events: Sequence[Event]) -> str | Unknown | None:
        """Give the stage of one side by its own mapping; `None` where its binding is gone."""
        bound = self.bounds.get(binding)
        return None if bound is None else bound.fold.fold(events).stage


def _renamed(event: Event, known: Mapping[str, str]) -> Event:
    if event.actor is not None and event.actor in known:
        event = event._replace(actor=known[event.actor])
    if event.nature is not Nature.person:
        return event
    return event._replace(before=_one(event.before, known), after=_one(event.after, known))


def _one(value: Native, known: Mapping[str, str]) -> Native:
    if isinstance(value, str):
        return known.get(value, value)
    if isinstance(value, tuple):
        return tuple(known.get(each, each) for each in value)
    return value
