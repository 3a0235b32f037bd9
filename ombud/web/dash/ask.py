"""What a page is asked: who asks, for which complaints, of which book, as of when."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sync.filters import Asking

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from starlette.requests import Request

    from ombud.model.facts import Instant
    from ombud.store.book import Book, Filter, RuleInfo
    from ombud.web.dash.page import Page
    from ombud.web.dash.viewer import Viewer
    from sync.book import Bookkeeper
    from sync.live.pulse import Pulse
    from sync.service import Service


@dataclass(frozen=True)
class Ask:
    """Hold one request as a page needs it.

    Attributes:
        request: the request.
        viewer: who asks.
        asking: the filter with its period.
        book: the book to count in: the present one, or as known on a past day.
        keeper: keeps the books.
        service: what acts and packs are asked of.
        pulses: how each account fares, where this process looks after it.
        now: the present instant.
        csrf: goes into every form.
        pages: every page, in the order of the rail.
        views: the reader's saved views: addresses and names.

    """

    request: Request
    viewer: Viewer
    asking: Asking
    book: Book
    keeper: Bookkeeper
    service: Service
    pulses: Mapping[str, Pulse]
    now: Instant
    csrf: str
    pages: Sequence[Page] = ()
    views: tuple[tuple[str, str], ...] = ()

    @property
    def filter(self) -> Filter:
        """Give the filter."""
        return self.asking.filter

    @property
    def zone(self) -> ZoneInfo:
        """Give the zone the reader reads times in."""
        return self.asking.zone

    @property
    def as_of(self) -> Instant:
        """Give the instant that "now" means on the page: the present, or the end of the day it was known on."""
        return self.asking.known if self.asking.known is not None else self.now

    @cached_property
    def rules(self) -> Mapping[int, RuleInfo]:
        """Give the rules by their numbers in the book."""
        return self.book.rules

    def view(self, name: str, default: str = "") -> str:
        """Give a word that says how the page is shown."""
        found = [value for told, value in self.asking.view if told == name]
        return found[-1] if found else default

    def link(self, path: str, **changed: str | Iterable[str] | None) -> str:
        """Give an address of a page with the same filter, but for some words; `None` takes a word away."""
        return self.asking.link(path, **changed)
