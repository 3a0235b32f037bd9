"""Who is told of a notice, and when: routes, quiet hours, digests. Times are on the wall of one zone, whatever its clock does."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from ombud.model.calendar import Horizon
from ombud.model.instant import HOUR, MINUTE, local, moment
from ombud.notify_settings import DAYS
from sync.binding import desk_calendar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ombud.model.calendar import Calendar
    from ombud.model.facts import Instant
    from ombud.notify_settings import NotifySettings, Route
    from ombud.settings import Settings
    from ombud.store import Notice

#: What is told immediately is told at most once in so long, the rest of it together.
GATHER: Final = MINUTE
#: Quiet spans looked through one after the other, and digests that may fall into them, before neither is minded.
_MOST: Final = 400


class Hours:
    """Know when nobody is to be told anything, and when digests go."""

    def __init__(
        self, notify: NotifySettings, zone: ZoneInfo, calendar: Calendar | None = None
    ) -> None:
        """Take over what ombud.toml says.

        Args:
            notify: the settings.
            zone: of the clock on the wall.
            calendar: it is quiet on the days on which it is closed.

        """
        self.zone = zone
        self._quiet = notify.quiet
        self._daily = time.fromisoformat(notify.daily)
        self._calendar = calendar
        self._open_window = lru_cache(256)(self._uncached)

    def quiet_until(self, at: Instant) -> Instant | None:
        """Give until when it is quiet at an instant; `None` where it is not. What follows may be quiet as well."""
        quiet = self._quiet
        if quiet is None:
            return None
        here = moment(at, self.zone)
        day = here.date()
        following = day + timedelta(days=1)
        if DAYS[here.weekday()] in quiet.days or self._closed(datetime.combine(day, time())):
            return self._on_wall(datetime.combine(following, time()))
        if quiet.begin is None or quiet.until is None:
            return None
        begin, until = time.fromisoformat(quiet.begin), time.fromisoformat(quiet.until)
        clock = here.time()
        if begin < until:
            if not begin <= clock < until:
                return None
            return self._on_wall(datetime.combine(day, until))
        if clock < until:
            return self._on_wall(datetime.combine(day, until))
        return self._on_wall(datetime.combine(following, until)) if clock >= begin else None

    def after_quiet(self, at: Instant) -> Instant:
        """Give the first instant from `at` on that is not quiet."""
        for _ in range(_MOST):
            until = self.quiet_until(at)
            if until is None:
                return at
            # An hour that comes twice may be quiet again in its second turn.
            at = max(until, at + 1)
        return at

    def window(self, rhythm: str, after: Instant, *, quiet: bool) -> Instant:
        """Give when the next digest goes after an instant; with `quiet`, the first that falls into no quiet hours."""
        return self._open_window(rhythm, self._next(rhythm, after), quiet)

    def _uncached(self, rhythm: str, at: Instant, quiet: bool) -> Instant:  # noqa: FBT001 (a part of the cache's key)
        first = at
        for _ in range(_MOST if quiet else 0):
            if self.quiet_until(at) is None:
                return at
            at = self._next(rhythm, at)
        return self.after_quiet(first) if quiet else first

    def _next(self, rhythm: str, after: Instant) -> Instant:
        here = moment(after, self.zone)
        if rhythm == "hourly":
            past = here.minute * MINUTE + here.second * 1_000_000 + here.microsecond
            return after - past + HOUR
        day = here.date()
        while True:
            at = self._on_wall(datetime.combine(day, self._daily))
            if at > after:
                return at
            day += timedelta(days=1)

    def _on_wall(self, naive: datetime) -> Instant:
        """Place a time of the wall; one that the clocks leave out is when they go on."""
        while True:
            at = local(naive, self.zone)
            if at is not None:
                return at
            naive += timedelta(minutes=1)

    def _closed(self, midnight: datetime) -> bool:
        """Tell whether the calendar is closed all day; a day that it does not reach is none."""
        if self._calendar is None:
            return False
        begin = self._on_wall(midnight)
        end = self._on_wall(midnight + timedelta(days=1))
        try:
            return self._calendar.open_between(begin, end) == 0
        except Horizon:
            return False


def hours_of(settings: Settings) -> Hours:
    """Give the hours that ombud.toml asks for; raises `PackError` where its calendar cannot be built."""
    notify = settings.notify
    zone = notify.zone
    if zone is None and settings.bindings:
        zone = settings.calendars[settings.bindings[0].calendar].zone
    calendar = None
    if notify.quiet is not None and notify.quiet.calendar is not None:
        name = notify.quiet.calendar
        calendar = desk_calendar(name, settings.calendars[name])
    return Hours(notify, ZoneInfo(zone or "UTC"), calendar)


def route_of(routes: Sequence[Route], notice: Notice, rules: Iterable[str] = ()) -> Route | None:
    """Give the first route that is for a notice; `None` where none is, and nobody is told.

    Args:
        routes: as they stand in ombud.toml.
        notice: the notice.
        rules: further rules that it is about.

    """
    named = [rule for rule in (notice.rule, *rules) if rule]
    return next((each for each in routes if _fits(each, notice, named)), None)


def _fits(route: Route, notice: Notice, rules: Sequence[str]) -> bool:
    when = route.when
    for wanted, told in (
        (when.kind, notice.kind),
        (when.severity, notice.severity),
        (when.binding, notice.binding),
        (when.account, notice.ref.account),
    ):
        if wanted and told not in wanted:
            return False
    return not when.rule or any(fnmatchcase(rule, glob) for rule in rules for glob in when.rule)
