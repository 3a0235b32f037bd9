"""The decision log as people read it: page by page, with what is restricted hidden from whoever may not see it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ombud.model.instant import iso
from ombud.store import StoreError
from ombud.store.acts import NOTHING
from sync.places import Places

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ombud.model.facts import Instant
    from ombud.store import Entry
    from ombud.store.book import Book
    from sync.service import Service

#: Lines on a page.
SIZE: Final = 50
#: Lines of an exported file that are read at a time.
_PART: Final = 2_000
_SHORT: Final = 12


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one line as it may be shown.

    Attributes:
        entry: the line.
        hidden: whether it is about a restricted complaint that the reader may not see.
        account: where its complaint is; "" where it has none, or one that is in the book no more.
        ticket: the complaint's ticket.
        key: what people call it.

    """

    entry: Entry
    hidden: bool = False
    account: str = ""
    ticket: str = ""
    key: str = ""

    @property
    def case(self) -> str:
        """Give the case; "" for none, and for one that is hidden."""
        return "" if self.hidden or self.entry.kase == NOTHING else self.entry.kase

    @property
    def digests(self) -> Mapping[str, str]:
        """Give what the line was decided by: digests, shortened, or who acted."""
        if self.hidden:
            return {}
        try:
            told = json.loads(self.entry.digests)
        except ValueError:
            return {}
        return {str(name): str(value)[:_SHORT] for name, value in told.items()} if isinstance(told, dict) else {}  # fmt: skip

    def as_json(self) -> dict[str, object]:
        """Give it for programs: whole, but for what is hidden, which keeps number, time and chain."""
        chain: dict[str, object] = {"seq": self.entry.seq, "known": iso(self.entry.known), "previous": self.entry.previous, "hash": self.entry.hash}  # fmt: skip
        if self.hidden:
            return chain | {"hidden": True}
        entry = self.entry
        return chain | {
            "case": entry.kase,
            "rule": entry.rule,
            "occurrence": entry.occurrence,
            "verdict": entry.verdict,
            "standing": entry.standing,
            "action": entry.action,
            "digests": entry.digests,
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """Say which lines are asked for.

    Attributes:
        case: of this case; "" for any.
        rule: of this rule.
        action: that say this was done.
        begin: written at or after.
        end: written before.

    """

    case: str = ""
    rule: str = ""
    action: str = ""
    begin: Instant | None = None
    end: Instant | None = None

    @property
    def narrow(self) -> bool:
        """Tell whether what is asked for would say something about a line that is hidden."""
        return bool(self.case or self.rule or self.action)


@dataclass(frozen=True, slots=True)
class Verified:
    """Say whether the log is as it was written.

    Attributes:
        lines: how many lines were checked; `None` where it is not as it was written.
        why: what is wrong.
        when: when that was checked.

    """

    lines: int | None
    why: str
    when: Instant


def read_log(
    service: Service,
    book: Book,
    groups: frozenset[str],
    wanted: Wanted,
    *,
    below: int | None = None,
    most: int = SIZE,
) -> tuple[list[Line], int | None]:
    """Give lines, the newest first, and below which number the next page begins; `None` where there is none.

    Args:
        service: the service.
        book: tells where cases are, and what is restricted.
        groups: groups whose restricted complaints the reader may see.
        wanted: which lines.
        below: only lines with a lower number.
        most: how many.

    """
    rows = service.store.log_entries(
        case=wanted.case or None,
        rule=wanted.rule or None,
        action=wanted.action or None,
        begin=wanted.begin,
        end=wanted.end,
        below=below,
        most=most + 1,
    )
    kept = rows[:most]
    lines = _lines(service, book, groups, kept)
    if wanted.narrow:
        lines = [each for each in lines if not each.hidden]
    return lines, kept[-1].seq if len(rows) > most else None


def all_lines(
    service: Service, book: Book, groups: frozenset[str], wanted: Wanted, most: int
) -> Iterator[Line]:
    """Give every line that is asked for, the newest first, at most so many."""
    below: int | None = None
    while most > 0:
        lines, below = read_log(
            service, book, groups, wanted, below=below, most=min(_PART, most)
        )  # fmt: skip
        yield from lines
        most -= _PART
        if below is None:
            return


def verify(service: Service) -> Verified:
    """Check the log from end to end."""
    now = service.now()
    try:
        return Verified(service.store.verify_log(), "", now)
    except StoreError as error:
        return Verified(None, str(error), now)


def _lines(
    service: Service, book: Book, groups: frozenset[str], rows: Sequence[Entry]
) -> list[Line]:
    places = Places(service, book, groups, {row.kase for row in rows if row.kase != NOTHING})
    names = [bound.name for bound in service.bounds]
    found = []
    for row in rows:
        case = None if row.kase == NOTHING else row.kase
        place = places.of(case)
        # The log does not say whose binding a case is: one that the book has no more may be any's.
        if not all(places.shows(case, name) for name in names):
            found.append(Line(row, hidden=True))
        elif place is None:
            found.append(Line(row))
        else:
            found.append(Line(row, account=place.account, ticket=place.ticket, key=place.key))
    return found
