"""What a helpdesk's hook tells: look at these tickets. Its body is never believed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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
        delivery: names it, the same when it is repeated; taken from what is signed wherever anything is.
        refs: the tickets to look at; none where it speaks of something else, or is a test.

    """

    delivery: str
    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """Hold what is kept of an account's hook, sealed in the database; what is secret of it is never printed.

    Attributes:
        path: the secret part of its address.
        secret: what deliveries are signed with; "" where the vendor signs none.
        ids: the vendor's ids of what was installed.
        url: the address it was installed with.
        kind: how it was installed ("admin", "dynamic", "event", "scrip"); "" before anything was.
        until: when the vendor lets it expire.
        extra: what else the vendor's part wants back.

    """

    path: str = field(repr=False)
    secret: str = field(repr=False)
    ids: tuple[str, ...] = ()
    url: str = field(default="", repr=False)
    kind: str = ""
    until: Instant | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def as_text(self) -> str:
        """Write it as a text to be sealed."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what `as_text` wrote."""
        told = json.loads(text)
        return cls(**(told | {"ids": tuple(told["ids"])}))


@dataclass(frozen=True, slots=True)
class Order:
    """Hold what an administrator has to do by hand, where the vendor has no way of doing it from outside.

    Attributes:
        name: of the file.
        text: what is to stand in it; it may hold the secret.
        advice: what to do with it, with `{file}` for where it stands.

    """

    name: str
    text: str = field(repr=False)
    advice: str


class Ear(Protocol):
    """Read one account's deliveries; needs no network."""

    def hear(self, headers: Mapping[str, str], body: bytes, now: Instant) -> Heard:
        """Verify and read one delivery; `headers` as `headers_of` gives them. Raises `Unheard`."""
        ...


class Hooks(Protocol):
    """Install, look after and remove what makes one account's helpdesk send deliveries."""

    def install(self, kept: Kept, *, kind: str = "") -> tuple[Kept, Order | None]:
        """Have deliveries sent to `kept.url`, or put right what is there already; give what is to be kept.

        May be repeated without harm, after an answer that was lost, too.
        """
        ...

    def check(self, kept: Kept, now: Instant) -> Sequence[Check]:
        """Say whether it is there, switched on, points to us, and has not failed lately."""
        ...

    def refresh(self, kept: Kept, now: Instant) -> Kept:
        """Prolong what expires; gives `kept` as it is where nothing does."""
        ...

    def remove(self, kept: Kept) -> Order | None:
        """Remove what was installed; what is not ours stays."""
        ...


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Give headers by their names in lower case; one that stands twice is joined by commas, so that no signature holds.

    Source: RFC 9110, 5.3 (lines of one name are one list).
    """
    found: dict[str, str] = {}
    for name, value in raw:
        key, told = name.decode("latin-1").lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {told}" if key in found else told
    return found
