"""Keep the book in step: every case judged once, then those that changed; and books of what was known on a past day."""

from __future__ import annotations

import logging
import shutil
import tempfile
import threading
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ombud.model.facts import Verdict
from ombud.model.instant import MINUTE
from ombud.store.book import BookBusy, open_book
from sync.again import judge_again, judge_page
from sync.completeness import completeness
from sync.entries import Entries
from sync.findings import SCOPE_LEFT
from sync.force import rebuilt
from sync.places import Places
from sync.service import database_path, is_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ombud.model.facts import Instant
    from ombud.store.book import Book, Writing
    from sync.again import Judged
    from sync.binding import Bound
    from sync.service import Service

    Tell = Callable[[int, int | None, str], None]

#: Books of past days that are kept; the one not asked for longest goes first.
MOST_PAST: Final = 3
_STEP: Final = 200
#: A page may be stored so long after the instant that its rows bear.
_OVERLAP: Final = 10 * MINUTE
#: Cases judged again in one transaction.
_PAGE: Final = 500
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class About:
    """Say what every figure rests on.

    Attributes:
        sentences: how complete the data of each account are.
        share: the smallest share that is read, in percent; `None` where nobody knows of one.
        packs: versions of packs in force.
        counts: what waits, by the page that shows it, of what nobody's groups matter for.
        waiting: acts that wait, by the page that shows them: the case that each is about, `None` for none, and its binding.

    """

    sentences: tuple[str, ...] = ()
    share: float | None = None
    packs: tuple[str, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    waiting: Mapping[str, tuple[tuple[str | None, str], ...]] = field(default_factory=dict)

    def counts_for(self, service: Service, book: Book, groups: frozenset[str]) -> dict[str, int]:
        """Count what waits, by the page that shows it, of what somebody in these groups may see."""
        cases = [case for each in self.waiting.values() for case, _ in each]
        if not cases:
            return dict(self.counts)
        places = Places(service, book, groups, cases)
        seen = {
            path: sum(places.shows(case, binding) for case, binding in each)
            for path, each in self.waiting.items()
        }
        return {**self.counts, **{path: count for path, count in seen.items() if count}}


@dataclass
class Progress:
    """Say how far a book is: complaints judged, of how many, if that is known; and what failed."""

    done: int = 0
    total: int | None = None
    failed: str = ""


class GivenUp(Exception):
    """Say that a book is not made to its end, because everything stops."""


class Bookkeeper:
    """Keep one installation's book; `ombud serve` has one, and so has any command that counts."""

    def __init__(
        self, service: Service, *, kept: bool = True, stopping: threading.Event | None = None
    ) -> None:
        """Open the book.

        Args:
            service: what is judged, and by what.
            kept: whether it is kept in a file; where another process keeps that, it is made in memory all the same.
            stopping: once it is set, a book that is being made is given up.

        """
        self._service = service
        self._stopping = stopping or threading.Event()
        settings = service.settings
        beside = settings.folder if is_server(settings) else database_path(settings).parent
        self.folder: Path = beside / ".ombud" / "book"
        self.progress = Progress()
        self.about = About()
        #: When each ticket was written that was followed lately.
        self._followed: dict[tuple[str, str], Instant] = {}
        self._lock = threading.Lock()
        self._shelf = threading.Lock()
        self._past: dict[Instant, Book | Progress] = {}
        try:
            self.book = open_book(self.folder / "book.duckdb" if kept else None)
        except BookBusy:
            self.book = open_book(None)

    def refresh(self, *, tell: Tell | None = None) -> int:
        """Bring the book in step with what is stored; give how many cases were judged.

        Raises:
            StoreError: the database cannot be read.

        """
        with self._lock:
            service = self._service
            service.refresh()
            now = service.now()
            stamp = self.book.stamp
            held: dict[str, str] = stamp.get("bindings", {})
            bounds = {bound.name: bound for bound in service.bounds}
            afresh = [bound for name, bound in bounds.items() if held.get(name) != bound.digest]
            gone = [name for name in held if name not in bounds]
            self.about = self._about()
            since = int(stamp.get("cutoff", 0))
            all_afresh = len(afresh) == len(bounds)
            rows = service.store.changed_since((now if all_afresh else since) - _OVERLAP)
            changed = [] if all_afresh else self._changed(rows, now)
            if not (afresh or gone or changed):
                self._follow(rows)
                self.book.touch(now)
                return 0
            count = 0
            self.progress = Progress(
                0, service.store.counts()["ticket"] if afresh else len(changed)
            )
            with self.book.writing() as writing:
                for name in [*gone, *(bound.name for bound in afresh)]:
                    writing.drop_binding(name)
                for bound in afresh:
                    waivers = service.waivers(bound)
                    found = judge_again(bound, service.elsewhere, service.store, waivers, now=now)
                    count += self._put(writing, bound, found, count, tell)
                count += self._put_changed(writing, list(bounds.values()), changed, now)
                writing.mark(
                    cutoff=now, bindings={name: bound.digest for name, bound in bounds.items()}
                )
            # Only once it is in the book: what failed is followed again.
            self._follow(rows)
            self.progress = Progress(count, count)
            return count

    def _follow(self, rows: Sequence[tuple[str, str, str | None, Instant]]) -> None:
        self._followed = {row[:2]: row[3] for row in rows}

    @property
    def building(self) -> Progress | None:
        """Give how far the book is, where it is being brought in step; `None` where it is."""
        return self.progress if self._lock.locked() and self.progress.total else None

    def _about(self) -> About:
        service = self._service
        told = [completeness(service, account) for account in service.settings.accounts]
        shares = [each.share for each in told if each.listed]
        known = [share for share in shares if share is not None]
        packs = dict.fromkeys(bound.pack.title_version for bound in service.bounds)
        with service.store.acts() as acts:
            disputed = [(row.case, row.binding) for row in acts.disputes() if row.outcome is None]
            asked = [
                (row.case, row.binding)
                for row in acts.waivers()
                if row.approved is None and row.ended is None
            ]
        with service.store.improve.reading() as improving:
            told_actions = improving.correctives()
        actions = sum(each.checked is None and each.dropped is None for each in told_actions)
        counts = {
            "/triage": len(service.triage()),
            "/actions": actions,
        }
        return About(
            tuple(each.sentence() for each in told),
            min(known) if known and len(known) == len(shares) else None,
            tuple(packs),
            {path: count for path, count in counts.items() if count},
            {"/waivers": tuple(asked), "/disputes": tuple(disputed)},
        )

    def as_known(self, at: Instant) -> Book | Progress:
        """Give the book as it was known at an instant, under what was in force then; how far it is, until it is there.

        One is made at a time: who asks for another meanwhile is told how far that one is.
        """
        with self._shelf:
            held = self._past.pop(at, None)
            if held is None or (isinstance(held, Progress) and held.failed):
                for other in self._past.values():
                    if isinstance(other, Progress) and not other.failed:
                        return other
                held = Progress()
                threading.Thread(
                    target=self._build_past, args=(at, held), name="book", daemon=True
                ).start()
            self._past[at] = held
            while len(self._past) > MOST_PAST:
                # Closed once nobody asks it any more.
                self._past.pop(next(iter(self._past)))
            return held

    def build_past(self, at: Instant, *, tell: Tell | None = None) -> Book:
        """Make the book as it was known at an instant, in a file of its own that nobody keeps."""
        service = self._service
        folder = Path(tempfile.mkdtemp(prefix="ombud-book-"))
        book = open_book(folder / "past.duckdb")
        weakref.finalize(book, shutil.rmtree, folder, ignore_errors=True)
        count = 0
        with book.writing() as writing:
            for bound in self._bounds_at(at):
                waivers = service.waivers(bound, known_by=at)
                found = judge_again(
                    bound, service.elsewhere, service.store, waivers, now=at, happened_by=at, known_by=at
                )  # fmt: skip
                count += self._put(writing, bound, found, count, tell)
            writing.mark(cutoff=at, past=True)
        return book

    def close(self) -> None:
        """Let go of every book."""
        with self._lock:
            self.book.keep()
            self.book.close()
        with self._shelf:
            for each in self._past.values():
                if not isinstance(each, Progress):
                    each.close()
            self._past.clear()

    def _build_past(self, at: Instant, progress: Progress) -> None:
        def tell(done: int, _total: int | None, _why: str) -> None:
            progress.done = done

        try:
            progress.total = self._service.store.counts()["ticket"]
            book = self.build_past(at, tell=tell)
        except Exception as error:  # noqa: BLE001 (a thread of its own: the page says what failed)
            _log.warning("the book as known at %d could not be made: %s", at, error)
            progress.failed = str(error) or type(error).__name__
            return
        with self._shelf:
            if self._past.get(at) is progress:
                self._past[at] = book

    def _bounds_at(self, at: Instant) -> Iterator[Bound]:
        """Give each binding as what was in force at an instant made it; as it is now where nothing was."""
        service = self._service
        for bound in service.bounds:
            with service.store.acts() as acts:
                row = acts.in_force(bound.name, by=at)
            yield bound if row is None else rebuilt(row, bound.settings, bound.steps, bound.start)

    def _changed(
        self, rows: Sequence[tuple[str, str, str | None, Instant]], now: Instant
    ) -> list[str]:
        """Give the cases that were settled since, those their tickets were of before, and those that the clock alone changed."""
        told = [row for row in rows if self._followed.get(row[:2]) != row[3]]
        found = {case for _, _, case, _ in told if case is not None}
        for begin in range(0, len(told), _PAGE):
            part = told[begin : begin + _PAGE]
            marks = ", ".join(["(?, ?)"] * len(part))
            led = self.book.ask(
                f"SELECT kase FROM complaint WHERE (account, ticket) IN (VALUES {marks})",  # noqa: S608 (marks alone)
                [each for account, name, _, _ in part for each in (account, name)],
            )
            found |= {row[0] for row in led}
        ripe = self.book.ask("SELECT kase FROM complaint WHERE recheck <= ?", [now])
        return sorted(found | {row[0] for row in ripe})

    def _put(
        self,
        writing: Writing,
        bound: Bound,
        found: Iterable[Judged],
        before: int,
        tell: Tell | None,
    ) -> int:
        entries, count = Entries(bound), 0
        for judged in found:
            if self._stopping.is_set():
                raise GivenUp
            enter(writing, entries, judged)
            count += 1
            if count % _STEP == 0:
                self.progress.done = before + count
                if tell is not None:
                    tell(before + count, self.progress.total, "")
        return count

    def _put_changed(
        self, writing: Writing, bounds: list[Bound], changed: list[str], now: Instant
    ) -> int:
        service, count = self._service, 0
        for begin in range(0, len(changed), _PAGE):
            part = changed[begin : begin + _PAGE]
            writing.drop(part)
            states = service.store.states_of(part)
            for bound in bounds:
                page = [state for state in states if state.binding == bound.name]
                if not page:
                    continue
                found = judge_page(
                    bound, service.elsewhere, service.store, service.waivers(bound), page, now=now
                )
                count += self._put(writing, bound, found, count, None)
        return count


def enter(writing: Writing, entries: Entries, judged: Judged) -> None:
    """Enter a judged case in the book; one that left the scope counts as a complaint until a reason is given."""
    findings = judged.findings
    if (
        len(findings) == 1
        and findings[0].rule == SCOPE_LEFT
        and findings[0].verdict is Verdict.passed
    ):
        return
    checked = [
        entries.checked(writing.ordinal(entries.rule(each)), each)
        for each in findings
        if each.verdict is not Verdict.not_applicable
    ]
    writing.put(
        entries.case(judged, findings), checked, entries.steps(judged.complaint), judged.moves
    )
