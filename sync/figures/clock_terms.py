"""What a deadline's terms are, what pauses its clock, and who or what sets that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ombud.store.book.clocks import waited
from policies.english import condition
from policies.rule import Deadline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ombud.model.facts import Instant
    from ombud.store.book import Book, Filter
    from policies.rule import PauseRule, Rule
    from sync.binding import Bound


@dataclass(frozen=True, slots=True)
class Paused:
    """Tell one thing that stops a clock, what sets it, and how long that was.

    Attributes:
        what: in words.
        cap: how long it stops the clock at most.
        set_by: native statuses or fields that set it, with their helpdesk.
        complaints: how many were in it while the clock ran; `None` where that is not kept.
        time: all of their time in it, in microseconds, caps not taken off.
        causes: who put them there, with how many.

    """

    what: str
    cap: str
    set_by: str
    complaints: int | None
    time: int
    causes: tuple[tuple[str, int], ...]


def terms_of(bounds: Sequence[Bound], rule: str) -> list[tuple[str, str]]:
    """Give a deadline's terms in words: the condition, "" for none, and how long."""
    found: dict[tuple[str, str], None] = {}
    for bound, written in _written(bounds, rule):
        body = written.body
        if isinstance(body, Deadline):
            for when, length in body.terms:
                words = condition(when, bound.pack.vocabulary) if when is not None else ""
                found[words, str(length)] = None
    return list(found)


def pauses_of(
    book: Book, asked: Filter, bounds: Sequence[Bound], rule: str, now: Instant
) -> list[Paused]:
    """Give what pauses a deadline, with how long that was for the clocks of a filter.

    Args:
        book: the book.
        asked: the clocks, by when they were due.
        bounds: bindings, for what is written and what is mapped.
        rule: the deadline.
        now: the present instant.

    """
    held: dict[tuple[str, str], list[tuple[Bound, PauseRule]]] = {}
    for bound, written in _written(bounds, rule):
        if isinstance(written.body, Deadline):
            for each in written.body.pauses:
                held.setdefault((each.kind, each.name), []).append((bound, each))
    return [_paused(book, asked, kind, name, each, now) for (kind, name), each in held.items()]


def _paused(
    book: Book,
    asked: Filter,
    kind: str,
    name: str,
    held: Sequence[tuple[Bound, PauseRule]],
    now: Instant,
) -> Paused:
    word = name.replace("_", " ")
    cap = ", ".join(dict.fromkeys(str(pause.cap) for _, pause in held))
    if kind == "while":
        # The book keeps no values that a field once had.
        return Paused(f"While {word}", cap, f"the field “{word}”", None, 0, ())
    if kind == "stage":
        rows = waited(book, asked, (), (name,), now)
        words, what = "stages", f"Being {word}"
    else:
        statuses = {
            (bound.account, status): of.name or status
            for bound, _ in held
            for status, of in bound.mapping.stages.items()
            if of.waiting == name
        }
        rows = waited(book, asked, statuses, (), now)
        words = ", ".join(f"“{status}” in {account}" for (account, _), status in statuses.items())
        words = words or "no status is mapped to it"
        what = f"Waiting for {'the' if name == 'complainant' else 'a'} {word}"
    causes: dict[str, int] = {}
    for row in rows:
        causes[row.cause] = causes.get(row.cause, 0) + row.complaints
    return Paused(
        what,
        cap,
        words,
        sum(each.complaints for each in rows),
        sum(each.time for each in rows),
        tuple(sorted(causes.items(), key=lambda each: (-each[1], each[0]))),
    )


def _written(bounds: Sequence[Bound], rule: str) -> Iterator[tuple[Bound, Rule]]:
    for bound in bounds:
        for each in bound.pack.rules:
            if each.id == rule:
                yield bound, each
