"""One account, live: hints that came, deadlines that ran out, plans that wait, and the sweep that heals what was lost.

Every method may be called by any thread that holds the account's lease; which tickets are being worked on is kept
in a `Flight`. `tick` does all that is due in the calling thread, so that time may be stepped.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from connectors.errors import HelpdeskError, Kind
from ombud.model.instant import MINUTE, SECOND
from ombud.model.scope import Decision
from ombud.store import Settled
from sync.again import fold_page, judge_folded
from sync.live.blindness import after_failure, after_sweep
from sync.live.flight import Flight
from sync.live.night import night, night_due
from sync.live.notices import with_notices
from sync.live.pulse import Pulse
from sync.report import SyncReport
from sync.scoping import scoped
from sync.sweep import Sweep

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence
    from contextlib import AbstractContextManager

    from ombud.model.connector import Gate
    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.store import Waiting
    from sync.binding import Bound
    from sync.service import Service

#: Tickets that a sweep settles at a time: whoever hints at one of them waits for all.
PAGE: Final = 20
#: Tickets nobody knew that hooks may have looked at in a minute; the others wait, the known ones do not.
MOST_UNKNOWN: Final = 60
#: Failures of one hinted ticket after which it is left to the sweep.
_MOST_FAILURES: Final = 3
#: An instant that came is judged once in so long while the helpdesk cannot be asked.
_AGAIN: Final = MINUTE
#: What people decided takes effect within so long.
_NOTICED: Final = 10 * SECOND
_log = logging.getLogger(__name__)


class Desk:
    """Do one account's work as it comes up."""

    def __init__(self, service: Service, account: str, epoch: int) -> None:
        """Begin under the account's lease.

        Args:
            service: the service.
            account: the account.
            epoch: of the lease, held for as long as this lives.

        """
        self.service = service
        self.account = account
        self.epoch = epoch
        self.flight = Flight()
        self.pulse = Pulse(account, held=True)
        self.connector = service.connector(account)
        #: Shared by all threads of the account; `None` where there is but one.
        self.gate: Gate | None = None
        self._failed: dict[Ref, int] = {}
        self._unknown: list[Instant] = []
        self._fired: dict[Ref, Instant] = {}
        self._next_sweep: Instant = 0
        self._next_notice: Instant = 0

    def share(self, gate: Gate) -> None:
        """Have all that is asked of the helpdesk pass a gate."""
        self.gate = gate
        self.connector.through(gate)

    @property
    def bounds(self) -> list[Bound]:
        """Give the account's bindings, as they are used now."""
        return [each for each in self.service.bounds if each.account == self.account]

    def tick(self) -> None:
        """Do everything that is due now, one thing after the other."""
        if self.resting:
            return
        try:
            self.attend()
            if self.sweep_due:
                self.sweep()
            if self.night_due:
                self.night()
            self.hear(self.waiting())
            self.fire()
            self.send()
        except HelpdeskError as error:
            self.rest(error)
        else:
            self.pulse.went_well()

    def attend(self) -> None:
        """Look at what people decided meanwhile: waivers, steps of the rollout; what they change is due at once."""
        service, now = self.service, self.service.now()
        service.refresh()
        self.pulse.broken = service.breaker(self.account).sentence(now)
        if now < self._next_notice:
            return
        self._next_notice = now + _NOTICED
        for bound in self.bounds:
            if service.store.cursor(self.account, bound.name) is not None:
                service.footing.notice(bound.name, self.epoch, now)

    @property
    def resting(self) -> bool:
        """Tell whether the helpdesk is left alone for now."""
        return self.service.now() < self.pulse.resting

    def rest(self, error: HelpdeskError) -> None:
        """Leave the helpdesk alone for a while: it is down, busy, or does not know us."""
        least = int((error.retry_after or 0) * SECOND)
        if error.kind is Kind.signin:
            least = max(least, 5 * MINUTE)
        _log.warning("%s rests: %s", self.account, error)
        now = self.service.now()
        self.pulse.rest(now, str(error), least=least)
        after_failure(self.service, self.account, self.epoch, error, now)

    def waiting(self, besides: Container[object] = frozenset()) -> list[Waiting]:
        """Give the tickets that hints ask to be looked at now, but for some.

        Of those that nobody knows yet only so many are taken in a minute; the others wait.
        """
        waiting = self.service.store.live.waiting(self.account)
        found = [each for each in waiting if each.ref not in besides]
        if not found:
            return []
        now = self.service.now()
        known = self.service.store.states([each.ref for each in found])
        self._unknown = [at for at in self._unknown if at > now - MINUTE]
        chosen = [each for each in found if each.ref in known]
        strangers = [each for each in found if each.ref not in known]
        taken = strangers[: max(0, MOST_UNKNOWN - len(self._unknown))]
        self._unknown += [now] * len(taken)
        return chosen + taken

    def hear(self, waiting: Sequence[Waiting]) -> None:
        """Settle the tickets that hints ask for, and send what comes of it."""
        for name, part in self._by_binding([each.ref for each in waiting]).items():
            seqs = {each.ref: each.seq for each in waiting if each.ref in part}
            if name is None:
                with self.service.store.begin(self.account, self.epoch) as tx:
                    tx.hints_done(list(seqs.items()), self.service.now())
                continue
            if self.service.store.cursor(self.account, name) is None:
                # Nothing was read yet: the first sweep comes upon it.
                continue
            self._settle(name, part, seqs)
            now = self.service.now()
            for each in waiting:
                if each.ref in seqs:
                    self.pulse.settled += 1
                    for told in self.pulse.on_settled:
                        told(now - each.since)

    def _settle(self, name: str, refs: Sequence[Ref], seqs: dict[Ref, int]) -> None:
        """Settle tickets of one binding, alone with them and with the others of their cases."""
        for start in range(0, len(refs), PAGE):
            part = refs[start : start + PAGE]
            try:
                self._settle_part(name, part, seqs)
            except HelpdeskError as error:
                if error.kind in {Kind.busy, Kind.signin}:
                    raise
                if len(part) > 1:
                    # One of them cannot be looked at: the others need not wait for it.
                    for ref in part:
                        self._settle(name, [ref], seqs)
                elif not self._gives_up(part[0], seqs):
                    raise

    def _settle_part(self, name: str, refs: Sequence[Ref], seqs: dict[Ref, int]) -> None:
        with self.hold(refs):
            report = SyncReport(self.account)
            sweep = Sweep(self.service, name, self.connector, report, self.epoch, None)
            sweep.settle(refs, hinted=seqs)
            sweep.send(only=refs)
        for ref in refs:
            self._failed.pop(ref, None)
        self._moved_back(report)

    def _moved_back(self, report: SyncReport) -> None:
        """Count what was moved back, and tell whoever wants to know how long that took."""
        self.pulse.moved_back += len(report.undone)
        if not report.undone or not self.pulse.on_moved_back:
            return
        now = self.service.now()
        events = self.service.store.events([ref for ref, _ in report.undone])
        for ref, undone in report.undone:
            for happened in [e.happened for e in events.get(ref, ()) if e.id == undone]:
                for told in self.pulse.on_moved_back:
                    told(now - happened)

    def _gives_up(self, ref: Ref, seqs: dict[Ref, int]) -> bool:
        """Leave a ticket to the sweep that failed too often, though the helpdesk can be asked."""
        self._failed[ref] = self._failed.get(ref, 0) + 1
        if self._failed[ref] < _MOST_FAILURES:
            return False
        if ref in seqs:
            with self.service.store.begin(self.account, self.epoch) as tx:
                tx.hints_done([(ref, seqs[ref])], self.service.now())
        return True

    def hold(self, refs: Sequence[Ref]) -> AbstractContextManager[None]:
        """Hold tickets of this account, and the others of their cases, for as long as the block runs."""
        store = self.service.store
        others = {each.ref for ref in refs for each in store.case_of(ref)}
        return self.flight.hold({*refs, *(ref for ref in others if ref.account == self.account)})

    def _by_binding(self, refs: Iterable[Ref]) -> dict[str | None, list[Ref]]:
        """Tell which binding each ticket belongs to; `None` for those that concern none."""
        bounds = {each.name: each for each in self.bounds}
        wanted = list(refs)
        states = self.service.store.states(wanted)
        found: dict[str | None, list[Ref]] = {}
        for ref in wanted:
            state = states.get(ref)
            if state is not None and state.case is not None and state.binding in bounds:
                found.setdefault(state.binding, []).append(ref)
            else:
                found.setdefault(self._home(ref, list(bounds.values())), []).append(ref)
        return found

    def _home(self, ref: Ref, bounds: Sequence[Bound]) -> str | None:
        """Find the binding whose scope takes a ticket that is not known yet: as a complaint, else as undecided."""
        open_to: str | None = None
        for bound in bounds:
            for seen in self.connector.look([ref], bound.schema):
                decision = scoped(self.service.store, bound, [(ref, seen.facets)])[ref]
                if decision is Decision.complaint:
                    return bound.name
                if decision is Decision.undecided and open_to is None:
                    open_to = bound.name
        return open_to

    def fire(self) -> None:
        """Judge what the clock alone has changed, from what is stored; then show it in the helpdesk."""
        for bound in self.bounds:
            due = self.service.store.due(self.account, bound.name, self.service.now(), read=True)
            if due:
                self.judge(bound, due)
                self._settle(bound.name, due, {})

    def judge(self, bound: Bound, due: Sequence[Ref]) -> None:
        """Judge tickets' cases as of now, without asking the helpdesk: a breach is known though it is down."""
        service, now = self.service, self.service.now()
        fresh = [ref for ref in due if self._fired.get(ref, 0) <= now - _AGAIN]
        if not fresh:
            return
        store = service.store
        page = [state for ref in fresh for state in store.case_of(ref)]
        once = {state.ref: state for state in page if state.binding == bound.name}
        judged = []
        for folded in fold_page(bound, service.elsewhere, store, list(once.values())):
            if folded.lead.case != folded.complaint.case or folded.lead.gone is not None:
                continue
            found = judge_folded(bound, service.elsewhere, folded, service.waivers(bound), now)
            judged.append(
                Settled(
                    folded.lead, findings=found.findings, why="clock", digests=bound.digests_text
                )
            )
        since = store.first_sync(self.account, bound.name, now, self.epoch)
        judged = with_notices(store, judged, since=since, now=now)
        with store.begin(self.account, self.epoch) as tx:
            tx.put_judged(judged, known_at=now)
        self._fired.update(dict.fromkeys(fresh, now))
        self.pulse.fired += len(judged)

    def send(self) -> None:
        """Send the plans that waited for their time."""
        if not self.bounds:
            return
        report = SyncReport(self.account)
        # The outbox is the account's: what has to be settled again is left to each ticket's own binding.
        sweep = Sweep(
            self.service,
            self.bounds[0].name,
            self.connector,
            report,
            self.epoch,
            None,
            hold=self.hold,
        )
        sweep.send()
        self._moved_back(report)

    @property
    def sweep_due(self) -> bool:
        """Tell whether it is time to look the account through."""
        return self.service.now() >= self._next_sweep

    def sweep(self, *, full: bool = False) -> SyncReport:
        """Look the account through for what no hint told; with `full`, for everything."""
        service = self.service
        report = SyncReport(self.account)
        self._next_sweep = service.now() + service.settings.serve.sweep_seconds * SECOND
        for bound in self.bounds:
            Sweep(
                service, bound.name, self.connector, report, self.epoch, None,
                page=PAGE, hold=self.hold,
            ).run(full=full)  # fmt: skip
        self.pulse.sweeps += 1
        self.pulse.last_sweep = service.now()
        self._moved_back(report)
        after_sweep(
            service,
            self.account,
            self.epoch,
            report.tally.brought,
            service.now(),
            skew=None if self.gate is None else self.gate.skew,
        )
        return report

    @property
    def night_due(self) -> bool:
        """Tell whether the census of the night is due."""
        return night_due(self.service, self.account, self.service.now())

    def night(self) -> None:
        """Take the census of the night."""
        report = night(self.service, self.account, self.epoch, hold=self.hold, page=PAGE).report
        self._moved_back(report)
