"""What is sent to whom by the clock: slots in the desk's zone, each sent once, tried again where a channel fails."""

from __future__ import annotations

import json
import logging
import secrets
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from ombud.model.instant import DAY, HOUR, MINUTE, instant, moment
from ombud.settings import secret
from ombud.store import Busy, ScheduleRow
from sync.live.channel import post
from sync.live.message import Item, Message
from sync.persons import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant
    from sync.persons import Person
    from sync.service import Service

    Post = Callable[[str, Message], str]
    #: Gives what a schedule sends for a slot: a title and lines, each with an address or "".
    Say = Callable[[ScheduleRow, Instant], "Said"]

Rhythm = Literal["weekly", "monthly"]
#: What can be sent.
WHATS: Final = ("review", "kpi", "overview")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Waits before a channel is tried again, by failures in a row.
_BACK_OFF: Final = (10 * MINUTE, HOUR, 6 * HOUR)
#: A slot that was missed for so long is not made up for.
_STALE: Final = 3 * DAY
#: Whoever sends reports holds this; no account's name holds a space.
_LEASE: Final = "sending reports"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """Hold what is sent: a title, and lines with an address each, or ""."""

    title: str
    lines: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """Say how one schedule fared: its id, its slot, and why it did not go; "" where it did."""

    id: str
    slot: Instant
    why: str


class Trouble(NamedTuple):
    """Say why a schedule's last slot did not go to everybody, and who has it already."""

    why: str = ""
    slot: Instant = 0
    took: tuple[str, ...] = ()


def trouble(row: ScheduleRow) -> Trouble:
    """Give what went wrong with a schedule since it was last sent."""
    if row.why is None:
        return Trouble()
    told = json.loads(row.why)
    return Trouble(told["why"], told["slot"], tuple(told["took"]))


def add_schedule(
    service: Service,
    *,
    what: str,
    query: str,
    every: str,
    day: str,
    hour: int,
    channels: Sequence[str],
    groups: frozenset[str],
    by: Person,
    now: Instant,
) -> str:
    """Have something sent from now on; give its id.

    Args:
        service: the service.
        what: review, kpi or overview.
        query: the filter, as in an address.
        every: weekly or monthly.
        day: a weekday, mon to sun; of a month, 1 to 28, or last.
        hour: of the desk's clock, 0 to 23.
        channels: names of channels in ombud.toml.
        groups: restricted groups whose complaints count.
        by: who asks for it.
        now: when.

    Raises:
        Refused: something of it makes no sense.

    """
    if what not in WHATS:
        raise Refused(f"{what!r} cannot be sent. Choose {', '.join(WHATS)}")
    if every not in {"weekly", "monthly"}:
        raise Refused(f"{every!r} is no rhythm. Choose weekly or monthly")
    known = service.settings.notify.channels
    lacking = [each for each in channels if each not in known]
    if lacking or not channels:
        named = ", ".join(lacking) or "no channel"
        raise Refused(
            f"ombud.toml has no channel {named}. Known: {', '.join(known) or 'none'}. Add one under [notify.channels]"
        )
    if not 0 <= hour <= 23:
        raise Refused(f"{hour} is no hour of a day. Choose 0 to 23")
    number = _day_of(every, day)
    row = ScheduleRow(
        secrets.token_hex(5),
        what,
        query,
        every,
        number,
        hour,
        json.dumps(list(channels)),
        json.dumps(sorted(groups)),
        now,
        by.name,
        # What lay before it was asked for is not sent.
        sent=now,
    )
    service.store.reports.put_schedule(row, by=by.key, now=now)
    return row.id


def slot_before(row: ScheduleRow, now: Instant, zone: ZoneInfo) -> Instant:
    """Give the last instant, up to now, at which a schedule was to be sent."""
    today = moment(now, zone).date()
    day = today
    while True:
        if _fits(row, day):
            # An hour that the clock skips is the one after it.
            at = instant(datetime.combine(day, time(row.hour), zone))
            if at <= now:
                return at
        day -= timedelta(days=1)


def slot_after(row: ScheduleRow, now: Instant, zone: ZoneInfo) -> Instant:
    """Give the next instant at which a schedule is to be sent."""
    day = moment(now, zone).date()
    while True:
        if _fits(row, day):
            at = instant(datetime.combine(day, time(row.hour), zone))
            if at > now:
                return at
        day += timedelta(days=1)


def due(
    rows: Sequence[ScheduleRow], now: Instant, zone: ZoneInfo
) -> list[tuple[ScheduleRow, Instant]]:
    """Give what is to be sent now, each with its slot; a slot that was missed for three days is left out."""
    found = []
    for row in rows:
        slot = slot_before(row, now, zone)
        sent = row.sent if row.sent is not None else row.made
        waits = row.next_try is not None and row.next_try > now
        if slot > sent and now - slot < _STALE and not waits:
            found.append((row, slot))
    return found


def words(row: ScheduleRow) -> str:
    """Say when a schedule is sent."""
    if row.every == "weekly":
        day = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
        return f"every {day[row.day]} at {row.hour}:00"
    which = "the last day" if row.day == 0 else f"day {row.day}"
    return f"on {which} of every month at {row.hour}:00"


def send_due(service: Service, say: Say, now: Instant, *, post: Post = post) -> list[Sent]:
    """Send what is due; give how each fared. One process at a time does so.

    Args:
        service: the service.
        say: gives what a schedule sends.
        now: when.
        post: sends a message to an Apprise address; gives "" once it went, else why not.

    Raises:
        StoreError: the database cannot be read or written.

    """
    reports = service.store.reports
    if not due(reports.schedules(), now, service.zone):
        return []
    try:
        with service.store.lease(_LEASE):
            return [
                _send(service, say, row, slot, now, post)
                for row, slot in due(reports.schedules(), now, service.zone)
            ]
    except Busy:
        return []


def _send(
    service: Service, say: Say, row: ScheduleRow, slot: Instant, now: Instant, post: Post
) -> Sent:  # fmt: skip
    before = trouble(row)
    took = list(before.took) if before.slot == slot else []
    failed: list[str] = []
    try:
        said = say(row, slot)
        message = Message(
            f"{row.id}-{slot}",
            said.title,
            tuple(Item("", url, "", line) for line, url in said.lines),
            len(said.lines),
        )
        for each in json.loads(row.channels):
            if each not in took:
                why = _post(service, each, message, post)
                if why:
                    failed.append(why)
                else:
                    took.append(each)
    except (Refused, ValueError) as error:
        failed.append(str(error))
    if failed:
        why = "; ".join(failed)
        wait = _BACK_OFF[min(row.tries, len(_BACK_OFF) - 1)]
        _log.warning("report %s was not sent: %s", row.id, why)
        service.store.reports.fared(
            row.id,
            sent=row.sent,
            tries=row.tries + 1,
            next_try=now + wait,
            why=json.dumps(Trouble(why, slot, tuple(took))._asdict()),
        )
        return Sent(row.id, slot, why)
    service.store.reports.fared(row.id, sent=slot, tries=0, next_try=None, why=None)
    return Sent(row.id, slot, "")


def _post(service: Service, channel: str, message: Message, post: Post) -> str:
    told = service.settings.notify.channels.get(channel)
    if told is None:
        return f"there is no channel {channel!r} in ombud.toml any more"
    address = secret(told.url_env, service.settings.folder)
    if not address:
        return f"{told.url_env} is not set in the environment or in .env"
    why = post(address, message)
    return f"{channel}: {why}" if why else ""


def _day_of(every: str, day: str) -> int:
    told = day.strip().lower()[:4]
    if every == "weekly":
        if told[:3] not in _DAYS:
            raise Refused(f"{day!r} is no weekday. Choose {', '.join(_DAYS)}")
        return _DAYS.index(told[:3])
    if told == "last":
        return 0
    if not told.isascii() or not told.isdigit() or not 1 <= int(told) <= 28:
        raise Refused(f"{day!r} is no day that every month has. Choose 1 to 28, or last")
    return int(told)


def _fits(row: ScheduleRow, day: date) -> bool:
    if row.every == "weekly":
        return day.weekday() == row.day
    if row.day == 0:
        return (day + timedelta(days=1)).day == 1
    return day.day == row.day
