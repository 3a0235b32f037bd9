"""The night: a census of every complaint, some of them read whole again, and a line in the completeness ledger."""

from __future__ import annotations

import json
import logging
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from connectors.errors import ConfigurationError, HelpdeskError, Kind
from ombud.model.connector import Capability, Gone
from ombud.model.event import digest
from ombud.model.facts import Verdict
from ombud.model.instant import DAY, instant, moment
from ombud.store import LedgerRow, Settled, Standing
from ombud.toml import SettingsError
from sync.again import fold_page, judge_folded
from sync.hooks import HookKeeper
from sync.live.blindness import notice_of, troubled
from sync.report import SyncReport
from sync.sweep import PAGE, Sweep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from ombud.model.connector import Connector
    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.store import Notice, TicketState
    from sync.binding import Bound
    from sync.outbox import Hold
    from sync.service import Service
    from sync.sweep import Tell

#: Nights in which every complaint was read whole once.
NIGHTS: Final = 28
#: How long hints that are done with, and notices that were told, are kept.
HINTS_KEPT: Final = 7 * DAY
NOTICES_KEPT: Final = 90 * DAY
#: Complaints of one project that are hidden before it looks like a permission that was lost.
MANY: Final = 3
#: Complaints of one project that go out of sight in one night before somebody is told, although most are still shown.
MANY_AT_ONCE: Final = 10
#: Tickets named in a census.
_MOST_NAMED: Final = 20
_log = logging.getLogger(__name__)


class Census(NamedTuple):
    """Say what the last census of a binding found, beside its line in the ledger.

    Attributes:
        day: the desk's day on which it began.
        standing: how its complaints stood in the end.
        vanished: complaints that were shown the time before, and are not any more.
        moved: complaints that had been another binding's.
        reread: complaints that were read whole again though nothing seemed to have changed.
        altered: how many of these have a history that is told otherwise than before.
        named: some of those, by key.
        hidden: by project, complaints that are not shown, and all that are known.

    """

    day: str
    standing: Standing
    vanished: int = 0
    moved: int = 0
    reread: int = 0
    altered: int = 0
    named: tuple[str, ...] = ()
    hidden: Mapping[str, tuple[int, int]] = {}

    def as_text(self) -> str:
        """Write it as a text."""
        return json.dumps(self._asdict() | {"standing": self.standing._asdict()})

    @classmethod
    def read(cls, text: str | None) -> Census | None:
        """Read what `as_text` wrote; `None` where there is nothing."""
        if text is None:
            return None
        told = json.loads(text)
        hidden = {project: (counts[0], counts[1]) for project, counts in told["hidden"].items()}
        changes = {"standing": Standing(**told["standing"]), "named": tuple(told["named"])}
        return cls(**(told | changes | {"hidden": hidden}))


class Night(NamedTuple):
    """Say what one night did for an account."""

    lines: tuple[LedgerRow, ...]
    censuses: tuple[Census, ...]
    notices: tuple[Notice, ...]
    report: SyncReport


def night_due(service: Service, account: str, now: Instant) -> bool:
    """Tell whether the census of any binding of an account is due: its desk's night has come, and its day has no line.

    The clock on the wall counts: a night that the clocks leave out is due when they go on, one that comes twice is
    due once. The first is due in the first night after the first sync.
    """
    if not _lists(service.connector(account)):
        return False
    return any(_due(service, bound, now) for bound in _bounds(service, account))


def _due(service: Service, bound: Bound, now: Instant) -> bool:
    here = moment(now, bound.mapping.tzinfo).replace(tzinfo=None)
    begins = datetime.combine(here.date(), time.fromisoformat(service.settings.serve.night))
    if here < begins:
        return False
    first = service.store.meta(_first(bound))
    if first is None or moment(int(first), bound.mapping.tzinfo).replace(tzinfo=None) >= begins:
        return False
    return last_day(service, bound, since=str(here.date())) is None


def night(
    service: Service,
    account: str,
    epoch: int,
    *,
    hold: Hold | None = None,
    tell: Tell | None = None,
    page: int = PAGE,
) -> Night:
    """Take the census of an account, binding by binding, under its lease; may be begun again after it was cut off.

    A binding whose tickets cannot be listed does not keep the others from theirs; its day stays a hole.

    Args:
        service: the service.
        account: the account.
        epoch: of the lease held.
        hold: keeps others of this process away from tickets; `None` where there are no others.
        tell: told of progress.
        page: tickets settled in one transaction.

    Raises:
        HelpdeskError: the helpdesk could not be asked, or a binding's tickets could not be listed.

    """
    service.refresh()
    connector, report = service.connector(account), SyncReport(account)
    lines: list[LedgerRow] = []
    censuses: list[Census] = []
    notices: list[Notice] = []
    failed: HelpdeskError | None = None
    if _lists(connector):
        for bound in _bounds(service, account):
            sweep = Sweep(service, bound.name, connector, report, epoch, tell, page=page, hold=hold)
            try:
                line, census, told = _census(service, bound, sweep, report, epoch)
            except HelpdeskError as error:
                if error.kind in {Kind.busy, Kind.signin}:
                    raise
                failed = failed or error
                continue
            lines.append(line)
            censuses.append(census)
            notices += told
    now = service.now()
    notices += _look_after_hooks(service, account, epoch, now)
    service.store.live.prune(hints=now - HINTS_KEPT, notices=now - NOTICES_KEPT)
    if failed is not None:
        raise failed
    return Night(tuple(lines), tuple(censuses), tuple(notices), report)


def _census(
    service: Service, bound: Bound, sweep: Sweep, report: SyncReport, epoch: int
) -> tuple[LedgerRow, Census, list[Notice]]:
    """List everything, read a share of it again, and write down how it all stands."""
    store, account, name = service.store, bound.account, bound.name
    begun, tally = service.now(), report.tally
    today = moment(begun, bound.mapping.tzinfo).date()
    vanished, moved = tally.vanished, tally.moved
    tally.altered.clear()
    sweep.run(full=True)
    share = _share(service, bound, today)
    sweep.settle(share, deep=True)
    sweep.send()
    _leave_open(service, sweep.bound, epoch)
    standing = store.live.standing(account, name)
    states = store.states(sorted(tally.altered)[:_MOST_NAMED])
    census = Census(
        str(today),
        standing,
        tally.vanished - vanished,
        tally.moved - moved,
        len(share),
        len(tally.altered),
        tuple(sorted(state.key for state in states.values())),
        store.live.hidden(account, name) if standing.missing else {},
    )
    now = service.now()
    notices = list(_lost(service, bound, census, now))
    line = LedgerRow(
        account,
        name,
        str(today),
        now,
        standing.expected,
        standing.read,
        standing.missing,
        standing.unreadable,
        standing.quarantined,
        _lag(service, bound, today, now),
    )
    with store.begin(account, epoch) as tx:
        tx.put_ledger(line)
        tx.set_meta(_last(bound), census.as_text())
        tx.put_notices(notices)
    return line, census, notices


def last_census(service: Service, bound: Bound) -> Census | None:
    """Give what the last census of a binding found."""
    return Census.read(service.store.meta(_last(bound)))


def last_day(service: Service, bound: Bound, *, since: str = "") -> str | None:
    """Give the last day of a binding that has a line in the ledger."""
    days = [
        line.day
        for line in service.store.live.ledger(bound.account, since_day=since)
        if line.binding == bound.name
    ]
    return days[-1] if days else None


def first_day(service: Service, bound: Bound) -> date | None:
    """Give the first day that ought to have a line: that of the first night after the first sync."""
    told = service.store.meta(_first(bound))
    if told is None:
        return None
    first = moment(int(told), bound.mapping.tzinfo).replace(tzinfo=None)
    begins = datetime.combine(first.date(), time.fromisoformat(service.settings.serve.night))
    return first.date() if first < begins else first.date() + timedelta(days=1)


def _share(service: Service, bound: Bound, today: date) -> list[Ref]:
    """Give the complaints whose turn it is to be read whole, those of nights that were left out among them."""
    last = last_day(service, bound)
    missed = 1 if last is None else (today - datetime.fromisoformat(last).date()).days
    turns = {(today.toordinal() - back) % NIGHTS for back in range(min(max(missed, 1), NIGHTS))}
    return [
        state.ref
        for page in service.store.complaints(bound.name)
        for state in page
        if state.gone is None and turn_of(state.ref) in turns
    ]


def turn_of(ref: Ref) -> int:
    """Give the night, of twenty-eight, in which a complaint is read whole."""
    return int(digest(ref.account, ref.id)[:8], 16) % NIGHTS


def _leave_open(service: Service, bound: Bound, epoch: int) -> None:
    """Say unknown where a deadline runs on for a complaint that nobody shows us any more."""
    store = service.store
    cases = {
        each.case
        for each in store.findings(account=bound.account, verdict=Verdict.pending)
        if each.binding == bound.name
    }
    hidden: list[TicketState] = [
        state
        for page in (store.complaints(bound.name) if cases else ())
        for state in page
        if state.gone is Gone.unreachable and state.case in cases
    ]
    now, judged = service.now(), []
    for start in range(0, len(hidden), PAGE):
        members = {
            each.ref: each
            for state in hidden[start : start + PAGE]
            for each in store.case_of(state.ref)
            if each.binding == bound.name
        }
        for folded in fold_page(bound, service.elsewhere, store, list(members.values())):
            if folded.lead.gone is not Gone.unreachable:
                continue
            found = judge_folded(bound, service.elsewhere, folded, service.waivers(bound), now)
            judged.append(
                Settled(
                    folded.lead,
                    findings=found.findings,
                    why="not shown",
                    digests=bound.digests_text,
                )
            )
    if judged:
        with store.begin(bound.account, epoch) as tx:
            tx.put_judged(judged, known_at=now)


def _lost(service: Service, bound: Bound, census: Census, now: Instant) -> Sequence[Notice]:
    """Tell once of a project most of whose complaints are hidden at once: an access that was lost, not deletions."""
    before = last_census(service, bound)
    former = before.hidden if before is not None else {}
    notices = []
    for project, (hidden, there) in census.hidden.items():
        was, of = former.get(project, (0, 0))
        lost, was_lost = _is_lost(hidden, there), _is_lost(was, of)
        if not ((lost and not was_lost) or hidden - was >= MANY_AT_ONCE):
            continue
        where = f"of project {project}" if project else f"of binding {bound.name}"
        said = (
            f"{bound.account}: {hidden:,} of {there:,} complaints {where} are not shown any more. "
            f"{'Our account has most likely lost access' if lost else 'They were deleted, or hidden from our account'}; "
            f"what they fulfil is unknown until they are shown again. See: ombud accounts check {bound.account}"
        )
        what = f"access/{bound.name}/{project}"
        notices.append(notice_of(service, bound.account, what, now, said, binding=bound.name))
    return notices


def _is_lost(hidden: int, there: int) -> bool:
    return hidden >= MANY and 2 * hidden > there


def _lag(service: Service, bound: Bound, today: date, now: Instant) -> int | None:
    """Give the longest lag since the day before began, or since the first sync where that was later."""
    yesterday = datetime.combine(today - timedelta(days=1), time(), bound.mapping.tzinfo)
    first = int(service.store.meta(_first(bound)) or 0)
    begin = max(instant(yesterday), first)
    return service.store.live.lag(bound.account, begin, now + 1, binding=bound.name)


def _look_after_hooks(service: Service, account: str, epoch: int, now: Instant) -> list[Notice]:
    """Prolong hooks that end, and tell once of one that died or was switched off."""
    keeper = HookKeeper(service)
    try:
        keeper.refresh_due(now)
        found = keeper.troubles(account, now)
    except (ConfigurationError, SettingsError) as error:
        _log.warning("%s: its hook was not looked after: %s", account, error)
        return []
    return troubled(service, account, epoch, found, now)


def _lists(connector: Connector) -> bool:
    return Capability.sweep in connector.manifest.capabilities


def _bounds(service: Service, account: str) -> list[Bound]:
    return [each for each in service.bounds if each.account == account]


def _first(bound: Bound) -> str:
    return f"first:{bound.account}/{bound.name}"


def _last(bound: Bound) -> str:
    return f"census:{bound.account}/{bound.name}"
