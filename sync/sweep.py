"""Bring one binding in step: what people decided first, then what changed, then what waits to be sent."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from ombud.model.connector import Gone, Interest, Page, Seen
from sync.mass import look_after
from sync.others import sentences
from sync.outbox import send
from sync.rollout import fall
from sync.runs import end_run, run_again
from sync.settle import look_after_problems, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from ombud.model.connector import Connector
    from ombud.model.event import Ref
    from ombud.store import RunRow
    from sync.binding import Bound
    from sync.outbox import Hold
    from sync.report import SyncReport
    from sync.service import Service
    from sync.settle import Settling

    Tell = Callable[[int, int | None, str], None]

#: Tickets settled in one transaction.
PAGE = 200
#: Rounds of sending and settling again that one sync makes before it leaves the rest to the next.
_ROUNDS = 4


class Sweep:
    """Hold what one sync of one binding takes; made under the lease of its account."""

    def __init__(
        self,
        service: Service,
        name: str,
        connector: Connector,
        report: SyncReport,
        epoch: int,
        tell: Tell | None,
        *,
        page: int = PAGE,
        hold: Hold | None = None,
    ) -> None:
        """Begin; nothing is read or written yet.

        Args:
            service: the service.
            name: the binding's name.
            connector: of its account.
            report: what was done is added to it.
            epoch: of the lease held.
            tell: told of progress.
            page: tickets settled in one transaction.
            hold: keeps others of this process away from tickets; `None` where there are no others.

        """
        self._service = service
        self._name = name
        self._connector = connector
        self._report = report
        self._epoch = epoch
        self._tell = tell
        self._page = page
        self._hold = hold
        #: The run that has the helpdesk read again.
        self._reading: RunRow | None = None

    @property
    def bound(self) -> Bound:
        """Give the binding as it is used at this moment: a rule may fall while a sync runs."""
        return self._service.footing.bounds[self._name]

    def run(self, *, full: bool) -> None:
        """Bring the binding in step."""
        service, store, account = self._service, self._service.store, self.bound.account
        footing = service.footing
        footing.take(self._name, self._epoch, service.now())
        footing.notice(self._name, self._epoch, service.now())
        if self._name in footing.held:
            self._report.notices.append(footing.held[self._name].sentence())
        self._runs()
        self.send()
        cursor = None if full else store.cursor(account, self._name)
        swept: set[Ref] = set()
        interest = Interest(self.bound.scope.projects)
        for page in self._connector.changed(cursor, interest, self.bound.schema):
            for part in self._parts(page):
                with self._holding([each.ref for each in part.seen]):
                    settle(
                        self._at(),
                        self._connector,
                        part.seen,
                        cursor=part.cursor or None,
                        open_first=cursor is None,
                    )
                if full:
                    swept.update(each.ref for each in part.seen)
                if self._tell is not None:
                    self._tell(self._report.tally.seen, page.total, "")
            # What does not enforce waits: a tag changes a ticket, and the sweep would come upon it again.
            self.send(urgent=True)
        if full:
            self.settle(self._not_among(swept))
        look_after_problems(self._at(), self._connector, self._holding)
        # What an interrupted first reading left for later is among these.
        self.settle(store.due(account, self._name, service.now()), aloud=True)
        # People decided while the page was read that they are on.
        self.settle(store.improve.unheeded(account, self._name))
        self.send()
        said, more = look_after(self._at(), self._connector, self._holding)
        self._report.notices += said
        if more:
            self.send(urgent=True)
        if full:
            store.full_sync_ended(account, self._name, self._epoch)
        self._report.notices += sentences(store, account)
        if self._reading is not None:
            end_run(store, self.bound, self._reading, epoch=self._epoch, now=service.now())

    def _runs(self) -> None:
        """Go on with runs: judge again what is stored, or begin to read it again."""
        service = self._service
        for run in service.footing.runs(self._name):
            self._report.notices.append(f"{self._name}: run {run.id}, {run.label}")
            if not run.reads:
                run_again(
                    service.store,
                    self.bound,
                    service.elsewhere,
                    service.waivers(self.bound),
                    run,
                    epoch=self._epoch,
                    now=service.now,
                    tell=self._tell,
                )
                continue
            if run.cursor is None:
                with service.store.begin(self.bound.account, self._epoch) as tx:
                    tx.read_again(self.bound.account, self._name)
                    run = run._replace(cursor="reading")  # noqa: PLW2901 (the same run, further on)
                    tx.acts.put(run)
            self._reading = run

    def _at(self) -> Settling:
        service = self._service
        block_from = service.store.first_sync(
            self.bound.account, self._name, service.now(), self._epoch
        )
        return service.settling(
            self.bound, self._epoch, block_from, self._report.tally, self._reading
        )

    def _holding(self, refs: Sequence[Ref]) -> AbstractContextManager[object]:
        return nullcontext() if self._hold is None else self._hold(refs)

    def _not_among(self, swept: set[Ref]) -> list[Ref]:
        """Give the complaints that a full sweep did not show: moved, merged, deleted or hidden meanwhile."""
        return [
            state.ref
            for page in self._service.store.complaints(self._name)
            for state in page
            if state.ref not in swept and state.gone not in {Gone.deleted, Gone.merged}
        ]

    def settle(
        self,
        refs: Sequence[Ref],
        *,
        hinted: Mapping[Ref, int] | None = None,
        aloud: bool = False,
        deep: bool = False,
    ) -> None:
        """Settle named tickets.

        Args:
            refs: the tickets.
            hinted: number of the newest hint of those for which one came: it is done with.
            aloud: whether to tell of progress.
            deep: whether to read them whole again, though nothing seems to have changed.

        """
        for start in range(0, len(refs), self._page):
            part = refs[start : start + self._page]
            with self._holding(part):
                settling = self._at()
                if deep:
                    settling = replace(settling, deep=frozenset(part))
                seen = list(self._connector.look(part, settling.bound.schema))
                missing = sorted(set(part) - {each.ref for each in seen})
                done = [(ref, hinted[ref]) for ref in part if ref in hinted] if hinted else []
                settle(settling, self._connector, seen, missing=missing, hinted=done)
            if aloud and self._tell is not None:
                self._tell(self._report.tally.read, start + len(refs), "")

    def send(self, *, urgent: bool = False, only: Sequence[Ref] | None = None) -> None:
        """Send plans, and settle again what changed meanwhile; first take rules down that do too much."""
        service, report = self._service, self._report
        breaker = service.breaker(self.bound.account)
        for _ in range(_ROUNDS):
            self._fall()
            while report.tally.looped:
                breaker.looped(report.tally.looped.pop(), self._epoch, service.now())
            sent = send(
                service.store,
                self._connector,
                self._epoch,
                service.now,
                urgent=urgent,
                only=only,
                hold=self._hold,
                breaker=breaker,
            )
            report.broken = breaker.sentence(service.now()) if sent.broken else ""
            report.waiting = max(report.waiting, sent.waiting)
            for plan, receipt in sent.done:
                report.note(plan, receipt)
            report.refused |= {str(ref): said for ref, said in sent.refused.items()}
            report.stopped = sent.stopped or report.stopped
            states = service.store.states(sent.again)
            again = [
                ref for ref in sent.again if ref in states and states[ref].binding == self._name
            ]
            if not again:
                # Another binding's tickets are settled by that one, at once: they are due.
                return
            self.settle(again)

    def _fall(self) -> None:
        service, bound = self._service, self.bound
        if "block" not in bound.modes.values():
            return
        limits = service.settings.rollout
        with service.store.begin(bound.account, self._epoch) as tx:
            fallen = fall(tx, bound, limits, bound.account, service.now())
        if fallen:
            service.refresh()
            self._report.notices += [
                f"{self._name}: {each.rule} fell from {each.former} to {each.mode}: {each.why}"
                for each in fallen
            ]

    def _parts(self, page: Page) -> Iterator[Page]:
        """Split a page; the cursor goes with the last part."""
        most = self._page
        if len(page.seen) <= most:
            yield page
            return
        for start in range(0, len(page.seen), most):
            part: tuple[Seen, ...] = page.seen[start : start + most]
            yield Page(part, page.cursor if start + most >= len(page.seen) else "", page.total)
