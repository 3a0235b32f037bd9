"""Two Ombuds on one helpdesk: which of them writes to a ticket, told from the keys of writes that it remembers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ombud.model.connector import Check

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ombud.model.event import Ref
    from ombud.store import Store

#: Stands in a key between the installation that wrote and the digest of its plan.
_OF: Final = "."
#: Tickets kept by name for each other installation; beyond them there are simply many.
_MOST: Final = 1_000
_FORMER, _OTHERS = "former:", "others:"


@dataclass(frozen=True, slots=True)
class Identity:
    """Say who we are among those that write to a helpdesk.

    Attributes:
        name: the installation, eight hexadecimal digits; "" where nobody else is minded.
        former: installations that we were before: after a lost database the helpdesk still knows them.

    """

    name: str = ""
    former: frozenset[str] = frozenset()

    def key(self, digest: str) -> str:
        """Give the key under which the helpdesk is to remember a write of ours."""
        return f"{self.name}{_OF}{digest}" if self.name else digest

    def yields_to(self, keys: Iterable[str]) -> frozenset[str]:
        """Give the installations to whom a ticket with these keys is left; none where it is ours to write to.

        Whoever wrote first keeps it; where both wrote before they saw each other, the lesser name does. Keys
        without a name are of a time when there were none: they are ours.
        """
        names = [each.partition(_OF)[0] for each in keys if _OF in each]
        own = self.former | {self.name}
        others = frozenset(each for each in names if each not in own)
        mine = [each for each in names if each in own]
        return others if others and (not mine or min(others) < min(mine)) else frozenset()


#: Whoever need not mind others.
ALONE: Final = Identity()


def identity(store: Store, account: str) -> Identity:
    """Say who we are on an account."""
    return Identity(
        store.installation(), frozenset(json.loads(store.meta(_FORMER + account) or "[]"))
    )


def seen(store: Store, account: str) -> dict[str, list[str]]:
    """Give the tickets left to each other installation, those that are kept by name."""
    told: dict[str, list[str]] = json.loads(store.meta(_OTHERS + account) or "{}")
    return told


def noticed(
    store: Store, account: str, read: Mapping[Ref, frozenset[str]]
) -> tuple[str, str] | None:
    """Give what to keep, by its name, where a page of tickets shows other installations otherwise than before.

    Args:
        store: the database.
        account: the account.
        read: of each ticket that was read, to whom it is left.

    """
    before = seen(store, account)
    if not before and not any(read.values()):
        return None
    tickets = {ref.id for ref in read}
    after = {name: [each for each in held if each not in tickets] for name, held in before.items()}
    for ref, names in read.items():
        for name in names:
            after.setdefault(name, []).append(ref.id)
    after = {name: sorted(held)[:_MOST] for name, held in after.items() if held}
    return (_OTHERS + account, json.dumps(after)) if after != before else None


def adopted(store: Store, account: str) -> dict[str, str]:
    """Give what to keep, by name, so that the other installations seen on an account are our former selves."""
    former = sorted(identity(store, account).former | seen(store, account).keys())
    return {_FORMER + account: json.dumps(former), _OTHERS + account: "{}"}


def sentences(store: Store, account: str) -> list[str]:
    """Say, a sentence each, which other installations write to an account."""
    return [
        f"Another Ombud ({name}) writes to {_many(held)} of {account}: nothing is written to them from here. "
        f"If it was this one before its database was lost: ombud accounts adopt {account}"
        for name, held in sorted(seen(store, account).items())
    ]


def checks(store: Store, account: str) -> list[Check]:
    """Report other installations, for `ombud accounts check`."""
    return [
        Check(
            "Another Ombud",
            ok=False,
            why=f"another Ombud ({name}) writes to {_many(held)}: they are left to it",
            remedy=f"Run one only; if that was this one before its database was lost: ombud accounts adopt {account}",
        )
        for name, held in sorted(seen(store, account).items())
    ]


def _many(held: list[str]) -> str:
    if len(held) >= _MOST:
        return f"{_MOST:,} tickets or more"
    return "1 ticket" if len(held) == 1 else f"{len(held):,} tickets"
