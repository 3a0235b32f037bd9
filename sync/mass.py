"""Mass events: many complaints closed with the one ticket they stem from. One note there, and none on each."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from ombud.model.event import Ref, digest
from ombud.model.instant import DAY, HOUR, MINUTE
from ombud.model.mapping import STATUS
from ombud.model.mark import Desired
from ombud.store import Posting
from ombud.tongue import ENGLISH
from sync.closing import CLOSED
from sync.live.notices import closed_together
from sync.note import plain, text_digest, wall
from sync.reconcile import plan, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.connector import Connector, Reading
    from ombud.model.facts import Instant
    from ombud.store import Notice, Store
    from ombud.tongue import Tongue
    from sync.binding import Bound
    from sync.outbox import Hold
    from sync.settle import Settling

#: So many complaints of one parent, closed within so long of each other, were closed with it.
MANY: Final = 10
SPAN: Final = MINUTE
#: What one ticket is the problem of, by the vendor's own word, whatever a mapping says.
_ALWAYS: Final = frozenset({"problem_id"})
#: Fewer closings than make a mass event are forgotten after so long; a mass event is told of so long after its end.
_FORGET: Final = HOUR
_STAYS: Final = DAY
#: Things named in the parent's note, a line each.
_MOST_NAMED: Final = 4
_META: Final = "mass:"
#: Of what is kept of a parent, what is noted when it is told of; the rest is noted when its tickets are settled.
_OURS: Final = frozenset({"since", "end", "done"})
_EVER: Final = 2**62


@dataclass(slots=True)
class Masses:
    """Know which closings of a page belong to a mass event; those of the pages before are kept.

    Attributes:
        bound: the binding.
        store: the database.
        since: closings from before this instant are history.
        now: the present instant.
        closed: of each ticket closed: its parent, when, and what it lacks.

    """

    bound: Bound
    store: Store
    since: Instant
    now: Instant
    closed: dict[Ref, tuple[str, Instant, list[str]]] = field(default_factory=dict)
    _kept: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_page(
        cls,
        bound: Bound,
        store: Store,
        readings: Iterable[Reading],
        *,
        since: Instant,
        now: Instant,
    ) -> Masses:
        """Look through a page for tickets that stem from another and were closed."""
        found = cls(bound, store, since, now)
        kinds = bound.mapping.problem.links | _ALWAYS
        for reading in readings:
            actual = reading.actual
            if actual is None or not actual.links:
                continue
            parents = sorted(link.to.id for link in actual.links if link.kind in kinds)
            at = _closing(bound, reading) if parents else None
            if at is not None and at >= since:
                found.closed[reading.ref] = (parents[0], at, [])
        if found.closed:
            found._kept = _kept(store, bound.account)
        return found

    def belongs(self, ref: Ref) -> bool:
        """Tell whether a ticket was closed in a mass event, so far as it is known by now."""
        told = self.closed.get(ref)
        if told is None:
            return False
        parent, at, _ = told
        times = dict(self._times(parent))
        times |= {each.id: when for each, (of, when, _) in self.closed.items() if of == parent}
        return sum(abs(when - at) <= SPAN for when in times.values()) >= MANY

    def lacks(self, ref: Ref, things: Sequence[str]) -> None:
        """Note what a ticket lacks that was closed so."""
        if ref in self.closed:
            parent, at, _ = self.closed[ref]
            self.closed[ref] = (parent, at, list(things))

    def to_keep(self) -> tuple[str, str] | None:
        """Give what to keep of a page, by its name, within the transaction that stores the page."""
        if not self.closed:
            return None
        kept = _kept(self.store, self.bound.account)
        for ref, (parent, at, things) in self.closed.items():
            told = kept.setdefault(
                parent, {"vendor": ref.vendor, "binding": self.bound.name, "children": {}}
            )
            told["seen"] = self.now
            before, lacked = told["children"].get(ref.id, (at, []))
            # One that could not be opened again is met again, and still lacked what it did.
            told["children"][ref.id] = [at, things or (lacked if before == at else [])]
        return (_META + self.bound.account, json.dumps(kept))

    def _times(self, parent: str) -> dict[str, Instant]:
        children = self._kept.get(parent, {}).get("children", {})
        return {name: at for name, (at, _) in children.items()}


def look_after(at: Settling, connector: Connector, hold: Hold) -> tuple[list[str], bool]:
    """Say on each parent what its complaints lack, and when the last of them will be open again.

    Gives a sentence for each mass event under way, and whether there is something to send. `hold` keeps others of this
    process away from a parent meanwhile.
    """
    account, store, now = at.bound.account, at.store, at.now
    kept = _kept(store, account)
    if not kept:
        return [], False
    waiting = {each.ref.id for each in store.posted(account, _EVER)}
    pace = connector.manifest.updates_a_minute
    said: list[str] = []
    notices: list[Notice] = []
    ended: list[str] = []
    posted = False
    for name, told in sorted(kept.items()):
        if told["binding"] != at.bound.name:
            continue
        children = _together(told["children"])
        lacking = {child: things for child, (_, things) in children.items() if things}
        if not lacking:
            if told["seen"] < now - _FORGET:
                ended.append(name)
            continue
        left = len(waiting & lacking.keys())
        if left and told.get("end", 0) <= now:
            told["end"] = now + (ceil(left / pace) if pace else 1) * MINUTE
        told["done"] = None if left else told.get("done") or now
        over = told["done"] is not None and told["done"] < now - _STAYS
        parent = Ref(account, told["vendor"], name)
        end = told["end"] if left else None
        closed = {Ref(account, told["vendor"], child): children[child][0] for child in lacking}
        stay = _refused(store, closed)
        zone = at.bound.mapping.tzinfo
        text = "" if over else write_note(lacking.values(), end, zone, at.bound.tongue, stay=stay)
        with hold([parent]):
            posted |= _say(at, connector, parent, text)
        if over:
            ended.append(name)
        else:
            said.append(_sentence(parent, len(lacking), left, end, zone, stay))
            since = told.setdefault("since", min(when for when, _ in children.values()))
            notices.append(closed_together(store, parent, at.bound.name, said[-1], since, now))
    with store.begin(account, at.epoch) as tx:
        # Whoever settled tickets meanwhile may have kept more of them.
        fresh = _kept(store, account)
        for name in fresh.keys() & kept.keys():
            told = kept[name]
            if name in ended and fresh[name]["seen"] == told["seen"]:
                del fresh[name]
            else:
                fresh[name] |= {key: told[key] for key in _OURS & told.keys()}
        tx.set_meta(_META + account, json.dumps(fresh))
        tx.put_notices(notices)
    return said, posted


def write_note(
    lacking: Iterable[Sequence[str]],
    end: Instant | None,
    zone: ZoneInfo,
    tongue: Tongue = ENGLISH,
    *,
    stay: int = 0,
) -> str:
    """Write the note on a parent: how many lack what, and when the last is open again; never a function of now.

    Args:
        lacking: of each complaint what it lacks.
        end: when the last will be open again; `None` where all are.
        zone: the desk's zone.
        tongue: the desk's language.
        stay: how many could not be opened again.

    """
    told = list(lacking)
    counts = Counter(thing for things in told for thing in dict.fromkeys(things))
    named = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    opening = "" if end is None else tongue.mass_opening.format(when=tongue.wall(end, zone))
    lines = [
        f"{tongue.title} · {tongue.mass.format(count=tongue.number(len(told)))}",
        opening or tongue.mass_open,
        *([tongue.counted(tongue.mass_stay, stay)] if stay else []),
        *(
            tongue.mass_lack.format(count=tongue.number(count), thing=thing)
            for thing, count in named[:_MOST_NAMED]
        ),
    ]
    if len(named) > _MOST_NAMED:
        lines.append(tongue.counted(tongue.mass_more, len(named) - _MOST_NAMED))
    return "\n".join(map(plain, lines))


def _say(at: Settling, connector: Connector, parent: Ref, text: str) -> bool:
    """Have a text written on a parent, where it does not say so already; tell whether there is something to send.

    A parent that is a complaint itself has a text of its own, which stays.
    """
    state = at.store.states([parent]).get(parent)
    if not at.acting or (state is not None and state.case is not None):
        return False
    seen = list(connector.look([parent], at.bound.schema))
    for reading in connector.read(seen, at.bound.schema) if seen else ():
        actual = reading.actual
        if actual is None or actual.ended or at.identity.yields_to(actual.ours.keys):
            continue
        desired = Desired(
            tags=actual.ours.tags,
            text=text,
            text_digest=text_digest(text),
            # Where a note cannot be edited, only the first one is added.
            notify=actual.ours.text is None,
        )
        asked = plan(desired, actual)
        if not asked.empty:
            told = to_json(asked)
            with at.store.begin(at.bound.account, at.epoch) as tx:
                tx.post(parent, Posting(told, at.identity.key(digest(told)), urgent=True))
            return True
    return False


def _sentence(
    parent: Ref, total: int, left: int, end: Instant | None, zone: ZoneInfo, stay: int
) -> str:
    head = f"{total:,} complaints were closed with {parent} and lack something"
    if stay:
        head = f"{head}; {stay:,} could not be opened again"
    if end is None:
        return f"{head}; all {'others ' if stay else ''}are open again"
    return f"{head}; {left:,} are still to be opened again, the last by {wall(end, zone)}"


def _refused(store: Store, closed: Mapping[Ref, Instant]) -> int:
    """Count the tickets whose closing at these instants the helpdesk would not let us undo."""
    refused = {
        ref: state.refused
        for ref, state in store.states(sorted(closed)).items()
        if state.refused is not None
    }
    events = store.events(sorted(refused)) if refused else {}
    return sum(
        any(e.id == refused[ref] and e.happened == closed[ref] for e in told)
        for ref, told in events.items()
    )


def _kept(store: Store, account: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(store.meta(_META + account) or "{}")
    return told


def _together(children: Mapping[str, Any]) -> dict[str, Any]:
    """Give the children that were closed within a minute of enough others."""
    times = sorted(at for at, _ in children.values())
    return {
        name: told
        for name, told in children.items()
        if sum(abs(at - told[0]) <= SPAN for at in times) >= MANY
    }


def _closing(bound: Bound, reading: Reading) -> Instant | None:
    """Give when a ticket was closed that is closed now, where its events tell."""
    assert reading.actual is not None
    stage = bound.mapping.stages.get(reading.actual.status or "")
    if stage is None or stage.stage != CLOSED:
        return None
    return max(
        (
            each.happened
            for each in reading.events
            if each.field == STATUS and each.after == reading.actual.status
        ),
        default=None,
    )
