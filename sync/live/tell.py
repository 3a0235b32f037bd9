"""Tell people what they have to know: by route, outside quiet hours, many notices in one message, each once.

A message is noted before it is sent and booked once the channel took it. What was cut off in between is sent again
under the same name: people may read it twice, and nothing is lost. See docs/decisions/0027.
"""

from __future__ import annotations

import json
import logging
import threading
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from ombud.model.event import digest
from ombud.model.facts import Verdict
from ombud.model.instant import DAY, HOUR, MINUTE, iso
from ombud.settings import secret
from ombud.store import Busy, Telling
from sync.live.channel import post
from sync.live.message import Message, compose
from sync.live.routes import GATHER, hours_of, route_of
from sync.page import page_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from ombud.notify_settings import Route
    from ombud.store import Notice
    from sync.live.routes import Hours
    from sync.service import Service

    Post = Callable[[str, Message], str]

#: Waits before a channel is tried again, by failures in a row.
BACK_OFF: Final = (MINUTE, 10 * MINUTE, HOUR, 6 * HOUR)
#: A channel that fails for so long is reported by `ombud doctor`.
LONG: Final = HOUR
#: A channel that is new is told of what was noted in so long before.
BEFORE: Final = DAY
#: Whoever tells people holds this; no account's name holds a space.
_LEASE: Final = "telling people"
#: More notices than this are never looked at together.
_MOST: Final = 50_000
_NOW: Final = "immediately"
_TIMED: Final = frozenset({"breach", "warning"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChannelState:
    """Hold what is remembered of a channel.

    Attributes:
        since: what was noted before is not told there: nobody asked for it.
        tries: failures in a row.
        next_try: when it may be tried again after them.
        failing: since when it fails.
        why: why it did the last time.
        last: when it last took a message with notices of a rhythm.
        sending: numbers of the notices of a message that is under way, or was cut off.
        message: name of that message.

    """

    since: Instant = 0
    tries: int = 0
    next_try: Instant = 0
    failing: Instant | None = None
    why: str = ""
    last: Mapping[str, Instant] = field(default_factory=dict)
    sending: tuple[int, ...] = ()
    message: str = ""

    def sentence(self, name: str) -> str:
        """Say since when it fails; "" while it does not."""
        if self.failing is None:
            return ""
        said = f"Channel {name} has taken nothing since {iso(self.failing)}: {self.why}"
        return f"{said}; tried again at {iso(self.next_try)}"


class Told(NamedTuple):
    """Say how one message fared.

    Attributes:
        channel: where.
        notices: how many it stands for.
        why: why it did not go; "" where it did.

    """

    channel: str
    notices: int
    why: str


class Due(NamedTuple):
    """Hold a notice that a channel may be told of.

    Attributes:
        notice: the notice.
        rhythm: of its route.
        slot: when it goes.

    """

    notice: Notice
    rhythm: str
    slot: Instant


class Teller:
    """Tell people; one for the whole process, whatever many accounts it has."""

    def __init__(self, service: Service, *, post: Post = post) -> None:
        """Prepare; nothing is read or sent yet.

        Args:
            service: the service.
            post: sends a message to an Apprise address; gives "" once it went, else why it did not.

        """
        self._service = service
        self._post = post
        self._notify = service.settings.notify
        self._hours: Hours | None = None
        self._afresh = True
        self._lock = threading.Lock()

    @property
    def hours(self) -> Hours:
        """Give quiet hours and digests."""
        if self._hours is None:
            self._hours = hours_of(self._service.settings)
        return self._hours

    def tell_due(self, now: Instant) -> list[Told]:
        """Tell what is due; give how each message fared. May be called by any thread; one at a time does it.

        It waits for channels, up to half a minute each: call it where nothing waits for it.

        Raises:
            StoreError: the database cannot be read or written.
            PackError: the calendar of the quiet hours cannot be built.

        """
        if not self._lock.acquire(blocking=False):
            return []
        try:
            live = self._service.store.live
            if self._afresh:
                # Who is told and when may have been written otherwise since they were put off.
                live.notices_afresh()
                self._afresh = False
            due = live.next_telling()
            if due is None or due > now:
                return []
            with self._service.store.lease(_LEASE) as epoch:
                return self._tell(now, epoch)
        except Busy:
            # Another process tells people: it does so for all.
            return []
        finally:
            self._lock.release()

    def states(self) -> dict[str, ChannelState]:
        """Give how each channel fares, by its name."""
        return {name: self.state(name) for name in self._notify.channels}

    def state(self, channel: str) -> ChannelState:
        """Give how a channel fares."""
        kept = self._service.store.meta(_meta(channel))
        if kept is None:
            return ChannelState()
        told = json.loads(kept)
        return ChannelState(**(told | {"sending": tuple(told["sending"])}))

    def test(self, channel: str, now: Instant) -> str:
        """Send a channel a message of no consequence; give "" once it went, else why it did not."""
        said = f"A test of channel {channel}. Nothing has happened."
        return self._send(channel, Message(digest(channel, str(now))[:12], said, (), 0))

    def plan(
        self, notice: Notice, states: Mapping[str, ChannelState] | None = None
    ) -> tuple[str, dict[str, Instant]]:
        """Give the rhythm of a notice's route, and when each of its channels is told; none where nobody is."""
        route = route_of(self._notify.routes, notice, json.loads(notice.told).get("rules", ()))
        if route is None:
            return "", {}
        held = states if states is not None else {name: self.state(name) for name in route.to}
        return route.digest, {
            name: self._slot(notice, route, held[name])
            for name in route.to
            if notice.made >= held[name].since
        }

    def _tell(self, now: Instant, epoch: int) -> list[Told]:
        """Go through all that waits: drop what is not true any more, tell what is due, put the rest off."""
        live = self._service.store.live
        waiting = live.notices(now, most=_MOST)
        self._meet(now, epoch)
        untrue = self._untrue(waiting)
        seqs = [each.seq for each in waiting]
        told = {(each.notice, each.channel) for each in live.tellings(seqs)}
        states = self.states()
        done = [each.seq for each in waiting if each.seq in untrue]
        left: dict[int, set[str]] = {}
        by_channel: dict[str, list[Due]] = {}
        for notice in waiting:
            if notice.seq in untrue:
                continue
            rhythm, slots = self.plan(notice, states)
            left[notice.seq] = {name for name in slots if (notice.seq, name) not in told}
            for name in left[notice.seq]:
                by_channel.setdefault(name, []).append(Due(notice, rhythm, slots[name]))
        done += [seq for seq, names in left.items() if not names]
        self._book(epoch, done=done, now=now)
        found = []
        for name, dues in by_channel.items():
            for batch in _batches(states[name], dues, now):
                sent = self._message(name, states[name], batch, now, epoch, left)
                states[name] = self.state(name)
                found.append(sent)
                if sent.why:
                    break
        self._put_off(by_channel, states, left, now, epoch)
        return found

    def _meet(self, now: Instant, epoch: int) -> None:
        """Note since when channels are there: a new one is not flooded with what gathered while nobody was told."""
        store = self._service.store
        new = [name for name in self._notify.channels if store.meta(_meta(name)) is None]
        self._book(epoch, states={name: ChannelState(since=now - BEFORE) for name in new}, now=now)

    def _slot(self, notice: Notice, route: Route, state: ChannelState) -> Instant:
        """Give when a channel is to be told of a notice, going by the clock alone."""
        quiet = route.quiet and not self._pierces(notice)
        last = state.last.get(route.digest, 0)
        if route.digest == _NOW:
            at = max(notice.made, last + GATHER if last else 0)
            return self.hours.after_quiet(at) if quiet else at
        at = self.hours.window(route.digest, notice.made, quiet=quiet)
        # What came to be known after the digest it belongs to had gone waits for the next.
        return at if at > last else self.hours.window(route.digest, last, quiet=quiet)

    def _pierces(self, notice: Notice) -> bool:
        quiet = self._notify.quiet
        return quiet is None or notice.kind in quiet.pierce

    def _untrue(self, waiting: Sequence[Notice]) -> set[int]:
        """Give the notices of deadlines that are not as they were told: met, moved, withdrawn, or told anew since."""
        timed = {each.seq: each for each in waiting if each.kind in _TIMED}
        cases = {seq: json.loads(each.told).get("case", "") for seq, each in timed.items()}
        stands = self._service.store.live.stands_of(sorted(set(cases.values()))) if cases else {}
        newest: dict[tuple[str, str], int] = {}
        untrue = set()
        for seq, each in timed.items():
            key = _finding_of(each)
            standing, due = stands.get(key, ("", None))
            if each.kind == "breach":
                true = standing == Verdict.failed.value
            else:
                true = standing == Verdict.pending.value and due == each.due
            if not true:
                untrue.add(seq)
                continue
            former = newest.get((each.kind, key))
            if former is not None:
                untrue.add(former)
            newest[each.kind, key] = seq
        return untrue

    def _message(
        self,
        name: str,
        state: ChannelState,
        batch: Sequence[Due],
        now: Instant,
        epoch: int,
        left: dict[int, set[str]],
    ) -> Told:
        """Send one message, noted before and booked after."""
        seqs = tuple(each.notice.seq for each in batch)
        same = state.message and set(seqs) <= set(state.sending)
        message = state.message if same else digest(name, *(n.notice.key for n in batch))[:12]
        state = replace(state, sending=seqs, message=message)
        self._book(epoch, states={name: state}, now=now)
        notices = [(n.notice, self._zone(n.notice), self._page(n.notice)) for n in batch]
        why = self._send(name, compose(message, notices))
        if why:
            wait = BACK_OFF[min(state.tries, len(BACK_OFF) - 1)]
            failed = replace(
                state,
                tries=state.tries + 1,
                next_try=now + wait,
                failing=state.failing or now,
                why=why,
                sending=(),
                message="",
            )
            _log.warning("channel %s did not take a message: %s", name, why)
            self._book(epoch, states={name: failed}, now=now)
            return Told(name, len(batch), why)
        last = {**state.last, **{each.rhythm: now for each in batch}}
        tellings = [Telling(seq, name, now, message) for seq in seqs]
        for seq in seqs:
            left[seq].discard(name)
        done = [seq for seq in seqs if not left[seq]]
        self._book(epoch, states={name: ChannelState(last=last)}, told=tellings, done=done, now=now)
        return Told(name, len(batch), "")

    def _send(self, channel: str, message: Message) -> str:
        told = self._notify.channels.get(channel)
        if told is None:
            return f"there is no channel {channel!r} in ombud.toml"
        address = secret(told.url_env, self._service.settings.folder)
        if not address:
            return f"{told.url_env} is not set in the environment or in .env"
        return self._post(address, message)

    def _put_off(
        self,
        by_channel: Mapping[str, Sequence[Due]],
        states: Mapping[str, ChannelState],
        left: Mapping[int, set[str]],
        now: Instant,
        epoch: int,
    ) -> None:
        """Have what was not told looked at again when the first of its channels may be told."""
        then: dict[int, Instant] = {}
        for name, dues in by_channel.items():
            for each in dues:
                seq = each.notice.seq
                if name not in left[seq]:
                    continue
                at = max(each.slot, states[name].next_try, now + 1)
                then[seq] = min(then.get(seq, at), at)
        self._book(epoch, later=list(then.items()), now=now)

    def _book(
        self,
        epoch: int,
        *,
        now: Instant,
        states: Mapping[str, ChannelState] | None = None,
        told: Sequence[Telling] = (),
        done: Sequence[int] = (),
        later: Sequence[tuple[int, Instant]] = (),
    ) -> None:
        if not (states or told or done or later):
            return
        with self._service.store.begin(_LEASE, epoch) as tx:
            for name, state in (states or {}).items():
                tx.set_meta(_meta(name), json.dumps(asdict(state)))
            tx.put_tellings(told, done, now)
            tx.put_off(later)

    def _zone(self, notice: Notice) -> ZoneInfo:
        bound = self._service.footing.bounds.get(notice.binding)
        return bound.mapping.tzinfo if bound is not None else self.hours.zone

    def _page(self, notice: Notice) -> str | None:
        if not notice.ref.id:
            return None
        return page_of(self._service.settings, self._service.store, notice.ref)


def _batches(state: ChannelState, dues: Sequence[Due], now: Instant) -> list[list[Due]]:
    """Give what goes into each message: first the one that was cut off, as it was, then all that is due."""
    if state.next_try > now:
        return []
    cut = [each for each in dues if each.notice.seq in state.sending]
    rest = [each for each in dues if each.slot <= now and each.notice.seq not in state.sending]
    return [batch for batch in (cut, rest) if batch]


def _finding_of(notice: Notice) -> str:
    """Give the key of the finding that a notice of a deadline is about."""
    return notice.key.split("/")[1]


def _meta(channel: str) -> str:
    return f"channel:{channel}"
