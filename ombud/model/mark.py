"""What a ticket should show and what it takes to make it so: desired state, actions, plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ombud.model.event import Ref

PREFIX: Final = "ombud-"
#: Our tags, by what they say. Never more than these, so that a helpdesk view can filter by them.
TAG_MISSING: Final = "ombud-missing"
TAG_DUE: Final = "ombud-due"
TAG_LATE: Final = "ombud-late"
TAG_BLOCKED: Final = "ombud-blocked"
TAGS: Final = frozenset({TAG_MISSING, TAG_DUE, TAG_LATE, TAG_BLOCKED})


#: Stands in a text's digest before the digest of what is only foretold.
_FORETOLD: Final = "/"


def marked(news: str | None, whole: str | None) -> str | None:
    """Give the digest to keep beside a text of which a part is only foretold, by the digests of the rest and of all."""
    return news if news == whole else f"{news or ''}{_FORETOLD}{whole or ''}"


def news_of(kept: str | None) -> str:
    """Give, of a digest kept beside a text, the part that stands for what is not only foretold."""
    return (kept or "").partition(_FORETOLD)[0]


@dataclass(frozen=True, slots=True)
class MoveBack:
    """Ask for a ticket to be moved back to where it came from.

    Attributes:
        from_status: native status it must stand in now.
        to_statuses: native statuses that will do, the best first.
        transition: id of the entering event that is being undone.
        change: change group of that event, which must still be the head.
        owner: whether that change also took the ticket from its owner, who is to have it back.
        mass: whether it is one of many that were closed with the ticket they stem from.

    """

    from_status: str
    to_statuses: tuple[str, ...]
    transition: str
    change: str
    owner: bool = False
    mass: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """List the smallest changes that make a ticket show what it should; one compound plan per ticket.

    Every text here is internal: the visibility of our note is "internal" wherever a vendor asks,
    and nothing of ours is ever sent to the complainant.

    Attributes:
        ref: the ticket.
        revision: the vendor's revision that was judged.
        head: the last change that was judged (`Actual.head`).
        add_tags: our tags to add.
        remove_tags: our tags to remove.
        text: our living text as it should read; `None` leaves it as it is, "" removes it.
        text_digest: digest to keep beside the text.
        notify: whether to add an internal note where the vendor cannot edit one in place.
        move_back: the move to undo, if any; done last.

    """

    ref: Ref
    revision: str
    head: str | None
    add_tags: frozenset[str] = frozenset()
    remove_tags: frozenset[str] = frozenset()
    text: str | None = None
    text_digest: str | None = None
    notify: bool = False
    move_back: MoveBack | None = None

    @property
    def empty(self) -> bool:
        """Tell whether there is nothing to do."""
        return not (self.add_tags or self.remove_tags or self.text is not None or self.move_back)


@dataclass(frozen=True, slots=True)
class Desired:
    """Say what a ticket should show.

    Attributes:
        tags: our tags.
        text: our living text; "" for none.
        text_digest: digest of what the text says.
        move_back: the move to undo, if any.
        notify: whether a note is due where the vendor cannot edit one in place (a block, a miss, a near deadline).

    """

    tags: frozenset[str] = frozenset()
    text: str = ""
    text_digest: str | None = None
    move_back: MoveBack | None = None
    notify: bool = False
