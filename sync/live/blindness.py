"""Blindness: tickets change and no hint comes, sweeps fail, a sign-in is lost, a clock is off. Told once per episode."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from connectors.errors import Kind
from ombud.model.event import Cause, Ref
from ombud.model.instant import HOUR, MINUTE, SECOND, iso
from ombud.store import Notice
from sync.hooks import HookKeeper

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from connectors.errors import HelpdeskError
    from ombud.model.connector import Check
    from ombud.model.facts import Instant
    from sync.service import Service

#: A hint may take so long.
PATIENCE: Final = 2 * MINUTE
#: Tickets changed one after the other without a hint before somebody is told.
IN_A_ROW: Final = 3
#: Two clocks, and the order of a hint and its change, may differ by so much.
SLACK: Final = 5 * MINUTE
#: A helpdesk's clock may differ from ours by so much: deadlines are told by its clock, and run out by ours.
CLOCKS: Final = 2 * MINUTE
#: Sweeps that fail are told of after three intervals, at the soonest and at the latest after these.
SOONEST: Final = 5 * MINUTE
LATEST: Final = HOUR
#: Changes that wait to be held against hints, and that are remembered as unhinted.
_MOST: Final = 50
_PEOPLE: Final = frozenset({Cause.person, Cause.mail})


@dataclass(slots=True)
class _Watch:
    """Hold what is remembered of an account between sweeps.

    Attributes:
        told: what is being told of -> since when.
        swept: when the last sweep ended.
        failing: since when sweeps fail.
        hooked: since when a hook is known to be installed.
        unhooked: when one was taken away: hints from before promise nothing.
        waiting: tickets whose change may yet bring a hint -> when they changed.
        unhinted: tickets that changed since the last hint and brought none -> when they changed.

    """

    told: dict[str, Instant] = field(default_factory=dict)
    swept: Instant | None = None
    failing: Instant | None = None
    hooked: Instant | None = None
    unhooked: Instant = 0
    waiting: dict[str, Instant] = field(default_factory=dict)
    unhinted: dict[str, Instant] = field(default_factory=dict)


class Watched(NamedTuple):
    """Say how an account is heard.

    Attributes:
        swept: when a running `ombud serve` last looked through it; `None` where none did.
        failing: since when that fails; `None` where it does not.
        told: what people were told of and what still holds -> since when: sweep, signin, hints, clock, hook/...

    """

    swept: Instant | None
    failing: Instant | None
    told: dict[str, Instant]


def after_sweep(
    service: Service,
    account: str,
    epoch: int,
    brought: Collection[Ref],
    now: Instant,
    *,
    skew: int | None = None,
) -> list[Notice]:
    """Look, after a sweep that ended, whether hints came for what it brought; store and give what people are to be told.

    Args:
        service: the service.
        account: the account.
        epoch: of the lease held.
        brought: tickets that the sweep read because they had changed.
        now: the present instant.
        skew: by how much the helpdesk's clock is ahead of ours, in microseconds; `None` where it does not tell.

    """
    watch = _read(service, account)
    watch.failing = None
    for ended in ("sweep", "signin"):
        watch.told.pop(ended, None)
    notices = _hints(service, account, watch, brought, now)
    if skew is not None:
        said = (
            f"{account}: the helpdesk's clock and ours are {abs(skew) // SECOND:,} seconds apart. "
            f"Deadlines are judged by both: set this machine's clock by a time server"
        )
        notices += _episode(
            service, account, watch, "clock", now, said if abs(skew) > CLOCKS else None
        )
    watch.swept = now
    _keep(service, account, epoch, watch, notices)
    return notices


def after_failure(
    service: Service, account: str, epoch: int, error: HelpdeskError, now: Instant
) -> list[Notice]:
    """Note that the helpdesk could not be asked; store and give what people are to be told.

    A sign-in that is lost is told at once: nothing mends it but a person. Anything else is told once it has lasted
    for three intervals of the sweep, at the latest after an hour.
    """
    watch = _read(service, account)
    if watch.failing is None:
        watch.failing = now
    patience = min(max(3 * service.settings.serve.sweep_seconds * SECOND, SOONEST), LATEST)
    notices: list[Notice] = []
    if error.kind is Kind.signin:
        said = f"{account}: nobody is signed in any more, nothing is seen or done: {error}"
        notices = _episode(service, account, watch, "signin", now, said)
    elif now - watch.failing >= patience:
        said = f"{account}: the helpdesk could not be read since {iso(watch.failing)}: {error}"
        notices = _episode(service, account, watch, "sweep", now, said)
    _keep(service, account, epoch, watch, notices)
    return notices


def troubled(
    service: Service, account: str, epoch: int, found: Sequence[Check], now: Instant
) -> list[Notice]:
    """Note what is wrong with a hook, and what no longer is; store and give what people are to be told."""
    watch = _read(service, account)
    present = {f"hook/{each.name}": each for each in found}
    for what in [each for each in watch.told if each.startswith("hook/") and each not in present]:
        del watch.told[what]
    notices: list[Notice] = []
    for what, each in present.items():
        said = f"{account}: {each.name}: {each.why}. {each.remedy}".strip()
        notices += _episode(service, account, watch, what, now, said, kind="hook")
    _keep(service, account, epoch, watch, notices)
    return notices


def watched(service: Service, account: str) -> Watched:
    """Give what is known of how an account is heard, whichever process looks after it."""
    watch = _read(service, account)
    return Watched(watch.swept, watch.failing, dict(watch.told))


def notice_of(
    service: Service,
    account: str,
    what: str,
    since: Instant,
    said: str,
    *,
    kind: str = "blindness",
    binding: str = "",
) -> Notice:
    """Make a notice about an account."""
    ref = Ref(account, service.settings.accounts[account].vendor, "")
    told = json.dumps({"key": "", "url": "", "sentences": [said]}, ensure_ascii=False)
    key = f"{kind}/{account}/{what}/{since}"
    return Notice(key, kind, ref, binding, "", "", None, service.now(), told)


def _hints(
    service: Service, account: str, watch: _Watch, brought: Collection[Ref], now: Instant
) -> list[Notice]:
    """Hold the changes of people that sweeps brought against the hints that came."""
    live = service.store.live
    since = _listening(service, account, watch, now)
    if since is None:
        watch.waiting, watch.unhinted = {}, {}
        watch.told.pop("hints", None)
        return []
    if watch.swept is not None:
        since = max(since, watch.swept - SLACK)
        for ref, changed in _changed(service, brought, since).items():
            if watch.unhinted.get(ref) != changed:
                watch.waiting[ref] = changed
    vendor = service.settings.accounts[account].vendor
    ripe = {ref: at for ref, at in watch.waiting.items() if at <= now - PATIENCE}
    if ripe:
        refs = {Ref(account, vendor, name) for name in ripe}
        heard = {ref.id for ref in live.hinted(refs, min(ripe.values()) - SLACK)}
        watch.unhinted |= {name: at for name, at in ripe.items() if name not in heard}
    last = live.last_hint(account)
    if last is not None:
        watch.unhinted = {name: at for name, at in watch.unhinted.items() if at > last}
        if last > watch.told.get("hints", now):
            watch.told.pop("hints", None)
    watch.waiting = _newest({n: at for n, at in watch.waiting.items() if n not in ripe})
    watch.unhinted = _newest(watch.unhinted)
    if len(watch.unhinted) < IN_A_ROW:
        return []
    said = (
        f"{account}: {len(watch.unhinted)} tickets changed one after the other and no hint came, since "
        f"{iso(min(watch.unhinted.values()))}. Changes are found by the sweep alone, later. "
        f"See: ombud hooks check {account}"
    )
    return _episode(service, account, watch, "hints", now, said)


def _listening(service: Service, account: str, watch: _Watch, now: Instant) -> Instant | None:
    """Give since when changes have to bring hints: a hook is installed, or hints came though we know of none."""
    kept = HookKeeper(service).kept(account)
    installed = kept is not None and bool(kept.kind)
    if installed and watch.hooked is None:
        watch.hooked = now
    elif not installed and watch.hooked is not None:
        watch.hooked, watch.unhooked = None, now
    if installed:
        return watch.hooked
    last = service.store.live.last_hint(account)
    return watch.unhooked if last is not None and last > watch.unhooked else None


def _changed(service: Service, refs: Collection[Ref], since: Instant) -> dict[str, Instant]:
    """Give when people last changed tickets, of those that they changed since an instant."""
    found: dict[str, Instant] = {}
    for ref, events in service.store.events(sorted(refs)).items():
        times = [each.recorded for each in events if each.cause in _PEOPLE]
        if times and max(times) >= since:
            found[ref.id] = max(times)
    return found


def _newest(changes: dict[str, Instant]) -> dict[str, Instant]:
    return dict(sorted(changes.items(), key=lambda each: each[1])[-_MOST:])


def _episode(
    service: Service,
    account: str,
    watch: _Watch,
    what: str,
    now: Instant,
    said: str | None,
    *,
    kind: str = "blindness",
) -> list[Notice]:
    """Begin an episode, with its one notice; or end it where there is nothing to say."""
    if said is None:
        watch.told.pop(what, None)
        return []
    if what in watch.told:
        return []
    watch.told[what] = now
    return [notice_of(service, account, what, now, said, kind=kind)]


def _read(service: Service, account: str) -> _Watch:
    told = service.store.meta(_name(account))
    return _Watch(**json.loads(told)) if told else _Watch()


def _keep(
    service: Service, account: str, epoch: int, watch: _Watch, notices: Sequence[Notice]
) -> None:
    with service.store.begin(account, epoch) as tx:
        tx.set_meta(_name(account), json.dumps(asdict(watch)))
        tx.put_notices(notices)


def _name(account: str) -> str:
    return f"watch:{account}"
