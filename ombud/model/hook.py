"""What a helpdesk's hook tells: look at these tickets. Its body is never believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ombud.model.connector import Check
    from ombud.model.event import Ref
    from ombud.model.facts import Instant


class Unheard(Exception):
    """Say why a delivery is not taken: for our log only, strangers learn nothing.

    Attributes:
        reason: "unsigned", "forged", "stale", "malformed".

    """

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Heard:
    """Hold what a delivery says.

    Attributes:
        delivery: the vendor's name of it, the same when it is repeated; else a digest of the body.
        refs: the tickets to look at; none where it speaks of something else, or is a test.

    """

    delivery: str
    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """Hold what is kept of an account's hook, sealed in the database.

    Attributes:
        path: the secret part of its address.
        secret: what deliveries are signed with; "" where the vendor signs none.
        ids: the vendor's ids of what was installed.
        url: the address it was installed with.
        kind: how it was installed ("admin", "dynamic", "event", "scrip").
        until: when the vendor lets it expire.

    """

    path: str
    secret: str
    ids: tuple[str, ...] = ()
    url: str = ""
    kind: str = ""
    until: Instant | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


class Ear(Protocol):
    """Read one account's deliveries; needs no network."""

    def hear(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Heard:
        """Verify and read one delivery; names of headers are in lower case. Raises `Unheard`."""
        ...


class Hooks(Protocol):
    """Install, look after and remove what makes one account's helpdesk send deliveries."""

    def install(self, url: str, kept: Kept, *, kind: str = "") -> Kept:
        """Install at the helpdesk, or put right what is there already; give what is to be kept."""
        ...

    def check(self, kept: Kept, now: Instant) -> Sequence[Check]:
        """Say whether it is there, switched on, points to us, and has not failed lately."""
        ...

    def refresh(self, kept: Kept, now: Instant) -> Kept:
        """Prolong what expires; gives `kept` as it is where nothing does."""
        ...

    def remove(self, kept: Kept) -> None:
        """Remove what was installed; what is not ours stays."""
        ...
