"""Take one safeguard away, in this process alone and to show that it is needed: no setting of the product does that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable


def taken_away(name: str | None) -> None:
    """Take a safeguard away; nothing where none is named."""
    if name is not None:
        SAFEGUARDS[name]()


SAFEGUARDS: Final[dict[str, Callable[[], None]]] = {}
