"""What the command line and the dashboard call: one service over accounts, bindings and the database."""

from __future__ import annotations

import base64
import binascii
import time
from functools import partial
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from connectors import manifest_of, open_connector
from connectors.file import LogShape, read_log
from ombud.mapping_file import load_log
from ombud.model.connector import Capability, Interest
from ombud.model.instant import DAY, instant
from ombud.model.scope import Decision
from ombud.settings import load_settings, secret, secrets_of
from ombud.store import BY_DUMP, SCHEME, StoreError, Triage, open_store, restore_backup
from ombud.toml import Fault, SettingsError
from sync import others
from sync.again import judge_again
from sync.elsewhere import Elsewhere
from sync.explain import explain
from sync.footing import Footing
from sync.ingest import Privacy
from sync.live.breaker import Breaker
from sync.live.night import night
from sync.others import identity
from sync.page import page_of
from sync.persons import Persons, Refused
from sync.report import SyncReport
from sync.settle import Settling, Tally, store_readings
from sync.signin import SignIn
from sync.sweep import PAGE, Sweep
from sync.waivers import remarks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

    from ombud.model.clock import Clock
    from ombud.model.connector import (
        Check,
        Connector,
        Estimate,
        NativeField,
        NativeStatus,
        Reading,
    )
    from ombud.model.event import Ref
    from ombud.model.facts import Instant
    from ombud.model.finding import Finding
    from ombud.settings import Settings
    from ombud.store import RunRow, Store
    from policies.judge import Gap
    from policies.waiver import Waiver
    from sync.binding import Bound
    from sync.live.night import Night

    Tell = Callable[[int, int | None, str], None]

_SQLITE = "sqlite:///"


class NotFound(Exception):
    """Say that a name names nothing."""


class Service:
    """Do what people ask of Ombud; opened with `open_service`, closed as a context manager."""

    def __init__(
        self, settings: Settings, store: Store, clock: Clock, sleep: Callable[[float], None]
    ) -> None:
        """Keep what was opened."""
        self.settings = settings
        self.store = store
        self.clock = clock
        self.sleep = sleep
        self.footing = Footing(settings, store)
        self.signin = SignIn(settings, store, clock, sleep)
        self.persons = Persons.of(settings, store.pseudonym)
        self.elsewhere = Elsewhere(
            self.footing.bounds,
            {name: account.vendor for name, account in settings.accounts.items()},
            self.persons.same,
        )
        self._connectors: dict[str, Connector] = {}
        self._privacies: dict[str, Privacy] = {}
        self._breakers: dict[str, Breaker] = {}
        self._waiting: Callable[[str, float], None] | None = None

    def __enter__(self) -> Self:
        """Give the service."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the database."""
        self.store.close()

    @property
    def zone(self) -> ZoneInfo:
        """Give the zone of the first binding's desk, for times in a terminal."""
        return self.bounds[0].mapping.tzinfo if self.bounds else ZoneInfo("UTC")

    def now(self) -> Instant:
        """Give the present instant."""
        return instant(self.clock.now())

    @property
    def bounds(self) -> list[Bound]:
        """Give the bindings by the configuration in force, in the order of ombud.toml."""
        return list(self.footing.bounds.values())

    def waivers(self, bound: Bound, *, known_by: Instant | None = None) -> tuple[Waiver, ...]:
        """Give a binding's waivers as of the last `refresh`, or as they were known at an instant."""
        return self.footing.waivers(bound, known_by=known_by)

    def refresh(self) -> None:
        """Look at what people decided meanwhile."""
        self.footing.refresh()

    def connector(self, account: str) -> Connector:
        """Give an account's connector; raises `SettingsError` where secrets are missing."""
        held = self._connectors.get(account)
        if held is None:
            told = self.settings.accounts.get(account)
            if told is None:
                raise NotFound(
                    f"There is no account {account!r}. Known: {', '.join(self.settings.accounts) or 'none'}"
                )
            held = open_connector(
                account,
                told,
                lambda names: secrets_of(account, names, self.settings.folder),
                clock=self.clock,
                sleep=self.sleep,
                on_wait=lambda why, seconds: self._waiting(why, seconds) if self._waiting else None,
                authorizer=self.signin.authorizer(account),
            )
            self._connectors[account] = held
        return held

    def breaker(self, account: str) -> Breaker:
        """Give what keeps us from writing to an account where that does no good."""
        held = self._breakers.get(account)
        if held is None:
            vendor = self.settings.accounts[account].vendor
            held = self._breakers.setdefault(account, Breaker(self.store, account, vendor))
        return held

    def asks(self, account: str) -> bool:
        """Tell whether there is a helpdesk to ask: of a file there is none."""
        manifest = manifest_of(account, self.settings.accounts[account])
        return Capability.sweep in manifest.capabilities

    def calls(self, account: str) -> Mapping[str, int]:
        """Give the requests an account's helpdesk was sent, by method and path template; none before the first."""
        held = self._connectors.get(account)
        # Others go on asking meanwhile.
        return {} if held is None else dict(held.calls)

    def estimate(self, account: str, *, full: bool) -> Iterator[Estimate]:
        """Foretell what a sync of an account will take, binding by binding."""
        connector = self.connector(account)
        if Capability.sweep not in connector.manifest.capabilities:
            return
        for bound in self._bounds(account):
            cursor = None if full else self.store.cursor(account, bound.name)
            yield connector.estimate(cursor, Interest(bound.scope.projects))

    def sync(self, account: str, *, full: bool = False, tell: Tell | None = None) -> SyncReport:
        """Bring one account in step; the lease makes sure that nobody else does so at the same time."""
        connector = self.connector(account)
        report = SyncReport(account)
        if tell is not None:
            self._waiting = lambda why, _: tell(report.tally.seen, None, why)
        with self.store.lease(account) as epoch:
            self.refresh()
            for bound in self._bounds(account):
                Sweep(self, bound.name, connector, report, epoch, tell).run(full=full)
        self._waiting = None
        return report

    def census(self, account: str, *, tell: Tell | None = None) -> Night:
        """Take the census of one account now, under its lease."""
        with self.store.lease(account) as epoch:
            return night(self, account, epoch, tell=tell)

    def check(
        self,
        *,
        as_of: Instant | None = None,
        known_at: Instant | None = None,
        rules: set[str] | None = None,
    ) -> Iterator[tuple[Finding, str, str]]:
        """Judge every stored complaint again: finding, ticket key, address."""
        now = as_of if as_of is not None else self.now()
        self.refresh()
        for bound in self.bounds:
            for judged in judge_again(
                bound,
                self.elsewhere,
                self.store,
                self.waivers(bound, known_by=known_at),
                now=now,
                happened_by=as_of,
                known_by=known_at,
            ):
                for finding in judged.findings:
                    if not rules or finding.rule in rules:
                        yield finding, judged.key, judged.url

    def gaps(self) -> Iterator[tuple[str, Gap]]:
        """Give the rules that are not judged because their data is not mapped."""
        for bound in self.bounds:
            for gap in bound.judge.gaps:
                yield bound.name, gap

    def triage(self) -> Sequence[Triage]:
        """List tickets that the scope leaves undecided, and that nobody has decided."""
        with self.store.improve.reading() as acts:
            told = [(each.ref, each) for each in acts.undecided()]
            said = acts.said([ref for ref, _ in told])
        return [
            Triage(str(ref), each.key, each.binding, each.url)
            for ref, each in told
            if ref not in said or said[ref].decision == Decision.undecided
        ]

    def explain(self, ref: str, rule: str | None) -> Iterator[str]:
        """Say why each rule stands as it does for one ticket."""
        found = self.store.find_ticket(ref)
        if found is None:
            raise NotFound(
                f"No ticket {ref!r} is known here. Write account:id or the ticket's key, or sync first"
            )
        bound = next((each for each in self.bounds if each.name == found.binding), None)
        if bound is None:
            raise NotFound(
                f"{ref} belongs to binding {found.binding!r}, which ombud.toml no longer has"
            )
        self.refresh()
        with self.store.acts() as acts:
            said = remarks(acts, bound, found.case, self.now())
        yield from explain(
            bound, self.elsewhere, self.store, found, rule, self.waivers(bound), self.now(), said
        )

    def import_log(self, file: Path, mapping: Path, *, tell: Tell | None = None) -> SyncReport:
        """Import an event log into the binding that uses this mapping file."""
        mapping = mapping if mapping.exists() else self.settings.folder / mapping
        bound = next(
            (
                each
                for each in self.bounds
                if (self.settings.folder / each.settings.mapping).resolve() == mapping.resolve()
            ),
            None,
        )
        if bound is None:
            raise NotFound(
                f"No binding in ombud.toml uses the mapping {mapping}. Name it there as `mapping`"
            )
        shape = LogShape(**load_log(mapping).model_dump())
        log, readings = read_log(file, shape, bound.account)
        report = SyncReport(bound.account)
        with self.store.lease(bound.account) as epoch:
            self.footing.take(bound.name, epoch, self.now())
            at = self.settling(bound, epoch, self.now(), report.tally)
            page: list[Reading] = []
            for reading in readings:
                page.append(reading)
                if len(page) == PAGE:
                    store_readings(at, page)
                    page = []
                    if tell is not None:
                        tell(report.tally.read, log.cases, "")
            store_readings(at, page)
        return report

    def checks(self, account: str) -> Sequence[Check]:
        """Test an account's sign-in and permissions."""
        connector = self.connector(account)
        found = [*self.signin.checks(account), *connector.check()]
        broken = self.breaker(account).check(self.now())
        found += others.checks(self.store, account)
        return found if broken is None else [*found, broken]

    def adopt(self, account: str) -> list[str]:
        """Take the other installations seen on an account for what we were ourselves before; give their names."""
        bounds = self._bounds(account)
        found = sorted(others.seen(self.store, account))
        if found:
            with self.store.lease(account) as epoch, self.store.begin(account, epoch) as tx:
                for name, told in others.adopted(self.store, account).items():
                    tx.set_meta(name, told)
                for bound in bounds:
                    tx.settle_afresh(account, bound.name)
        return found

    def connect(
        self,
        account: str,
        *,
        port: int,
        tell: Callable[[str], None],
        paste: Callable[[], str] | None = None,
    ) -> Sequence[Check]:
        """Sign an account in, as `SignIn.connect` does, and test what that gave."""
        self._bounds(account)
        self.signin.connect(account, port=port, tell=tell, paste=paste)
        return self.checks(account)

    def fields(self, account: str) -> Sequence[NativeField]:
        """List an account's fields."""
        return self.connector(account).list_fields()

    def statuses(self, account: str) -> Sequence[NativeStatus]:
        """List an account's statuses."""
        return self.connector(account).list_statuses()

    def list_ours(self, account: str) -> Sequence[Ref]:
        """List the tickets of an account that carry anything of ours, by the helpdesk's word and by our own."""
        connector = self.connector(account)
        found = {
            ref
            for bound in self._bounds(account)
            for ref in connector.list_ours(Interest(bound.scope.projects))
        }
        return sorted(found | set(self.store.written(account)))

    def uninstall(
        self, account: str, refs: Sequence[Ref], *, tell: Tell | None = None
    ) -> dict[Ref, str]:
        """Remove all that is ours from tickets; give those where something is left, and why."""
        connector = self.connector(account)
        stopped = self.store.stopped(account)
        if stopped is not None:
            raise Refused(
                f"{account} is stopped, by {stopped.stopped_name}: {stopped.stopped_why}. Nothing is written to it. "
                f"Let it be written to again with: ombud rollout resume {account}"
            )
        left: dict[Ref, str] = {}
        with self.store.lease(account) as epoch:
            with self.store.begin(account, epoch) as tx:
                tx.void_outbox(account)
            for index, ref in enumerate(refs, 1):
                receipt = connector.remove_ours(ref)
                if receipt.outcome.value != "done":
                    left[ref] = receipt.detail or receipt.outcome.value
                if tell is not None:
                    tell(index, len(refs), "")
        return left

    def backup(self, file: Path) -> str:
        """Back the database up; give a sentence about it."""
        digest = self.store.backup(file)
        return f"Backed up to {file}, digest {digest}. OMBUD_KEY is not in it: keep it elsewhere."

    @staticmethod
    def restore(config: Path, file: Path) -> str:
        """Restore a backup over the configured database; give a sentence about it."""
        settings = load_settings(config)
        if is_server(settings):
            raise StoreError(f"Nothing was restored: {BY_DUMP}")
        restore_backup(database_path(settings), file)
        return "Restored. Waiting writes were dropped, and nothing is written to a helpdesk until a full sync has ended."

    def known(self, account: str) -> None:
        """Refuse an account that ombud.toml does not name, with `NotFound`."""
        self._bounds(account)

    def _bounds(self, account: str) -> list[Bound]:
        if account not in self.settings.accounts:
            raise NotFound(
                f"There is no account {account!r}. Known: {', '.join(self.settings.accounts) or 'none'}"
            )
        return [bound for bound in self.bounds if bound.account == account]

    def settling(
        self,
        bound: Bound,
        epoch: int,
        block_from: Instant,
        tally: Tally,
        run: RunRow | None = None,
    ) -> Settling:
        """Give what settling a binding's tickets takes, at this moment."""
        return Settling(
            bound=bound,
            elsewhere=self.elsewhere,
            store=self.store,
            privacy=self._privacy(bound),
            waivers=self.waivers(bound),
            persons=self.persons,
            acting=not self.store.observe_only(bound.account, bound.name),
            now=self.now(),
            block_from=block_from,
            epoch=epoch,
            tally=tally,
            longest=self.settings.waivers.longest_days * DAY,
            run=run,
            page=partial(page_of, self.settings, self.store),
            identity=identity(self.store, bound.account),
        )

    def _privacy(self, bound: Bound) -> Privacy:
        held = self._privacies.get(bound.name)
        if held is None:
            self._privacies[bound.name] = held = Privacy(self.store.pseudonym, bound.mapping)
        return held


def open_service(
    config: Path, clock: Clock, *, sleep: Callable[[float], None] = time.sleep
) -> Service:
    """Open the service by a configuration file; raises `SettingsError`, `PackError` or `StoreError`."""
    settings = load_settings(config)
    url, password = settings.database, None
    if is_server(settings):
        password = secret("OMBUD_DATABASE_PASSWORD", settings.folder)
    else:
        url = f"{_SQLITE}{database_path(settings)}"
    store = open_store(url, key=_key(settings), password=password)
    try:
        return Service(settings, store, clock, sleep)
    except BaseException:
        store.close()
        raise


def is_server(settings: Settings) -> bool:
    """Tell whether the database is a server's, and not a file."""
    return settings.database.startswith(SCHEME)


def database_path(settings: Settings) -> Path:
    """Give the database's file; a relative one stands beside ombud.toml."""
    if not settings.database.startswith(_SQLITE):
        raise StoreError(
            f"database {settings.database.split(':', 1)[0]!r} is not known. Write sqlite:///ombud.db or postgresql://user@host/name"
        )
    return (settings.folder / settings.database.removeprefix(_SQLITE)).resolve()


def _key(settings: Settings) -> bytes:
    told = secret("OMBUD_KEY", settings.folder)
    where = str(settings.folder / ".env")
    if told is None:
        raise SettingsError(
            [
                Fault(
                    where,
                    0,
                    "OMBUD_KEY",
                    "is not set",
                    "Make one with `ombud init`, and keep it outside backups",
                )
            ]
        )
    try:
        key = base64.urlsafe_b64decode(told)
    except (binascii.Error, ValueError) as error:
        raise SettingsError(
            [Fault(where, 0, "OMBUD_KEY", "is not base64", "Restore the one made by `ombud init`")]
        ) from error
    if len(key) != 32:
        raise SettingsError(
            [
                Fault(
                    where,
                    0,
                    "OMBUD_KEY",
                    "is not 32 bytes long",
                    "Restore the one made by `ombud init`",
                )
            ]
        )
    return key
