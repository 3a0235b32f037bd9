"""Instants as exact integers: microseconds since 1970-01-01T00:00:00Z, and their way in and out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ombud.model.facts import Instant

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def instant(moment: datetime) -> Instant:
    """Turn an aware datetime into an instant; a naive one is refused with `ValueError`."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    return (moment - _EPOCH) // _MICROSECOND


def moment(at: Instant, zone: ZoneInfo | None = None) -> datetime:
    """Turn an instant into an aware datetime, in UTC unless a zone is given."""
    utc = _EPOCH + timedelta(microseconds=at)
    return utc if zone is None else utc.astimezone(zone)


def iso(at: Instant | None) -> str | None:
    """Write an instant as ISO 8601 in UTC, to the microsecond only where it has any."""
    if at is None:
        return None
    utc = moment(at)
    if at % SECOND == 0:
        return utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    if at % 1000 == 0:
        return utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at // 1000 % 1000:03d}Z"
    return utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def local(naive: datetime, zone: ZoneInfo) -> Instant | None:
    """Place a wall-clock time in a zone; `None` where the clock skips it, the earlier where it shows it twice."""
    placed = naive.replace(tzinfo=zone)
    at = instant(placed.astimezone(UTC))
    return at if moment(at, zone).replace(tzinfo=None) == naive else None


def instant_of(text: str, zone: ZoneInfo, *, day_end: bool = False) -> Instant | None:
    """Read an ISO 8601 time; one without a zone, or a bare date, is read in `zone`.

    A bare date is the start of that day: the earlier, so the safer, reading of a receipt; with `day_end`
    it is the day's last microsecond, the safer reading of what stops a clock.
    `None` means that the text is no time, or one that the zone's clock skips.
    """
    try:
        if len(text) == len("2026-01-31"):
            day = date.fromisoformat(text)
            if not day_end:
                return local(datetime.combine(day, time()), zone)
            following = datetime.combine(day + timedelta(days=1), time(), zone)
            return instant(following.astimezone(UTC)) - 1
        # Jira writes the offset without a colon.
        told = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        return None
    return local(told, zone) if told.tzinfo is None else instant(told)
