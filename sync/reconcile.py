"""Find the smallest plan that makes a ticket show what it should; nothing where it already does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from ombud.model.event import Ref
from ombud.model.mark import MoveBack, Plan, news_of

if TYPE_CHECKING:
    from ombud.model.connector import Actual
    from ombud.model.mark import Desired


def plan(desired: Desired, actual: Actual) -> Plan:
    """Compare what a ticket should show with what it shows; tags that are not ours are never in it."""
    text_differs = desired.text_digest != actual.ours.text
    # What is only foretold is no news to anybody.
    news = news_of(desired.text_digest) != news_of(actual.ours.text)
    return Plan(
        ref=actual.ref,
        revision=actual.revision,
        head=actual.head,
        add_tags=desired.tags - actual.ours.tags,
        remove_tags=actual.ours.tags - desired.tags,
        text=desired.text if text_differs else None,
        text_digest=desired.text_digest if text_differs else None,
        notify=desired.notify and news and bool(desired.text),
        move_back=desired.move_back,
    )


def to_json(asked: Plan) -> str:
    """Write a plan for the outbox; its digest is the key under which the helpdesk remembers it."""
    back = asked.move_back
    told = {
        "ref": [asked.ref.account, asked.ref.vendor, asked.ref.id],
        "revision": asked.revision,
        "head": asked.head,
        "add_tags": sorted(asked.add_tags),
        "remove_tags": sorted(asked.remove_tags),
        "text": asked.text,
        "text_digest": asked.text_digest,
        "notify": asked.notify,
        "move_back": None
        if back is None
        else [
            back.from_status,
            list(back.to_statuses),
            back.transition,
            back.change,
            back.owner,
            back.mass,
        ],
    }
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS).decode()


def from_json(text: str) -> Plan:
    """Read a plan from the outbox."""
    told = orjson.loads(text)
    back = told["move_back"]
    return Plan(
        ref=Ref(*told["ref"]),
        revision=told["revision"],
        head=told["head"],
        add_tags=frozenset(told["add_tags"]),
        remove_tags=frozenset(told["remove_tags"]),
        text=told["text"],
        text_digest=told["text_digest"],
        notify=told["notify"],
        move_back=None if back is None else MoveBack(back[0], tuple(back[1]), *back[2:]),
    )
