"""What every connector looks for in messages: markers, what was changed with them, words of agents to us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ombud.model.event import Cause, Kind, Nature
from ombud.model.word import REASONED, word_in

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ombud.model.connector import Schema
    from ombud.model.event import Event


def marked(schema: Schema, text: str) -> frozenset[str]:
    """Give the kinds that a text's markers name."""
    return frozenset(
        kind for kind, marks in schema.markers.items() if any(mark in text for mark in marks)
    )


def changed(
    schema: Schema,
    *,
    macros: Iterable[str] = (),
    tags: Iterable[str] = (),
    values: Iterable[str] = (),
) -> frozenset[str]:
    """Give the kinds that are named by what was changed together with a message.

    Args:
        schema: what names kinds.
        macros: native ids of the macros or templates that were used.
        tags: tags that were set.
        values: native values that the field of kinds took.

    """
    found = {schema.macros[each] for each in macros if each in schema.macros}
    found |= {schema.tags[each] for each in tags if each in schema.tags}
    found |= {schema.kind_values[each] for each in values if each in schema.kind_values}
    return frozenset(found)


def word(note: Event, text: str) -> Event | None:
    """Give the word to us with which an internal note begins, as an event of its own; nothing else of it is kept.

    The caller sees to it that the note is a staff member's, made on screen or by the API, and unedited.
    """
    told = word_in(text)
    if told is None:
        return None
    verb, argument = told
    return note._replace(
        id=f"{note.id}.word",
        cause=Cause.person,
        kind=Kind.word,
        field=verb,
        nature=Nature.words if verb in REASONED else Nature.choice,
        before=None,
        after=argument,
        message=None,
    )


def undelivered(message: Event, by: str) -> Event:
    """Tell that a message did not reach whom it was for; `by` names what says so."""
    return message._replace(
        id=f"{message.id}.undelivered.{by}",
        cause=Cause.automation,
        kind=Kind.undelivered,
        actor=None,
        field=None,
        after=message.id,
        message=None,
    )
