"""How complete the data are that counts and rates are made of, in a sentence to stand beside every one of them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from connectors import load_manifest, vendors
from ombud.model.connector import Capability, Check
from ombud.model.instant import DAY, HOUR, MINUTE, SECOND, moment
from sync.live.night import first_day, last_census

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ombud.store import LedgerRow
    from sync.binding import Bound
    from sync.live.night import Census
    from sync.service import Service

#: Days of the ledger that `ombud accounts check` shows.
WEEK: Final = 7


class Completeness(NamedTuple):
    """Say how complete what is known of an account is, by the last census of each of its bindings.

    Attributes:
        account: the account.
        day: the day of the census, of several the oldest; `None` where there was none.
        expected: complaints that there are, so far as the helpdesk or an earlier census told.
        read: those of them that are read and judged as they stand.
        missing: known, but not shown any more.
        unreadable: shown, but the last reading failed.
        quarantined: failed so often that they are tried only now and then.
        lacking: bindings without a census.
        late: nights since that day in which no census ended, tonight not among them.
        listed: whether the helpdesk can be asked what there is; a file cannot.

    """

    account: str
    day: date | None
    expected: int = 0
    read: int = 0
    missing: int = 0
    unreadable: int = 0
    quarantined: int = 0
    lacking: tuple[str, ...] = ()
    late: int = 0
    listed: bool = True

    @property
    def unread(self) -> int:
        """Give how many are shown and not read yet."""
        return self.expected - self.read - self.missing - self.unreadable - self.quarantined

    @property
    def share(self) -> float | None:
        """Give the share that is read, in percent, rounded down; `None` where nothing says what there is."""
        return None if self.day is None or self.lacking else percent(self.read, self.expected)

    @property
    def whole(self) -> bool:
        """Tell whether nothing is lacking; what is unknown is not complete."""
        return self.share == 100 and not self.late

    def sentence(self) -> str:
        """Say it in a sentence."""
        see = f"ombud accounts check {self.account}"
        take = f"it comes in the night, or now with: ombud accounts census {self.account}"
        if not self.listed:
            return f"{self.account} is read from a file: nothing says whether it holds everything"
        if self.day is None:
            return f"No census yet of {self.account}, so nobody knows how complete its data are; {take}"
        on = f"{self.day:%d %b}"
        if self.lacking:
            return f"No census yet of {', '.join(self.lacking)}, so nobody knows how complete the data are; {take}"
        lacks = lacking(self.unreadable, self.missing, self.quarantined, self.unread)
        late = f"; no census in {_nights(self.late)} since" if self.late else ""
        if self.share is None:
            return f"No complaints as of {on}{late}: {see}"
        return f"Data {self.share:g} % complete as of {on}{f' ({lacks})' if lacks else ''}{late}: {see}"


def percent(read: int, expected: int) -> float | None:
    """Give a share in percent to one place, rounded down: what is not whole never reads as if; `None` of nothing."""
    return None if not expected else 1000 * read // expected / 10


def lacking(unreadable: int, missing: int, quarantined: int, unread: int) -> str:
    """Say how many complaints are lacking, and why; nothing where none is."""
    told = (
        (unreadable, "unreadable"),
        (missing, "missing"),
        (quarantined, "quarantined"),
        (unread, "not read yet"),
    )
    return ", ".join(f"{count:,} {word}" for count, word in told if count)


def completeness(
    service: Service, account: str, bounds: Sequence[Bound] | None = None
) -> Completeness:
    """Give how complete what is known of an account is; with `bounds`, of these bindings of it."""
    if not _listed(service, account):
        return Completeness(account, None, listed=False)
    wanted = (
        _of(service, account) if bounds is None else [b for b in bounds if b.account == account]
    )
    rows: dict[str, LedgerRow] = {}
    for row in service.store.live.ledger(account):
        rows[row.binding] = row
    found = [rows[each.name] for each in wanted if each.name in rows]
    if not found:
        return Completeness(account, None)
    day = date.fromisoformat(min(row.day for row in found))
    oldest = next(each for each in wanted if each.name in rows and rows[each.name].day == str(day))
    return Completeness(
        account,
        day,
        sum(row.expected for row in found),
        sum(row.read for row in found),
        sum(row.missing for row in found),
        sum(row.unreadable for row in found),
        sum(row.quarantined for row in found),
        tuple(each.name for each in wanted if each.name not in rows),
        max(0, (_last_night(service, oldest) - day).days),
    )


def sentences(service: Service, bounds: Sequence[Bound]) -> list[str]:
    """Say for each account of some bindings how complete its data are: to stand beside what is counted of them."""
    accounts = dict.fromkeys(each.account for each in bounds)
    return [completeness(service, account, bounds).sentence() for account in accounts]


def week(service: Service, account: str) -> Iterator[Check]:
    """Show the last seven days of an account's ledger, binding by binding; a day without a census is a hole."""
    if not _listed(service, account):
        return
    for bound in _of(service, account):
        yield from _days(service, bound)
        census = last_census(service, bound)
        if census is not None:
            yield from _found(bound, census)


def ledger_days(
    service: Service, bound: Bound, most: int = WEEK
) -> list[tuple[date, LedgerRow | None]]:
    """Give the last days of a binding's ledger, the oldest first; `None` is a hole, no days mean that none was due yet."""
    rows = {
        row.day: row
        for row in service.store.live.ledger(bound.account)
        if row.binding == bound.name
    }
    first, last = first_day(service, bound), _last_night(service, bound)
    if not rows and (first is None or first > last):
        return []
    # A census by hand may come before the first night, or today's before its hour.
    begin = min(day for day in (first, *map(date.fromisoformat, rows)) if day is not None)
    end = max(last, *map(date.fromisoformat, rows), begin)
    days = [begin + timedelta(days=n) for n in range((end - begin).days + 1)][-most:]
    return [(day, rows.get(str(day))) for day in days]


def _days(service: Service, bound: Bound) -> Iterator[Check]:
    days = ledger_days(service, bound)
    run = f"It comes in the night, or now with: ombud accounts census {bound.account}"
    if not days:
        why = "nobody knows how complete the data are"
        yield Check(f"Census of {bound.name}", ok=None, why=f"none yet: {why}", remedy=run)
        return
    for day, row in days:
        name = f"{bound.name}, {day:%d %b}"
        if row is None:
            why = "no census ended: nothing is known of how complete this day was"
            yield Check(name, ok=None, why=why, remedy=run if day == days[-1][0] else "")
            continue
        unread = row.expected - row.read - row.missing - row.unreadable - row.quarantined
        lacks = lacking(row.unreadable, row.missing, row.quarantined, unread)
        share = percent(row.read, row.expected)
        how = "no complaints" if share is None else f"{share:g} % complete"
        why = f"{how}: {row.read:,} of {row.expected:,} read{f', {lacks}' if lacks else ''}"
        bad = bool(row.unreadable or row.quarantined or unread)
        yield Check(
            name,
            ok=None if lacks and not (bad and day == days[-1][0]) else not lacks,
            why=f"{why}; {_lag(row.lag)}",
            remedy="See: ombud doctor" if bad and day == days[-1][0] else "",
        )


def _found(bound: Bound, census: Census) -> Iterator[Check]:
    standing = census.standing
    told = (
        (standing.deleted, "deleted by the helpdesk's own word"),
        (standing.merged, "merged into others"),
        (standing.left, "no complaints any more, or moved out of the scope"),
        (standing.missing, "not shown any more: deleted or hidden"),
        (census.vanished, "of these new"),
        (census.moved, "came from another binding"),
    )
    apart = "; ".join(f"{count:,} {word}" for count, word in told if count)
    yield Check(
        f"{bound.name}, what became of complaints", ok=True, why=apart or "all are where they were"
    )
    for project, (hidden, there) in census.hidden.items():
        why = f"{hidden:,} of {there:,} complaints are not shown any more"
        remedy = (
            "Look in the helpdesk whether they were deleted, or give our account access to them"
        )
        yield Check(f"Access to {project or bound.name}", ok=None, why=why, remedy=remedy)
    why = f"{census.reread:,} read whole again, of which {census.altered:,} are told otherwise than before"
    more = f": {', '.join(census.named)}" if census.named else ""
    yield Check(f"{bound.name}, histories", ok=None if census.altered else True, why=f"{why}{more}")


def _lag(lag: int | None) -> str:
    return "nothing changed" if lag is None else f"changes were known within {span(lag)}"


def span(lag: int) -> str:
    """Say a length of time in words, rounded up."""
    for unit, word in ((DAY, "days"), (HOUR, "h"), (MINUTE, "min")):
        if lag >= 2 * unit:
            return f"{-(-lag // unit):,} {word}"
    return f"{max(1, -(-lag // SECOND)):,} s"


def _last_night(service: Service, bound: Bound) -> date:
    """Give the last day on which the night's hour has passed."""
    here = moment(service.now(), bound.mapping.tzinfo).replace(tzinfo=None)
    begins = datetime.combine(here.date(), time.fromisoformat(service.settings.serve.night))
    return here.date() if here >= begins else here.date() - timedelta(days=1)


def _nights(count: int) -> str:
    return "1 night" if count == 1 else f"{count:,} nights"


def _of(service: Service, account: str) -> list[Bound]:
    return [each for each in service.bounds if each.account == account]


def _listed(service: Service, account: str) -> bool:
    vendor = service.settings.accounts[account].vendor
    return vendor in vendors() and Capability.sweep in load_manifest(vendor).capabilities
